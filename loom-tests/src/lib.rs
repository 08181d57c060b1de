//! The suite: every claim of every pattern, run by every engine; and the gallery of wrong variants.
//!
//! | module | what |
//! |---|---|
//! | [`scenario`] | what a scenario is: start here |
//! | [`scenarios`] | the claims, one file a pattern |
//! | [`gallery`] | wrong variants, each caught for the law that it breaks |
//! | [`catalogue`] | all of them, or a selection |
//! | [`mod@column`] | the engines: where each runs a scenario, and what it must say |
//! | [`matrix`] | scenario by engine, law by engine |
//! | [`exhibit`] | the gallery as it must turn out |
//! | [`checklist`] | the eight rows, for each pattern: what stands behind them |
//! | [`suite`] | all of it in one run, for `verify` |
//! | [`table`] | size, speed and memory of the search |
//! | [`show`], [`progress`] | tables for people; what runs now |

pub mod catalogue;
pub mod checklist;
pub mod column;
pub mod exhibit;
pub mod gallery;
pub mod matrix;
pub mod progress;
pub mod scenario;
pub mod scenarios;
pub mod show;
pub mod suite;
pub mod table;
