//! The contract of fan-out and fan-in. The numbers are those of `selvedge_patterns::fan`.
//!
//! `workers` are the branches of a fan-out, or the sources of a merge.

use crate::scenario::{Root, Scenario, Shape, shape};
use futures_util::stream;
use rt::sync::{CancellationToken, mpsc};
use rt::task::JoinHandle;
use selvedge::{Check, Record, shutdown_complete};
use selvedge_patterns::End;
use selvedge_patterns::fan::{
    BranchEnd, FanOut, FanOutReport, Indexed, MergeEnd, MergeReport, fan_in, fan_out,
};
use selvedge_rt as rt;

const BASE: Scenario = Scenario {
    pattern: "fan",
    name: "",
    statements: &[],
    root: fan_out_flow,
    check: known_values,
    operation: shape(2, 2, 1),
    poll: shape(4, 6, 2),
    // Two branches take turns in more ways than loom can look at without a bound.
    loom: Some(shape(2, 2, 1)),
    preemptions: Some(2),
};

/// The scenarios, in the order of the contract.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "each_item_goes_to_one_branch_and_gives_one_value",
        statements: &[1, 9],
        root: fan_out_flow,
        operation: shape(2, 3, 1),
        ..BASE
    },
    Scenario {
        name: "branches_read_one_after_another_never_deadlock",
        statements: &[2],
        root: one_after_another,
        operation: shape(2, 4, 1),
        ..BASE
    },
    Scenario {
        name: "a_dropped_branch_takes_no_further_item_and_stops_alone",
        statements: &[3],
        root: dropped_branch,
        ..BASE
    },
    Scenario {
        name: "a_branch_dropped_at_any_time_loses_nothing",
        statements: &[3, 9],
        root: branch_dropped_any_time,
        ..BASE
    },
    Scenario {
        name: "dropping_every_branch_drops_an_idle_source",
        statements: &[4],
        root: dropped_source,
        ..BASE
    },
    Scenario {
        name: "a_fan_out_cancelled_at_any_time_loses_nothing",
        statements: &[9],
        root: cancelled_fan_out,
        loom: Some(shape(1, 1, 1)),
        preemptions: None,
        ..BASE
    },
    Scenario {
        name: "a_fan_out_closed_with_items_in_work_lists_them",
        statements: &[9],
        root: closed_in_work,
        poll: shape(4, 5, 1),
        ..BASE
    },
    Scenario {
        name: "a_dropped_fan_out_ends_its_branches",
        statements: &[4],
        root: dropped_fan_out,
        check: |check| known_values(check).unjoined(),
        ..BASE
    },
    Scenario {
        name: "a_panic_of_f_is_listed_and_its_branch_goes_on",
        statements: &[9],
        root: panicking_item,
        operation: shape(2, 3, 1),
        ..BASE
    },
    Scenario {
        name: "a_source_that_panics_ends_the_input_and_says_so",
        statements: &[9],
        root: panicking_source,
        ..BASE
    },
    Scenario {
        name: "a_merge_ends_after_every_source_and_keeps_the_order_of_each",
        statements: &[5, 6],
        root: merge_flow,
        loom: Some(shape(2, 1, 1)),
        poll: shape(4, 2, 1),
        ..BASE
    },
    Scenario {
        name: "a_merge_of_none_ends_at_once",
        statements: &[5],
        root: merge_of_none,
        preemptions: None,
        poll: shape(4, 0, 1),
        ..BASE
    },
    Scenario {
        name: "a_source_that_is_ready_is_served_in_turn",
        statements: &[7],
        root: served_in_turn,
        operation: shape(3, 3, 1),
        ..BASE
    },
    Scenario {
        name: "a_merge_cancelled_at_any_time_hands_back_what_it_held",
        statements: &[8, 9],
        root: cancelled_merge,
        operation: shape(2, 3, 1),
        ..BASE
    },
    Scenario {
        name: "a_dropped_merge_drops_its_idle_sources",
        statements: &[8],
        root: dropped_merge,
        check: |check| known_values(check).unjoined(),
        ..BASE
    },
    Scenario {
        name: "fan_out_merged_again_and_cancelled_at_any_time_loses_nothing",
        statements: &[1, 5, 9],
        root: round_trip,
        operation: shape(2, 1, 1),
        poll: shape(4, 2, 1),
        loom: Some(shape(1, 1, 1)),
        ..BASE
    },
];

