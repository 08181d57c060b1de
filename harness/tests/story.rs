//! A failure as a person reads it.

use rt::sync::{Mutex, mpsc};
use selvedge::{Check, Law, Report};
use selvedge_rt as rt;
use std::sync::Arc;

fn deadlock() -> Report {
    Check::new("ab-ba").explore(|| async {
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let (a2, b2) = (a.clone(), b.clone());
        let other = rt::spawn(async move {
            let _b = b2.lock().await;
            let _a = a2.lock().await;
        });
        {
            let _a = a.lock().await;
            let _b = b.lock().await;
        }
        other.await.unwrap();
    })
}

/// The story of a report that has one.
#[track_caller]
fn story(report: &Report) -> &str {
    report.story.as_deref().unwrap_or_else(|| panic!("no story:\n{report}"))
}

/// The row of each step, without its place.
fn rows(story: &str) -> Vec<String> {
    let (_, table) = story.split_once("    step").expect("a table");
    let row = |line: &str| {
        let line = line.trim();
        let place = line.split_whitespace().position(|word| word.contains(".rs:"));
        let words: Vec<&str> = line.split_whitespace().collect();
        let cut = place.map_or(words.len(), |i| i);
        let why = words.iter().position(|w| *w == "<-").map_or(words.len(), |i| i);
        [&words[..cut], &words[why..]].concat().join(" ")
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn a_deadlock_shows_who_holds_and_who_waits_in_lanes() {
    let report = deadlock();
    report.assert_violates(Law::Deadlock);
    let expected = [
        "1 acquire L1 |",
        "2 | acquire L2 <- T0 is preempted",
        "3 acquire L2: waits | <- T1 is preempted",
        "4 | acquire L1: waits <- T0 waits",
    ];
    assert_eq!(rows(story(&report)), expected, "{report}");
    let helpers = &report.violations()[0].helpers;
    assert_eq!(helpers.len(), 2, "{report}");
    assert!(helpers.iter().all(|h| h.contains("could have been woken by")), "{report}");
}

#[test]
fn time_that_passes_is_a_reason() {
    let report = Check::new("late").explore(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = rt::spawn(async move {
            rt::time::sleep(rt::time::Duration::from_millis(10)).await;
            tx.send(1).await
        });
        assert_eq!(rx.recv().await, Some(1));
        sender.await.unwrap().unwrap();
        panic!("on purpose");
    });
    report.assert_violates(Law::Panic);
    assert!(story(&report).contains("time passes to 10ms"), "{report}");
}

#[test]
fn tasks_that_took_no_part_are_counted_and_left_out() {
    let report = Check::new("wide").grain(selvedge::Grain::Poll).explore(|| async {
        let mut idle = rt::task::JoinSet::new();
        for _ in 0..9 {
            idle.spawn(async {});
        }
        while idle.join_next().await.is_some() {}
        let (tx, rx) = mpsc::channel::<u64>(1);
        tx.send(1).await.unwrap();
        drop(rx);
    });
    report.assert_violates(Law::LostItem);
    let story = story(&report);
    let lanes = story.lines().filter(|l| l.contains(", spawned at ")).count();
    assert!(lanes <= 6 && story.contains("more tasks took no part"), "{report}");
}

#[test]
fn the_same_search_tells_the_same_story() {
    let text = |report: Report| (report.story, report.replay, format!("{:?}", report.verdict));
    assert_eq!(text(deadlock()), text(deadlock()));
}

#[test]
fn a_report_is_json_with_laws_by_name_and_tagged_verdicts() {
    let json = serde_json::to_value(deadlock()).unwrap();
    assert_eq!(json["verdict"]["Violated"][0]["law"], "Deadlock");
    assert_eq!(json["engine"]["Explore"]["grain"], "operation");
    let proved = Check::new("one").explore(|| async { rt::task::yield_now().await });
    assert_eq!(serde_json::to_value(proved).unwrap()["verdict"], "Proved");
}
