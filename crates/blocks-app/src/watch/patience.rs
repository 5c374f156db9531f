//! How long to wait before the next attempt.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use blocks_domain::{Failure, ProblemType, RateLimit};
use blocks_ports::ApiError;
use jiff::Timestamp;

/// How soon a watch goes on after trouble.
///
/// ```
/// use std::time::Duration;
///
/// use blocks_app::WatchPolicy;
///
/// let mut patient = WatchPolicy::default();
/// patient.longest = Duration::from_secs(60 * 60);
/// assert!(patient.first < patient.longest);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchPolicy {
    /// The wait before the first attempt; it doubles each time, with jitter.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// After so long without trouble the next wait is the first again.
    pub settled_after: Duration,
}

impl Default for WatchPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(5 * 60),
            settled_after: Duration::from_secs(60),
        }
    }
}

impl WatchPolicy {
    fn waits(self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times()
            .with_jitter()
            .build()
    }
}

/// The waits between attempts: longer and longer, until all has been well for a while.
#[derive(Debug)]
pub(super) struct Patience {
    policy: WatchPolicy,
    waits: ExponentialBackoff,
}

impl Patience {
    pub(super) fn new(policy: WatchPolicy) -> Self {
        Self { policy, waits: policy.waits() }
    }

    /// When to try again after trouble at `now`: no sooner than the server allows.
    pub(super) fn next(&mut self, error: Option<&ApiError>, now: Timestamp) -> Timestamp {
        let longest = self.policy.longest;
        // Jitter is added to a wait that has its longest already.
        let wait = self.waits.next().map_or(longest, |wait| wait.min(longest));
        let until = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        error.and_then(|error| end_of_window(error, now)).map_or(until, |end| until.max(end))
    }

    /// Notes that all was well from `since` to `now`.
    pub(super) fn was_well(&mut self, since: Timestamp, now: Timestamp) {
        let well = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        if well >= self.policy.settled_after {
            self.waits = self.policy.waits();
        }
    }
}

/// When a spent window ends, if that is the trouble: as the server tells it, and without a word in
/// a whole window. Where too many streams are open, no window is spent.
fn end_of_window(error: &ApiError, now: Timestamp) -> Option<Timestamp> {
    let of_streams = Some(ProblemType::StreamingConnection);
    let is_of_streams = error.problems().iter().any(|told| told.problem_type() == of_streams);
    if error.kind() != Failure::RateLimited || is_of_streams {
        return None;
    }
    match error.rate() {
        Some(rate) => (rate.remaining() == 0).then(|| rate.end_here(now)).flatten(),
        None => now.checked_add(RateLimit::WINDOW).ok(),
    }
}
