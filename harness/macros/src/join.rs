//! `join!` of a check build: tokio's semantics, its start branch chosen by the engine.
//!
//! A future that is ready is dropped at once and its output kept, as in tokio: its destructor's
//! operations come then, not when all are ready.

use crate::facade::{Facade, pins};
use crate::select::parse_biased;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

pub(crate) struct Join {
    facade: Facade,
    biased: bool,
    futures: Vec<Expr>,
}

impl Parse for Join {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let facade = input.parse()?;
        let biased = parse_biased(input)?;
        let futures = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
        Ok(Join { facade, biased, futures: futures.into_iter().collect() })
    }
}

impl Join {
    pub(crate) fn expand(self) -> TokenStream {
        let Join { facade, biased, futures } = self;
        if futures.is_empty() {
            return quote!(async {}.await);
        }
        let rt = facade.support();
        let count = futures.len();
        let index = 0..count;
        let here = Span::mixed_site();
        let pin: Vec<_> = (0..count).map(|i| format_ident!("branch{i}", span = here)).collect();
        let pins = pins(&rt, &pin, quote!(#rt::maybe_done));
        quote_spanned! {here=> {
            let mut disabled = [false; #count];
            let mut polls = 0;
            let given = (#(#futures,)*);
            #pins
            #rt::poll_fn(|cx| {
                let mut pending = false;
                for branch in #rt::join_order(&disabled, #biased, polls) {
                    match branch {
                        #(#index => match #rt::Future::poll(#pin.as_mut(), cx) {
                            #rt::Poll::Ready(()) => disabled[branch] = true,
                            #rt::Poll::Pending => pending = true,
                        },)*
                        _ => #rt::unreachable!("a branch is one of {}", #count),
                    }
                }
                polls += 1;
                if pending {
                    return #rt::Poll::Pending;
                }
                #[allow(unreachable_code)]
                return #rt::Poll::Ready((#(
                    #pin.as_mut().take_output().expect("a branch that is ready has its output"),
                )*));
            }).await
        }}
    }
}