/// What the checks are told: values that say all by themselves.
pub fn known_values(check: Check) -> Check {
    check
        .identify::<u64>()
        .identify::<Indexed<u64>>()
        .identify::<BranchEnd<u64>>()
        .identify::<MergeEnd<u64>>()
        .identify::<MergeEnd<Indexed<u64>>>()
}

/// A task whose only step is to cancel, so that it may come at any time.
fn canceller(token: &CancellationToken) -> JoinHandle<()> {
    let token = token.clone();
    rt::spawn(async move { token.cancel() })
}

/// A source that shows when it is dropped: its sender's `closed()`.
fn watched_source(buffer: usize) -> (mpsc::Sender<u64>, impl stream::Stream<Item = u64> + Send) {
    let (feed, mut items) = mpsc::channel(buffer);
    (feed, stream::poll_fn(move |cx| items.poll_recv(cx)))
}

/// A fan-out of `0..jobs`, each squared.
fn squares(token: &CancellationToken, s: Shape) -> FanOut<u64> {
    let source = stream::iter(0..s.jobs);
    fan_out(token, source, s.workers(), s.buffer(), |n| async move { n * n })
}

/// What every run of a fan-out must meet, whatever happened in it.
fn account(delivered: &[Indexed<u64>], report: &FanOutReport<u64>) {
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");
    let values = delivered.iter().chain(&report.undelivered).map(|v| v.index);
    let panicked = report.panicked.iter().map(|p| p.index);
    let all = values.chain(panicked).chain(report.abandoned.iter().copied());
    let mut all: Vec<u64> = all.collect();
    all.sort();
    let accepted: Vec<u64> = (0..report.accepted()).collect();
    assert_eq!(all, accepted, "each item is in one place: {report:?}");
}

fn fan_out_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let ran = Record::distinct("ran");
        let note = ran.clone();
        let f = move |n: u64| {
            note.note(n);
            async move { n * n }
        };
        let source = stream::iter(0..s.jobs);
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), f);
        let mut delivered = Vec::new();
        while let Some(value) = fan.next().await {
            assert_eq!(value.value, value.index * value.index);
            delivered.push(value);
        }
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.accepted(), report.is_clean()), (s.jobs, true), "{report:?}");
        assert_eq!(ran.sorted(), (0..s.jobs).collect::<Vec<_>>());
    })
}

fn one_after_another(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut fan = squares(&token, s);
        let mut delivered = Vec::new();
        for (i, mut branch) in fan.take_branches().into_iter().enumerate() {
            let before = delivered.len();
            while let Some(value) = branch.next().await {
                delivered.push(value);
            }
            let own = delivered.len() - before;
            // Read only once the source had ended: until then it waited for room with one in hand.
            assert!(i == 0 || own <= s.buffer + 1, "an unread branch was given {own} items");
            assert!(delivered[before..].is_sorted(), "a branch keeps the order in which it took");
        }
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.accepted(), report.is_clean()), (s.jobs, true), "{report:?}");
    })
}

fn dropped_branch(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (feed, source) = watched_source(s.buffer);
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), |n: u64| async move { n });
        let mut branches = fan.take_branches();
        drop(branches.pop());
        // Only now there is something to take.
        let producer = rt::spawn(async move {
            for job in 0..s.jobs {
                feed.send(job).await.expect("the other branches live on");
            }
        });
        let mut delivered = Vec::new();
        for mut branch in branches {
            while let Some(value) = branch.next().await {
                delivered.push(value);
            }
        }
        let report = fan.close().await;
        producer.await.expect("the producer does not panic");
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.end, report.accepted()), (End::Complete, s.jobs), "{report:?}");
        assert!(report.undelivered.len() <= 1, "it took {} more", report.undelivered.len());
    })
}

fn branch_dropped_any_time(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut fan = squares(&token, s);
        let mut branches = fan.take_branches();
        let first = branches.pop().expect("a fan-out has branches");
        let dropper = rt::spawn(async move { drop(first) });
        let mut delivered = Vec::new();
        for mut branch in branches {
            while let Some(value) = branch.next().await {
                delivered.push(value);
            }
        }
        dropper.await.expect("the drop does not panic");
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.end, report.accepted()), (End::Complete, s.jobs), "{report:?}");
    })
}

