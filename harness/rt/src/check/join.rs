//! `select!` and `join!`, with the order in which branches are polled chosen by the engine.

/// stub
#[macro_export]
macro_rules! select { ($($t:tt)*) => { ::tokio::select!($($t)*) } }
/// stub
#[macro_export]
macro_rules! join { ($($t:tt)*) => { ::tokio::join!($($t)*) } }
