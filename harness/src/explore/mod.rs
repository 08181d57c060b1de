//! The explorer: every reachable state of a scenario, by depth-first search that merges equal states.
//!
//! An execution follows the stack to its end, goes on to states never seen, and stops at one seen
//! before: all that can follow from it has been, or is being, explored. Only the stack and the
//! [table](table) of state hashes are kept.
//!
//! 1. Two executions that reach one state announce the same operations; if not, the scenario keeps
//!    state that the facade cannot see ([`Problem::HiddenState`]).
//! 2. Sleep sets (Godefroid 1996) with his rule for states seen before: what slept at every earlier
//!    visit, and does not now, is explored now.
//! 3. A search that stops early says why.

mod audit;
mod table;

use crate::config::{Config, Grain};
use crate::exec::{Ended, Exec, Machine, Pick, Scratch, Sleeping, Task, mask};
use crate::replay::drive::Ending;
use crate::replay::{self, Replayed};
use crate::scenario::Root;
use crate::verdict::{Bound, Coverage, Problem};
use crate::{Observed, laws, record};
use selvedge_rt::check::engine::{self as seam, Op, OpKind};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use table::{Table, Visit};

/// A branching point on the stack.
struct Frame {
    picks: Vec<Pick>,
    at: usize,
    sleep: Vec<Sleeping>,
    /// Length of the path that leads here.
    depth: usize,
    state: u128,
    /// What had been observed on the way here.
    witness: u128,
    /// Tasks whose step did more than they announced: they are never put to sleep.
    restless: Vec<u16>,
}

/// What a search found.
pub(crate) struct Found {
    pub coverage: Coverage,
    pub observed: Observed,
    pub bound: Option<Bound>,
    /// The execution that breaks a law, or the last of those that do together.
    pub failure: Option<Replayed>,
    pub problem: Option<Problem>,
    /// Digests of the distinct ends reached, with what was recorded.
    pub outcomes: BTreeMap<u64, Vec<(u64, u64)>>,
    /// Something was done that the search took for granted that nobody does: it must be made again, so.
    pub again: Option<Config>,
    /// For the audit: each state reached, with the tasks that can go on in it.
    reached: BTreeMap<u128, Vec<String>>,
}

pub(crate) struct Explorer<'a> {
    root: &'a Root,
    config: Rc<Config>,
    machine: Rc<Machine>,
    table: Table,
    stack: Vec<Frame>,
    path: Vec<Pick>,
    audit: audit::Audit,
    coverage: Coverage,
    outcomes: BTreeMap<u64, Vec<(u64, u64)>>,
    scratch: Scratch,
    /// The state visited last is one of the stack.
    cycled: bool,
    reached: Option<BTreeMap<u128, Vec<String>>>,
}

/// How one execution of the search ended.
enum Leaf {
    /// At a state seen before, or where all that can go on is asleep.
    Cut,
    /// At its end.
    End,
    /// At a state of its own past: tasks may run for ever.
    Cycle,
    Steps,
    Problem(Problem),
}

impl<'a> Explorer<'a> {
    pub fn new(config: &Rc<Config>, root: &'a Root) -> Self {
        Explorer {
            root,
            config: config.clone(),
            machine: Machine::new(config.clone()),
            table: Table::new(),
            stack: Vec::new(),
            path: Vec::new(),
            audit: audit::Audit::new(config.audits),
            coverage: Coverage::default(),
            outcomes: BTreeMap::new(),
            scratch: Scratch::default(),
            cycled: false,
            reached: None,
        }
    }

