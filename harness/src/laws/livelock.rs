//! Executions that do not end: does anything still change?

use super::{about_task, describe_object};
use crate::exec::{Machine, Pick};
use crate::{Law, Violation};
use std::collections::BTreeSet;

/// So many more steps are watched, taken by the tasks in turn.
const WATCHED: usize = 512;
/// So many different states of all objects are a loop.
const LOOP_MAX: usize = 32;

/// Goes on with an execution that passed its step limit, fairly, and judges whether it is in a loop
/// in which no object changes but back.
pub(crate) fn livelock(machine: &Machine) -> Option<Violation> {
    let (mut picks, mut states, mut ran) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut last = 0;
    for _ in 0..WATCHED {
        machine.options(&mut picks);
        // The next task in turn.
        let after = picks.iter().find(|p| p.task > last).or(picks.first()).copied()?;
        last = after.task;
        if after != Pick::FIRE {
            ran.insert(after.task as usize);
        }
        machine.step(after);
        states.insert(machine.exec.borrow().objects_state());
    }
    if states.len() > LOOP_MAX {
        return None;
    }
    let e = machine.exec.borrow();
    let spinner = ran.iter().copied().find(|t| e.tasks[*t].announced_op().is_some())?;
    let op = e.tasks[spinner].announced_op()?;
    Some(Violation {
        law: Law::Livelock,
        what: match ran.len() {
            1 => format!("`{}` runs for ever and nothing changes", e.tasks[spinner].name()),
            n => format!("{n} tasks run for ever and nothing changes"),
        },
        object: Some(describe_object(&e, op.object)),
        at: Some(op.site.into()),
        helpers: ran
            .iter()
            .filter(|_| ran.len() > 1)
            .map(|t| format!("`{}` runs for ever", e.tasks[*t].name()))
            .collect(),
        ..about_task(&e, spinner)
    })
}
