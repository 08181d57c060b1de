//! stub
pub use tokio::task::spawn;
