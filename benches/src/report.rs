//! From results to a page: read all points, plot them, recommend capacities, write HTML, Markdown and SVG.
//!
//! `read` finds the points; `recommend` holds the rule; `plot` draws; `page` is what is said;
//! `write` says it in HTML and in Markdown.

mod page;
mod plot;
mod read;
mod recommend;
mod write;

pub use page::Page;
pub use read::{Point, ReadError, Results};
pub use recommend::{Recommendation, recommend};
pub use write::write;
