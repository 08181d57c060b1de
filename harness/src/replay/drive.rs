//! One execution, driven step by step by whoever chooses.

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
    /// At a step that the chooser wanted and the scenario did not offer, or at another
    /// [problem](Driven::problem).
    Stuck,
}

/// An execution that was driven to its end, with its state as it was then.
pub(crate) struct Driven {
    pub machine: Rc<Machine>,
    pub path: Vec<Pick>,
    pub ending: Ending,
    pub violations: Vec<Violation>,
    pub problem: Option<Problem>,
}

/// Runs one execution of `root` on a machine of its own. `choose` is given every step's options, of
/// which there is at least one.
pub(crate) fn drive(
    config: &Rc<Config>,
    root: &Root,
    log: bool,
    choose: &mut dyn FnMut(&[Pick]) -> Pick,
) -> Driven {
    let machine = Machine::new(config.clone());
    let _quiet = panics::quiet();
    panics::forget();
    let _entered = seam::enter(machine.clone());
    let _listening = record::listen(machine.clone());
    machine.start(|| root.task(), &[], log);
    let (mut path, mut options) = (Vec::new(), Vec::new());
    let mut problem = None;
    let ending = loop {
        let ended = machine.options(&mut options);
        {
            let e = machine.exec.borrow();
            if let Some(trouble) = &e.trouble {
                problem = Some(Problem::from_trouble(trouble));
                break Ending::Stuck;
            }
            if !e.violations.is_empty() {
                break Ending::Violated;
            }
            if ended == Ended::Quiet {
                break Ending::Quiet;
            }
            if e.steps >= config.limits.steps {
                break Ending::Steps;
            }
        }
        let pick = choose(&options);
        if !machine.can(pick) {
            problem = Some(Problem::Nondeterminism { step: path.len() });
            break Ending::Stuck;
        }
        path.push(pick);
        machine.step(pick);
    };
    match ending {
        Ending::Quiet => laws::at_end(&mut machine.exec.borrow_mut()),
        Ending::Steps => {
            if let Some(violation) = laws::livelock(&machine) {
                machine.exec.borrow_mut().violate(violation);
            }
        }
        Ending::Violated | Ending::Stuck => {}
    }
    let violations = std::mem::take(&mut machine.exec.borrow_mut().violations);
    if let (None, Some(trouble)) = (&problem, &machine.exec.borrow().trouble) {
        problem = Some(Problem::from_trouble(trouble));
    }
    // What the tasks and objects were when it stopped is read off afterwards, so winding up must not
    // change it: their bodies go, the rest stays.
    machine.finish();
    Driven { machine, path, ending, violations, problem }
}
