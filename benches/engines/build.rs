//! Links what is there twice: loom and TraceForge have two versions of `generator`, and both define the symbols
//! `prefetch`, `bootstrap_green_task` and `swap_registers`, on x86-64 with the same instructions. Whether the
//! linker meets both depends on the order of what it is given.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg=-Wl,-z,muldefs");
    }
}
