//! Shrinking a failing schedule: the same law, fewer preemptions.
//!
//! Greedy, with two kinds of attempt, each a run of the whole scenario: leave some departures from the base
//! out; or let a task do at once what it does later anyway, so that a switch away and back is gone. What
//! still breaks the law and costs less is kept. Nothing promises the least; a second round finds nothing.

use super::run::{Case, observe, run};
use super::scripted::{Scripted, base};
use super::{Preemption, Schedule};
use crate::Law;
use crate::exec::Pick;
use crate::replay::drive::Driver;

/// So many runs may be spent on one failure.
const RUNS_MAX: usize = 1_000;
/// So many steps of all these runs: each run of a livelock is as long as a run may be.
const STEPS_MAX: usize = 1_000_000;

/// The cheapest case found that breaks the same law first.
pub(super) fn shrink(driver: &Driver<'_>, failing: Case) -> Case {
    let Some(law) = law_of(&failing) else { return failing };
    let mut shrinking = Shrinking { driver, law, best: failing, runs: 0, steps: 0 };
    shrinking.run();
    shrinking.best
}

struct Shrinking<'a> {
    driver: &'a Driver<'a>,
    law: Law,
    best: Case,
    runs: usize,
    steps: usize,
}

impl Shrinking<'_> {
    fn run(&mut self) {
        while self.drop_departures() | self.join_stretches() {}
    }

    /// Leaves departures out: all, then halves, quarters, and so on. True: it helped.
    fn drop_departures(&mut self) -> bool {
        let mut helped = false;
        let mut size = self.best.departures.len();
        while size > 0 {
            let mut from = 0;
            while from < self.best.departures.len() {
                let mut fewer = self.best.departures.clone();
                fewer.drain(from..(from + size).min(fewer.len()));
                if self.attempt_departures(fewer) {
                    helped = true;
                } else {
                    from += size;
                }
            }
            size /= 2;
        }
        helped
    }

    fn attempt_departures(&mut self, departures: Vec<Preemption>) -> bool {
        if self.exhausted() {
            return false;
        }
        let case = run(self.driver, &mut Scripted::new(&Schedule(departures)));
        self.keep(case)
    }

    /// Joins each stretch of steps by one task with that task's next stretch. True: it helped.
    fn join_stretches(&mut self) -> bool {
        let mut helped = false;
        let mut i = 0;
        loop {
            let path = &self.best.driven.path;
            let stretches: Vec<&[Pick]> = path.chunk_by(|a, b| a.task == b.task).collect();
            if i >= stretches.len() || self.exhausted() {
                return helped;
            }
            let next =
                (i + 2..stretches.len()).find(|j| stretches[*j][0].task == stretches[i][0].task);
            let joined = next.map(|j| {
                let (mut early, mut late) = (stretches.clone(), stretches.clone());
                let moved = early.remove(j);
                early.insert(i + 1, moved);
                let moved = late.remove(i);
                late.insert(j - 1, moved);
                [early.concat(), late.concat()]
            });
            let better = joined.into_iter().flatten().any(|wishes| self.attempt_wishes(wishes));
            helped |= better;
            if !better {
                i += 1;
            }
        }
    }

    /// Does the first of the wished-for steps that can be done, each time.
    fn attempt_wishes(&mut self, mut wishes: Vec<Pick>) -> bool {
        if self.exhausted() {
            return false;
        }
        let case = observe(self.driver, &mut |options, last| match wishes
            .iter()
            .position(|w| options.contains(w))
        {
            Some(i) => wishes.remove(i),
            None => options[base(options, last)],
        });
        self.keep(case)
    }

    fn keep(&mut self, case: Case) -> bool {
        self.runs += 1;
        self.steps += case.driven.path.len();
        let better = law_of(&case) == Some(self.law) && cost(&case) < cost(&self.best);
        if better {
            self.best = case;
        }
        better
    }

    fn exhausted(&self) -> bool {
        self.runs >= RUNS_MAX || self.steps >= STEPS_MAX
    }
}

fn law_of(case: &Case) -> Option<Law> {
    let breaks = case.driven.problem.is_none().then(|| case.driven.violations.first());
    breaks.flatten().map(|v| v.law)
}

