//! Draws programs from a seed.

use super::program::{Act, End, Kind, Program, Step, Verb, verbs};

/// SplitMix64: small, fast, and the same on every machine.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What programs of a test are made of.
#[derive(Clone, Copy)]
pub(crate) struct Diet {
    pub objects: &'static [Kind],
    /// Tasks join, abort and look at earlier ones.
    pub handles: bool,
    /// A task has a `JoinSet`.
    pub sets: bool,
    pub timers: bool,
}

/// A program of two or three tasks, small enough for plain search.
pub(crate) fn program(draw: &mut Draw, diet: Diet) -> Program {
    let count = 1 + draw.below(2);
    let objects: Vec<Kind> = (0..count).map(|_| draw.of(diet.objects)).collect();
    let three = draw.one_in(3);
    let (tasks, steps_max) = if three { (3, 2) } else { (2, 3) };
    let owners = (0..count).map(|_| (draw.below(tasks), draw.below(tasks))).collect();
    let mut scribe = Scribe { draw, diet, objects: &objects, owners, tasks, yields: 0 };
    let steps = (0..tasks).map(|t| scribe.task(t, steps_max)).collect();
    Program {
        tasks: steps,
        // Members of a set share the handles of their owner: who drops them last would be hidden state.
        keep: diet.sets || draw.one_in(2),
        identify: draw.one_in(2),
        racing: diet.timers && draw.one_in(2),
        by_poll: draw.one_in(6),
        closures: draw.one_in(4),
        objects,
    }
}

struct Scribe<'a> {
    draw: &'a mut Draw,
    diet: Diet,
    objects: &'a [Kind],
    /// Who has the one receiver, and the one sender, of each object.
    owners: Vec<(usize, usize)>,
    tasks: usize,
    /// Steps of this task that yield.
    yields: usize,
}

impl Scribe<'_> {
    fn task(&mut self, t: usize, steps_max: usize) -> Vec<Step> {
        self.yields = 0;
        let count = 1 + self.draw.below(steps_max);
        (0..count).map(|_| self.step(t)).collect()
    }

    fn act(&mut self, t: usize) -> Act {
        let mut drawn = None;
        // Two oneshots have no side for a third task: it then finds that it has no handle.
        for _ in 0..20 {
            let object = self.draw.below(self.objects.len());
            let kind = self.objects[object];
            let (end, verb) = self.draw.of(verbs(kind));
            drawn = Some(Act { object, end, verb });
            let (receiver, sender) = self.owners[object];
            let barred = match end {
                End::Rx => kind.has_one_receiver() && receiver != t,
                End::Tx => kind.has_one_sender() && sender != t,
            };
            if !barred {
                break;
            }
        }
        drawn.expect("it draws at least once")
    }

    fn step(&mut self, t: usize) -> Step {
        let a = self.act(t);
        let tokens: Vec<usize> =
            (0..self.objects.len()).filter(|o| self.objects[*o] == Kind::Token).collect();
        match self.draw.below(24) {
            0 | 1 => Step::Once(a),
            2 if self.may_yield() => Step::Briefly(a),
            3 => self.beside(t, a).map_or(Step::Do(a), |b| Step::Select(a, b)),
            4 => self.beside(t, a).map_or(Step::Do(a), |b| Step::Biased(a, b)),
            5 => self.beside(t, a).map_or(Step::Do(a), |b| Step::Both(a, b)),
            6 if self.may_yield() => Step::Yield,
            7 if !tokens.is_empty() => Step::Until(self.draw.of(&tokens), a),
            8..=11 if self.diet.timers => {
                let ms = 1 + self.draw.below(3) as u64;
                match self.draw.below(4) {
                    0 => Step::Sleep(ms),
                    1 => Step::Now,
                    _ => Step::Within(ms, a),
                }
            }
            12..=15 if self.diet.handles && t > 0 => {
                let of = self.draw.below(t);
                match self.draw.below(4) {
                    0 => Step::Await(of),
                    1 => Step::AwaitOr(of, a),
                    2 => Step::Abort(of),
                    _ => Step::IsFinished(of),
                }
            }
            16..=23 if self.diet.sets && t + 1 == self.tasks => match self.draw.below(8) {
                0..=2 => self.spawn(t),
                3 | 4 => Step::JoinNext,
                5 => Step::TryJoinNext,
                6 => Step::AbortAll,
                _ if self.draw.one_in(2) => Step::Shutdown,
                _ => Step::DropSet,
            },
            _ => Step::Do(a),
        }
    }

    /// An act that can run beside `a` in one task, with no handle that both need: whether it finds that
    /// taken would tell it whether `a` waits, behind the explorer's back.
    fn beside(&mut self, t: usize, a: Act) -> Option<Act> {
        let objects = self.objects;
        let apart = |b: &Act| a.object != b.object || shareable(objects[b.object], b.verb);
        (0..20).map(|_| self.act(t)).find(apart)
    }

    fn spawn(&mut self, t: usize) -> Step {
        for _ in 0..20 {
            let a = self.act(t);
            if shareable(self.objects[a.object], a.verb) {
                return Step::Spawn(a);
            }
        }
        Step::JoinNext
    }

    /// A task that yields more than twice in a row is taken to spin, and those schedules are cut.
    fn may_yield(&mut self) -> bool {
        self.yields += 1;
        self.yields == 1
    }
}

/// Whether a verb leaves the handles of a task as they are, so that tasks may share them.
fn shareable(kind: Kind, verb: Verb) -> bool {
    use Verb::*;
    match kind {
        Kind::Oneshot | Kind::Unbounded => matches!(verb, TrySend),
        Kind::Mpsc(_) => matches!(verb, Send | TrySend | ReserveSend | ReserveDrop),
        Kind::Mpmc(_) => !matches!(verb, DropTx | DropRx),
        Kind::Watch => matches!(verb, Send | SendReplace | SendModify),
        Kind::Broadcast(_) => matches!(verb, Send | Receivers),
        Kind::Semaphore(_) => matches!(verb, Critical | Add | Available | CloseSemaphore),
        Kind::Mutex | Kind::RwLock => matches!(verb, Critical | CriticalPart),
        _ => true,
    }
}
