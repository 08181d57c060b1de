//! The machine of one search: what loom's threads share.

use super::choice::{Choice, Choices};
use super::trace::{Event, Trace};
use super::{TASKS_MAX, task};
use crate::config::Config;
use crate::exec::{Announced, Exec, Machine, Pick, Status};
use crate::replay::drive::{Driven, Ending};
use crate::replay::{self, Replayed};
use crate::scenario::Root;
use crate::verdict::{Bound, Coverage, Problem};
use crate::{Violation, hash, laws, panics};
use ::loom::sync::Mutex;
use ::loom::thread::Thread;
use corosensei::stack::DefaultStack;
use selvedge_rt::check::engine::{Body, Engine, ObjectId, ObjectKind, Op, OpKind, Site, TaskId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

/// Why a search stops.
pub(super) enum Halt {
    Violated(Box<Failure>),
    Problem(Problem),
    Bound(Bound),
    /// At the execution that was asked for.
    Replayed,
}

/// An execution that breaks a law.
pub(super) struct Failure {
    /// Its number in the search, from 1.
    pub execution: u64,
    pub run: Replayed,
}

/// Tasks that can go on, a bit each: with the root there are five at most.
type Ready = u8;

/// A loom object that is accessed for its own sake.
type Access = Rc<Mutex<()>>;

/// Runs the executions of one search. See the [module](super) for its rules.
pub(super) struct LoomMachine {
    /// The ledger, the models and the laws; its fibers are not used.
    pub machine: Rc<Machine>,
    pub choices: RefCell<Choices>,
    pub trace: RefCell<Trace>,
    pub halt: RefCell<Option<Halt>>,
    pub coverage: RefCell<Coverage>,
    pub outcomes: RefCell<BTreeSet<u64>>,
    /// The execution in which a cycle of locks became complete.
    pub cycle: RefCell<Option<Box<Failure>>>,
    /// The most tasks that one execution had.
    pub tasks_max: Cell<usize>,
    config: Rc<Config>,
    root: Root,
    started: Instant,
    /// The execution after which to stop, in a replay.
    last: Option<u64>,
    /// What each step of the execution could have been, and what it was.
    steps: RefCell<Vec<(Ready, u16)>>,
    /// By object. `None`: nobody can tell its operations apart, or they are accesses themselves.
    accesses: RefCell<Vec<Option<Access>>>,
    pub(super) threads: RefCell<Vec<LoomThread>>,
    /// The execution is abandoned: what is still alive ends as soon as it runs.
    over: Cell<bool>,
    /// Operations that are being done: one, and others inside it.
    pub(super) operating: Cell<u32>,
    /// The execution has cells with loom's memory model.
    pub(super) weak: Cell<bool>,
    /// Loom panicked, or would hang: it is not called any more.
    broken: Cell<bool>,
    /// A stack for the root: that of loom's first thread is too small.
    stack: RefCell<Option<DefaultStack>>,
}

/// A task's thread.
pub(super) struct LoomThread {
    /// The start of a poll is an access to it, and so is an abort.
    gate: Access,
    thread: Thread,
    /// Choices so far.
    pub choices: u32,
    /// Operations since the execution was abandoned.
    pub idle_ops: u32,
    /// It was woken for nothing.
    pub spurious: bool,
}

impl LoomMachine {
    pub(super) fn new(
        config: Rc<Config>,
        root: Root,
        started: Instant,
        last: Option<u64>,
    ) -> Rc<Self> {
        Rc::new(LoomMachine {
            machine: Machine::new(config.clone()),
            choices: RefCell::default(),
            trace: RefCell::default(),
            halt: RefCell::default(),
            coverage: RefCell::default(),
            outcomes: RefCell::default(),
            cycle: RefCell::default(),
            tasks_max: Cell::new(0),
            config,
            root,
            started,
            last,
            steps: RefCell::default(),
            accesses: RefCell::default(),
            threads: RefCell::default(),
            over: Cell::new(false),
            operating: Cell::new(0),
            weak: Cell::new(false),
            broken: Cell::new(false),
            stack: RefCell::default(),
        })
    }

    /// Whether the search is at its end: it found something, or a limit is hit.
    pub(super) fn must_stop(&self) -> bool {
        let limits = &self.config.limits;
        let executions = self.coverage.borrow().executions;
        let halt = if self.last.is_some_and(|last| executions >= last) {
            Halt::Replayed
        } else if executions >= limits.executions {
            Halt::Bound(Bound::Executions(limits.executions))
        } else if executions > 0 && self.started.elapsed() > limits.time {
            Halt::Bound(Bound::Time(limits.time))
        } else {
            return self.halt.borrow().is_some();
        };
        self.halt.borrow_mut().get_or_insert(halt);
        true
    }

    /// One execution: its root, on loom's first thread. Other tasks may live on.
    pub(super) fn execute(self: &Rc<Self>) {
        self.coverage.borrow_mut().executions += 1;
        self.accesses.borrow_mut().clear();
        self.threads.borrow_mut().clear();
        self.steps.borrow_mut().clear();
        self.over.set(false);
        self.operating.set(0);
        self.weak.set(false);
        self.trace.borrow_mut().begin();
        // Wakes by what an execution that was abandoned left behind, this search's or another's.
        self.machine.exec.borrow_mut().drain_wakes(None);
        self.machine.reset(&[], true);
        self.machine.spawn(self.root.task());
        let body = self.take_body(0);
        self.add_thread(::loom::thread::current());
        let mut stack = self.stack.take().unwrap_or_else(|| {
            DefaultStack::new(self.config.stack_bytes).expect("memory for the root's stack")
        });
        corosensei::on_stack(&mut stack, || task::run(self, 0, body));
        self.stack.replace(Some(stack));
    }

    /// A task beside the root: on a thread of its own, if loom has room for one.
    pub(super) fn spawn_task(&self, id: TaskId) {
        let t = id.0 as usize;
        if t > TASKS_MAX && !self.is_over() {
            self.halt(Halt::Problem(Problem::Loom(format!(
                "the scenario started {t} tasks beside its root, and loom has room for {TASKS_MAX}, ended ones \
                 included. Give it a smaller shape (fewer workers or producers), or use `explore`, which has no such \
                 limit",
            ))));
        }
        if self.is_over() {
            let mut body = self.take_body(t);
            self.machine.exec.borrow_mut().tasks[t].status = Status::Done;
            return body.discard();
        }
        let body = self.take_body(t);
        let words = self.config.stack_bytes / size_of::<usize>();
        let builder = ::loom::thread::Builder::new().stack_size(words);
        let run = move || {
            let machine = super::active().expect("a search is active while loom runs");
            task::run(&machine, t, body);
        };
        let handle = self.loom(|| builder.spawn(run)).expect("loom has room for a thread");
        self.add_thread(handle.thread().clone());
    }

    /// The body of a task that the ledger has just been told of.
    fn take_body(&self, t: usize) -> Box<dyn Body> {
        let mut e = self.machine.exec.borrow_mut();
        e.ready.clear();
        // It is a thread, and goes on as soon as loom lets it.
        e.tasks[t].status = Status::Ready;
        self.tasks_max.set(self.tasks_max.get().max(t + 1));
        e.tasks[t].body.take().expect("a new task has a body")
    }

    fn add_thread(&self, thread: Thread) {
        let gate = Rc::new(Mutex::new(()));
        let new = LoomThread { gate, thread, choices: 0, idle_ops: 0, spurious: false };
        self.threads.borrow_mut().push(new);
    }

    /// The running task.
    pub(super) fn task(&self) -> usize {
        self.machine.exec.borrow().current
    }

    /// Whether the execution is over, so that nothing is judged any more and loom is left alone.
    pub(super) fn is_over(&self) -> bool {
        self.over.get() || self.broken.get()
    }

    /// Notes the end of the search, and abandons the execution.
    pub(super) fn halt(&self, halt: Halt) {
        self.halt.borrow_mut().get_or_insert(halt);
        self.abandon();
    }

    /// Lets go of every task that waits. Each ends as soon as it runs, and so does every other.
    fn abandon(&self) {
        if self.over.replace(true) || self.broken.get() {
            return;
        }
        let waiting: Vec<usize> = {
            let mut e = self.machine.exec.borrow_mut();
            e.winding_up = true;
            e.ready.clear();
            (0..e.tasks.len())
                .filter(|t| matches!(e.tasks[*t].status, Status::Parked | Status::Announced(_)))
                .collect()
        };
        // In what order they end makes no difference.
        ::loom::skip_branch();
        self.unpark(waiting);
    }

    /// Lets tasks that wait run. No other task may be unparked: loom would let one run that waits for
    /// something else.
    pub(super) fn unpark(&self, tasks: impl IntoIterator<Item = usize>) {
        for t in tasks {
            self.machine.exec.borrow_mut().tasks[t].status = Status::Ready;
            self.threads.borrow()[t].thread.unpark();
        }
    }

    /// Lets those run whom the last operation woke or aborted.
    pub(super) fn unpark_ready(&self) {
        let ready: Vec<usize> = self.machine.exec.borrow_mut().ready.drain(..).collect();
        self.unpark(ready);
    }

    /// Waits until some other task unparks this one, which has set its status to say so.
    pub(super) fn park(&self, t: usize) {
        let waits = || {
            let e = self.machine.exec.borrow();
            matches!(e.tasks[t].status, Status::Parked | Status::Announced(_))
        };
        while waits() && !self.is_over() {
            self.loom(::loom::thread::park);
        }
        self.runs(t);
    }

    /// Lets others run first.
    pub(super) fn give_way(&self, t: usize) {
        self.loom(::loom::thread::yield_now);
        self.runs(t);
    }

    /// Calls into loom, which may let other threads run.
    ///
    /// Should loom panic, it would be in no state to go on, or to be called by destructors.
    fn loom<R>(&self, call: impl FnOnce() -> R) -> R {
        struct Sentinel<'a>(&'a Cell<bool>);
        impl Drop for Sentinel<'_> {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let sentinel = Sentinel(&self.broken);
        // Each task has its own.
        let operating = self.operating.get();
        let result = call();
        self.operating.set(operating);
        std::mem::forget(sentinel);
        result
    }

    /// Loom panicked. The code under test may have caught it.
    pub(super) fn broke(&self) {
        let why = panics::last().unwrap_or_else(|| "it does not say why".into());
        self.broken.set(true);
        self.halt.borrow_mut().get_or_insert(Halt::Problem(Problem::Loom(format!(
            "loom gave up ({why}). Use `explore`, or a smaller shape"
        ))));
    }

    /// Ends the search at once, from the bottom of a thread, where loom can no longer go on. The other
    /// threads are leaked.
    pub(super) fn bail_if_broken(&self) {
        if self.broken.get() {
            if self.halt.borrow().is_none() {
                self.broke();
            }
            std::panic::resume_unwind(Box::new(super::Stop));
        }
    }

    /// Follows what a task is about to do. `None`: the execution is over.
    pub(super) fn follow(&self, t: usize, event: Event<'_>) -> Option<usize> {
        let followed = self.trace.borrow_mut().step(t, event);
        match followed {
            Ok(at) => (!self.is_over()).then_some(at),
            Err(step) => {
                self.bail(Problem::Nondeterminism { step });
                None
            }
        }
    }

    /// The scenario does not do what it did before: loom must not be called any more.
    pub(super) fn bail(&self, problem: Problem) {
        self.broken.set(true);
        self.machine.exec.borrow_mut().winding_up = true;
        self.halt.borrow_mut().get_or_insert(Halt::Problem(problem));
    }

    /// From here on task `t` runs.
    fn runs(&self, t: usize) {
        self.machine.exec.borrow_mut().current = t;
    }

    /// An access to a loom object: others may run before it, and then none until the next one.
    /// `None`: the execution is over and loom was not asked. `inside`: so many operations it is part of.
    pub(super) fn access<R>(&self, inside: u32, access: impl FnOnce() -> R) -> Option<R> {
        if self.is_over() {
            return None;
        }
        let t = self.task();
        // While a panic unwinds no other thread may run: std counts panics by thread of the system. Nor
        // in the middle of another operation, whose primitive may hold a lock of its own. Loom then
        // takes the access for a part of the step before it.
        let alone = std::thread::panicking() || self.operating.get() > inside;
        if alone {
            ::loom::stop_exploring();
        }
        let result = self.loom(access);
        if alone {
            ::loom::explore();
        }
        self.runs(t);
        Some(result)
    }

    pub(super) fn touch(&self, access: &Mutex<()>) {
        self.access(0, || drop(access.lock()));
    }

    /// The access that comes before an operation on an object.
    pub(super) fn touch_object(&self, object: ObjectId) {
        let access = self.accesses.borrow().get(object.index as usize).cloned().flatten();
        if let Some(access) = access {
            self.touch(&access);
        }
    }

    /// The access that orders polls of a task and its abortion.
    pub(super) fn touch_gate(&self, t: usize) {
        let gate = self.threads.borrow().get(t).map(|thread| thread.gate.clone());
        if let Some(gate) = gate {
            self.touch(&gate);
        }
    }

    /// An access to the end of every task.
    pub(super) fn look_at_ends(&self) {
        let joins: BTreeSet<u32> = {
            let e = self.machine.exec.borrow();
            e.tasks.iter().skip(1).map(|t| t.join.index).collect()
        };
        let execution = self.machine.exec.borrow().execution;
        for index in joins {
            self.touch_object(ObjectId { index, execution });
        }
    }

    pub(super) fn create_object(&self, kind: ObjectKind, site: Site) -> ObjectId {
        let id = self.machine.create(kind, site);
        // A yield or a timer is its task's own; an atomic and a cell are loom objects themselves.
        use ObjectKind::{Atomic, Cell, Timer, Yield};
        let own = matches!(kind, Yield | Timer | Atomic | Cell);
        let access = (!own && !self.is_over()).then(|| Rc::new(Mutex::new(())));
        self.accesses.borrow_mut().push(access);
        id
    }

    /// A step of the execution: false if it is one too many, and the execution is over.
    pub(super) fn count_step(&self) -> bool {
        let steps = {
            let mut e = self.machine.exec.borrow_mut();
            e.steps += 1;
            let ready = |t: &usize| matches!(e.tasks[*t].status, Status::Ready);
            let ready = (0..e.tasks.len().min(8)).filter(ready).fold(0, |all, t| all | 1 << t);
            self.steps.borrow_mut().push((ready, e.current as u16));
            e.steps
        };
        if steps > self.config.limits.steps {
            // Loom would try the steps of an execution that spins one by one: it ends here.
            self.halt(Halt::Bound(Bound::Steps(self.config.limits.steps)));
        }
        !self.is_over()
    }

    /// Ends the execution if a law is broken, or it cannot go on.
    pub(super) fn stop_if_judged(&self, ending: Ending) {
        let halt = {
            let mut e = self.machine.exec.borrow_mut();
            match &e.trouble {
                Some(trouble) => Halt::Problem(Problem::from_trouble(trouble)),
                None if e.violations.is_empty() => return,
                None => {
                    let violations = std::mem::take(&mut e.violations);
                    Halt::Violated(self.failure(&e, ending, violations))
                }
            }
        };
        self.halt(halt);
    }

    /// The execution as it is now.
    fn failure(&self, e: &Exec, ending: Ending, violations: Vec<Violation>) -> Box<Failure> {
        let steps = self.steps.borrow();
        let driven = Driven {
            path: steps.iter().map(|(_, task)| Pick::task(*task as usize)).collect(),
            ending,
            violations,
            problem: None,
            outcome: hash::fold(e.record),
            tasks: e.tasks.len(),
        };
        let picks = |ready: Ready| (0..8).filter(|t| ready & 1 << t != 0).map(Pick::task).collect();
        let run = replay::snapshot(e, driven, steps.len());
        let run =
            Replayed { options: steps.iter().map(|(ready, _)| picks(*ready)).collect(), ..run };
        Box::new(Failure { execution: self.coverage.borrow().executions, run })
    }

    /// Looks for a cycle in the order of locks, where this execution has added to it.
    fn judge_locks(&self) {
        let locks = &mut self.machine.overall.borrow_mut().locks;
        if !locks.end_execution(&[]) || self.cycle.borrow().is_some() {
            return;
        }
        if let Some(violation) = replay::unwaived_cycle(locks, &self.config) {
            let e = self.machine.exec.borrow();
            self.cycle.replace(Some(self.failure(&e, Ending::Quiet, vec![violation])));
        }
    }

    /// A task waits or has ended: where no other can run, this is the end of the execution, and judged.
    pub(super) fn judge_if_quiet(&self) {
        if self.is_over() {
            return;
        }
        let all_done = {
            let mut e = self.machine.exec.borrow_mut();
            if e.tasks.iter().any(|t| matches!(t.status, Status::Ready)) {
                return;
            }
            laws::at_end(&mut e);
            e.tasks.iter().all(|t| t.done())
        };
        self.stop_if_judged(Ending::Quiet);
        if self.is_over() {
            return;
        }
        self.judge_locks();
        self.coverage.borrow_mut().ends += 1;
        self.outcomes.borrow_mut().insert(hash::fold(self.machine.exec.borrow().record));
        if !all_done {
            self.abandon();
        }
    }

    /// Waits for a blocking mutex. False: the execution is over, or the task was aborted meanwhile.
    pub(super) fn wait_for_lock(&self, op: &Op, t: usize) -> bool {
        let free = |e: &Exec| e.objects[op.object.index as usize].enabled(op);
        while !free(&self.machine.exec.borrow()) {
            if self.follow(t, Event::Park).is_none() {
                return false;
            }
            self.machine.exec.borrow_mut().tasks[t].status = Status::Announced(Announced::Op(*op));
            self.judge_if_quiet();
            self.park(t);
            if self.is_over() || self.machine.exec.borrow().tasks[t].killed {
                return false;
            }
            self.touch_object(op.object);
            if self.is_over() {
                return false;
            }
        }
        true
    }

    /// A blocking mutex is free: whoever waits for it tries again, in any order.
    pub(super) fn unlocked(&self, object: ObjectId) {
        let waits_for_it = |e: &Exec, t: &usize| {
            let op = e.tasks[*t].announced_op();
            op.is_some_and(|op| op.object == object && op.kind == OpKind::LockBlocking)
        };
        let waiting: Vec<usize> = {
            let e = self.machine.exec.borrow();
            (0..e.tasks.len()).filter(|t| waits_for_it(&e, t)).collect()
        };
        self.unpark(waiting);
    }

    pub(super) fn choose_value(&self, n: usize) -> usize {
        let t = self.task();
        let nth = {
            let choices = &mut self.threads.borrow_mut()[t].choices;
            *choices += 1;
            *choices
        };
        let task = self.machine.exec.borrow().tasks[t].key;
        self.choices.borrow_mut().get(Choice { task, nth, n })
    }

    pub(super) fn wakes_spuriously(&self) -> bool {
        self.config.spurious
    }

    /// Whether a law will look, when the root returns, at who is still alive.
    pub(super) fn judges_unjoined(&self) -> bool {
        self.config.joined && !self.config.waives(crate::Law::Unjoined)
    }
}
