//! A failure as a person reads it: whole texts, so that a change of one is looked at.

use rt::sync::{CancellationToken, Mutex, mpsc};
use selvedge::{Check, Law, Report, Verdict};
use selvedge_rt as rt;
use std::sync::Arc;

// Scenarios first: the texts below have their line numbers.

fn deadlock() -> Report {
    Check::new("ab-ba").explore(|| async {
        let a = Arc::new(Mutex::new(()));
        let b = Arc::new(Mutex::new(()));
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

fn lost() -> Report {
    Check::new("lost").explore(|| async {
        let (tx, mut rx) = mpsc::channel(2);
        let sender = rt::spawn(async move {
            for i in 0..3 {
                tx.send(i).await.unwrap();
            }
        });
        assert_eq!(rx.recv().await, Some(0));
        assert_eq!(rx.recv().await, Some(1));
        sender.await.unwrap();
        drop(rx);
    })
}

fn leak() -> Report {
    Check::new("leak").explore(|| async {
        let (tx, mut rx) = mpsc::channel::<u8>(1);
        let (_keep, mut never) = mpsc::channel::<u8>(1);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let worker = rt::spawn(async move {
            if stopped.is_cancelled() {
                return;
            }
            rt::select! {
                biased;
                _ = rx.recv() => {}
                _ = never.recv() => {}
            }
        });
        stop.cancel();
        worker.await.unwrap();
        drop(tx);
    })
}

fn close(closers: usize) -> Report {
    Check::new("close").explore(move || async move {
        let (tx, rx) = rt::async_channel::bounded::<u8>(1);
        let mut workers = rt::task::JoinSet::new();
        for n in 0..closers {
            let tx = tx.clone();
            workers.spawn(async move {
                if n == 1 || n == closers - 1 {
                    tx.close();
                }
            });
        }
        while rx.recv().await.is_ok() {}
        while workers.join_next().await.is_some() {}
    })
}

fn late() -> Report {
    Check::new("late").explore(|| async {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = rt::spawn(async move {
            rt::time::sleep(rt::time::Duration::from_millis(10)).await;
            tx.send(1).await
        });
        let first = rx.recv().await;
        sender.await.unwrap().unwrap();
        assert_eq!(first, Some(2));
    })
}

fn wide() -> Report {
    Check::new("wide").grain(selvedge::Grain::Poll).explore(|| async {
        let mut idle = rt::task::JoinSet::new();
        for _ in 0..9 {
            idle.spawn(async {
                for _ in 0..3 {
                    drop(mpsc::channel::<()>(1));
                }
            });
        }
        while idle.join_next().await.is_some() {}
        let (tx, rx) = mpsc::channel::<u64>(1);
        tx.send(1).await.unwrap();
        drop(rx);
    })
}

fn spins() -> Report {
    let limits = selvedge::Limits { steps: 300, ..Default::default() };
    Check::new("spins").limits(limits).explore(|| async {
        let flag = Arc::new(rt::sync::atomic::AtomicBool::new(false));
        let seen = flag.clone();
        let spins = rt::spawn(async move {
            while !seen.load(rt::sync::atomic::Ordering::SeqCst) {
                rt::task::yield_now().await;
            }
        });
        spins.await.unwrap();
    })
}

fn crowd() -> Report {
    Check::new("crowd").grain(selvedge::Grain::Poll).explore(|| async {
        let (tx, rx) = rt::async_channel::bounded::<u8>(1);
        let mut workers = rt::task::JoinSet::new();
        for _ in 0..9 {
            let rx = rx.clone();
            workers.spawn(async move { while rx.recv().await.is_ok() {} });
        }
        while workers.join_next().await.is_some() {}
        drop(tx);
    })
}

fn blocking() -> Report {
    Check::new("blocking").explore(|| async {
        let a = Arc::new(rt::blocking::Mutex::new(()));
        let b = Arc::new(rt::blocking::Mutex::new(()));
        let (a2, b2) = (a.clone(), b.clone());
        let other = rt::spawn(async move { drop((b2.lock(), a2.lock())) });
        drop((a.lock(), b.lock()));
        other.await.unwrap();
    })
}

fn between_polls() -> Report {
    Check::new("between").explore(|| async {
        let (tx, mut rx) = mpsc::channel::<()>(2);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let worker = rt::spawn(async move {
            rt::select! {
                biased;
                () = stopped.cancelled() => {}
                _ = rx.recv() => panic!("an item that was sent after the cancel"),
            }
        });
        stop.cancel();
        let _ = tx.send(()).await;
        worker.await.unwrap();
    })
}

fn many() -> Report {
    Check::new("many").explore(|| async {
        let (tx, mut rx) = mpsc::channel::<u64>(4);
        let sender = rt::spawn(async move {
            for i in 0..3 {
                tx.send(i).await.unwrap();
            }
        });
        sender.await.unwrap();
        let mut items = Vec::new();
        rx.recv_many(&mut items, 2).await;
        rx.recv().await;
        let sleeper = rt::spawn(rt::time::sleep(rt::time::Duration::from_secs(1)));
        sleeper.abort();
        assert!(sleeper.await.is_ok());
    })
}

/// The story of a report that breaks `law` is this.
#[track_caller]
fn check(report: &Report, law: Law, expected: &str) {
    report.assert_violates(law);
    let story = report.story.as_deref().unwrap_or_else(|| panic!("no story:\n{report}"));
    let expected = expected.trim_matches('\n');
    assert!(story.trim_end() == expected, "the story is:\n{story}\ninstead of:\n{expected}");
    assert!(story.lines().all(|line| line.chars().count() <= 120), "{story}");
}

#[test]
fn a_deadlock_shows_who_holds_and_who_waits() {
    check(
        &deadlock(),
        Law::Deadlock,
        "
  step  T0 root                  T1 deadlock#1
        tests/story.rs:11        tests/story.rs:15
     1  lock M1 -> ok                                                     tests/story.rs:20
     2  |                        lock M2 -> ok              T0 preempted  tests/story.rs:16
     3  lock M2: waits for ever  |                          T1 preempted  tests/story.rs:21
     4  .                        lock M1: waits for ever    T0 waits      tests/story.rs:17

  M1   mutex, made at tests/story.rs:12
  M2   mutex, made at tests/story.rs:13
  |    can go on; . waits
",
    );
}

#[test]
fn a_report_says_who_holds_what_a_blocked_task_waits_for() {
    let text = deadlock().to_string();
    let holds = [
        "`root` waits at harness/tests/story.rs:21 for the mutex, made at harness/tests/story.rs:13; \
         held by `story::deadlock#1` (waits too), since harness/tests/story.rs:16",
        "`story::deadlock#1` waits at harness/tests/story.rs:17 for the mutex, made at harness/tests/story.rs:12; \
         held by `root` (waits too), since harness/tests/story.rs:20",
    ];
    assert!(holds.iter().all(|h| text.contains(h)), "{text}");
    assert!(text.contains("\n\n  replay with: SELVEDGE_REPLAY=s1."), "{text}");
}

#[test]
fn a_lost_item_shows_what_was_sent_and_what_came() {
    let report = lost();
    check(&report, Law::LostItem, "
  step  T0 root                               T1 lost#1
        tests/story.rs:28                     tests/story.rs:30
     1  recv C1: waits                                                                               tests/story.rs:35
     2  .                                     send C1 -> ok           T0 waits                       tests/story.rs:32
     3  recv C1 -> item of step 2             |                       T1 preempted; woken by step 2  tests/story.rs:35
     4  recv C1: waits                        |                                                      tests/story.rs:36
     5  .                                     send C1 -> ok           T0 waits                       tests/story.rs:32
     6  recv C1 -> item of step 5             |                       T1 preempted; woken by step 5  tests/story.rs:36
     7  join T1: waits                        |                                                      tests/story.rs:30
     8  .                                     send C1 -> ok           T0 waits                       tests/story.rs:32
     9  .                                     drop sender C1, last                                   tests/story.rs:29
    10  .                                     end                                                    tests/story.rs:30
    12  drop receiver C1, last, 1 item in it                          T1 ended                       tests/story.rs:29
        end                                                                                          tests/story.rs:28

  C1   mpsc channel of 2, without receivers, made at tests/story.rs:29
  |    can go on; . waits
  left out: 1 other operation
");
}

#[test]
fn a_task_that_ignores_its_cancellation_shows_the_cancel_and_all_that_it_waits_for() {
    let report = leak();
    check(&report, Law::IgnoredCancellation, "
  step  T0 root                  T1 leak#1
        tests/story.rs:43        tests/story.rs:48
     1                           is_cancelled K1 -> no                              tests/story.rs:49
     2  cancel K1                |                                    T1 preempted  tests/story.rs:58
     3  join T1: waits for ever  |                                                  tests/story.rs:48
     5  .                        recv C1 | recv C2: waits for ever    T0 waits      tests/story.rs:55

  C1   mpsc channel of 1, made at tests/story.rs:44
  C2   mpsc channel of 1, made at tests/story.rs:45
  K1   cancellation token, cancelled, made at tests/story.rs:46
  |    can go on; . waits
");
}

#[test]
fn a_double_close_of_a_pool_in_many_lanes_fits_the_line() {
    let report = close(4);
    check(&report, Law::DoubleClose, "
  step  T0        T1       T2       T3        T4 close#4
        :65       :70      :70      :70       tests/story.rs:70
     1  recv C1: waits                                                                                 tests/story.rs:76
     2  .         drop sender C1                                        T0 waits                       tests/story.rs:69
     3  .         end                                                                                  tests/story.rs:70
     4  .                  close C1                                     T1 ended                       tests/story.rs:72
     5  recv C1 -> the end |                                            T2 preempted; woken by step 4  tests/story.rs:76
     6  |                  drop sender C1                               T0 preempted                   tests/story.rs:69
     7  |                  |        drop sender C1                      T2 preempted                   tests/story.rs:69
     9  join_next J1: waits         |                                   T3 preempted                   tests/story.rs:77
    10  .                  end      |                                   T0 waits                       tests/story.rs:70
    12  join_next J1: waits         |                                   T2 ended                       tests/story.rs:77
    13  .                           end                                 T0 waits                       tests/story.rs:70
    15  join_next J1: waits                                             T3 ended                       tests/story.rs:77
    16  .                                     close C1 -> was closed    T0 waits                       tests/story.rs:72

  T0   root, spawned at tests/story.rs:65
  T1   story::close#1, spawned at tests/story.rs:70
  T2   story::close#2, spawned at tests/story.rs:70
  T3   story::close#3, spawned at tests/story.rs:70
  C1   async_channel channel of 1, closed by a sender, made at tests/story.rs:66
  J1   JoinSet, made at tests/story.rs:67
  |    can go on; . waits
  left out: 3 other operations
");
}

#[test]
fn a_panic_in_the_root_shows_what_it_shares_and_the_time_that_passed() {
    let report = late();
    check(&report, Law::Panic, "
  step  T0 root                    T1 late#1
        tests/story.rs:82          tests/story.rs:84
     0                             sleep to 10ms: waits                                   tests/story.rs:85
     1  recv C1: waits             .                       T1 waits                       tests/story.rs:88
        --- time passes to 10ms ---
     3  .                          send C1 -> ok           T0 waits                       tests/story.rs:86
     4  recv C1 -> item of step 3  |                       T1 preempted; woken by step 3  tests/story.rs:88
     5  join T1: waits             |                                                      tests/story.rs:84
     6  .                          drop sender C1, last    T0 waits                       tests/story.rs:83
     7  .                          end                                                    tests/story.rs:84
     8  join T1 -> ended                                   T1 ended; woken by step 7      tests/story.rs:84
        drop receiver C1, last                                                            tests/story.rs:83
        end: panics                                                                       tests/story.rs:82

  C1   mpsc channel of 1, without receivers, made at tests/story.rs:83
  |    can go on; . waits
  left out: 1 other operation
");
    let what = &report.violations()[0].what;
    assert!(!what.contains('\n') && what.contains("left: Some(1), right: Some(2)"), "{what}");
}

#[test]
fn a_task_between_two_polls_of_a_select_is_preempted_and_does_not_wait() {
    let report = between_polls();
    check(&report, Law::Panic, "
  step  T0 root               T1 between_polls#1
        tests/story.rs:150    tests/story.rs:154
     1                        cancelled K1: not yet                                   tests/story.rs:157
     2  cancel K1             |                            T1 preempted               tests/story.rs:161
     3  send C1 -> ok         |                                                       tests/story.rs:162
     4  join T1: waits        |                                                       tests/story.rs:154
     5  .                     recv C1 -> item of step 3    T0 waits                   tests/story.rs:158
        .                     drop receiver C1, last                                  tests/story.rs:151
     6  .                     end: panics                                             tests/story.rs:154
     7  join T1 -> panicked                                T1 ended; woken by step 6  tests/story.rs:154
        drop sender C1, last                                                          tests/story.rs:151
        end: panics                                                                   tests/story.rs:150

  C1   mpsc channel of 2, without receivers, made at tests/story.rs:151
  K1   cancellation token, cancelled, made at tests/story.rs:152
  |    can go on; . waits
");
}

#[test]
fn items_that_were_taken_together_and_an_abort_are_told() {
    let report = many();
    check(&report, Law::Panic, "
  step  T0 root               T1 many#1             T2 Sleep#1
        tests/story.rs:168    tests/story.rs:170    tests/story.rs:179
     1  join T1: waits                                                                                tests/story.rs:170
     2  .                     send C1 -> ok                               T0 waits                    tests/story.rs:172
     3  .                     send C1 -> ok                                                           tests/story.rs:172
     4  .                     send C1 -> ok                                                           tests/story.rs:172
     5  .                     drop sender C1, last                                                    tests/story.rs:169
     6  .                     end                                                                     tests/story.rs:170
     7  join T1 -> ended                                                  T1 ended; woken by step 6   tests/story.rs:170
     8  recv_many C1 -> items of steps 2 and 3                                                        tests/story.rs:177
     9  recv C1 -> item of step 4                                                                     tests/story.rs:178
        |                                           sleep to 1s: waits    T0 preempted                tests/story.rs:179
    10  abort T2                                    .                     T2 waits                    tests/story.rs:180
    11  join T2: waits                              .                                                 tests/story.rs:179
    12  .                                           end: aborted          T0 waits; woken by step 10  tests/story.rs:179
    13  join T2 -> aborted                                                T2 ended; woken by step 12  tests/story.rs:179
        drop receiver C1, last                                                                        tests/story.rs:169
        end: panics                                                                                   tests/story.rs:168

  C1   mpsc channel of 4, without receivers, made at tests/story.rs:169
  |    can go on; . waits
");
}

#[test]
fn what_a_violation_is_not_about_is_left_out_and_counted() {
    let report = wide();
    check(
        &report,
        Law::LostItem,
        "
  step  T0 root
        tests/story.rs:95
        ... 82 more operations
    19  send C1 -> ok                             tests/story.rs:106
        drop receiver C1, last, 1 item in it      tests/story.rs:105
        drop sender C1, last                      tests/story.rs:105
        end                                       tests/story.rs:95

  C1   mpsc channel of 1, without receivers, made at tests/story.rs:105
  left out: 9 other tasks and 82 other operations
",
    );
}

#[test]
fn a_circle_is_told_once_or_twice() {
    let report = spins();
    report.assert_violates(Law::Livelock);
    let story = report.story.as_deref().unwrap();
    assert!(story.lines().count() < 30 && story.contains("more operations"), "{report}");
}

#[test]
fn of_many_tasks_that_wait_alike_one_is_explained() {
    let report = crowd();
    let helpers = &report.violations()[0].helpers;
    assert_eq!(helpers.len(), 2, "{report}");
    assert!(helpers[0].ends_with("`story::crowd#4` (waits too) and 5 more"), "{report}");
    assert!(helpers[1].starts_with("`story::crowd#1` and 8 more of its kind wait at"), "{report}");
}

#[test]
fn the_task_that_closed_first_has_a_lane_however_many_there_are() {
    let report = close(9);
    let story = report.story.as_deref().unwrap();
    assert_eq!(story.matches(" close C1").count(), 2, "{report}");
}

#[test]
fn no_more_than_six_lanes_are_shown() {
    for report in [crowd(), close(9)] {
        let story = report.story.as_deref().unwrap();
        let lanes = story.lines().next().unwrap().matches(" T").count();
        assert!(lanes == 6 && story.contains("left out: 4 other tasks"), "{report}");
        assert!(story.lines().all(|line| line.chars().count() <= 120), "{story}");
    }
}

#[test]
fn a_lock_that_blocks_its_thread_is_told_although_it_was_never_taken() {
    let report = blocking();
    report.assert_violates(Law::Deadlock);
    let story = report.story.as_deref().unwrap();
    assert_eq!(story.matches(": blocks for ever").count(), 2, "{report}");
    assert!(report.violations()[0].at.is_some(), "{report}");
    let helpers = report.violations()[0].helpers.join("\n");
    assert!(helpers.contains("held by `root` (waits too), since"), "{helpers}");
}

#[test]
fn the_same_search_tells_the_same_story() {
    let text = |report: Report| (report.story, report.replay, format!("{:?}", report.verdict));
    assert_eq!(text(deadlock()), text(deadlock()));
}

#[test]
fn a_replay_and_a_sample_tell_a_story_too() {
    let check = Check::new("panics");
    let root = || async { panic!("on purpose") };
    let found = check.explore(root);
    let again = check.replay(found.replay.as_deref().unwrap(), root);
    let sampled = check.sample(selvedge::Sampling::random(1), root);
    for report in [found, again, sampled] {
        assert!(report.story.as_deref().unwrap().contains("end: panics"), "{report}");
    }
}

#[test]
fn success_is_one_line_with_what_it_rests_on() {
    let report = Check::new("one").explore(|| async { rt::task::yield_now().await });
    let text = report.to_string();
    let (head, seconds) = text.rsplit_once(", ").unwrap();
    assert_eq!(
        head,
        "one: proved (explore, operation grain, idle clock; 1 execution, 0 states, 1 outcome"
    );
    assert!(seconds.ends_with(" s)\n"), "{text}");
}

#[test]
fn a_report_is_json_with_laws_by_name_and_tagged_verdicts() {
    let json = serde_json::to_value(deadlock()).unwrap();
    let violation = &json["verdict"]["Violated"][0];
    assert_eq!(violation["law"], "Deadlock");
    assert!(violation["at"].as_str().unwrap().contains("tests/story.rs:"), "{json}");
    assert_eq!(violation["helpers"].as_array().unwrap().len(), 2);
    assert_eq!(json["engine"]["Explore"]["grain"], "operation");
    assert!(
        json["story"].is_string()
            && json["replay"].is_string()
            && json["coverage"]["executions"].is_u64()
    );
    let waived = Check::new("one").waive(Law::LostItem, "a reason");
    let proved = waived.explore(|| async { rt::task::yield_now().await });
    assert_eq!(proved.verdict, Verdict::Proved);
    let json = serde_json::to_value(proved).unwrap();
    assert_eq!(json["verdict"], "Proved");
    assert_eq!(json["waived"][0], serde_json::json!(["LostItem", "a reason"]));
    assert!(json["story"].is_null());
}
