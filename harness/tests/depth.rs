//! How full each queue becomes is in every report.

use rt::sync::mpsc;
use selvedge::{Check, Depth, Law, Report, Sampling};
use selvedge_rt as rt;

/// Two senders of two items each, and a reader that may be slow.
async fn queue(bounded: Option<usize>) {
    let mut senders = rt::task::JoinSet::new();
    match bounded {
        Some(capacity) => {
            let (tx, mut rx) = mpsc::channel(capacity);
            for i in 0..2 {
                let tx = tx.clone();
                senders.spawn(async move {
                    tx.send(i).await.unwrap();
                    tx.reserve().await.unwrap().send(i);
                });
            }
            drop(tx);
            while rx.recv().await.is_some() {}
        }
        None => {
            let (tx, mut rx) = mpsc::unbounded_channel();
            for i in 0..2 {
                let tx = tx.clone();
                senders.spawn(async move { (0..2).for_each(|_| tx.send(i).unwrap()) });
            }
            drop(tx);
            while rx.recv().await.is_some() {}
        }
    }
    while senders.join_next().await.is_some() {}
}

#[track_caller]
fn check(report: &Report, capacity: Option<usize>, most: usize) {
    let [Depth { capacity: found, most: at_most, made_at }] = &report.observed.depths[..] else {
        panic!("one channel: {report}")
    };
    assert_eq!((*found, *at_most), (capacity, most), "{report}");
    assert!(made_at.0.contains("tests/depth.rs:"), "{report}");
    assert!(report.to_string().contains(&format!("at most {most} item")), "{report}");
}

#[test]
fn each_queue_is_reported_with_the_most_that_any_schedule_puts_in_it() {
    check(Check::new("1").explore(|| queue(Some(1))).assert_proved(), Some(1), 1);
    check(Check::new("3").explore(|| queue(Some(3))).assert_proved(), Some(3), 3);
    check(Check::new("9").explore(|| queue(Some(9))).assert_proved(), Some(9), 4);
    check(Check::new("no bound").explore(|| queue(None)).assert_proved(), None, 4);
}

#[test]
fn samples_report_the_most_that_they_saw() {
    let sampling = Sampling::random(1).cases(200);
    check(Check::new("9").sample(sampling, || queue(Some(9))).assert_passed(), Some(9), 4);
    let runs = selvedge::proptest::Runs::new(50);
    let report = Check::new("generated").proptest(runs, 5..6usize, |n| queue(Some(n)));
    check(report.assert_passed(), Some(5), 4);
}

#[cfg(feature = "loom")]
#[test]
fn loom_reports_the_same_depth() {
    let report = Check::new("2").preemptions(1).loom(|| queue(Some(2)));
    check(report.assert_passed(), Some(2), 2);
}

/// Asks a server and waits for its answer; with room for two, both sides can be behind.
async fn ask_and_answer(room: usize) {
    let (ask, mut asked) = mpsc::channel(room);
    let (answer, mut answers) = mpsc::channel(2);
    let server = rt::spawn(async move {
        while let Some(n) = asked.recv().await {
            answer.send(n).await.unwrap();
        }
    });
    // It reads answers only when it has asked everything.
    for n in 0..4 {
        ask.send(n).await.unwrap();
    }
    drop(ask);
    while answers.recv().await.is_some() {}
    server.await.unwrap();
}

#[test]
fn capacities_that_deadlock_are_told_from_those_that_do_not() {
    let capacities = Check::new("ask").capacities(1..=3, || ask_and_answer(1));
    capacities.as_written.assert_proved();
    let [asks, answers] = &capacities.channels[..] else { panic!("{capacities}") };
    assert_eq!((asks.as_written[0].capacity, asks.as_written[0].most), (Some(1), 1));
    let first = |reports: &[(usize, Report)]| -> Vec<(usize, Option<Law>)> {
        reports.iter().map(|(n, r)| (*n, r.violations().first().map(|v| v.law))).collect()
    };
    assert_eq!(first(&asks.reports), [(1, None), (2, None), (3, None)], "{capacities}");
    assert_eq!(first(&answers.reports), [(1, Some(Law::Deadlock)), (2, None), (3, None)]);
    let text = capacities.to_string();
    assert!(text.contains("    1: Deadlock\n    2..=3: proved\n"), "{text}");
    assert!(text.contains("asked for 1, at most 1 used\n    1..=3: proved\n"), "{text}");

    // Each of them replays, with its own capacity and no other.
    let token = answers.reports[0].1.replay.as_ref().expect("a token");
    let other = Check::new("ask").replay(token, || ask_and_answer(1));
    assert!(matches!(other.verdict, selvedge::Verdict::Failed(selvedge::Problem::Token(_))));
}

#[test]
#[should_panic(expected = "1: Deadlock")]
fn a_capacity_that_deadlocks_fails_a_test_with_the_table() {
    Check::new("ask").capacities(1..=2, || ask_and_answer(1)).assert_all_proved();
}

#[test]
#[should_panic(expected = "capacities of 0 bounded channels")]
fn a_scenario_without_bounded_channels_proves_nothing_about_sizes() {
    Check::new("none").capacities(1..=2, || queue(None)).assert_all_proved();
}

#[test]
#[should_panic(expected = "let the sizes begin at 1")]
fn no_channel_holds_nothing() {
    Check::new("zero").capacities(0..=2, || ask_and_answer(1));
}