    pub fn search(mut self) -> Found {
        let _entered = seam::enter(self.machine.clone());
        let _listening = record::listen(self.machine.clone());
        let started = Instant::now();
        let mut bound = None;
        let (failure, mut problem) = loop {
            let leaf = self.execute();
            self.coverage.executions += 1;
            let suspicious = self.suspicious(&leaf);
            self.machine.finish();
            self.machine.overall.borrow_mut().locks.end_execution(&self.path);
            if self.again().is_some() {
                break (None, None);
            }
            if let Leaf::Problem(problem) = leaf {
                break (None, Some(problem));
            }
            if suspicious {
                match self.judge() {
                    Ok(None) => {}
                    Ok(failure) => break (failure, None),
                    Err(problem) => break (None, Some(problem)),
                }
            }
            if let Leaf::Steps = leaf {
                bound = Some(Bound::Steps(self.config.limits.steps));
            }
            if !self.backtrack() {
                break (None, None);
            }
            if let Some(hit) = self.limit(started) {
                bound = Some(hit);
                break (None, None);
            }
        };
        if failure.is_none() && problem.is_none() && bound.is_none() {
            problem = self.vacuous();
        }
        let again = self.again();
        let mut failure = failure;
        if failure.is_none() && problem.is_none() {
            failure = replay::cycle(&self.machine.overall.borrow().locks, &self.config, self.root);
            problem = failure.as_ref().and_then(|replayed| replayed.problem.clone());
        }
        if failure.is_none() && problem.is_none() && again.is_none() {
            problem = self.audit.run(self.root, &self.config, &self.machine);
        }
        self.coverage.states = self.table.len();
        self.coverage.outcomes = self.outcomes.len() as u64;
        self.coverage.table_bytes = self.table.bytes() as u64;
        self.coverage.audited = self.audit.audited;
        self.coverage.seconds = started.elapsed().as_secs_f64();
        if bound.is_none() && self.machine.exec.borrow().unfair {
            bound = Some(Bound::Fairness);
        }
        Found {
            coverage: self.coverage,
            observed: self.machine.overall.borrow().observed(),
            bound,
            failure,
            problem,
            outcomes: self.outcomes,
            again,
            reached: self.reached.unwrap_or_default(),
        }
    }

    /// Why a search that came to its end proves nothing, if so.
    fn vacuous(&self) -> Option<Problem> {
        let tasks = self.machine.exec.borrow().tasks.len();
        match self.coverage.executions {
            0 => Some(Problem::Nothing),
            // The audit looks at a part of a search.
            _ if self.reached.is_some() => None,
            1 if tasks > 1 => Some(Problem::Vacuous { tasks }),
            _ if self.coverage.ends == 0 => Some(Problem::Endless),
            _ if self.machine.overall.borrow().never_cancelled() => Some(Problem::NeverCancelled),
            _ => None,
        }
    }

    /// What was reduced so far took for granted that nobody aborts a task, or asks which it is: the check
    /// that does not, once somebody does.
    fn again(&self) -> Option<Config> {
        let e = self.machine.exec.borrow();
        let known = &self.config;
        let (aborts, ids) = (known.aborts || e.aborts, known.ids || e.ids);
        ((aborts, ids) != (known.aborts, known.ids)).then(|| Config {
            aborts,
            ids,
            ..(**known).clone()
        })
    }

    fn limit(&self, started: Instant) -> Option<Bound> {
        let limits = &self.config.limits;
        if self.coverage.executions >= limits.executions {
            return Some(Bound::Executions(limits.executions));
        }
        // The clock is looked at now and then: it costs more than an execution's bookkeeping.
        if !self.coverage.executions.is_multiple_of(256) {
            return None;
        }
        if started.elapsed() > limits.time {
            return Some(Bound::Time(limits.time));
        }
        (self.table.bytes() > limits.memory_bytes).then_some(Bound::Memory(limits.memory_bytes))
    }

