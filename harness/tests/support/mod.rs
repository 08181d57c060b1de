//! Random small concurrent programs, for the tests of the explorer itself.
//!
//! `compare.rs` is what they are for. `program.rs` says what a program is, `draw.rs` draws one from a seed, `world.rs` and `run.rs` run it on
//! the facade, `shrink.rs` makes a failing one smaller.

pub(crate) mod compare;
pub(crate) mod draw;
pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod shrink;
pub(crate) mod world;
