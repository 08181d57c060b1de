//! The statements of one test: the builder, the engine, and what its verdict must be.

use super::options::{Engine, Options};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Expr, Ident, ItemFn, ReturnType, Type};

/// Calls the engine on the function at the path `scenario`.
pub(super) fn call(
    options: &Options,
    title: &TokenStream,
    scenario: &TokenStream,
    item: &ItemFn,
    names: &[Ident],
) -> TokenStream {
    // A report says where the root was given to the engine: at the function.
    let here = item.sig.ident.span();
    let krate = &options.krate;
    let check = check(options, title);
    let value = |name: &Ident| {
        let input = options.inputs.iter().find(|input| input.name == *name);
        input.expect("each argument was looked for")
    };
    // A generated argument goes by its name, any other is its expression.
    let arguments = names.iter().map(|name| match value(name) {
        input if input.generated => quote!(#name),
        input => {
            let expr = &input.value;
            quote!(#expr)
        }
    });
    let root = root(item, &quote!(#scenario(#(#arguments),*)));
    let engine = match &options.engine {
        Engine::Explore => quote_spanned!(here=> explore(|| #root)),
        Engine::Sample { cases, seed, .. } if options.generates() => {
            let (cases, seed) = (cases.clone().unwrap_or(number(1_000)), seed.iter());
            let generated: Vec<_> = names.iter().filter(|name| value(name).generated).collect();
            let strategies = generated.iter().map(|name| &value(name).value);
            let runs = quote!(#krate::proptest::Runs::new(#cases) #(.seed(#seed))*);
            quote_spanned!(here=> proptest(#runs, (#(#strategies,)*), |(#(#generated,)*)| #root))
        }
        Engine::Sample { cases, seed, pct } => {
            let seed = seed.clone().unwrap_or(number(0));
            let sampling = match pct {
                Some(depth) => quote!(pct(#seed, #depth)),
                None => quote!(random(#seed)),
            };
            let cases = cases.iter();
            quote_spanned!(here=> sample(#krate::Sampling::#sampling #(.cases(#cases))*, || #root))
        }
        Engine::Loom { preemptions } => {
            let preemptions = preemptions.iter();
            quote_spanned!(here=> #(preemptions(#preemptions).)* loom(|| #root))
        }
        Engine::Tokio { threads: Some(threads), runs } => {
            let runs = runs.clone().unwrap_or(number(100));
            quote_spanned!(here=> tokio_multi_thread(#threads, #runs, || #root))
        }
        Engine::Tokio { .. } => quote_spanned!(here=> tokio_current_thread(|| #root)),
    };
    let assertion = match &options.engine {
        Engine::Explore | Engine::Loom { preemptions: None } => {
            quote_spanned!(here=> assert_proved())
        }
        Engine::Loom { preemptions } => {
            let bound = preemptions.iter();
            quote_spanned!(here=> assert_bounded_by(#(#krate::Bound::Preemptions(#bound))*))
        }
        Engine::Sample { .. } | Engine::Tokio { .. } => quote_spanned!(here=> assert_sampled()),
    };
    quote_spanned! {here=>
        let check = #check;
        check.#engine.#assertion;
    }
}

/// The builder, set up.
fn check(options: &Options, title: &TokenStream) -> TokenStream {
    let krate = &options.krate;
    let grain = options.poll.then(|| quote!(.grain(#krate::Grain::Poll)));
    let clock = options.racing.then(|| quote!(.clock(#krate::Clock::Racing)));
    let unjoined = options.unjoined.then(|| quote!(.unjoined()));
    let waived = options.waived.iter().map(|(law, reason)| match law.get_ident() {
        Some(law) => quote!(.waive(#krate::Law::#law, #reason)),
        None => quote!(.waive(#law, #reason)),
    });
    let check = quote!(#krate::Check::new(#title) #grain #clock #unjoined #(#waived)*);
    match &options.check {
        // Through a function, so that a closure need not name its type.
        Some(setup) => quote! {{
            fn set_up(
                check: #krate::Check,
                setup: impl ::core::ops::FnOnce(#krate::Check) -> #krate::Check,
            ) -> #krate::Check {
                setup(check)
            }
            set_up(#check, #setup)
        }},
        None => check,
    }
}

/// The root future: the call, whose error is a failure.
fn root(item: &ItemFn, call: &TokenStream) -> TokenStream {
    match &item.sig.output {
        ReturnType::Default => quote!(#call),
        ReturnType::Type(_, output) if matches!(&**output, Type::Tuple(unit) if unit.elems.is_empty()) =>
        {
            quote!(#call)
        }
        ReturnType::Type(..) => {
            quote!(async move { #call.await.expect("the scenario returned an error") })
        }
    }
}

fn number(n: u64) -> Expr {
    let n = syn::LitInt::new(&n.to_string(), proc_macro2::Span::call_site());
    syn::parse_quote!(#n)
}
