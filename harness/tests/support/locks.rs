//! Two locks in opposite orders, where no schedule deadlocks.

use rt::sync::Mutex;
use selvedge_rt as rt;
use std::sync::Arc;

/// Two tasks take two locks in opposite orders, one after the other.
pub async fn opposite_in_turn() {
    let locks = Arc::new((Mutex::new(()), Mutex::new(())));
    let forth = locks.clone();
    let task = rt::spawn(async move {
        let _first = forth.0.lock().await;
        let _second = forth.1.lock().await;
    });
    task.await.unwrap();
    let _second = locks.1.lock().await;
    let _first = locks.0.lock().await;
}
