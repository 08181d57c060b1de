//! `select!` of a check build: tokio's syntax and semantics, its start branch chosen by the engine.
//!
//! What is kept of tokio's, because code under test can see it:
//!
//! 1. All conditions are evaluated first, then all futures, also those of disabled branches.
//! 2. A branch whose output does not match its pattern is disabled; with none left, `else`.
//! 3. All futures are dropped, first to last, before a handler runs, outside any closure.

use crate::facade::{Facade, pins};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprBlock, Ident, Pat, Token, token};

pub(crate) struct Select {
    facade: Facade,
    biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<Expr>,
}

/// `pattern = future, if condition => handler`
struct Branch {
    pattern: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let facade = input.parse()?;
        let biased = parse_biased(input)?;
        let (mut branches, mut otherwise) = (Vec::new(), None);
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                input.parse::<Token![=>]>()?;
                otherwise = Some(input.parse()?);
                input.parse::<Option<Token![,]>>()?;
                break;
            }
            branches.push(input.parse()?);
        }
        if !input.is_empty() {
            return Err(input.error("`else` is the last branch of a `select!`"));
        }
        if branches.is_empty() && otherwise.is_none() {
            return Err(input.error("a `select!` needs at least one branch"));
        }
        Ok(Select { facade, biased, branches, otherwise })
    }
}

impl Parse for Branch {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        let condition = if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            input.parse::<Token![if]>()?;
            Some(input.parse()?)
        } else {
            None
        };
        input.parse::<Token![=>]>()?;
        // A block ends the branch by itself; anything else ends at a comma or at the end.
        let handler = if input.peek(token::Brace) {
            let block = ExprBlock { attrs: Vec::new(), label: None, block: input.parse()? };
            input.parse::<Option<Token![,]>>()?;
            Expr::Block(block)
        } else {
            let handler = input.parse()?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
            handler
        };
        Ok(Branch { pattern, future, condition, handler })
    }
}

/// `biased;` in front of the branches.
pub(crate) fn parse_biased(input: ParseStream) -> syn::Result<bool> {
    let ahead = input.fork();
    let biased = ahead.call(Ident::parse_any).is_ok_and(|word| word == "biased")
        && ahead.parse::<Option<Token![;]>>()?.is_some();
    if biased {
        input.call(Ident::parse_any)?;
        input.parse::<Token![;]>()?;
    }
    Ok(biased)
}

impl Select {
    pub(crate) fn expand(self) -> TokenStream {
        let Select { facade, biased, branches, otherwise } = self;
        if branches.is_empty() {
            return quote!({ #otherwise });
        }
        let rt = facade.support();
        let count = branches.len();
        let index = 0..count;
        let here = Span::mixed_site();
        let variant: Vec<_> = (0..count).map(|i| format_ident!("Branch{i}", span = here)).collect();
        let pin: Vec<_> = (0..count).map(|i| format_ident!("branch{i}", span = here)).collect();
        let future = branches.iter().map(|b| &b.future);
        let pattern = branches.iter().map(|b| &b.pattern);
        let shape = branches.iter().map(|b| shape(b.pattern.clone()));
        let handler = branches.iter().map(|b| &b.handler);
        let conditions = branches.iter().enumerate().filter_map(|(i, b)| {
            let condition = b.condition.as_ref()?;
            Some(quote_spanned!(here=> if !(#condition) { disabled[#i] = true; }))
        });
        let pins = pins(&rt, &pin, quote!(#rt::IntoFuture::into_future));
        let otherwise = match otherwise {
            Some(expr) => quote!(#expr),
            None => quote!(#rt::panic!("all branches are disabled and there is no else branch")),
        };
        quote_spanned! {here=> {
            // An item of this block: no local of the code under test can meet it.
            #[allow(non_camel_case_types, clippy::enum_variant_names)]
            enum __SelvedgeSelect<#(#variant),*> {
                #(#variant(#variant),)*
                Disabled,
            }
            let mut disabled = [false; #count];
            #(#conditions)*
            let output = {
                let given = (#(#future,)*);
                #pins
                #rt::poll_fn(|cx| {
                    #rt::ready!(#rt::budget(cx));
                    let mut pending = false;
                    for branch in #rt::select_order(&disabled, #biased) {
                        match branch {
                            #(
                                #[allow(unreachable_code)]
                                #index => {
                                    let out = match #rt::Future::poll(#pin.as_mut(), cx) {
                                        #rt::Poll::Ready(out) => out,
                                        #rt::Poll::Pending => {
                                            pending = true;
                                            continue;
                                        }
                                    };
                                    disabled[branch] = true;
                                    #[allow(unused_variables, unused_mut, unreachable_patterns)]
                                    match &out {
                                        #shape => {}
                                        _ => continue,
                                    }
                                    return #rt::Poll::Ready(__SelvedgeSelect::#variant(out));
                                }
                            )*
                            _ => #rt::unreachable!("a branch is one of {}", #count),
                        }
                    }
                    if pending {
                        #rt::Poll::Pending
                    } else {
                        #rt::Poll::Ready(__SelvedgeSelect::Disabled)
                    }
                }).await
            };
            match output {
                #(__SelvedgeSelect::#variant(#pattern) => #handler,)*
                __SelvedgeSelect::Disabled => #otherwise,
                #[allow(unreachable_patterns)]
                _ => #rt::unreachable!("the pattern matched when the branch was ready"),
            }
        }}
    }
}

/// The pattern without `ref` and `mut`: it is matched against a reference first, to see whether the
/// branch is taken, and only then against the output itself.
fn shape(mut pattern: Pat) -> Pat {
    strip(&mut pattern);
    pattern
}

fn strip(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(name) => {
            name.by_ref = None;
            name.mutability = None;
            if let Some((_, inner)) = &mut name.subpat {
                strip(inner);
            }
        }
        Pat::Reference(reference) => {
            reference.mutability = None;
            strip(&mut reference.pat);
        }
        Pat::Paren(paren) => strip(&mut paren.pat),
        Pat::Type(typed) => strip(&mut typed.pat),
        Pat::Or(or) => or.cases.iter_mut().for_each(strip),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(strip),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(strip),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(strip),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(|field| {
            // `Point { mut x }` is short for a field and a binding of the same name.
            strip(&mut field.pat)
        }),
        _ => {}
    }
}
