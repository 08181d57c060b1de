//! Replaying a token: [`Check::replay`], and the environment variable that does it.

use super::{Replayed, Token, drive::Ending, replay_twice};
use crate::Check;
use crate::config::Config;
use crate::scenario::Root;
use crate::story;
use crate::verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};
use crate::watchdog::watch;
use std::panic::Location;
use std::rc::Rc;

/// Where a token is looked for. The check that it belongs to runs that one schedule and nothing else.
pub(crate) const VARIABLE: &str = "SELVEDGE_REPLAY";

impl Check {
    /// Runs the one schedule of a token that a report of this check printed, twice, and compares.
    ///
    /// The verdict is [`Sampled(1)`](Verdict::Sampled) where that schedule breaks no law (any more).
    /// A token that is damaged, of another version, of another check or grain, or that no longer fits
    /// the scenario, is a [`Problem::Token`].
    ///
    /// The environment variable `SELVEDGE_REPLAY` does the same for whichever check its token belongs to.
    #[track_caller]
    pub fn replay<F>(&self, token: &str, root: impl Fn() -> F + Send + Sync + 'static) -> Report
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let root = Root::new(root, Location::caller());
        let config = self.config.clone();
        let token = match Token::decode(token) {
            Ok(token) => token,
            Err(problem) => return failed(&config, problem),
        };
        let ran = watch(config.limits.silence, move || run(&Rc::new(config), &root, &token));
        ran.unwrap_or_else(|problem| failed(&self.config, problem))
    }
}

/// The report on the schedule that the environment asks this check to replay, if it does.
pub(crate) fn asked_for(config: &Rc<Config>, root: &Root) -> Option<Report> {
    let token = std::env::var(VARIABLE).ok()?;
    match Token::decode(&token) {
        Ok(token) if token.belongs_to(config) => Some(run(config, root, &token)),
        Ok(_) => None,
        // Whose it is cannot be told, so nobody may pass over it in silence.
        Err(problem) => Some(failed(config, problem)),
    }
}

fn run(config: &Rc<Config>, root: &Root, token: &Token) -> Report {
    if !token.belongs_to(config) {
        let why = format!(
            "the replay token belongs to another scenario than `{}` (other name, grain, clock, or equal tasks): \
             replay it with the check that printed it",
            config.name
        );
        return failed(config, Problem::Token(why));
    }
    let replayed = replay_twice(config, root, &token.path);
    // On the scenario that it was made for, a schedule is followed to its last pick.
    if replayed.path.len() < token.path.len() && replayed.violations.is_empty() {
        let why = format!(
            "the replay token does not fit `{}` any more from step {} on: the scenario was changed since; run the \
             check again for a new token",
            config.name,
            replayed.path.len() + 1
        );
        return failed(config, Problem::Token(why));
    }
    report(config, &replayed)
}

/// The report on one schedule.
pub(crate) fn report(config: &Rc<Config>, replayed: &Replayed) -> Report {
    let verdict = match (&replayed.problem, &replayed.violations[..], replayed.ending) {
        (Some(problem), ..) => Verdict::Failed(problem.clone()),
        (None, [], Ending::Steps) => Verdict::Bounded(Bound::Steps(config.limits.steps)),
        (None, [], _) => Verdict::Sampled(1),
        (None, violations, _) => Verdict::Violated(violations.to_vec()),
    };
    Report {
        name: config.name.clone(),
        engine: engine(config),
        verdict,
        coverage: Coverage { executions: 2, ends: 1, outcomes: 1, ..Coverage::default() },
        waived: config.waived.clone(),
        story: (!replayed.violations.is_empty()).then(|| story::tell(replayed)),
        replay: Some(replayed.token(config).encode()),
        outcomes: [replayed.outcome].into(),
    }
}

fn failed(config: &Config, problem: Problem) -> Report {
    Report::failed(config, engine(config), problem)
}

fn engine(config: &Config) -> Engine {
    Engine::Sample { strategy: format!("replay, {} grain", config.grain) }
}
