//! Makes a failing program smaller, as long as it still fails.

use super::program::{Program, Step};

/// The smallest program found, by taking away one thing at a time, that `fails`.
pub(crate) fn shrink(program: &Program, fails: impl Fn(&Program) -> bool) -> Program {
    let mut smallest = program.clone();
    while let Some(smaller) = smaller(&smallest).into_iter().find(|p| fails(p)) {
        smallest = smaller;
    }
    smallest
}

/// Every program with one thing less.
fn smaller(program: &Program) -> Vec<Program> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut changed = program.clone();
        change(&mut changed);
        if changed != *program {
            all.push(changed);
        }
    };
    for t in 0..program.tasks.len() {
        // An empty task, so that the numbers of the others stay.
        with(&|p| p.tasks[t].clear());
        for i in 0..program.tasks[t].len() {
            with(&|p| {
                p.tasks[t].remove(i);
            });
            for simpler in simpler(program.tasks[t][i]) {
                with(&|p| p.tasks[t][i] = simpler);
            }
        }
    }
    if program.tasks.last().is_some_and(Vec::is_empty) {
        with(&|p| {
            p.tasks.pop();
        });
    }
    with(&|p| p.by_poll = false);
    with(&|p| p.racing = false);
    with(&|p| p.identify = true);
    with(&|p| p.keep = true);
    all
}

fn simpler(step: Step) -> Vec<Step> {
    match step {
        Step::Select(a, b) | Step::Both(a, b) => {
            vec![Step::Do(a), Step::Do(b), Step::Biased(a, b)]
        }
        Step::Biased(a, b) => vec![Step::Do(a), Step::Do(b)],
        Step::Once(a)
        | Step::Briefly(a)
        | Step::Within(_, a)
        | Step::Until(_, a)
        | Step::AwaitOr(_, a)
        | Step::Spawn(a) => vec![Step::Do(a)],
        _ => Vec::new(),
    }
}
