//! Threads that do the same.

use super::peer::thread::{self, JoinHandle};

/// So many threads, each with a clone of `with`; the last has `with` itself, so what is to end with the
/// threads does.
pub fn crew<A, T>(
    threads: u64,
    with: A,
    body: impl Fn(u64, A) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>>
where
    A: Clone + Send + 'static,
    T: Send + 'static,
{
    each(vec![with; threads as usize], body)
}

/// A thread for each of `all`. All are there before the first starts: what a clone does comes in no
/// thread's way.
pub fn each<A, T>(
    all: Vec<A>,
    body: impl Fn(u64, A) -> T + Clone + Send + 'static,
) -> Vec<JoinHandle<T>>
where
    A: Send + 'static,
    T: Send + 'static,
{
    let start = |(place, with)| {
        let body = body.clone();
        thread::spawn(move || body(place, with))
    };
    (0..).zip(all).map(start).collect()
}

/// Waits for all; returns what each returned.
pub fn join<T>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}
