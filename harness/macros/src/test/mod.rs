//! `#[selvedge::test]`: a scenario becomes a test, or several.
//!
//! It only calls the builder (`selvedge::Check`); what the two mean is the builder's alone. With one
//! attribute, the test has the name of the function:
//!
//! ```text
//! #[test] fn name() { async fn name() { .. } <call> }
//! ```
//!
//! With several, the function stays as it is and a module of its name has a test for each:
//!
//! ```text
//! async fn name() { .. }
//! mod name { #[test] fn explore() { <call> } #[test] fn loom() { <call> } }
//! ```

mod call;
mod options;

use options::Options;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Error, FnArg, Ident, ItemFn, Meta, Pat, Path, Result};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut item: ItemFn = syn::parse2(item)?;
    let mut wanted: Vec<Options> = vec![syn::parse2(options)?];
    // Only the first attribute is run by the compiler while the function is still there, so it takes in
    // the others. (Where there is a `cfg_attr`, it is gone by now.)
    let mut attributes = Vec::new();
    for attribute in std::mem::take(&mut item.attrs) {
        if is_ours(attribute.path(), &wanted[0].krate) {
            wanted.push(options_of(&attribute.meta)?);
        } else {
            attributes.push(attribute);
        }
    }
    scenario(&item, &attributes)?;
    let names = arguments(&item)?;
    for options in &wanted {
        fits(options, &item.sig.ident, &names)?;
    }
    match &wanted[..] {
        [one] => Ok(single(&item, &attributes, &names, one)),
        _ => Ok(several(&item, &attributes, &names, &wanted)),
    }
}

fn is_ours(path: &Path, krate: &Path) -> bool {
    let written: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let expected = krate.segments.iter().map(|s| s.ident.to_string());
    written == expected.chain(["test".to_owned()]).collect::<Vec<_>>()
}

fn options_of(meta: &Meta) -> Result<Options> {
    match meta {
        Meta::Path(_) => syn::parse2(TokenStream::new()),
        meta => meta.require_list()?.parse_args(),
    }
}

/// Whether the function is one that can be called once an execution.
fn scenario(item: &ItemFn, attributes: &[Attribute]) -> Result<()> {
    let name = &item.sig.ident;
    if item.sig.asyncness.is_none() {
        let message = format!("a scenario is async: write `async fn {name}`");
        return Err(Error::new_spanned(item.sig.fn_token, message));
    }
    if !item.sig.generics.params.is_empty() {
        let message = "a scenario has no generic parameters: call a generic function from it";
        return Err(Error::new_spanned(&item.sig.generics, message));
    }
    match attributes.iter().find(|attribute| attribute.path().is_ident("test")) {
        Some(test) => {
            Err(Error::new_spanned(test, "`#[selvedge::test]` makes the test: remove `#[test]`"))
        }
        None => Ok(()),
    }
}

fn arguments(item: &ItemFn) -> Result<Vec<Ident>> {
    let name = |argument: &FnArg| match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Ok(name.ident.clone()),
            pattern => {
                Err(Error::new_spanned(pattern, "give the argument a name: its values go by it"))
            }
        },
        FnArg::Receiver(this) => {
            Err(Error::new_spanned(this, "a scenario is a function, not a method"))
        }
    };
    item.sig.inputs.iter().map(name).collect()
}

/// Whether each argument has a value, and each value an argument.
fn fits(options: &Options, function: &Ident, arguments: &[Ident]) -> Result<()> {
    for input in &options.inputs {
        if !arguments.contains(&input.name) {
            let name = &input.name;
            let message =
                format!("`{name}` is no option, and `{function}` has no argument of this name");
            return Err(Error::new(name.span(), message));
        }
    }
    for name in arguments {
        if !options.inputs.iter().any(|input| input.name == *name) {
            let message = format!(
                "`{name}` needs a value: `#[selvedge::test({name} = 2)]`, or generated ones: \
                 `#[selvedge::test(sample, {name} in 1..=8)]`"
            );
            return Err(Error::new(name.span(), message));
        }
    }
    if let options::Engine::Loom { .. } = options.engine
        && !cfg!(feature = "loom")
    {
        let message = "the loom engine is not built: switch on the feature `loom` of `selvedge`. A test for \
                       builds with a feature of your own: `#[cfg_attr(feature = \"loom\", selvedge::test(loom))]`";
        return Err(Error::new(function.span(), message));
    }
    Ok(())
}

fn single(
    item: &ItemFn,
    attributes: &[Attribute],
    names: &[Ident],
    options: &Options,
) -> TokenStream {
    let name = &item.sig.ident;
    let text = name.to_string();
    let title = quote!(::core::concat!(::core::module_path!(), "::", #text));
    let call = call::call(options, &title, &quote!(#name), item, names);
    let scenario = ItemFn { vis: syn::Visibility::Inherited, ..item.clone() };
    quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        fn #name() {
            #scenario
            #call
        }
    }
}

fn several(
    item: &ItemFn,
    attributes: &[Attribute],
    names: &[Ident],
    wanted: &[Options],
) -> TokenStream {
    let name = &item.sig.ident;
    // What is about running goes to the tests, what is about the code stays with the code.
    let is_of_test = |attribute: &&Attribute| {
        ["should_panic", "ignore"].iter().any(|name| attribute.path().is_ident(name))
    };
    let (on_test, on_scenario): (Vec<_>, Vec<_>) = attributes.iter().partition(is_of_test);
    let mut labels: Vec<String> = Vec::new();
    let tests = wanted.iter().map(|options| {
        labels.push(options.label());
        let label = &labels[labels.len() - 1];
        let label = match labels.iter().filter(|l| *l == label).count() {
            1 => label.clone(),
            nth => format!("{label}_{nth}"),
        };
        let test = format_ident!("{label}", span = name.span());
        let title = quote!(::core::concat!(::core::module_path!(), "::", #label));
        let call = call::call(options, &title, &quote!(super::#name), item, names);
        quote! {
            #(#on_test)*
            #[::core::prelude::v1::test]
            fn #test() {
                #call
            }
        }
    });
    let tests: Vec<_> = tests.collect();
    quote! {
        #(#on_scenario)*
        #[cfg(test)]
        #item
        #[cfg(test)]
        mod #name {
            #[allow(unused_imports)]
            use super::*;
            #(#tests)*
        }
    }
}
