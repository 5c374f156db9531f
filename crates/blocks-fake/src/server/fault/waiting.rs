//! The faults that wait, and which of them strikes a call.

use blocks_domain::Endpoint;
use jiff::Timestamp;

use super::{Fault, FaultKind, Place};
use crate::world::Dice;

/// The faults that wait for a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
    /// How many were added so far.
    added: u32,
}

/// A fault, with its own chance.
#[derive(Debug, Clone)]
struct Waiting {
    fault: Fault,
    dice: Dice,
}

/// What decides which fault a call meets.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Met {
    place: Place,
    has_page_token: bool,
    now: Timestamp,
}

impl Met {
    /// A call of the API.
    pub(in crate::server) const fn call(
        endpoint: Endpoint,
        has_page_token: bool,
        now: Timestamp,
    ) -> Self {
        Self { place: Place::Call(endpoint), has_page_token, now }
    }

    /// A call of the token endpoint.
    pub(in crate::server) const fn token_endpoint(now: Timestamp) -> Self {
        Self { place: Place::TokenEndpoint, has_page_token: false, now }
    }
}

impl Faults {
    /// Lets a fault wait; what chance decides of it follows from the seed and its place in line.
    pub(super) fn add(&mut self, fault: Fault, seed: u64) {
        let dice = Dice::of(seed, "fault", self.added);
        self.added += 1;
        self.waiting.push(Waiting { fault, dice });
    }

    pub(super) fn waiting(&self) -> Vec<Fault> {
        self.waiting.iter().map(|waiting| waiting.fault.clone()).collect()
    }

    /// What a call meets: the first fault that strikes it.
    ///
    /// A fault counts the calls that come as far as itself.
    pub(in crate::server) fn take(&mut self, met: &Met) -> Option<FaultKind> {
        let at = self.waiting.iter_mut().position(|waiting| waiting.strikes(met))?;
        let fault = &mut self.waiting[at].fault;
        let kind = fault.kind.clone();
        if fault.times == Some(0) {
            self.waiting.remove(at);
        }
        Some(kind)
    }
}

impl Waiting {
    /// Whether a call meets the fault; counts the call.
    fn strikes(&mut self, met: &Met) -> bool {
        let most = self.fault.most();
        if most == Some(0) || !self.fault.fits(met) {
            return false;
        }
        if let Some(before) = self.fault.after.checked_sub(1) {
            self.fault.after = before;
            return false;
        }
        let strikes = match self.fault.probability {
            None => true,
            Some(probability) => self.dice.fraction() < probability,
        };
        if strikes {
            self.fault.times = most.map(|times| times - 1);
        }
        strikes
    }
}

impl Fault {
    fn fits(&self, met: &Met) -> bool {
        let is_here = match self.place {
            Place::Anywhere => met.place != Place::TokenEndpoint,
            place => place == met.place,
        };
        let has_page = !self.kind.is_of_pages() || met.place == Place::Call(Endpoint::GetBlocking);
        let has_token = met.has_page_token || self.kind != FaultKind::RepeatedToken;
        let has_begun = self.from.is_none_or(|from| from <= met.now);
        let has_ended = self.until.is_some_and(|until| until <= met.now);
        is_here && has_page && has_token && has_begun && !has_ended
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn call(endpoint: Endpoint) -> Met {
        Met::call(endpoint, false, NOW)
    }

    fn next_page() -> Met {
        Met::call(Endpoint::GetBlocking, true, NOW)
    }

    fn faults(seed: u64, all: impl IntoIterator<Item = Fault>) -> Faults {
        let mut faults = Faults::default();
        all.into_iter().for_each(|fault| faults.add(fault, seed));
        faults
    }

    #[test]
    fn a_fault_waits_for_a_call_that_fits() {
        let reset = Fault::new(FaultKind::Reset).at(Endpoint::GetMe).after(1).times(2);
        let mut faults = faults(7, [reset, Fault::new(FaultKind::RepeatedToken)]);
        assert_eq!(faults.take(&call(Endpoint::GetBlocking)), None);
        assert_eq!(faults.take(&call(Endpoint::GetMe)), None, "one goes well first");
        assert_eq!(faults.take(&call(Endpoint::GetMe)), Some(FaultKind::Reset));
        assert_eq!(faults.take(&next_page()), Some(FaultKind::RepeatedToken));
        assert_eq!(faults.take(&call(Endpoint::GetMe)), Some(FaultKind::Reset));
        assert_eq!(faults.take(&call(Endpoint::GetMe)), None);
        assert_eq!(faults.waiting(), [], "what is spent waits no longer");
    }

    #[test]
    fn the_token_endpoint_is_none_of_the_calls() {
        let everywhere = Fault::new(FaultKind::Reset);
        let there = Fault::new(FaultKind::MalformedJson).at_token_endpoint();
        let mut faults = faults(7, [everywhere, there]);
        let token = Met::token_endpoint(NOW);
        assert_eq!(faults.take(&token), Some(FaultKind::MalformedJson));
        assert_eq!(faults.take(&token), None);
        assert_eq!(faults.take(&next_page()), Some(FaultKind::Reset));
    }

    #[test]
    fn a_fault_of_pages_waits_for_a_page() {
        let mut faults = faults(7, [Fault::new(FaultKind::EmptyPage)]);
        assert_eq!(faults.take(&call(Endpoint::GetMe)), None);
        assert_eq!(faults.take(&call(Endpoint::GetBlocking)), Some(FaultKind::EmptyPage));
    }

    #[test]
    fn a_fault_lasts_from_one_moment_to_another() {
        let second = |second| NOW + SignedDuration::from_secs(second);
        let fault = Fault::new(FaultKind::Reset).from(second(10)).until(second(20));
        let mut faults = faults(7, [fault]);
        let mut strikes =
            |at| faults.take(&Met::call(Endpoint::GetMe, false, second(at))).is_some();
        assert_eq!([9, 10, 19, 20].map(&mut strikes), [false, true, true, false]);
    }

    #[test]
    fn the_same_seed_and_the_same_calls_meet_the_same_faults() {
        let run = |seed| {
            let fault = |kind| Fault::new(kind).with_probability(0.3);
            let mut faults = faults(seed, [fault(FaultKind::Reset), fault(FaultKind::EmptyPage)]);
            (0..400).map(|_| faults.take(&next_page())).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let of = |kind| run(7).iter().filter(|met| met.as_ref() == Some(&kind)).count();
        assert!((90..150).contains(&of(FaultKind::Reset)), "about 120 of 400");
        assert!((60..110).contains(&of(FaultKind::EmptyPage)), "about 84 of the others");
    }

    #[test]
    fn a_probability_can_be_bounded_by_a_count_and_be_certain_or_none() {
        let certain = Fault::new(FaultKind::Reset).with_probability(1.0).times(2);
        let never = Fault::new(FaultKind::EmptyPage).with_probability(0.0);
        let none = Fault::new(FaultKind::MalformedJson).times(0);
        let mut faults = faults(7, [never, none, certain]);
        let met: Vec<_> = (0..4).map(|_| faults.take(&next_page())).collect();
        assert_eq!(met, [Some(FaultKind::Reset), Some(FaultKind::Reset), None, None]);
    }
}
