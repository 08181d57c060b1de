//! Processes that can be joined, which interweave has not: each tells of its end in a channel.
//!
//! And in a cell before that: who wants to know whether a process is still there, and not to wait for it,
//! looks at the cell.

use super::queue::Port;
use interweave::{Atomic, Receiver, Sender, World};
use std::fmt::Debug;

/// What others have of a process.
pub struct Task<T> {
    end: Receiver<T>,
    gone: Atomic<bool>,
}

impl<T: Debug> Task<T> {
    /// Waits for its end; returns what it returned.
    pub async fn join(&self) -> T {
        self.end.recv().await
    }
}

/// Spawns a process.
pub fn spawn<'a, T: Debug + 'static>(
    world: &mut World<'a>,
    name: &str,
    code: impl Future<Output = T> + 'a,
) -> Task<T> {
    let (end, ended) = world.channel(name);
    Task { end: ended, gone: spawn_into(world, name, end, code) }
}

/// Spawns a process that tells of its end in a given channel, which may be that of others too; the cell
/// says whether it is gone.
pub fn spawn_into<'a, T: Debug + 'static>(
    world: &mut World<'a>,
    name: &str,
    end: Sender<T>,
    code: impl Future<Output = T> + 'a,
) -> Atomic<bool> {
    let gone = world.atomic("gone", false);
    let left = gone.clone();
    world.spawn(name, async move {
        let value = code.await;
        left.store(true).await;
        end.send(value).await;
        Ok(())
    });
    gone
}

/// Joins them, one after another.
pub async fn all<T: Debug, const N: usize>(tasks: &[Task<T>; N]) -> Vec<T> {
    let mut values = Vec::new();
    for task in tasks {
        values.push(task.join().await);
    }
    values
}

/// Whether all are gone. Does not wait.
pub async fn gone<T, const N: usize>(tasks: &[Task<T>; N]) -> bool {
    all_set(tasks.iter().map(|task| &task.gone)).await
}

/// Whether all cells are true.
pub async fn all_set(cells: impl Iterator<Item = &Atomic<bool>>) -> bool {
    for cell in cells {
        if !cell.load().await {
            return false;
        }
    }
    true
}

/// Spawns processes that do the same, each with an input and an output, which it leaves at its end.
pub fn crew<'a, I, O, T: Debug + 'static, const N: usize>(
    world: &mut World<'a>,
    seats: [(Port<I>, Port<O>); N],
    work: impl AsyncFn(&Port<I>, &Port<O>) -> T + Clone + 'a,
) -> [Task<T>; N]
where
    I: Copy + Debug + 'static,
    O: Copy + Debug + 'static,
{
    seats.map(|(input, output)| {
        let work = work.clone();
        spawn(world, "worker", async move {
            let value = work(&input, &output).await;
            input.leave().await;
            output.leave().await;
            value
        })
    })
}

/// Spawns a process that sends `0..items` until it is refused; returns how many it could send.
pub fn producer(world: &mut World<'_>, output: Port, items: u32) -> Task<u32> {
    spawn(world, "producer", async move {
        let mut sent = 0;
        while sent < items && output.send(sent).await.is_ok() {
            sent += 1;
        }
        output.leave().await;
        sent
    })
}

/// Changes the value of a cell, with no other write in between; returns the old one.
pub async fn update<T>(cell: &Atomic<T>, change: impl Fn(T) -> T) -> T
where
    T: Copy + PartialEq + Debug,
{
    let mut seen = cell.load().await;
    loop {
        match cell.compare_exchange(seen, change(seen)).await {
            Ok(old) => return old,
            Err(now) => seen = now,
        }
    }
}
