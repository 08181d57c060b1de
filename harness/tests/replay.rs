//! Tokens: every failure that was found is replayed from the line that the report printed.

#[path = "support/locks.rs"]
mod locks;

use locks::opposite_in_turn;
use selvedge::{Check, Clock, Grain, Law, Limits, Problem, Reductions, Report, Sampling, Verdict};
use selvedge_rt as rt;
use std::process::Command;

/// Two tasks take two locks in opposite orders.
async fn opposite_locks() {
    let a = std::sync::Arc::new(rt::sync::Mutex::new(()));
    let b = std::sync::Arc::new(rt::sync::Mutex::new(()));
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
}

fn locks() -> Check {
    Check::new("opposite locks").waive(Law::LockOrder, "the deadlock itself is wanted here")
}

fn token_of(report: &Report) -> String {
    report.replay.clone().unwrap_or_else(|| panic!("no token:\n{report}"))
}

/// Text of the problem, where the check could not be made.
#[track_caller]
fn problem(report: &Report) -> String {
    match &report.verdict {
        Verdict::Failed(Problem::Token(text)) => text.clone(),
        _ => panic!("a problem with the token was expected:\n{report}"),
    }
}

/// A failure replays from its token, and the token says no more than itself.
#[track_caller]
fn replays(check: &Check, report: &Report, root: fn() -> Root) {
    let again = check.replay(&token_of(report), root());
    let what =
        |r: &Report| r.violations().iter().map(|v| (v.law, v.what.clone())).collect::<Vec<_>>();
    assert!(!what(report).is_empty());
    assert_eq!(what(&again), what(report));
    assert_eq!(token_of(&again), token_of(report));
}

type Root = fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn boxed_locks() -> Root {
    || Box::pin(opposite_locks())
}

#[test]
fn a_failure_of_the_explorer_is_replayed_from_its_token() {
    let report = locks().explore(opposite_locks);
    report.assert_violates(Law::Deadlock);
    replays(&locks(), &report, boxed_locks);
}

#[test]
fn a_failure_of_each_clock_and_grain_is_replayed_from_its_token() {
    async fn late() {
        let done = std::sync::Arc::new(rt::sync::atomic::AtomicBool::new(false));
        let at_last = done.clone();
        let work = rt::spawn(async move {
            rt::task::yield_now().await;
            at_last.store(true, rt::sync::atomic::Ordering::SeqCst);
        });
        rt::time::sleep(rt::time::Duration::from_millis(1)).await;
        assert!(done.load(rt::sync::atomic::Ordering::SeqCst), "the timer won");
        work.await.unwrap();
    }
    for grain in [Grain::Operation, Grain::Poll] {
        let check = Check::new("late").grain(grain);
        assert_eq!(
            check.explore(late).violations(),
            [],
            "the clock stands still while anybody works"
        );
        let check = check.clock(Clock::Racing);
        let report = check.explore(late);
        report.assert_violates(Law::Panic);
        replays(&check, &report, || || Box::pin(late()));
    }
}

#[test]
fn a_waived_guess_does_not_hide_the_law_that_is_broken() {
    // Without a log it looks as if nobody but the root had ever sent: `NeverClosed`.
    async fn stuck() {
        let (tx, mut rx) = rt::sync::mpsc::channel(1);
        let sender = rt::spawn(async move {
            tx.send(1).await.unwrap();
            rt::sync::Notify::new().notified().await;
            drop(tx);
        });
        while rx.recv().await.is_some() {}
        sender.await.unwrap();
    }
    Check::new("stuck").explore(stuck).assert_violates(Law::Deadlock);
    let waived = Check::new("stuck").waive(Law::NeverClosed, "not what is broken here");
    let report = waived.explore(stuck);
    report.assert_violates(Law::Deadlock);
    replays(&waived, &report, || || Box::pin(stuck()));
}

#[test]
fn a_livelock_is_replayed_from_its_token() {
    async fn spins() {
        let flag = rt::sync::atomic::AtomicBool::new(false);
        while !flag.load(rt::sync::atomic::Ordering::SeqCst) {
            rt::task::yield_now().await;
        }
    }
    let limits = Limits { steps: 300, ..Limits::default() };
    let plain = Reductions { merging: false, ..Reductions::default() };
    let check = Check::new("spins").limits(limits).reductions(plain);
    let report = check.explore(spins);
    report.assert_violates(Law::Livelock);
    replays(&check, &report, || || Box::pin(spins()));
    assert!(token_of(&report).len() < 40, "what follows by itself is left out: {report}");
}

