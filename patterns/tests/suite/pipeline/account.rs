//! Contract 9: conservation, over every small shape and every point at which a run can end.

use super::{check_conserved, nz};
use crate::runtimes::{on_every_runtime, on_one_thread};
use futures_util::stream;
use selvedge_patterns::End;
use selvedge_patterns::pipeline::Pipeline;
use selvedge_rt::sync::CancellationToken;

/// Who stops the pipeline, after how many items that came out.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Never,
    Cancel(usize),
    Finish(usize),
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    caps: [usize; 3],
    workers: usize,
    items: u64,
    /// This item fails, in the last stage but one.
    broken: Option<u64>,
    stop: Stop,
}

async fn run(shape: Shape) {
    let token = CancellationToken::new();
    let mut output = Pipeline::generate(nz(shape.caps[0]), stream::iter(0..shape.items))
        .filter(nz(shape.caps[1]), |n| n % 4 != 1)
        .try_map(nz(shape.caps[2]), move |n| {
            if shape.broken == Some(n) { Err(format!("{n} is broken")) } else { Ok(n) }
        })
        .map_concurrent(nz(shape.workers), nz(shape.caps[0]), |n| async move {
            tokio::task::yield_now().await;
            n
        })
        .start(&token);

    let mut received = Vec::new();
    let report = loop {
        match shape.stop {
            Stop::Cancel(after) if received.len() == after => token.cancel(),
            Stop::Finish(after) if received.len() == after => break output.finish().await,
            _ => {}
        }
        match output.next_indexed().await {
            Some(item) => received.push(item),
            None => break output.finish().await,
        }
    };

    assert!(received.iter().all(|(index, item)| index == item));
    check_conserved(&received, &report);
    match (shape.stop, shape.broken) {
        (Stop::Never, None) => assert_eq!(report.end, End::Complete, "{shape:?}"),
        (Stop::Never, Some(_)) => assert_eq!(report.end, End::Failed, "{shape:?}"),
        _ => {}
    }
    if report.end == End::Complete {
        let kept = (0..shape.items).filter(|n| n % 4 != 1).count();
        assert_eq!((report.taken, received.len()), (shape.items, kept), "{shape:?}");
    }
}

fn shapes() -> impl Iterator<Item = Shape> {
    let sizes = [([1, 1, 1], 1), ([1, 2, 1], 2), ([3, 1, 2], 3)];
    sizes.into_iter().flat_map(move |(caps, workers)| {
        [0, 1, 3, 6].into_iter().flat_map(move |items: u64| {
            let all = items as usize;
            let stops = std::iter::once(Stop::Never)
                .chain((0..=all).map(Stop::Cancel))
                .chain((0..=all).map(Stop::Finish));
            stops.flat_map(move |stop| {
                let broken = [0, 3, 4].map(|n| (n < items).then_some(n));
                broken.into_iter().chain([None]).map(move |broken| Shape {
                    caps,
                    workers,
                    items,
                    broken,
                    stop,
                })
            })
        })
    })
}

#[test]
fn nothing_is_lost_in_any_small_shape_with_a_stop_after_any_item() {
    for shape in shapes() {
        on_one_thread(|| run(shape));
    }
}

#[test]
fn nothing_is_lost_on_several_threads() {
    for shape in shapes().filter(|shape| shape.workers == 2 && shape.items == 6) {
        on_every_runtime(|| run(shape));
    }
}
