//! How full each queue becomes is in every report.

use rt::sync::mpsc;
use selvedge::{Check, Depth, Report, Sampling};
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