    /// One execution: down the stack, then on to new states.
    fn execute(&mut self) -> Leaf {
        let machine = self.machine.clone();
        let mut sleep = Vec::new();
        machine.start(|| self.root.task(), &self.path, false);
        if let Err(step) = machine.follow() {
            return Leaf::Problem(Problem::Nondeterminism { step });
        }
        if let Some(frame) = self.stack.last() {
            let pick = frame.picks[frame.at];
            if !machine.can(pick) {
                return Leaf::Problem(Problem::Nondeterminism { step: self.path.len() });
            }
            let e = machine.exec.borrow();
            if e.witness() != frame.witness {
                return Leaf::Problem(Problem::Nondeterminism { step: self.path.len() });
            }
            sleep.clone_from(&frame.sleep);
            if self.sleeps() {
                let others = |p: &&Pick| p.task != pick.task && !frame.restless.contains(&p.task);
                let explored = frame.picks[..frame.at].iter().filter(others);
                sleep
                    .extend(explored.filter_map(|p| {
                        Some(Sleeping { task: p.task as usize, op: e.op_of(*p)? })
                    }));
            }
            stay_asleep(&e, &mut sleep, pick);
            if let Some(sleeper) = sleep.last() {
                self.audit.swap(&self.path, Pick::task(sleeper.task), pick);
            }
            drop(e);
            self.path.push(pick);
            machine.step(pick);
            self.stepped(&mut sleep, pick);
        }
        let mut picks = Vec::new();
        loop {
            let ended = machine.options(&mut picks);
            {
                let e = machine.exec.borrow();
                if let Some(trouble) = &e.trouble {
                    return Leaf::Problem(Problem::from_trouble(trouble));
                }
                if ended == Ended::Quiet || !e.violations.is_empty() {
                    return Leaf::End;
                }
                if e.steps >= self.config.limits.steps {
                    return Leaf::Steps;
                }
            }
            let pick = if let [only] = picks[..] {
                if sleep.iter().any(|s| s.task == only.task as usize) {
                    return Leaf::Cut;
                }
                only
            } else {
                match self.branch(&picks, &mut sleep) {
                    Ok(Some(pick)) => pick,
                    Ok(None) if self.cycled => return Leaf::Cycle,
                    Ok(None) => return Leaf::Cut,
                    Err(problem) => return Leaf::Problem(problem),
                }
            };
            if !sleep.is_empty() {
                stay_asleep(&machine.exec.borrow(), &mut sleep, pick);
            }
            self.path.push(pick);
            machine.step(pick);
            self.stepped(&mut sleep, pick);
        }
    }

    /// A step is over. Where it did more than was announced, whoever sleeps on that is woken, and the
    /// task never sleeps at the state before.
    fn stepped(&mut self, sleep: &mut Vec<Sleeping>, pick: Pick) {
        let e = self.machine.exec.borrow();
        if e.within.is_empty() {
            return;
        }
        sleep.retain(|s| !e.within.contains(&s.op.object));
        if let Some(frame) = self.stack.last_mut().filter(|f| f.depth + 1 == self.path.len()) {
            frame.restless.push(pick.task);
        }
    }

    fn sleeps(&self) -> bool {
        // What the next poll of a task will do is not known before it does it.
        self.config.reductions.sleep_sets && self.config.grain == Grain::Operation
    }

    /// A state with several ways on: the first to take, unless all of it is known. Leaves asleep who is so at
    /// every visit of it.
    ///
    /// What is woken here goes on with nobody else asleep than at all visits (Godefroid, LNCS 1032, section
    /// 5.3): a task that sleeps now and did not before was explored before, but with the woken ones asleep.
    fn branch(
        &mut self,
        picks: &[Pick],
        sleep: &mut Vec<Sleeping>,
    ) -> Result<Option<Pick>, Problem> {
        let e = self.machine.exec.borrow();
        let key = e.state(sleep, &mut self.scratch);
        self.cycled = false;
        let is_asleep = |p: &Pick| sleep.iter().any(|s| s.task == p.task as usize);
        let mut todo: Vec<Pick> = Vec::with_capacity(picks.len());
        if self.config.reductions.merging {
            match self.table.visit(key) {
                Visit::New => {
                    if let Some(reached) = &mut self.reached {
                        let names = picks.iter().filter_map(|p| e.tasks.get(p.task as usize));
                        reached.insert(key.hash, names.map(|t| t.name()).collect());
                    }
                    self.audit.first_visit(&key, &self.path);
                    todo.extend(picks.iter().filter(|p| !is_asleep(p)));
                }
                Visit::Seen { wake, asleep, announced } => {
                    if announced != key.announced {
                        return Err(hidden_state(
                            &e,
                            &self.scratch.ranks,
                            announced ^ key.announced,
                        ));
                    }
                    self.coverage.merged += 1;
                    self.cycled = self.stack.iter().any(|frame| frame.state == key.hash);
                    self.audit.revisit(&key, &self.path);
                    let ranks = &self.scratch.ranks;
                    let is_in = |tasks: u32, task: usize| {
                        ranks.get(task).is_some_and(|rank| tasks & mask(*rank) != 0)
                    };
                    todo.extend(picks.iter().filter(|p| is_in(wake, p.task as usize)));
                    sleep.retain(|s| is_in(asleep, s.task));
                }
            }
        } else {
            todo.extend(picks.iter().filter(|p| !is_asleep(p)));
        }
        let Some(first) = todo.first().copied() else { return Ok(None) };
        self.stack.push(Frame {
            picks: todo,
            at: 0,
            sleep: sleep.to_vec(),
            depth: self.path.len(),
            state: key.hash,
            witness: e.witness(),
            restless: Vec::new(),
        });
        Ok(Some(first))
    }

