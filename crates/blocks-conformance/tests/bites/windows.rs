//! Window stores, each with one fault.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::window_store::{WindowStoreHarness, rules};
use blocks_domain::{Allowance, CallOutcome, Endpoint, RateLimit, RateWindow, Ticket, UserId};
use blocks_fake::stores::MemoryWindowStore;
use blocks_ports::{Reservation, StoreError, WindowStore};
use jiff::Timestamp;

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    AssumesTen,
    WindowsSlide,
    TimeStandsStill,
    IgnoresTheServer,
    IsDeafToStragglers,
    KeepsThePublishedLimit,
    TrustsTheLocalClock,
    ForgetsCallsOnTheirWay,
    CountsAnswersTwice,
    TakesAnyTicketForTheLast,
    TakesSilenceForNoCall,
    WaitsForThoseWhoTellNothing,
    CountsWhatWasNotCounted,
    TakesRefusalsForAnswers,
    TakesRefusalsForWholeWindows,
    IgnoresRefusalsWithoutAnEnd,
    TakesOverEndedWindows,
    KnowsOnlyTheLastAnswer,
    TimeOnlyRunsForward,
    TheAllowanceIsAlwaysFull,
    LookingReserves,
    OneWindowForAllUsers,
    OneWindowForAllEndpoints,
    OneStorageAHandle,
    ReservationsAreNotAtomic,
    ForgetsOnReopening,
}

const FAULTS: &[(&str, Fault)] = &[
    ("the_published_limit_is_assumed", Fault::AssumesTen),
    ("an_assumed_window_lasts_15_minutes_from_the_first_reservation", Fault::WindowsSlide),
    ("a_new_window_is_assumed_when_one_has_ended", Fault::TimeStandsStill),
    ("what_the_server_tells_overrides_what_was_assumed", Fault::IgnoresTheServer),
    ("what_a_late_answer_tells_of_the_present_window_counts", Fault::IsDeafToStragglers),
    ("a_limit_that_the_server_tells_is_kept", Fault::KeepsThePublishedLimit),
    ("the_end_of_a_window_is_told_by_the_servers_clock", Fault::TrustsTheLocalClock),
    ("calls_not_yet_answered_stay_counted", Fault::ForgetsCallsOnTheirWay),
    ("an_answer_ends_one_reservation", Fault::CountsAnswersTwice),
    ("a_late_answer_ends_no_reservation_of_the_present_window", Fault::TakesAnyTicketForTheLast),
    ("a_call_that_tells_nothing_counts_as_made", Fault::TakesSilenceForNoCall),
    ("a_call_that_tells_nothing_ends_its_reservation", Fault::WaitsForThoseWhoTellNothing),
    ("a_call_that_was_not_counted_is_given_back", Fault::CountsWhatWasNotCounted),
    ("a_refusal_is_obeyed_until_the_end_it_tells", Fault::TakesRefusalsForAnswers),
    ("a_refusal_without_an_end_lasts_until_the_known_one", Fault::TakesRefusalsForWholeWindows),
    ("a_refusal_of_which_no_end_is_known_lasts_15_minutes", Fault::IgnoresRefusalsWithoutAnEnd),
    ("a_window_that_has_ended_is_not_taken_over", Fault::TakesOverEndedWindows),
    ("a_window_that_ends_before_the_known_one_is_not_taken_over", Fault::KnowsOnlyTheLastAnswer),
    ("an_end_that_no_window_can_have_is_not_believed", Fault::TimeOnlyRunsForward),
    ("the_allowance_is_what_would_be_granted", Fault::TheAllowanceIsAlwaysFull),
    ("looking_at_the_allowance_changes_nothing", Fault::LookingReserves),
    ("users_do_not_touch_each_other", Fault::OneWindowForAllUsers),
    ("endpoints_do_not_touch_each_other", Fault::OneWindowForAllEndpoints),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("many_at_once_are_granted_no_more_than_there_is", Fault::ReservationsAreNotAtomic),
    ("windows_outlast_reopening", Fault::ForgetsOnReopening),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/window_store.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    windows: Shared<MemoryWindowStore>,
    notes: Shared<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    reserved: HashSet<(UserId, Endpoint)>,
    granted: HashMap<UserId, u32>,
    times: BTreeSet<Timestamp>,
    last: Option<Ticket>,
}

faulty_store!(WindowStoreHarness, WindowStore);

impl Store {
    fn inner(&self) -> MemoryWindowStore {
        self.storage.windows.with(|windows| windows.clone())
    }

    fn slot(&self, user: UserId, endpoint: Endpoint) -> (UserId, Endpoint) {
        match self.fault {
            Some(Fault::OneWindowForAllUsers) => ("1".parse().expect("an id"), endpoint),
            Some(Fault::OneWindowForAllEndpoints) => (user, Endpoint::GetBlocking),
            _ => (user, endpoint),
        }
    }

    /// The time of a reservation as the fault has it.
    fn time(&self, now: Timestamp) -> Timestamp {
        self.storage.notes.with(|notes| {
            notes.times.insert(now);
            let told = match self.fault {
                Some(Fault::TimeStandsStill) => notes.times.first(),
                Some(Fault::TimeOnlyRunsForward) => notes.times.last(),
                _ => None,
            };
            told.copied().unwrap_or(now)
        })
    }

