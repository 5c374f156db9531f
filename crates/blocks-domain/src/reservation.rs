//! Who may call now: the bookkeeping of one rate window that several callers share.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Allowance, RateLimit, RateWindow};

/// The state of one user's window at one endpoint, for stores to keep.
///
/// Each call reserves first, and settles its reservation with what came of it. What is told
/// overrides what was assumed, and calls that are reserved and not yet settled stay counted, so
/// that callers who share the state never spend a window twice. All times are by the local clock.
///
/// ```
/// use blocks_domain::{CallOutcome, RateLimit, RateWindow, WindowState};
/// use jiff::{SignedDuration, Timestamp};
///
/// let now = Timestamp::UNIX_EPOCH;
/// let mut state = WindowState::unknown(RateLimit::per_window(15));
/// let ticket = state.reserve(now).expect("a full window is assumed");
///
/// // The server knows of calls that we did not make: nothing is left.
/// let reset = now + SignedDuration::from_mins(4);
/// let told = RateWindow::new(15, 0, reset, None);
/// state.settle(ticket, CallOutcome::Told(told), now);
/// assert_eq!(state.reserve(now), Err(reset));
/// assert!(state.reserve(reset).is_ok(), "a new window has begun");
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
    /// How many calls are reserved in this window and not yet settled.
    pub pending: u32,
    /// Which window this is; it grows with every new one.
    pub number: u64,
}

/// The right to make one call, and the window that it counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    window: u64,
}

impl Ticket {
    /// A ticket of the window with this number.
    #[must_use]
    pub const fn of_window(number: u64) -> Self {
        Self { window: number }
    }

    /// The number of its window.
    #[must_use]
    pub const fn window(self) -> u64 {
        self.window
    }
}

/// What came of a call, as far as the rate window is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The answer told of the window.
    Told(RateWindow),
    /// The server may have counted the call, and nothing was told.
    Untold,
    /// The server has not counted the call: it was never sent, or was turned away before.
    Uncounted,
    /// The call was refused because the window is spent, and this is what was told of it.
    Refused(Option<RateWindow>),
}

impl WindowState {
    /// Ends that lie closer together than this belong to one window: the server tells them in
    /// whole seconds, answers take their time to arrive, and callers read the clock at different
    /// moments.
    const SAME_WINDOW: Duration = Duration::from_secs(60);

    /// Nothing is known: a full window begins with the first reservation.
    #[must_use]
    pub const fn unknown(limit: RateLimit) -> Self {
        let remaining = limit.requests().get();
        Self { limit, remaining, reset: Timestamp::MIN, told: false, pending: 0, number: 0 }
    }

    /// A state that was kept.
    #[must_use]
    pub const fn restored(
        limit: RateLimit,
        remaining: u32,
        reset: Timestamp,
        told: bool,
        pending: u32,
        number: u64,
    ) -> Self {
        Self { limit, remaining, reset, told, pending, number }
    }

    /// Reserves one call; a window that has ended is followed by a full one.
    ///
    /// # Errors
    /// The window is spent; the error is when it ends.
    pub fn reserve(&mut self, now: Timestamp) -> Result<Ticket, Timestamp> {
        if !self.is_open(now) {
            self.begin(now);
        }
        if self.pending >= self.remaining {
            return Err(self.reset);
        }
        self.pending += 1;
        Ok(Ticket::of_window(self.number))
    }

    /// What may be called at `now`, and when the window is full again. It reserves nothing.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use blocks_domain::{Allowance, RateLimit, WindowState};
    /// use jiff::{SignedDuration, Timestamp};
    ///
    /// let now = Timestamp::UNIX_EPOCH;
    /// let mut state = WindowState::unknown(RateLimit::per_window(15));
    /// assert_eq!(state.allowance(now), RateLimit::per_window(15).fresh());
    /// let _ticket = state.reserve(now).expect("a call is left");
    /// let later = now + SignedDuration::from_mins(5);
    /// assert_eq!(state.allowance(later), Allowance::new(14, Duration::from_secs(600)));
    /// ```
    #[must_use]
    pub fn allowance(&self, now: Timestamp) -> Allowance {
        if !self.is_open(now) {
            return self.limit.fresh();
        }
        let renewed_in = Duration::try_from(self.reset.duration_since(now)).unwrap_or_default();
        Allowance::new(self.remaining.saturating_sub(self.pending), renewed_in)
    }