fn dropped_source(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (feed, source) = watched_source(s.buffer);
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), |n: u64| async move { n });
        drop(fan.take_branches());
        // Nothing was ever sent, so nothing but the drop can wake a branch.
        feed.closed().await;
        assert!(!token.is_cancelled(), "a fan-out never cancels the token that it was given");
        let report = fan.close().await;
        shutdown_complete();
        assert_eq!((report.end, report.accepted()), (End::Cancelled, 0));
    })
}

fn cancelled_fan_out(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut fan = squares(&token, s);
        let canceller = canceller(&token);
        let mut delivered = Vec::new();
        while let Some(value) = fan.next().await {
            delivered.push(value);
        }
        let report = fan.close().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        account(&delivered, &report);
        assert!(report.abandoned.is_empty(), "a future that is ready is not abandoned");
        if report.end == End::Complete {
            assert_eq!(report.accepted(), s.jobs, "a truncated run never looks complete");
        }
    })
}

fn closed_in_work(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let source = stream::iter(0..s.jobs);
        // Only the cancel ends item 0; the others wait once.
        let f = |n: u64| async move {
            match n {
                0 => std::future::pending().await,
                _ => rt::task::yield_now().await,
            }
            n
        };
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), f);
        let mut delivered = Vec::from_iter(fan.next().await);
        assert!(delivered.iter().all(|value| value.index > 0));
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!(report.end, End::Cancelled);
        delivered.extend(report.undelivered);
        assert!(delivered.iter().all(|value| value.index > 0));
        assert!(report.abandoned.contains(&0), "item 0 was taken first");
    })
}

fn dropped_fan_out(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (feed, source) = watched_source(s.buffer);
        let fan = fan_out(&token, source, s.workers(), s.buffer(), |n: u64| async move { n });
        drop(fan);
        feed.closed().await;
        assert!(!token.is_cancelled(), "a fan-out never cancels the token that it was given");
    })
}

fn panicking_item(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let source = stream::iter(0..s.jobs);
        let f = |n: u64| async move {
            assert!(n != 0, "item 0 panics");
            n
        };
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), f);
        let mut delivered = Vec::new();
        while let Some(value) = fan.next().await {
            delivered.push(value);
        }
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.end, report.delivered), (End::Complete, s.jobs - 1), "{report:?}");
        let panicked: Vec<u64> = report.panicked.iter().map(|p| p.index).collect();
        assert_eq!(panicked, [0]);
    })
}

fn panicking_source(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut left = 0..s.jobs;
        let source = stream::poll_fn(move |_| Some(left.next().expect("the source panics")).into());
        let mut fan = fan_out(&token, source, s.workers(), s.buffer(), |n: u64| async move { n });
        let mut delivered = Vec::new();
        while let Some(value) = fan.next().await {
            delivered.push(value);
        }
        let report = fan.close().await;
        shutdown_complete();
        account(&delivered, &report);
        assert_eq!((report.end, report.delivered), (End::Panicked, s.jobs), "{report:?}");
        assert_eq!(report.source_panic.as_deref(), Some("the source panics"));
    })
}

/// Item `n` of source `source`.
fn item(source: usize, n: u64) -> u64 {
    source as u64 * 100 + n
}

/// Splits merged items by source, in the order in which they came.
fn by_source(s: Shape, items: &[u64]) -> Vec<Vec<u64>> {
    let of = |source| {
        let own = items.iter().filter(move |i| **i / 100 == source as u64);
        own.map(|i| i % 100).collect()
    };
    (0..s.workers).map(of).collect()
}

/// `workers` sources of `jobs` items each, ready all the time.
fn ready_sources(s: Shape) -> Vec<impl stream::Stream<Item = u64> + Send> {
    let source = |source| stream::iter(0..s.jobs).map(move |n| item(source, n));
    use futures_util::StreamExt;
    (0..s.workers).map(source).collect()
}

/// What every run of a merge must meet: a prefix of each source, with nothing missing in between.
fn merged(s: Shape, delivered: &[u64], report: &MergeReport<u64>) {
    assert_eq!(report.delivered, delivered.len() as u64, "{report:?}");
    let mut all = delivered.to_vec();
    all.extend(&report.undelivered);
    for own in by_source(s, &all) {
        assert_eq!(own, (0..own.len() as u64).collect::<Vec<_>>(), "{report:?}");
        if report.end == End::Complete {
            assert_eq!(own.len() as u64, s.jobs, "a truncated run never looks complete");
        }
    }
}

