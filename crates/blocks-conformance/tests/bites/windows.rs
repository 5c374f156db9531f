//! Window stores, each with one fault.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::window_store::{WindowStoreHarness, rules};
use blocks_domain::{Endpoint, RateLimit, RateWindow, UserId};
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
    HearsOnlyWhatWasReserved,
    KeepsThePublishedLimit,
    TrustsTheLocalClock,
    ForgetsCallsOnTheirWay,
    CountsAnswersTwice,
    TakesOverEndedWindows,
    KnowsOnlyTheLastAnswer,
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
    ("what_the_server_tells_before_any_reservation_counts", Fault::HearsOnlyWhatWasReserved),
    ("a_limit_that_the_server_tells_is_kept", Fault::KeepsThePublishedLimit),
    ("the_end_of_a_window_is_told_by_the_servers_clock", Fault::TrustsTheLocalClock),
    ("calls_not_yet_answered_stay_counted", Fault::ForgetsCallsOnTheirWay),
    ("an_answer_ends_one_reservation", Fault::CountsAnswersTwice),
    ("a_window_that_has_ended_is_not_taken_over", Fault::TakesOverEndedWindows),
    ("a_window_that_ends_before_the_known_one_is_not_taken_over", Fault::KnowsOnlyTheLastAnswer),
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
    beginning: Option<Timestamp>,
}

#[derive(Debug)]
struct Store {
    storage: Storage,
    fault: Option<Fault>,
}

impl WindowStoreHarness for Broken<Storage, Fault> {
    const DURABLE: bool = true;

    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn handle(&self) -> Arc<dyn WindowStore> {
        let apart = self.fault == Some(Fault::OneStorageAHandle);
        let storage = if apart { Storage::default() } else { self.store.clone() };
        Arc::new(Store { storage, fault: self.fault })
    }

    async fn reopen(mut self) -> Self {
        if self.fault == Some(Fault::ForgetsOnReopening) {
            self.store = Storage::default();
        }
        self
    }
}

impl Store {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

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
        let beginning = self.storage.notes.with(|notes| *notes.beginning.get_or_insert(now));
        if self.has(Fault::AssumesTen) && first {
            let ten = RateWindow::new(10, 10, now + RateLimit::WINDOW, None);
            self.inner().observe(user, endpoint, &ten, now).await?;
        }
        if self.has(Fault::ReservationsAreNotAtomic) {
            let granted = self.storage.notes.with(|notes| notes.granted.get(&user).copied());
            let granted = granted.unwrap_or_default();
            dawdle().await;
            self.storage.notes.with(|notes| notes.granted.insert(user, granted + 1));
            let until = now + RateLimit::WINDOW;
            let left = granted < endpoint.spec().limit.requests().get();
            return Ok(if left { Reservation::Granted } else { Reservation::Wait { until } });
        }
        let now = if self.has(Fault::TimeStandsStill) { beginning } else { now };
        let answer = self.inner().reserve(user, endpoint, now).await?;
        if self.has(Fault::WindowsSlide) && answer != Reservation::Granted {
            return Ok(Reservation::Wait { until: now + RateLimit::WINDOW });
        }
        Ok(answer)
    }

    async fn observe(
        &self,
        user: UserId,
        endpoint: Endpoint,
        window: &RateWindow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (user, endpoint) = self.slot(user, endpoint);
        let reserved = self.storage.notes.with(|notes| notes.reserved.contains(&(user, endpoint)));
        let deaf = self.has(Fault::HearsOnlyWhatWasReserved) && !reserved;
        if deaf || self.has(Fault::IgnoresTheServer) {
            return Ok(());
        }
        if self.has(Fault::KnowsOnlyTheLastAnswer) {
            self.storage.windows.with(|windows| *windows = MemoryWindowStore::default());
        }
        let window = self.heard(*window, now);
        let answers = if self.has(Fault::ForgetsCallsOnTheirWay) { 50 } else { 1 };
        for _ in 0..answers {
            self.inner().observe(user, endpoint, &window, now).await?;
        }
        if self.has(Fault::CountsAnswersTwice) {
            self.inner().reserve(user, endpoint, now).await?;
        }
        Ok(())
    }
}
