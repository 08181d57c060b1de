//! The suite: every claim of every pattern, run by every engine; and the gallery of wrong variants.
//!
//! | module | what |
//! |---|---|
//! | [`scenario`] | what a scenario is: start here |
//! | [`scenarios`] | the claims, one file a pattern |
//! | [`gallery`] | wrong variants, each caught for the law that it breaks |
//! | [`matrix`] | runs all of it, for `verify` and the tests |

pub mod gallery;
pub mod scenario;
pub mod scenarios;