fn cost(case: &Case) -> (usize, usize, usize) {
    (case.preemptions, case.departures.len(), case.driven.path.len())
}

#[cfg(test)]
mod tests {
    use super::super::Sampling;
    use super::*;
    use crate::config::Config;
    use crate::scenario::Root;
    use selvedge_rt as rt;
    use std::panic::Location;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::SeqCst;

    /// Each task reads the counter and writes it back, among `noise` steps of its own.
    async fn lost_update(tasks: usize, noise: u64) {
        let counter = Arc::new(rt::sync::atomic::AtomicU64::new(0));
        let mut set = rt::task::JoinSet::new();
        for _ in 0..tasks {
            let counter = counter.clone();
            set.spawn(async move {
                let own = rt::sync::atomic::AtomicU64::new(0);
                (0..noise).for_each(|i| own.store(i, SeqCst));
                let seen = counter.load(SeqCst);
                (0..noise).for_each(|i| own.store(i, SeqCst));
                counter.store(seen + 1, SeqCst);
            });
        }
        while set.join_next().await.is_some() {}
        assert_eq!(counter.load(SeqCst), tasks as u64);
    }

    #[track_caller]
    fn check(sampling: Sampling, preemptions: usize, root: Root) -> Case {
        let driver = Driver::new(&Rc::new(Config::new("shrink")), &root);
        let mut strategy = sampling.strategy();
        let failing = std::iter::repeat_with(|| run(&driver, &mut *strategy))
            .take(1_000)
            .find(Case::fails)
            .expect("one of the first thousand schedules fails");
        let before = (cost(&failing), law_of(&failing));
        let shrunk = shrink(&driver, failing);
        assert_eq!(law_of(&shrunk), before.1);
        assert_eq!(shrunk.preemptions, preemptions, "{:?}", shrunk.driven.path);
        assert!(before.0.0 > preemptions + 2, "nothing to shrink: {:?}", before.0);
        shrunk
    }

    #[test]
    fn a_lost_update_is_shrunk_to_one_preemption() {
        let root = || Root::new(|| lost_update(2, 8), Location::caller());
        check(Sampling::random(11), 1, root());
        check(Sampling::random(12), 1, root());
    }

    #[test]
    fn choices_that_do_not_matter_are_shrunk_to_the_first() {
        async fn chooses() {
            for _ in 0..6 {
                rt::select! {
                    () = std::future::ready(()) => {}
                    () = std::future::ready(()) => {}
                }
            }
            lost_update(2, 4).await;
        }
        let root = Root::new(chooses, Location::caller());
        let shrunk = check(Sampling::random(14), 1, root);
        // The one preemption, and going on with one task or the other at the start.
        assert!(shrunk.departures.len() <= 2, "{:?}", shrunk.departures);
    }

    #[test]
    fn a_livelock_is_shrunk_in_few_of_its_long_runs() {
        // Whoever is told tells the other: so many switches as there are steps.
        async fn spins() {
            let (ping, mut pinged) = rt::sync::mpsc::channel(1);
            let (pong, mut ponged) = rt::sync::mpsc::channel(1);
            let other = rt::spawn(async move {
                while pinged.recv().await.is_some() {
                    pong.send(()).await.unwrap();
                }
            });
            while ping.send(()).await.is_ok() {
                ponged.recv().await.unwrap();
            }
            other.await.unwrap();
        }
        let root = Root::new(spins, Location::caller());
        let driver = Driver::new(&Rc::new(Config::new("shrink")), &root);
        let best = run(&driver, &mut *Sampling::random(1).strategy());
        assert_eq!(law_of(&best), Some(Law::Livelock));
        let one = best.driven.path.len();
        let mut shrinking =
            Shrinking { driver: &driver, law: Law::Livelock, best, runs: 0, steps: 0 };
        shrinking.run();
        assert!(shrinking.steps <= STEPS_MAX + one, "{} steps", shrinking.steps);
        assert!(shrinking.runs < RUNS_MAX && shrinking.best.departures.is_empty());
    }

    #[test]
    fn other_tasks_are_shrunk_out_of_the_way() {
        check(Sampling::random(13), 1, Root::new(|| lost_update(4, 5), Location::caller()));
    }
}