    /// Ends the reservation of `ticket` with what came of its call.
    ///
    /// A ticket of an earlier window ends none of the present one. What its answer tells counts
    /// all the same where it tells of a window that has not ended.
    pub fn settle(&mut self, ticket: Ticket, outcome: CallOutcome, now: Timestamp) {
        let is_of_this_window = ticket.window() == self.number;
        if is_of_this_window {
            self.pending = self.pending.saturating_sub(1);
        }
        let is_counted = match outcome {
            CallOutcome::Told(window) => self.take_over(&window, now),
            CallOutcome::Refused(window) => {
                self.spend(window.as_ref(), now);
                true
            }
            CallOutcome::Uncounted => true,
            CallOutcome::Untold => false,
        };
        if is_of_this_window && !is_counted {
            self.remaining = self.remaining.saturating_sub(1);
        }
    }

    /// Takes over what an answer told; answers whether it told of the present window.
    fn take_over(&mut self, window: &RateWindow, now: Timestamp) -> bool {
        let Some(reset) = window.end_here(now) else { return false };
        if !self.is_open(now) {
            self.begin(now);
        }
        if self.told {
            let apart = reset.duration_since(self.reset);
            if apart.unsigned_abs() < Self::SAME_WINDOW {
                // Answers can overtake each other; the lower count is the later one.
                self.remaining = self.remaining.min(window.remaining());
                self.limit = window.limit();
                return true;
            }
            if apart.is_negative() {
                return false;
            }
        }
        self.limit = window.limit();
        self.remaining = window.remaining();
        self.reset = reset;
        self.told = true;
        true
    }

    /// Obeys a refusal: until the end that it tells, else until the one that was told before,
    /// else for a whole window.
    fn spend(&mut self, window: Option<&RateWindow>, now: Timestamp) {
        let told = window.and_then(|window| window.end_here(now));
        if !self.is_open(now) {
            self.begin(now);
        }
        self.remaining = 0;
        if let Some(reset) = told {
            (self.reset, self.told) = (reset, true);
        } else if !self.told {
            self.reset = a_window_after(now);
        }
    }

    /// Whether `now` lies in this window. An end that no window could have was written under a
    /// clock that has since been set back.
    fn is_open(&self, now: Timestamp) -> bool {
        let latest = a_window_after(now).saturating_add(Self::SAME_WINDOW);
        now < self.reset && self.reset <= latest.unwrap_or(Timestamp::MAX)
    }

    /// A full window begins now, as far as is known.
    fn begin(&mut self, now: Timestamp) {
        *self = Self {
            reset: a_window_after(now),
            number: self.number.wrapping_add(1),
            ..Self::unknown(self.limit)
        };
    }
}

