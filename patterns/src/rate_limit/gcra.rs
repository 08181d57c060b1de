//! The arithmetic of the generic cell rate algorithm, in whole nanoseconds.
//!
//! The state is the *theoretical arrival time* of the permit after the last one granted. Why rule 1 of
//! the contract holds, whatever the order in which grants are made and the clocks they were made by:
//!
//! * Let some grants have times in `[a, b]`. After the first of them was made, the state is at least
//!   `a` and its permits, times the interval, later; each further one adds its own.
//! * When the last one was made, at a time `t <= b`, the new state was at most
//!   `t + burst * interval`.
//! * So `a + permits * interval <= b + burst * interval`, and `permits <= burst + (b - a) / interval`.

use super::{Quota, QuotaError};
use std::num::NonZeroU32;

/// A quota in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gcra {
    /// The time that one permit stands for.
    interval: u64,
    /// The time that a full burst stands for.
    full: u64,
}

/// The longest burst: so that a time far in the future, and a burst after it, fit as well.
const FULL_MAX: u64 = u64::MAX / 4;

impl Gcra {
    pub(super) fn new(quota: Quota) -> Result<Gcra, QuotaError> {
        let (per, permits) = (quota.per.as_nanos(), u128::from(quota.permits.get()));
        if per < permits {
            return Err(QuotaError::TooFast);
        }
        let interval = per.div_ceil(permits);
        // Less than 2^94 * 2^32.
        let full = interval * u128::from(quota.burst.get());
        match (u64::try_from(interval), u64::try_from(full)) {
            (Ok(interval), Ok(full)) if full <= FULL_MAX => Ok(Gcra { interval, full }),
            _ => Err(QuotaError::TooSlow),
        }
    }

    pub(super) fn interval(&self) -> u64 {
        self.interval
    }

    /// The state after a grant of `n` permits at time `now`, where the state is `arrival`.
    ///
    /// `Err`: the earliest time at which it can be granted, later than `now`. `n` is at most the burst.
    pub(super) fn grant(&self, arrival: u64, now: u64, n: NonZeroU32) -> Result<u64, u64> {
        // In the 584th year nothing more is granted.
        let next = arrival.max(now).checked_add(self.interval * u64::from(n.get()));
        let next = next.ok_or(u64::MAX)?;
        let earliest = next.saturating_sub(self.full);
        if earliest <= now { Ok(next) } else { Err(earliest) }
    }
}

#[cfg(test)]
mod tests {
    use super::Gcra;
    use crate::rate_limit::{Quota, QuotaError};
    use selvedge_rt::time::Duration;
    use std::num::NonZeroU32;

    fn nz(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn gcra(permits: u32, per_nanos: u64, burst: u32) -> Result<Gcra, QuotaError> {
        let per = Duration::from_nanos(per_nanos);
        Gcra::new(Quota { permits: nz(permits), per, burst: nz(burst) })
    }

    #[test]
    fn interval_is_rounded_up_and_one_below_a_nanosecond_is_rejected() {
        for (permits, per, interval) in
            [(1, 1, Ok(1)), (3, 10, Ok(4)), (3, 9, Ok(3)), (2, 3, Ok(2)), (7, 7, Ok(1))]
        {
            assert_eq!(
                gcra(permits, per, 1).map(|g| g.interval()),
                interval,
                "{permits} per {per}"
            );
        }
        for (permits, per) in [(1, 0), (2, 1), (u32::MAX, u64::from(u32::MAX) - 1)] {
            assert_eq!(gcra(permits, per, 1).unwrap_err(), QuotaError::TooFast);
        }
        assert_eq!(gcra(u32::MAX, u64::from(u32::MAX), 1).unwrap().interval(), 1);
    }

    #[test]
    fn burst_that_does_not_fit_is_rejected_and_the_longest_that_fits_does_not_overflow() {
        for quota in [
            Quota { permits: nz(1), per: Duration::MAX, burst: nz(u32::MAX) },
            Quota { permits: nz(1), per: Duration::MAX, burst: nz(1) },
            Quota { permits: nz(1), per: Duration::from_nanos(u64::MAX / 4 + 1), burst: nz(1) },
            Quota { permits: nz(1), per: Duration::from_nanos(u64::MAX / 8 + 1), burst: nz(2) },
        ] {
            assert_eq!(Gcra::new(quota).unwrap_err(), QuotaError::TooSlow, "{quota:?}");
        }
        let longest = gcra(1, u64::MAX / 4, 1).unwrap();
        assert_eq!(longest.grant(0, 5, nz(1)), Ok(u64::MAX / 4 + 5));
        assert_eq!(longest.grant(u64::MAX / 4 + 5, 6, nz(1)), Err(u64::MAX / 4 + 5));
    }

    #[test]
    fn clock_at_its_end_grants_nothing_and_does_not_overflow() {
        let gcra = gcra(1, 10, 1).unwrap();
        assert_eq!(gcra.grant(0, u64::MAX - 11, nz(1)), Ok(u64::MAX - 1));
        assert_eq!(gcra.grant(0, u64::MAX - 5, nz(1)), Err(u64::MAX));
    }

    /// Every sequence of grants of every small quota, against the law itself.
    #[test]
    fn grants_in_any_window_are_at_most_the_burst_and_the_rate_in_any_order_of_clocks() {
        for (permits, per, burst) in [(1, 2, 1), (1, 3, 2), (2, 3, 2), (1, 1, 3), (3, 4, 3)] {
            let gcra = gcra(permits, per, burst).unwrap();
            for asks in 0..7u64.pow(5) {
                // The digits in base 7 are the times; they may go back.
                let times = (0..5).map(|i| asks / 7u64.pow(i) % 7);
                let (mut state, mut grants) = (0, Vec::new());
                for (i, now) in times.enumerate() {
                    let n = nz(i as u32 % burst + 1);
                    match gcra.grant(state, now, n) {
                        Ok(next) => {
                            grants.push((now, u64::from(n.get())));
                            state = next;
                        }
                        Err(earliest) => {
                            assert!(earliest > now);
                            assert!(gcra.grant(state, earliest, n).is_ok(), "no later than needed");
                            assert!(gcra.grant(state, earliest - 1, n).is_err(), "nor earlier");
                        }
                    }
                }
                for (from, _) in &grants {
                    for (to, _) in grants.iter().filter(|(to, _)| to >= from) {
                        let inside = grants.iter().filter(|(t, _)| (from..=to).contains(&t));
                        let most = u64::from(burst) + (to - from) / gcra.interval();
                        assert!(inside.map(|g| g.1).sum::<u64>() <= most, "{grants:?}");
                    }
                }
            }
        }
    }
}
