//! Every failure of the gallery is replayed from its printed token, and is the same failure.

use selvedge::Report;
use selvedge_loom_tests::gallery::VARIANTS;

#[test]
fn every_failure_of_the_gallery_replays_from_its_token() {
    for v in VARIANTS {
        let found = v.check().explore(v.at(v.shape));
        let token = found.replay.as_deref().unwrap_or_else(|| panic!("no token:\n{found}"));
        let replayed = v.check().replay(token, v.at(v.shape));
        let laws =
            |r: &Report| r.violations().iter().map(|v| (v.law, v.what.clone())).collect::<Vec<_>>();
        assert_eq!(laws(&replayed), laws(&found), "{}: {token}", v.id());
        assert_eq!(words(&replayed), words(&found), "{}: {token}", v.id());
    }
}

/// The lines of a story, but for the site of the root: where the engine was called. What stands there
/// decides the widths too, and what is hidden under a wide cell, so words are compared and no marks.
fn words(report: &Report) -> Vec<&str> {
    let story = report.story.as_deref().unwrap_or_default();
    let line = |word: &str| word.strip_prefix(':').is_some_and(|n| n.parse::<u32>().is_ok());
    let here = |word: &&str| word.contains("tests/replay.rs:") || line(word);
    let root = |l: &&str| l.trim_start().starts_with("T0   ");
    story
        .lines()
        .filter(|l| !root(l))
        .flat_map(str::split_whitespace)
        .filter(|w| !here(w) && !["|", "."].contains(w))
        .collect()
}

#[test]
fn a_token_of_another_variant_is_refused_with_what_to_do() {
    let (a, b) = (&VARIANTS[0], &VARIANTS[1]);
    let token = a.check().explore(a.at(a.shape)).replay.expect("a token");
    let report = b.check().replay(&token, b.at(b.shape));
    assert!(!report.passed() && report.violations().is_empty(), "{report}");
    assert!(report.to_string().contains("another"), "{report}");
}
