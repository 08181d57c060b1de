//! The guide shows what is in `examples/tcp_server`, and what that prints.

#[allow(dead_code)]
#[path = "../examples/tcp_server/main.rs"]
mod tcp_server;

const GUIDE: &str = include_str!("../GUIDE.md");
const FIRST: &str = include_str!("../examples/tcp_server/first.rs");
const MENDED: &str = include_str!("../examples/tcp_server/mended.rs");
const SCENARIO: &str = include_str!("../examples/tcp_server/scenario.rs");

/// What comes between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("the guide has {start:?}"));
    rest.split_once(end).unwrap_or_else(|| panic!("the guide has {end:?}")).0
}

/// The report between the markers of `name` is what comes out, but for the seconds.
#[track_caller]
fn check(name: &str, report: &selvedge::Report) {
    // Here the example is a module of a test: it has other names, and the same lines.
    let printed = report.to_string();
    let printed = printed.replace("tests/../examples", "examples").replace("guide::job", "job");
    let (head, rest) = printed.split_once(" s)").expect("it says how long it took");
    let (head, _seconds) = head.rsplit_once(", ").expect("the time comes last");
    let expected = format!("```text\n{head}){}\n```", rest.trim_end());
    let shown = between(GUIDE, &format!("<!-- {name} -->\n"), &format!("<!-- /{name} -->"));
    assert!(
        shown.trim() == expected,
        "GUIDE.md, between its markers of `{name}`, should have:\n\n{expected}\n"
    );
}

/// The lines of a diff that begin with `sign` are, in this order, in `source`; at least so many.
#[track_caller]
fn check_diff(mark: &str, sign: char, source: &str, least: usize) {
    let diff = between(between(GUIDE, mark, "\n## "), "```diff\n", "\n```\n");
    let words =
        |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let (mut rest, mut found) = (words(source).replace(", )", ")"), 0);
    for line in diff.lines().filter_map(|line| line.strip_prefix(sign)).map(words) {
        let at = rest.find(&line).unwrap_or_else(|| panic!("the example has, in order: {line}"));
        rest = rest.split_off(at + line.len());
        found += 1;
    }
    assert!(found >= least, "the diff has only {found} lines");
}

#[test]
fn the_first_report_is_what_the_example_prints() {
    check("first", &tcp_server::first::scenario::report());
}

#[test]
fn the_mended_server_is_proved_as_the_guide_says() {
    let report = tcp_server::mended::scenario::report();
    report.assert_proved();
    check("mended", &report);
}

#[test]
fn the_test_in_the_guide_is_the_test_of_the_example() {
    let mark = "#[selvedge::test]\nasync fn";
    let shown = between(between(GUIDE, "## 3.", "## 4."), mark, "\n```");
    assert!(SCENARIO.ends_with(&format!("async fn{shown}\n")), "GUIDE.md, step 3");
}

#[test]
fn the_diffs_lead_from_the_plain_program_to_the_example() {
    let plain = between(between(GUIDE, "## 1.", "## 2."), "```rust,no_run\n", "\n```\n");
    check_diff("## 2.", '-', plain, 10);
    check_diff("## 2.", '+', FIRST, 14);
    check_diff("## 4.", '-', FIRST, 5);
    check_diff("## 4.", '+', MENDED, 2);
}
