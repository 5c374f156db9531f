//! Who may call now: the bookkeeping of one rate window that several callers share.

use std::time::Duration;

use jiff::Timestamp;

use crate::{RateLimit, RateWindow};

/// The state of one user's window at one endpoint, for stores to keep.
///
/// Each call reserves first; its answer tells how much is left. What is told overrides what was
/// assumed, and calls that are reserved and not yet answered stay counted, so that callers who
/// share the state never spend a window twice. All times are by the local clock.
///
/// ```
/// use blocks_domain::{RateLimit, RateWindow, WindowState};
/// use jiff::{SignedDuration, Timestamp};
///
/// let now = Timestamp::UNIX_EPOCH;
/// let mut state = WindowState::assumed(RateLimit::per_window(15), now);
/// assert_eq!(state.reserve(now), Ok(()));
///
/// // The server knows of calls that we did not make: nothing is left.
/// let reset = now + SignedDuration::from_mins(4);
/// state.observe(&RateWindow::new(15, 0, reset, None), now);
/// assert_eq!(state.reserve(now), Err(reset));
/// assert_eq!(state.reserve(reset), Ok(()), "a new window has begun");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowState {
    /// How many calls a full window takes.
    pub limit: RateLimit,
    /// How many are left, as told or assumed, the pending ones not yet taken off.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Timestamp,
    /// Whether the server told of this window, or it is assumed.
    pub told: bool,
    /// How many calls are reserved and not yet answered.
    pub pending: u32,
}

impl WindowState {
    /// Ends that lie closer together than this belong to one window: the server tells them in
    /// whole seconds, and answers take their time to arrive.
    const SAME_WINDOW: Duration = Duration::from_secs(60);

    /// A full window that begins now.
    #[must_use]
    pub fn assumed(limit: RateLimit, now: Timestamp) -> Self {
        let reset = now.saturating_add(RateLimit::WINDOW).unwrap_or(Timestamp::MAX);
        Self { limit, remaining: limit.requests().get(), reset, told: false, pending: 0 }
    }

    /// A state that was kept.
    #[must_use]
    pub const fn restored(
        limit: RateLimit,
        remaining: u32,
        reset: Timestamp,
        told: bool,
        pending: u32,
    ) -> Self {
        Self { limit, remaining, reset, told, pending }
    }

    /// Reserves one call; a window that has ended is followed by a full one.
    ///
    /// # Errors
    /// The window is spent; the error is when it ends.
    pub fn reserve(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if now >= self.reset {
            *self = Self::assumed(self.limit, now);
        }
        if self.pending >= self.remaining {
            return Err(self.reset);
        }
        self.pending += 1;
        Ok(())
    }

    /// Takes over what an answer told of the window, and ends one reservation.
    pub fn observe(&mut self, window: &RateWindow, now: Timestamp) {
        self.pending = self.pending.saturating_sub(1);
        let told = window.on_clock(now);
        if now >= told.reset() {
            return;
        }
        // No window lasts longer, whatever a broken header says.
        let longest = now.saturating_add(RateLimit::WINDOW).unwrap_or(Timestamp::MAX);
        let reset = told.reset().min(longest);
        if self.told && now < self.reset {
            let apart = reset.duration_since(self.reset);
            if apart.unsigned_abs() < Self::SAME_WINDOW {
                // Answers can overtake each other; the lower count is the later one.
                self.remaining = self.remaining.min(told.remaining());
                self.limit = told.limit();
                return;
            }
            if apart.is_negative() {
                return;
            }
        }
        self.limit = told.limit();
        self.remaining = told.remaining();
        self.reset = reset;
        self.told = true;
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn an_answer_that_was_overtaken_does_not_give_calls_back() {
        let mut state = WindowState::assumed(RateLimit::per_window(15), NOW);
        state.reserve(NOW).expect("left");
        state.reserve(NOW).expect("left");
        state.observe(&RateWindow::new(15, 13, after(900), None), NOW);
        state.observe(&RateWindow::new(15, 14, after(900), None), NOW);
        assert_eq!((state.remaining, state.pending), (13, 0));
    }

    #[test]
    fn an_answer_of_an_earlier_window_is_not_taken_over() {
        let mut state = WindowState::assumed(RateLimit::per_window(15), NOW);
        state.observe(&RateWindow::new(15, 9, after(900), None), NOW);
        state.observe(&RateWindow::new(15, 0, after(60), None), NOW);
        assert_eq!(state.remaining, 9);
    }

    #[test]
    fn a_clock_that_is_off_does_not_lengthen_the_wait() {
        let mut state = WindowState::assumed(RateLimit::per_window(15), NOW);
        // The server is an hour ahead; its window ends in five minutes of its time.
        let window = RateWindow::new(15, 0, after(3900), Some(after(3600)));
        state.observe(&window, NOW);
        assert_eq!(state.reserve(NOW), Err(after(300)));
    }

    #[test]
    fn a_reset_in_another_century_is_not_believed() {
        let mut state = WindowState::assumed(RateLimit::per_window(15), NOW);
        state.observe(&RateWindow::new(15, 0, after(4_000_000_000), None), NOW);
        assert_eq!(state.reserve(NOW), Err(after(900)));
    }

    proptest! {
        /// A server counts; callers reserve, call, and hear back late and out of order.
        #[test]
        fn callers_who_share_it_never_meet_a_429(order in prop::collection::vec(0..4_usize, 1..60)) {
            let mut state = WindowState::assumed(RateLimit::per_window(5), NOW);
            let mut served = 0;
            let mut answers = Vec::new();
            for pick in order {
                if pick > 0 && state.reserve(NOW).is_ok() {
                    served += 1;
                    prop_assert!(served <= 5, "the server would have refused");
                    answers.push(RateWindow::new(5, 5 - served, after(900), None));
                } else if !answers.is_empty() {
                    let answer = answers.remove(pick % answers.len());
                    state.observe(&answer, NOW);
                }
            }
        }

        #[test]
        fn a_spent_window_ends(limit in 1..50_u32, now in 0..10_000_i64) {
            let mut state = WindowState::assumed(RateLimit::per_window(limit), after(now));
            for _ in 0..limit {
                prop_assert_eq!(state.reserve(after(now)), Ok(()));
            }
            let until = state.reserve(after(now)).expect_err("spent");
            prop_assert_eq!(state.reserve(until), Ok(()));
        }
    }
}