    /// Whether an execution has to be judged with a log at hand, which a search does not keep.
    fn suspicious(&mut self, leaf: &Leaf) -> bool {
        match leaf {
            Leaf::Cut | Leaf::Problem(_) => return false,
            Leaf::Cycle | Leaf::Steps => return laws::livelock(&self.machine).is_some(),
            Leaf::End => {}
        }
        let mut e = self.machine.exec.borrow_mut();
        // Which law a blocked task breaks, and so whether that is waived, only the log can tell.
        let blocked = |t: &Task| !t.done() && !t.daemon;
        if !e.violations.is_empty() || e.tasks.iter().any(blocked) {
            return true;
        }
        laws::at_end(&mut e);
        if !e.violations.is_empty() {
            return true;
        }
        self.coverage.ends += 1;
        let digest = crate::hash::fold(e.record);
        self.outcomes.entry(digest).or_insert_with(|| e.noted.clone());
        false
    }

    /// Runs the execution again, with a log. None: all that it breaks is waived.
    fn judge(&mut self) -> Result<Option<Replayed>, Problem> {
        let replayed = replay::replay(&self.config, self.root, &self.path);
        if let Some(problem) = replayed.problem {
            return Err(problem);
        }
        if replayed.violations.is_empty() {
            if replayed.ending == Ending::Quiet {
                self.coverage.ends += 1;
                self.outcomes.entry(replayed.outcome).or_insert(replayed.noted);
            }
            return Ok(None);
        }
        let replayed = replay::replay_twice(&self.config, self.root, &self.path);
        match replayed.problem {
            Some(problem) => Err(problem),
            None => Ok(Some(replayed)),
        }
    }

    /// Moves to the next schedule. False: there is none.
    fn backtrack(&mut self) -> bool {
        while let Some(frame) = self.stack.last_mut() {
            frame.at += 1;
            if frame.at < frame.picks.len() {
                self.path.truncate(frame.depth);
                return true;
            }
            self.stack.pop();
        }
        false
    }
}

/// Of the tasks asleep, those that stay so when `pick` happens: it commutes with what they announce.
fn stay_asleep(e: &Exec, sleep: &mut Vec<Sleeping>, pick: Pick) {
    if pick == Pick::FIRE {
        // Any step may look at the clock, or take back a timer, on its way to the next announcement.
        return sleep.clear();
    }
    let Some(op) = e.op_of(pick) else {
        // A choice is the task's own. So is the begin of a poll, but for an abort, which may come before.
        let aborts = |op: &Op| op.kind == OpKind::Abort && op.arg == pick.task.into();
        return sleep.retain(|s| s.task != pick.task as usize && !aborts(&s.op));
    };
    sleep.retain(|s| {
        s.task != pick.task as usize && e.commute((s.task, &s.op), (pick.task as usize, &op))
    });
}

/// Two ways to one state announce different operations: name the tasks that differ.
fn hidden_state(e: &Exec, ranks: &[u8], difference: u32) -> Problem {
    let differs = |rank: u8| difference >> (rank % 8 * 4) & 15 != 0;
    let tasks = e.tasks.iter().zip(ranks).filter(|(_, r)| differs(**r)).map(|(t, _)| t.name());
    Problem::HiddenState { tasks: tasks.collect() }
}
