//! Procedural macros of Selvedge.