    /// Whether nobody has reserved for so long that the window has ended.
    fn is_late(&self, now: Timestamp) -> bool {
        let last = self.storage.notes.with(|notes| notes.times.last().copied());
        last.is_some_and(|last| now >= last + RateLimit::WINDOW)
    }

    /// The window as the fault has it.
    fn heard(&self, window: RateWindow, now: Timestamp) -> RateWindow {
        let limit = window.limit().requests().get();
        let (left, reset, server) = (window.remaining(), window.reset(), window.server_now());
        match self.fault {
            Some(Fault::KeepsThePublishedLimit) => RateWindow::new(15, left, reset, server),
            Some(Fault::TrustsTheLocalClock) => RateWindow::new(limit, left, reset, None),
            Some(Fault::TakesOverEndedWindows) if reset <= now => {
                RateWindow::new(limit, left, now + RateLimit::WINDOW, None)
            }
            _ => window,
        }
    }

    /// What came of a call as the fault has it; `None` is nothing at all.
    fn understood(&self, outcome: CallOutcome, now: Timestamp) -> Option<CallOutcome> {
        let Some(fault) = self.fault else { return Some(outcome) };
        Some(match (outcome, fault) {
            (_, Fault::IsDeafToStragglers) if self.is_late(now) => return None,
            (CallOutcome::Told(_), Fault::IgnoresTheServer) => CallOutcome::Untold,
            (CallOutcome::Told(window), _) => CallOutcome::Told(self.heard(window, now)),
            (CallOutcome::Untold, Fault::TakesSilenceForNoCall) => CallOutcome::Uncounted,
            (CallOutcome::Untold, Fault::WaitsForThoseWhoTellNothing) => return None,
            (CallOutcome::Uncounted, Fault::CountsWhatWasNotCounted) => CallOutcome::Untold,
            (CallOutcome::Refused(Some(window)), Fault::TakesRefusalsForAnswers) => {
                CallOutcome::Told(window)
            }
            (CallOutcome::Refused(None), Fault::TakesRefusalsForWholeWindows) => {
                let whole = RateWindow::new(15, 0, now + RateLimit::WINDOW, None);
                CallOutcome::Refused(Some(whole))
            }
            (CallOutcome::Refused(None), Fault::IgnoresRefusalsWithoutAnEnd) => CallOutcome::Untold,
            _ => outcome,
        })
    }
}

#[async_trait]
impl WindowStore for Store {
    async fn reserve(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let (user, endpoint) = self.slot(user, endpoint);
        let first = self.storage.notes.with(|notes| notes.reserved.insert((user, endpoint)));
        let now = self.time(now);
        if self.has(Fault::AssumesTen) && first {
            for _ in 0..5 {
                self.inner().reserve(user, endpoint, now).await?;
            }
        }
        if self.has(Fault::ReservationsAreNotAtomic) {
            let granted = self.storage.notes.with(|notes| notes.granted.get(&user).copied());
            let granted = granted.unwrap_or_default();
            dawdle().await;
            self.storage.notes.with(|notes| notes.granted.insert(user, granted + 1));
            let left = granted < endpoint.spec().limit.requests().get();
            let ticket = Ticket::of_window(1);
            return Ok(if left { Ok(ticket) } else { Err(now + RateLimit::WINDOW) }.into());
        }
        match self.inner().reserve(user, endpoint, now).await? {
            Reservation::Granted(ticket) => {
                self.storage.notes.with(|notes| notes.last = Some(ticket));
                Ok(Reservation::Granted(ticket))
            }
            _ if self.has(Fault::WindowsSlide) => {
                Ok(Reservation::Wait { until: now + RateLimit::WINDOW })
            }
            spent => Ok(spent),
        }
    }

    async fn settle(
        &self,
        user: UserId,
        endpoint: Endpoint,
        ticket: Ticket,
        outcome: CallOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, endpoint) = self.slot(user, endpoint);
        if self.has(Fault::KnowsOnlyTheLastAnswer) {
            self.storage.windows.with(|windows| *windows = MemoryWindowStore::default());
        }
        let last = self.storage.notes.with(|notes| notes.last);
        let ticket = match last {
            Some(last) if self.has(Fault::TakesAnyTicketForTheLast) => last,
            _ => ticket,
        };
        let Some(outcome) = self.understood(outcome, now) else { return Ok(()) };
        let times = if self.has(Fault::ForgetsCallsOnTheirWay) { 50 } else { 1 };
        for _ in 0..times {
            self.inner().settle(user, endpoint, ticket, outcome, now).await?;
        }
        if self.has(Fault::CountsAnswersTwice) {
            self.inner().reserve(user, endpoint, now).await?;
        }
        Ok(())
    }

    async fn allowance(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Allowance, StoreError> {
        let (user, endpoint) = self.slot(user, endpoint);
        if self.has(Fault::LookingReserves) {
            self.inner().reserve(user, endpoint, now).await?;
        }
        if self.has(Fault::TheAllowanceIsAlwaysFull) {
            return Ok(endpoint.spec().limit.fresh());
        }
        self.inner().allowance(user, endpoint, now).await
    }
}