/// When a window that begins now ends.
fn a_window_after(now: Timestamp) -> Timestamp {
    now.saturating_add(RateLimit::WINDOW).unwrap_or(Timestamp::MAX)
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

    fn told(remaining: u32, reset: i64) -> CallOutcome {
        CallOutcome::Told(RateWindow::new(15, remaining, after(reset), None))
    }

    fn refused(reset: i64) -> CallOutcome {
        CallOutcome::Refused(Some(RateWindow::new(15, 0, after(reset), None)))
    }

    fn fifteen() -> WindowState {
        WindowState::unknown(RateLimit::per_window(15))
    }

    /// Makes one call that is answered at once.
    fn call(state: &mut WindowState, outcome: CallOutcome, now: Timestamp) {
        let ticket = state.reserve(now).expect("a call is left");
        state.settle(ticket, outcome, now);
    }

    #[test]
    fn an_answer_that_was_overtaken_does_not_give_calls_back() {
        let mut state = fifteen();
        let tickets = [state.reserve(NOW).expect("left"), state.reserve(NOW).expect("left")];
        state.settle(tickets[0], told(13, 900), NOW);
        state.settle(tickets[1], told(14, 900), NOW);
        assert_eq!((state.remaining, state.pending), (13, 0));
    }

    #[test]
    fn an_answer_of_an_earlier_window_is_not_taken_over() {
        let mut state = fifteen();
        call(&mut state, told(9, 900), NOW);
        call(&mut state, told(0, 60), NOW);
        assert_eq!((state.remaining, state.reset), (8, after(900)), "one more call was made");
    }

    #[test]
    fn a_straggler_ends_no_reservation_of_the_present_window() {
        let mut state = fifteen();
        let straggler = state.reserve(NOW).expect("left");
        state.reserve(after(900)).expect("a new window");
        for outcome in [told(0, 900), CallOutcome::Untold, CallOutcome::Uncounted] {
            state.settle(straggler, outcome, after(901));
            assert_eq!((state.remaining, state.pending), (15, 1), "{outcome:?}");
        }
    }

    #[test]
    fn a_straggler_that_tells_of_the_present_window_is_believed() {
        let mut state = fifteen();
        let straggler = state.reserve(NOW).expect("left");
        state.settle(straggler, told(3, 1500), after(1000));
        assert_eq!((state.remaining, state.pending, state.reset), (3, 0, after(1500)));
    }

    #[test]
    fn what_tells_nothing_counts_and_what_was_not_counted_does_not() {
        let mut state = fifteen();
        call(&mut state, CallOutcome::Untold, NOW);
        call(&mut state, CallOutcome::Uncounted, NOW);
        assert_eq!((state.remaining, state.pending), (14, 0));
    }

    #[test]
    fn a_refusal_is_obeyed_though_its_window_ends_before_the_known_one() {
        let mut state = fifteen();
        call(&mut state, told(9, 900), NOW);
        call(&mut state, refused(300), NOW);
        assert_eq!(state.reserve(NOW), Err(after(300)));
    }

    #[test]
    fn a_refusal_without_an_end_keeps_the_one_that_was_told() {
        let mut state = fifteen();
        call(&mut state, told(9, 300), NOW);
        call(&mut state, CallOutcome::Refused(None), NOW);
        assert_eq!(state.reserve(NOW), Err(after(300)));
    }

    #[test]
    fn a_refusal_of_which_no_end_is_known_spends_a_whole_window() {
        for outcome in [CallOutcome::Refused(None), refused(50)] {
            let mut state = fifteen();
            let ticket = state.reserve(NOW).expect("left");
            state.settle(ticket, outcome, after(100));
            assert_eq!(state.reserve(after(100)), Err(after(1000)));
        }
    }

    #[test]
    fn a_clock_that_is_off_does_not_lengthen_the_wait() {
        let mut state = fifteen();
        // The server is an hour ahead; its window ends in five minutes of its time.
        let window = RateWindow::new(15, 0, after(3900), Some(after(3600)));
        call(&mut state, CallOutcome::Told(window), NOW);
        assert_eq!(state.reserve(NOW), Err(after(300)));
    }

    #[test]
    fn a_clock_that_is_set_back_begins_a_new_window() {
        let mut state = fifteen();
        call(&mut state, told(0, 90_000), after(89_500));
        assert!(state.reserve(after(89_500)).is_err());
        assert!(state.reserve(NOW).is_ok(), "no window lasts a day");
        assert_eq!((state.remaining, state.reset), (15, after(900)));
    }

    #[test]
    fn callers_whose_clocks_are_a_little_apart_share_a_window() {
        let mut state = fifteen();
        let early = state.reserve(after(5)).expect("left");
        let late = state.reserve(NOW).expect("left");
        assert_eq!((early, state.pending), (late, 2));
    }

    #[test]
    fn a_reset_in_another_century_is_not_believed() {
        let mut state = fifteen();
        call(&mut state, told(0, 4_000_000_000), NOW);
        assert_eq!(state.reserve(NOW), Err(after(900)));
    }

    proptest! {
        /// A server counts; callers reserve, call, and hear back late, out of order, or nothing.
        /// What others tell cannot be told apart from before a lost call and after it, so each
        /// one may cost a refusal.
        #[test]
        fn callers_who_share_it_meet_no_more_429s_than_answers_are_lost(
            order in prop::collection::vec((0..4_usize, any::<bool>()), 1..60),
        ) {
            let mut state = WindowState::unknown(RateLimit::per_window(5));
            let (mut served, mut lost) = (0, 0);
            let mut answers = Vec::new();
            for (pick, is_lost) in order {
                let ticket = if pick > 0 { state.reserve(NOW).ok() } else { None };
                if let Some(ticket) = ticket {
                    served += 1;
                    prop_assert!(served <= 5 + lost, "the server would have refused");
                    let left = 5_u32.saturating_sub(served);
                    answers.push((ticket, RateWindow::new(5, left, after(900), None)));
                } else if !answers.is_empty() {
                    let (ticket, answer) = answers.remove(pick % answers.len());
                    lost += u32::from(is_lost);
                    let told = CallOutcome::Told(answer);
                    let outcome = if is_lost { CallOutcome::Untold } else { told };
                    state.settle(ticket, outcome, NOW);
                }
            }
        }

        #[test]
        fn a_spent_window_ends(limit in 1..50_u32, now in 0..10_000_i64) {
            let mut state = WindowState::unknown(RateLimit::per_window(limit));
            for _ in 0..limit {
                prop_assert!(state.reserve(after(now)).is_ok());
            }
            let until = state.reserve(after(now)).expect_err("spent");
            prop_assert!(state.reserve(until).is_ok());
        }
    }
}
