//! What an operation does to the state: its task has observed something, and its object has changed.

use super::{Exec, Trouble, Wait};
use crate::ledger::Event;
use crate::overall::Overall;
use crate::{hash, laws, model};
use selvedge_rt::check::engine::{Op, OpKind, Outcome};

impl Exec {
    /// What an operation of a task is, and where: the same in every execution.
    fn digest(&self, t: usize, op: &Op) -> u64 {
        let place = (op.site.line() as u64) << 32 | op.site.column() as u64;
        let place = place ^ self.tasks[t].branch.path << 16;
        hash::fold(hash::mix(hash::mix(op.kind as u128, self.stable_arg(op)), place))
    }

    /// The running task announces an operation: notes where a poll begins, if it is not where the last
    /// one stopped.
    pub(super) fn announces(&mut self, op: &Op) {
        let t = self.current;
        if self.tasks[t].fresh {
            let at = self.digest(t, op) ^ self.object(op.object).key;
            let task = &mut self.tasks[t];
            // Of a `select!` or `join!`, its route tells which branch comes first.
            let other = |(branch, first)| branch == task.branch.path && first != at;
            let elsewhere = task.resumes_at.is_some_and(other);
            task.restarted_at = if elsewhere { at } else { 0 };
        }
    }

    /// Follows an operation that was done by the running task.
    pub fn applied(&mut self, op: Op, outcome: Outcome, overall: &mut Overall) {
        let t = self.current;
        let i = op.object.index as usize;
        self.drain_wakes(Some(i));
        laws::before(self, t, &op, outcome);
        let woken = std::mem::take(&mut self.woken_tasks);
        let step = model::Step { task: t, key: self.tasks[t].key, class: self.tasks[t].class, op };
        let outcome = self.objects[i].apply(step, outcome, &woken);
        let object_key = self.objects[i].key;
        let alike = outcome == Outcome::Pending && self.objects[i].has_alike(&step);
        self.check_equal(t, &op);
        let (what, path) = (self.digest(t, &op), self.tasks[t].branch.path);
        let task = &mut self.tasks[t];
        task.fresh = false;
        if !op.kind.is_silent() {
            task.poll_ops += 1;
        }
        if op.kind.is_poll() {
            let at = what ^ object_key;
            // The same again in one poll: it went on in between, with nothing observed, because this was
            // pending. Of a `select!` in a loop, a branch was ready that is no operation.
            if task.polled.contains(&at) {
                task.seen = hash::mix128(task.seen, task.poll);
                task.poll = 0;
                task.polled.clear();
            }
            task.polled.push(at);
        }
        if outcome == Outcome::Pending {
            task.poll = hash::mix(hash::mix(task.poll, what), object_key);
            if let Some(at @ (_, 0)) = &mut task.resumes_at {
                *at = (path, what ^ object_key);
            }
            task.waits.push(Wait { object: op.object, kind: op.kind, site: op.site });
            if task.inner_wakers > 0 {
                task.seen = hash::mix(hash::mix(task.seen, what ^ 1 << 63), object_key);
            }
            // Which of two alike came first in the queue follows from what it chose, and from nothing else.
            if alike {
                task.seen = hash::mix128(task.seen, task.poll);
            }
        } else if !op.kind.unwaits() {
            if let Some(touched) = &mut task.touched {
                touched.push(op.object);
            }
            let h = hash::mix(hash::mix(task.seen, what), object_key);
            task.seen = match outcome {
                Outcome::Done(v) => hash::mix(h, v),
                Outcome::Failed(v) => hash::mix(h, v ^ 1 << 62),
                Outcome::Pending => h,
            };
            // Where the task is now follows from what it observed; what pended before does not matter.
            task.poll = 0;
            task.polled.clear();
            task.resumes_at = Some((path, 0));
            task.restarted_at = 0;
        }
        if let Some(log) = &mut self.log {
            log.push(Event {
                step: self.steps,
                task: t,
                op,
                outcome,
                woken: woken.clone(),
                now: self.now,
            });
        }
        self.woken_tasks = woken;
        laws::after(self, t, &op, outcome, overall);
        match op.kind {
            OpKind::Abort => self.abort(op.arg as usize),
            OpKind::Finish if t == 0 => self.root_panicked = outcome == Outcome::PANICKED,
            _ => {}
        }
    }

    /// What one of several equal tasks makes must stay its own: merging them tells objects apart by
    /// whose they are, and cannot tell whose a handle in other hands is.
    fn check_equal(&mut self, t: usize, op: &Op) {
        let creator = self.objects[op.object.index as usize].creator;
        if self.config.equal_tasks && creator != t {
            let equal = self.tasks.get(creator).is_some_and(|c| c.class != c.key);
            if equal {
                self.trouble.get_or_insert(Trouble::NotEqual(op.site));
            }
        }
    }
}
