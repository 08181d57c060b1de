//! A failing schedule, told to a person: one lane a task, one row an operation, and why the schedule went
//! from one task to the next.
//!
//! | module | what |
//! |---|---|
//! | [`subject`] | what the violation is about: objects and tasks |
//! | [`flow`] | the log, read once: who parked, who was woken by whom, which item came from where |
//! | [`words`] | one operation in words |
//! | [`rows`] | which operations are told, and the reason of each switch |
//! | [`layout`] | lanes, legend and margins, in so many columns |
//! | [`report`] | the whole report, with the story in it |
//!
//! The text is a function of the [`Replayed`] alone.

mod flow;
mod layout;
mod report;
mod rows;
mod subject;
mod words;

use crate::replay::Replayed;
use flow::Flow;
use selvedge_rt::check::engine::ObjectKind;
use std::collections::BTreeMap;
use subject::Subject;

/// Tells the execution and its violations.
pub(crate) fn tell(replayed: &Replayed) -> String {
    let flow = Flow::of(replayed);
    let subject = Subject::of(replayed, &flow);
    let handles = Handles::default();
    let told = rows::told(replayed, &flow, &subject, handles);
    layout::lay_out(replayed, &told)
}

/// Short names of the objects that are told of: a letter for the kind and a number.
#[derive(Default)]
struct Handles {
    names: BTreeMap<usize, String>,
    counts: BTreeMap<char, usize>,
}

impl Handles {
    /// The short name of `object`. Counted in the order in which they are first told of.
    fn name(&mut self, replayed: &Replayed, object: usize) -> &str {
        let letter = letter(replayed.objects[object].kind);
        self.names.entry(object).or_insert_with(|| {
            let n = self.counts.entry(letter).or_insert(0);
            *n += 1;
            format!("{letter}{n}")
        })
    }
}

/// `T` is for tasks.
fn letter(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Channel { .. } => 'C',
        ObjectKind::Mutex | ObjectKind::BlockingMutex => 'M',
        ObjectKind::RwLock => 'R',
        ObjectKind::Semaphore { .. } => 'S',
        ObjectKind::Notify => 'N',
        ObjectKind::Barrier { .. } => 'B',
        ObjectKind::Token => 'K',
        ObjectKind::Join | ObjectKind::JoinSet => 'J',
        ObjectKind::Tracker => 'W',
        ObjectKind::Atomic | ObjectKind::OnceCell | ObjectKind::Cell => 'A',
        ObjectKind::Timer => 'Z',
        ObjectKind::Yield => 'Y',
    }
}