/// Each takes two locks, in an order that depends on who came first: no execution has both orders.
async fn opposite_in_other_executions() {
    let locks = std::sync::Arc::new((rt::sync::Mutex::new(0), rt::sync::Mutex::new(0)));
    let first = std::sync::Arc::new(rt::sync::atomic::AtomicBool::new(true));
    let tasks = [0, 1].map(|i| {
        let (locks, first) = (locks.clone(), first.clone());
        rt::spawn(async move {
            if !first.swap(false, rt::sync::atomic::Ordering::SeqCst) {
                return;
            }
            let (a, b) = if i == 0 { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
            let _a = a.lock().await;
            let _b = b.lock().await;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_cycle_of_locks_is_told_and_replayed_from_its_token() {
    let check = Check::new("in turn");
    let reports = [
        check.explore(opposite_in_turn),
        check.sample(Sampling::random(1).cases(3), opposite_in_turn),
    ];
    for report in reports {
        report.assert_violates(Law::LockOrder);
        let story = report.story.as_ref().unwrap_or_else(|| panic!("no story:\n{report}"));
        assert!(story.contains("M1") && story.contains("M2"), "{story}");
        replays(&check, &report, || || Box::pin(opposite_in_turn()));
    }
}

#[test]
fn a_cycle_that_no_single_schedule_shows_has_a_token_of_several() {
    let check = Check::new("others");
    let report = check.explore(opposite_in_other_executions);
    report.assert_violates(Law::LockOrder);
    assert_eq!(token_of(&report).split('.').count(), 4, "two schedules: {report}");
    replays(&check, &report, || || Box::pin(opposite_in_other_executions()));
    // Neither alone.
    let token = token_of(&report);
    let (_, last) = token.rsplit_once('.').unwrap();
    let head = token.split('.').take(2).collect::<Vec<_>>().join(".");
    let alone = check.replay(&format!("{head}.{last}"), opposite_in_other_executions);
    assert_eq!(alone.verdict, Verdict::Sampled(1));
}

#[test]
fn a_cycle_of_locks_that_generated_inputs_show_has_a_token() {
    let check = Check::new("generated");
    let runs = selvedge::proptest::Runs::new(3);
    let report = check.proptest(runs, 0..3usize, |_| opposite_in_turn());
    report.assert_violates(Law::LockOrder);
    replays(&check, &report, || || Box::pin(opposite_in_turn()));
}

#[test]
fn a_token_of_loom_is_no_schedule() {
    // What a build with loom prints for some check.
    let token = "l1.000000.AQAAAA";
    let report = locks().replay(token, opposite_locks);
    assert!(!problem(&report).is_empty());
}

#[test]
fn a_schedule_that_breaks_nothing_any_more_is_no_failure() {
    let token = token_of(&locks().explore(opposite_locks));
    let waived = locks().waive(Law::Deadlock, "fixed").waive(Law::NeverClosed, "fixed");
    assert_eq!(waived.replay(&token, opposite_locks).verdict, Verdict::Sampled(1));
}

#[test]
fn a_token_that_does_not_belong_here_says_what_to_do() {
    let token = token_of(&locks().explore(opposite_locks));
    let replay = |check: Check, token: &str| problem(&check.replay(token, opposite_locks));

    let another = replay(Check::new("other"), &token);
    assert!(another.contains("belongs to another scenario than `other`"), "{another}");
    assert!(another.contains("replay it with the check that printed it"), "{another}");
    replay(locks().grain(Grain::Poll), &token);
    replay(locks().clock(Clock::Racing), &token);
    replay(locks().equal_tasks(), &token);

    let version = replay(locks(), &token.replacen("s1.", "s2.", 1));
    assert!(version.contains("version s2") && version.contains("run the check again"), "{version}");

    let damaged = [
        String::new(),
        "s1".into(),
        "hello".into(),
        token[..token.len() - 1].into(),
        format!("{token}A"),
        format!("{token}.x"),
        token.replacen('.', "", 1),
        token.replacen("s1.", "s1.zz", 1),
    ];
    for text in damaged {
        let damaged = replay(locks(), &text);
        assert!(
            damaged.contains("is damaged") && damaged.contains("copy the whole line"),
            "{damaged}"
        );
    }
    // Blanks around it come from copying.
    let report = locks().replay(&format!(" {token}\n"), opposite_locks);
    report.assert_violates(Law::Deadlock);
}

#[test]
fn a_token_of_a_scenario_that_was_changed_says_so() {
    let token = token_of(&locks().explore(opposite_locks));
    let changed = problem(&locks().replay(&token, || async {}));
    assert!(changed.contains("does not fit `opposite locks` any more from step"), "{changed}");
    assert!(changed.contains("run the check again for a new token"), "{changed}");
}

/// What the subprocess of [`the_environment_picks_one_check`] runs.
#[test]
fn helper_of_the_environment_test() {
    let report = locks().explore(opposite_locks);
    println!("MINE {} {:?}", report.engine, report.coverage.executions);
    let other = Check::new("other").waive(Law::LockOrder, "").explore(opposite_locks);
    println!("OTHER {}", other.engine);
    let sampled = locks().sample(Sampling::random(1).cases(1), opposite_locks);
    println!("SAMPLED {}", sampled.engine);
}

#[test]
fn the_environment_picks_one_check() {
    let run = |token: &str| {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "helper_of_the_environment_test", "--nocapture"])
            .env("SELVEDGE_REPLAY", token)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let out = run(&token_of(&locks().explore(opposite_locks)));
    assert!(out.contains("MINE sample, replay, operation grain 2"), "{out}");
    assert!(out.contains("OTHER explore, operation grain"), "{out}");
    assert!(out.contains("SAMPLED sample, replay"), "{out}");
    // Whose a damaged token is cannot be told.
    let out = run("s1.nonsense");
    assert!(out.contains("MINE sample, replay, operation grain 0"), "{out}");
    assert!(out.contains("OTHER sample, replay"), "{out}");
}
