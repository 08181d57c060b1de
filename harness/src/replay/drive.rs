//! Executions, driven step by step by whoever chooses.

use crate::config::Config;
use crate::exec::{Ended, Machine, Pick};
use crate::scenario::Root;
use crate::verdict::Problem;
use crate::{Violation, laws, panics, record};
use selvedge_rt::check::engine as seam;
use std::rc::Rc;

/// How an execution stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing will ever happen any more.
    Quiet,
    /// At its first violation.
    Violated,
    /// At the limit of steps.
    Steps,
    /// At a step that was wanted and not on offer, or at another [problem](Driven::problem).
    Stuck,
}

/// What came of one execution. Its end state and its log are left in the [machine](Driver::machine).
pub(crate) struct Driven {
    pub path: Vec<Pick>,
    pub ending: Ending,
    /// The most telling first, after waivers.
    pub violations: Vec<Violation>,
    pub problem: Option<Problem>,
    /// Digest of what was recorded.
    pub outcome: u64,
    /// Tasks that were started.
    pub tasks: usize,
}

/// Runs executions of one scenario, one after the other.
pub(crate) struct Driver<'a> {
    config: Rc<Config>,
    root: &'a Root,
    pub machine: Rc<Machine>,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(config: &Rc<Config>, root: &'a Root) -> Self {
        Driver { config: config.clone(), root, machine: Machine::new(config.clone()) }
    }

    /// Runs one execution, with a log. `choose` is given every step's options, at least one, and says
    /// which it takes.
    pub(crate) fn run(&self, choose: &mut dyn FnMut(&[Pick]) -> Pick) -> Driven {
        let machine = &self.machine;
        let _quiet = panics::quiet();
        panics::forget();
        let _entered = seam::enter(machine.clone());
        let _listening = record::listen(machine.clone());
        machine.start(|| self.root.task(), &[], true);
        let mut path = Vec::new();
        let (ending, problem) = self.go(&mut path, choose);
        match ending {
            Ending::Quiet => laws::at_end(&mut machine.exec.borrow_mut()),
            Ending::Steps => {
                if let Some(violation) = laws::livelock(machine) {
                    machine.exec.borrow_mut().violate(violation);
                }
            }
            Ending::Violated | Ending::Stuck => {}
        }
        // From here on nothing is noted any more: what is read off the machine is its state as of now.
        machine.finish();
        machine.overall.borrow_mut().locks.end_execution(&path);
        let mut e = machine.exec.borrow_mut();
        let trouble = e.trouble.as_ref().map(Problem::from_trouble);
        Driven {
            path,
            ending,
            violations: std::mem::take(&mut e.violations),
            problem: problem.or(trouble),
            outcome: crate::hash::fold(e.record),
            tasks: e.tasks.len(),
        }
    }

    fn go(
        &self,
        path: &mut Vec<Pick>,
        choose: &mut dyn FnMut(&[Pick]) -> Pick,
    ) -> (Ending, Option<Problem>) {
        let machine = &self.machine;
        let mut options = Vec::new();
        loop {
            let ended = machine.options(&mut options);
            {
                let e = machine.exec.borrow();
                if e.trouble.is_some() {
                    return (Ending::Stuck, None);
                }
                if !e.violations.is_empty() {
                    return (Ending::Violated, None);
                }
                if ended == Ended::Quiet {
                    return (Ending::Quiet, None);
                }
                if e.steps >= self.config.limits.steps {
                    return (Ending::Steps, None);
                }
            }
            let pick = choose(&options);
            if !machine.can(pick) {
                let step = path.len() + 1;
                return (Ending::Stuck, Some(Problem::Nondeterminism { step }));
            }
            path.push(pick);
            machine.step(pick);
        }
    }
}
