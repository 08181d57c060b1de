//! Every failure of the gallery is replayed from its printed token, and is the same failure.

use selvedge_loom_tests::gallery::VARIANTS;

#[test]
fn every_failure_of_the_gallery_replays_from_its_token() {
    for v in VARIANTS {
        let found = v.check().explore(v.at(v.shape));
        let token = found.replay.as_deref().unwrap_or_else(|| panic!("no token:\n{found}"));
        let replayed = v.check().replay(token, v.at(v.shape));
        assert_eq!(replayed.violations(), found.violations(), "{}: {token}", v.id());
        assert_eq!(replayed.story, found.story, "{}: {token}", v.id());
    }
}

#[test]
fn a_token_of_another_variant_is_refused_with_what_to_do() {
    let (a, b) = (&VARIANTS[0], &VARIANTS[1]);
    let token = a.check().explore(a.at(a.shape)).replay.expect("a token");
    let report = b.check().replay(&token, b.at(b.shape));
    assert!(!report.passed() && report.violations().is_empty(), "{report}");
    assert!(report.to_string().contains("another"), "{report}");
}
