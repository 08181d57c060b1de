//! `verify` as a program: its exit code, and its JSON.

use std::process::{Command, Output};

fn verify(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verify")).args(args).output().expect("verify starts")
}

#[test]
fn a_wrong_expectation_is_a_failure() {
    let out = verify(&["canary"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
}

#[test]
fn a_selection_of_nothing_is_a_failure() {
    let out = verify(&["no_such_thing"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stdout).contains("nothing is selected"), "{out:?}");
}

#[test]
fn what_holds_is_success_and_json() {
    let out = verify(&["--quick", "--json", "-", "outlives_the_pool"]);
    assert!(out.status.success(), "{out:?}");
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(0), "{json}");
    assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn a_variant_is_shown_as_a_user_sees_it() {
    let out = verify(&["gallery", "worker_pool/every_worker_closes"]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success() && text.contains("DoubleClose") && text.contains("SELVEDGE_REPLAY="),
        "{text}"
    );
    assert_eq!(verify(&["gallery", "no/such"]).status.code(), Some(2));
}
