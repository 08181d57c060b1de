//! The README says what the code says: its table of laws, and the report of its example.

#[allow(dead_code)]
#[path = "../examples/lost_item.rs"]
mod lost_item;

use selvedge::Law;

/// What the README has between the markers of `name`.
fn block(name: &str) -> String {
    let readme = include_str!("../../README.md");
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = readme.find(&start).expect("the opening marker") + start.len();
    let to = readme[from..].find(&end).expect("the closing marker") + from;
    readme[from..to].trim().to_owned()
}

#[track_caller]
fn check(name: &str, expected: &str) {
    assert!(
        block(name) == expected.trim(),
        "README.md, between the markers of `{name}`, should have:\n\n{expected}\n"
    );
}

#[test]
fn the_laws_in_the_readme_are_the_laws_of_the_code() {
    let mut table = String::from("| law | violated when | row |\n|---|---|---|\n");
    for law in Law::ALL {
        table += &format!("| `{law}` | {} | {} |\n", law.forbids(), law.row());
    }
    check("laws", &table);
}

#[test]
fn the_report_in_the_readme_is_what_the_example_prints() {
    // The time is the one thing that differs from run to run.
    // Here the example is a module of a test: it has other names, and the same lines.
    let report = lost_item::check().to_string();
    let report = report.replace("tests/../examples", "examples").replace("readme::lost", "lost");
    let text = report.split_once(" s)").map_or(report.clone(), |(head, rest)| {
        let (head, _seconds) = head.rsplit_once(", ").expect("the time comes last");
        format!("{head}){rest}")
    });
    check("report", &format!("```text\n{}\n```", text.trim()));
}
