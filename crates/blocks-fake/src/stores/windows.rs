//! Rate windows in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use blocks_domain::{Endpoint, RateWindow, UserId, WindowState};
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
        now: Timestamp,
        f: impl FnOnce(&mut WindowState) -> T,
    ) -> T {
        let mut windows = self.windows.lock();
        let assumed = || WindowState::assumed(endpoint.spec().limit, now);
        f(windows.entry((user, endpoint)).or_insert_with(assumed))
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
        Ok(match self.with_window(user, endpoint, now, |window| window.reserve(now)) {
            Ok(()) => Reservation::Granted,
            Err(until) => Reservation::Wait { until },
        })
    }

    async fn observe(
        &self,
        user: UserId,
        endpoint: Endpoint,
        window: &RateWindow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.with_window(user, endpoint, now, |state| state.observe(window, now));
        Ok(())
    }
}
