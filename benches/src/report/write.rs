//! The page as files: `index.html` with everything in it, `README.md`, and each figure as SVG.

use super::page::{Block, Page, Table};
use super::read::ReadError;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const STYLE: &str = "\
    :root { color-scheme: light dark }\n\
    body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }\n\
    table { border-collapse: collapse; margin: 1rem 0; font-size: 13px }\n\
    th, td { padding: .2rem .7rem; text-align: left; border-bottom: 1px solid #8884 }\n\
    td { font-variant-numeric: tabular-nums }\n\
    figure { margin: 1rem 0 } svg { max-width: 100%; height: auto }\n\
    details summary { cursor: pointer }\n";

/// Writes the page into `folder`, and gives the path of `index.html`.
///
/// # Errors
///
/// [`ReadError::File`] where a file cannot be written.
pub fn write(page: &Page, folder: &Path) -> Result<PathBuf, ReadError> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        written.map(|()| path.clone()).map_err(|error| ReadError::File(path, error.to_string()))
    };
    for block in &page.blocks {
        if let Block::Figure(file, _, svg) = block {
            put(file, svg)?;
        }
    }
    put("README.md", &markdown(page))?;
    put("index.html", &html(page))
}

fn html(page: &Page) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Selvedge: benchmarks</title>\n<style>\n{STYLE}</style>\n"
    );
    let mut level = 1;
    for block in &page.blocks {
        let _ = match block {
            Block::Heading(words) => {
                let tag = level;
                level = 2;
                writeln!(out, "<h{tag}>{}</h{tag}>", escaped(words))
            }
            Block::Text(words) => writeln!(out, "<p>{}</p>", escaped(words)),
            Block::Figure(_, words, svg) => {
                writeln!(
                    out,
                    "<figure>\n{svg}<figcaption>{}</figcaption>\n</figure>",
                    escaped(words)
                )
            }
            Block::Table(table) => {
                out.push_str(&html_table(table));
                Ok(())
            }
        };
    }
    out
}

/// A long table is folded.
fn html_table(table: &Table) -> String {
    let row = |cells: &[String], tag: &str| {
        let cells: String =
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(|cells| row(cells, "td")).collect();
    let whole = format!("<table>\n{}{rows}</table>\n", row(&table.head, "th"));
    match table.head.contains(&"p50".to_string()) {
        true => format!("<details><summary>all figures</summary>\n{whole}</details>\n"),
        false => whole,
    }
}

fn markdown(page: &Page) -> String {
    let mut out = String::new();
    let mut level = "#";
    for block in &page.blocks {
        let _ = match block {
            Block::Heading(words) => {
                let marks = std::mem::replace(&mut level, "##");
                writeln!(out, "{marks} {words}\n")
            }
            Block::Text(words) => writeln!(out, "{words}\n"),
            Block::Figure(file, words, _) => writeln!(out, "![{words}]({file})\n"),
            Block::Table(table) => {
                let row =
                    |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
                out.push_str(&row(&table.head));
                out.push_str(&format!("|{}\n", "---|".repeat(table.head.len())));
                table.rows.iter().for_each(|cells| out.push_str(&row(cells)));
                writeln!(out)
            }
        };
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_escaped() {
        let page = Page { blocks: vec![Block::Text("a < b & c".into())] };
        assert!(html(&page).contains("<p>a &lt; b &amp; c</p>"));
    }
}