fn merge_flow(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (mut sources, mut producers) = (Vec::new(), Vec::new());
        for place in 0..s.workers {
            let (feed, source) = watched_source(s.buffer);
            sources.push(source);
            // The sources are of different lengths: each but the last ends before another.
            let length = s.jobs.saturating_sub(place as u64);
            producers.push(rt::spawn(async move {
                for n in 0..length {
                    feed.send(item(place, n)).await.expect("the merge reads to the end");
                }
            }));
        }
        let mut all = fan_in(&token, sources, s.buffer());
        let mut delivered = Vec::new();
        while let Some(item) = all.next().await {
            delivered.push(item);
        }
        assert_eq!(all.next().await, None, "the end stays the end");
        for producer in producers {
            producer.await.expect("a producer does not panic");
        }
        let report = all.close().await;
        shutdown_complete();
        assert!(report.is_clean(), "{report:?}");
        for (place, own) in by_source(s, &delivered).into_iter().enumerate() {
            let length = s.jobs.saturating_sub(place as u64);
            assert_eq!(own, (0..length).collect::<Vec<_>>());
        }
    })
}

fn merge_of_none(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        // Several, so that something interleaves.
        let none: [stream::Empty<u64>; 0] = [];
        let merges = (0..s.workers).map(|_| fan_in(&token, none.clone(), s.buffer()));
        for mut all in merges.collect::<Vec<_>>() {
            assert_eq!(all.next().await, None);
            let report = all.close().await;
            assert!(report.is_clean() && report.accepted() == 0);
        }
        shutdown_complete();
    })
}

fn served_in_turn(s: Shape) -> Root {
    Box::pin(async move {
        use futures_util::StreamExt;
        let token = CancellationToken::new();
        // All but the last are ready all the time, and without end. The last has its item later.
        let (feed, late) = watched_source(1);
        let mut sources = vec![late.boxed()];
        for place in 1..s.workers {
            sources.push(stream::repeat(place as u64).boxed());
        }
        let mut all = fan_in(&token, sources, s.buffer());
        let feeder = rt::spawn(async move { feed.try_send(0).expect("there is room") });
        let mut served = false;
        for _ in 0..s.jobs {
            served |= all.next().await == Some(0);
        }
        feeder.await.expect("the feeder does not panic");
        // What it held before, then one of each other source, then this.
        let mut others = 0;
        while !served {
            served = all.next().await == Some(0);
            others += !served as usize;
        }
        let held = s.buffer + 1;
        assert!(others < held + s.workers, "served after {others} others");
        let report = all.close().await;
        shutdown_complete();
        assert_eq!(report.end, End::Cancelled);
    })
}

fn cancelled_merge(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut all = fan_in(&token, ready_sources(s), s.buffer());
        let canceller = canceller(&token);
        let mut delivered = Vec::new();
        while let Some(item) = all.next().await {
            delivered.push(item);
        }
        let report = all.close().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        merged(s, &delivered, &report);
    })
}

fn dropped_merge(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let (feeds, sources): (Vec<_>, Vec<_>) =
            (0..s.workers).map(|_| watched_source(s.buffer)).unzip();
        let all = fan_in(&token, sources, s.buffer());
        let dropper = rt::spawn(async move { drop(all) });
        for feed in feeds {
            feed.closed().await;
        }
        dropper.await.expect("the drop does not panic");
        assert!(!token.is_cancelled(), "a merge never cancels the token that it was given");
    })
}

fn round_trip(s: Shape) -> Root {
    Box::pin(async move {
        let token = CancellationToken::new();
        let mut fan = squares(&token, s);
        let mut all = fan_in(&token, fan.take_branches(), s.buffer());
        let canceller = canceller(&token);
        let mut seen = Vec::new();
        while let Some(value) = all.next().await {
            seen.push(value);
        }
        let merge = all.close().await;
        seen.extend(merge.undelivered);
        let report = fan.close().await;
        canceller.await.expect("the canceller does not panic");
        shutdown_complete();
        // What the merge took from the branches was delivered, as far as these can see.
        account(&seen, &report);
        if report.is_clean() {
            assert_eq!(seen.len() as u64, s.jobs, "a truncated run never looks complete");
        }
    })
}
