//! The time of a world.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that can be moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// It runs with the system's clock, and is ahead of it.
    Running { ahead: SignedDuration },
    /// It stands until somebody moves it.
    Still(Timestamp),
}

impl Time {
    pub(crate) const REAL: Self = Self::Running { ahead: SignedDuration::ZERO };

    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::Running { ahead } => {
                Timestamp::now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
            }
            Self::Still(now) => now,
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        match self {
            Self::Running { ahead } => {
                let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
                *ahead = ahead.saturating_add(by);
            }
            Self::Still(now) => *now = after(*now, by),
        }
    }

    /// Moves on to a moment, unless it has passed.
    pub(crate) fn advance_to(&mut self, moment: Timestamp) {
        let by = moment.duration_since(self.now());
        if by.is_positive() {
            self.advance(by.unsigned_abs());
        }
    }
}

/// The moment so much later.
pub(crate) fn after(moment: Timestamp, by: Duration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_running_clock_keeps_its_lead() {
        let (mut time, before) = (Time::REAL, Timestamp::now());
        time.advance(HOUR);
        assert!(time.now().duration_since(before) >= SignedDuration::from_hours(1));
    }

    #[test]
    fn a_still_clock_moves_when_it_is_moved_and_never_back() {
        let mut time = Time::Still(Timestamp::UNIX_EPOCH);
        time.advance(HOUR);
        time.advance_to(Timestamp::UNIX_EPOCH);
        assert_eq!(time.now().as_second(), 3600);
        time.advance_to(Timestamp::MAX);
        time.advance(HOUR);
        assert_eq!(time.now(), Timestamp::MAX);
    }
}
