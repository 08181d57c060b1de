//! The tables of wrong variants in two READMEs are the catalogue's.

use selvedge_loom_tests::gallery;

#[test]
fn the_gallery_in_the_readme_is_the_catalogue() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- gallery -->").expect("the opening marker");
    let (table, _) = rest.split_once("<!-- /gallery -->").expect("the closing marker");
    let expected = gallery::markdown_table();
    assert!(
        table.trim() == expected.trim(),
        "README.md, between its `gallery` markers, should have what `cargo run --bin verify -- gallery` prints:\n\n{expected}"
    );
}

/// Their figures are those of the run that the README names; which variants there are is for now.
#[test]
fn the_executions_in_the_readme_of_the_engines_are_of_every_variant() {
    let readme = include_str!("../../benches/engines/README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let names: Vec<_> = rows.filter_map(|row| row.split_once("` | `")).collect();
    let named = names.iter().map(|(id, rest)| (*id, rest.split('`').next().expect("a law")));
    let variants = gallery::VARIANTS.iter().map(|v| (v.id(), v.law.to_string()));
    assert!(
        named.map(|(id, law)| (id.to_owned(), law.to_owned())).eq(variants),
        "benches/engines/README.md should have what `cargo run --release --manifest-path \
         benches/engines/Cargo.toml` prints"
    );
}

/// Each variant's file says which rows it fails, and so does the catalogue: what the checklist counts.
#[test]
fn the_rows_of_a_variant_are_those_that_its_file_names() {
    for v in gallery::VARIANTS {
        let file = format!("{}/src/gallery/{}.rs", env!("CARGO_MANIFEST_DIR"), v.id());
        let source = std::fs::read_to_string(&file).expect("a file a variant");
        let line = source.lines().find_map(|line| line.strip_prefix("//! Checklist: "));
        let (named, _) = line.and_then(|line| line.split_once('.')).expect("a line of rows, a law");
        let rows: Vec<_> = v.rows().iter().map(|row| row.to_string()).collect();
        assert_eq!(named, rows.join(", "), "{file}");
    }
}
