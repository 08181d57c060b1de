//! Contract 10: conservation, over every small shape, every failing task, and every point of cancel.

use super::{Group, nz};
use crate::runtimes::{on_every_runtime, on_one_thread};
use selvedge_patterns::End;
use selvedge_patterns::err_group::{Cause, Failure};
use selvedge_rt::sync::CancellationToken;

#[derive(Clone, Copy, Debug)]
struct Shape {
    tasks: u64,
    limit: Option<usize>,
    /// Which task fails, and whether by a panic.
    fails: Option<(u64, bool)>,
    /// The caller cancels before it spawns this one; as many as there are tasks is before `wait`.
    cancel: Option<u64>,
}

async fn run(shape: Shape) {
    let token = CancellationToken::new();
    let mut group = Group::new(&token);
    if let Some(limit) = shape.limit {
        group = group.limit(nz(limit));
    }
    let mut spawned = 0;
    let mut refused = 0;
    for n in 0..shape.tasks {
        if shape.cancel == Some(n) {
            token.cancel();
        }
        let task = move |token: CancellationToken| async move {
            tokio::task::yield_now().await;
            match shape.fails {
                Some((task, false)) if task == n => return Err("broken"),
                Some((task, true)) if task == n => panic!("broken"),
                _ => {}
            }
            if token.is_cancelled() { Err("reaction") } else { Ok(n) }
        };
        match group.spawn(task).await {
            Ok(index) => {
                assert_eq!(index, spawned, "{shape:?}");
                spawned += 1;
            }
            Err(_) => refused += 1,
        }
    }
    if shape.cancel == Some(shape.tasks) {
        token.cancel();
    }
    let failed = match group.wait().await {
        Ok(values) => {
            assert_eq!(values, (0..shape.tasks).collect::<Vec<_>>(), "{shape:?}");
            assert!(shape.fails.is_none() && shape.cancel.is_none(), "{shape:?}");
            return;
        }
        Err(failed) => failed,
    };
    assert!(shape.fails.is_some() || shape.cancel.is_some(), "{shape:?} {failed:?}");
    assert_eq!(failed.spawned(), spawned, "{shape:?}");
    assert_eq!(spawned + refused, shape.tasks as usize, "{shape:?}");
    let mut seen: Vec<usize> = failed.results.iter().map(|r| r.0).collect();
    seen.extend(failed.failures.iter().map(|f| f.0));
    seen.extend(&failed.cancelled);
    if let Cause::Failed { task, failure } = &failed.cause {
        seen.push(*task);
        let (expected, panics) = shape.fails.unwrap();
        assert_eq!(*task as u64, expected, "{shape:?}: a reaction is never the cause");
        let broken =
            if panics { Failure::Panic("broken".into()) } else { Failure::Error("broken") };
        assert_eq!(*failure, broken);
    } else {
        assert!(shape.cancel.is_some() && failed.end() == End::Cancelled, "{shape:?}");
    }
    seen.sort();
    assert_eq!(seen, (0..spawned).collect::<Vec<_>>(), "{shape:?}: each task is seen once");
    for (index, value) in &failed.results {
        assert_eq!(*index as u64, *value);
    }
}

fn shapes() -> impl Iterator<Item = Shape> {
    let sizes = (0..4_u64).flat_map(|tasks| [None, Some(1), Some(2)].map(|limit| (tasks, limit)));
    sizes.flat_map(|(tasks, limit)| {
        let fails = std::iter::once(None)
            .chain((0..tasks).flat_map(|n| [false, true].map(|panics| Some((n, panics)))));
        fails.flat_map(move |fails| {
            let cancels = std::iter::once(None).chain((0..=tasks).map(Some));
            cancels.map(move |cancel| Shape { tasks, limit, fails, cancel })
        })
    })
}

#[test]
fn every_task_is_in_one_place_in_any_small_shape_with_a_cancel_at_any_point() {
    for shape in shapes() {
        on_one_thread(|| run(shape));
    }
}

#[test]
fn every_task_is_in_one_place_on_several_threads() {
    for shape in shapes().filter(|shape| shape.tasks == 3 && shape.limit != Some(1)) {
        on_every_runtime(|| run(shape));
    }
}
