//! The README's table of wrong variants is the catalogue's.

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
