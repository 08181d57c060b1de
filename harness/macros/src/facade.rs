//! What the expansions of `select!` and `join!` share.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Index, Token};

/// The path of the facade's crate, whatever name it goes by: `$crate;` in front of the input.
pub(crate) struct Facade(TokenTree);

impl Parse for Facade {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let path = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Facade(path))
    }
}

impl Facade {
    /// The module that expansions name things by.
    pub(crate) fn support(&self) -> TokenStream {
        let path = &self.0;
        quote!(#path::check::join)
    }
}

/// Statements that turn each field of the local tuple `given` into a pinned local, through `convert`.
///
/// Locals are dropped last to first, and the futures must be first to last, as the fields of tokio's
/// tuple are: so they are pinned last to first.
pub(crate) fn pins(rt: &TokenStream, names: &[Ident], convert: TokenStream) -> TokenStream {
    let field: Vec<_> = (0..names.len()).map(Index::from).collect();
    let (names_back, field_back) = (names.iter().rev(), field.iter().rev());
    quote_spanned! {Span::mixed_site()=>
        let given = (#(#convert(given.#field),)*);
        #(let mut #names_back = #rt::pin!(given.#field_back);)*
    }
}
