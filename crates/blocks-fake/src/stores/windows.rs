//! Rate windows in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use blocks_domain::{Allowance, CallOutcome, Endpoint, Ticket, UserId, WindowState};
use blocks_ports::{Reservation, StoreError, WindowStore};
use jiff::Timestamp;

use super::Shared;

/// A [`WindowStore`] in memory: one [`WindowState`] for each user and endpoint.
#[derive(Debug, Clone, Default)]
pub struct MemoryWindowStore {
    windows: Shared<HashMap<(UserId, Endpoint), WindowState>>,
}

impl MemoryWindowStore {
    fn with_window<T>(
        &self,
        user: UserId,
        endpoint: Endpoint,
        change: impl FnOnce(&mut WindowState) -> T,
    ) -> T {
        let mut windows = self.windows.lock();
        let unknown = || WindowState::unknown(endpoint.spec().limit);
        change(windows.entry((user, endpoint)).or_insert_with(unknown))
    }
}

#[async_trait]
impl WindowStore for MemoryWindowStore {
    async fn reserve(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        Ok(self.with_window(user, endpoint, |window| window.reserve(now)).into())
    }

    async fn settle(
        &self,
        user: UserId,
        endpoint: Endpoint,
        ticket: Ticket,
        outcome: CallOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.with_window(user, endpoint, |window| window.settle(ticket, outcome, now));
        Ok(())
    }

    async fn allowance(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Allowance, StoreError> {
        let known = self.windows.lock().get(&(user, endpoint)).copied();
        let window = known.unwrap_or_else(|| WindowState::unknown(endpoint.spec().limit));
        Ok(window.allowance(now))
    }
}
