//! Replaying a token: [`Check::replay`], and the environment variable that does it.

use super::{Replayed, Run, Token, drive::Ending, replay_all_twice};
use crate::Check;
use crate::config::Config;
use crate::scenario::Root;
use crate::story;
use crate::verdict::{Bound, Coverage, Engine, Problem, Report, Verdict};
use crate::watchdog::watch;
use std::panic::Location;
use std::rc::Rc;

/// Where a token is looked for. The check that it belongs to runs that one schedule and nothing else.
const VARIABLE: &str = "SELVEDGE_REPLAY";

impl Check {
    /// Runs the one schedule of a token that a report of this check printed, twice, and compares.
    ///
    /// The verdict is [`Sampled(1)`](Verdict::Sampled) where that schedule breaks no law (any more). A token of
    /// the loom engine needs the feature `loom`, and runs loom's search again up to the execution that failed.
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
        if let Run::Loom(execution) = token.run {
            return loom(&config, &root, &token, execution);
        }
        let ran = watch(config.limits.silence, move || run(&Rc::new(config), &root, &token));
        ran.unwrap_or_else(|problem| failed(&self.config, problem))
    }
}

/// The token that the environment asks to replay, if it does.
pub(crate) fn wanted() -> Option<Result<Token, Problem>> {
    std::env::var(VARIABLE).ok().map(|token| Token::decode(&token))
}

/// The report on the schedule that the environment asks this check to replay, if it does.
pub(crate) fn asked_for(config: &Rc<Config>, root: &Root) -> Option<Report> {
    match wanted()? {
        // Nobody else in this build could say that nobody runs it.
        Ok(Token { run: Run::Loom(_), .. }) if cfg!(not(feature = "loom")) => {
            Some(failed(config, without_loom()))
        }
        Ok(Token { run: Run::Loom(_), .. }) => None,
        Ok(token) if token.belongs_to(config) => Some(run(config, root, &token)),
        Ok(_) => None,
        // Whose it is cannot be told, so nobody may pass over it in silence.
        Err(problem) => Some(failed(config, problem)),
    }
}

fn run(config: &Rc<Config>, root: &Root, token: &Token) -> Report {
    let Run::Schedules(schedules) = &token.run else { unreachable!("loom runs its tokens itself") };
    if !token.belongs_to(config) {
        return failed(config, foreign(config, "grain, clock, or equal tasks"));
    }
    let replayed = replay_all_twice(config, root, schedules);
    // On the scenario that it was made for, a schedule is followed to its last pick.
    let asked = schedules.get(replayed.before.len()).map_or(0, Vec::len);
    if replayed.path.len() < asked && replayed.violations.is_empty() {
        let at = format!("step {}", replayed.path.len() + 1);
        return failed(config, outdated(config, &at));
    }
    report(config, &replayed)
}

/// A token of another scenario.
pub(crate) fn foreign(config: &Config, what: &str) -> Problem {
    Problem::Token(format!(
        "the replay token belongs to another scenario than `{}` (other name, {what}): replay it with the check that \
         printed it",
        config.name
    ))
}

/// A token of the scenario as it was.
pub(crate) fn outdated(config: &Config, at: &str) -> Problem {
    Problem::Token(format!(
        "the replay token does not fit `{}` any more from {at} on: the scenario was changed since; run the check \
         again for a new token",
        config.name
    ))
}

/// A token that loom printed, where there is no loom.
fn without_loom() -> Problem {
    Problem::Token(
        "the replay token was printed by the loom engine: build with `--features loom` to replay it".into(),
    )
}

#[cfg(feature = "loom")]
fn loom(config: &Config, root: &Root, token: &Token, execution: u64) -> Report {
    match token.belongs_to(config) {
        true => crate::loom::replay(config, root, execution),
        false => {
            Report::failed(config, Engine::Loom, foreign(config, "preemptions, or spurious wakes"))
        }
    }
}

#[cfg(not(feature = "loom"))]
fn loom(config: &Config, _: &Root, _: &Token, _: u64) -> Report {
    failed(config, without_loom())
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
        observed: replayed.observed.clone(),
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
