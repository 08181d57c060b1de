//! The sources of the patterns name no primitive that an engine cannot see.

use std::fs;
use std::path::{Path, PathBuf};

/// Names that go round the facade. `Arc` is allowed: sharing is no operation, and the last drop of
/// what is inside announces itself.
const BANNED: [&str; 5] =
    ["tokio::", "tokio_util::", "async_channel::", "std::sync::", "std::thread"];

#[test]
fn patterns_name_every_primitive_through_the_facade() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&src);
    assert!(files.len() > 5, "the sources are not where this test looks: {files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(violations(&text), [] as [String; 0], "in {}", file.display());
    }
}

#[test]
fn a_primitive_used_directly_is_found_and_one_of_the_facade_is_not() {
    for bad in [
        "use tokio::sync::mpsc;",
        "let x = ::tokio::spawn(f);",
        "use std::sync::{Arc, Mutex};",
        "use std::sync::atomic::AtomicU64;",
        "std::thread::spawn(f);",
        "let (a, b) = async_channel::bounded(1);",
        "use {tokio::sync, std::fmt};",
        "use std::{sync::Mutex, fmt};",
        "extern crate tokio;",
    ] {
        assert_eq!(violations(bad).len(), 1, "{bad}");
    }
    for good in [
        "use std::sync::Arc;",
        "let (a, b) = rt::async_channel::bounded(1);",
        "use rt::async_channel::{SendError, Sender};",
        "//! In production it is tokio::sync.",
        "use rt::sync::{CancellationToken, mpsc};",
    ] {
        assert_eq!(violations(good), [] as [String; 0], "{good}");
    }
}

/// The lines of code, not of comment, that name a banned path.
fn violations(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
        .filter(|line| {
            let code = line.replace("std::sync::Arc;", "").replace("rt::async_channel::", "");
            BANNED.iter().any(|banned| code.contains(banned))
                // Nested imports and renamed crates hide a path from a search by line.
                || code.contains("std::{")
                || code.contains("extern crate")
        })
        .map(str::to_owned)
        .collect()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
