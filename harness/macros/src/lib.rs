//! Procedural macros of Selvedge. Not for use by name: `selvedge_rt` wraps them in macros that say
//! where its own crate is.

mod facade;
mod join;
mod select;

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
