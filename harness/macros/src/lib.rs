//! Procedural macros of Selvedge. Not for use by name: `selvedge` re-exports [`macro@test`], and `selvedge_rt`
//! wraps the others in macros that say where its own crate is.

mod facade;
mod join;
mod select;
mod test;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// `select!($crate; ..)`: the check build's `tokio::select!`.
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    parse_macro_input!(input as select::Select).expand().into()
}

/// `join!($crate; ..)`: the check build's `tokio::join!`.
#[proc_macro]
pub fn join(input: TokenStream) -> TokenStream {
    parse_macro_input!(input as join::Join).expand().into()
}

/// `#[selvedge::test(..)]`: documented where `selvedge` re-exports it.
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(options.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
