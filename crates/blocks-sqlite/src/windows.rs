//! The rate windows.

use async_trait::async_trait;
use blocks_domain::{Endpoint, RateLimit, RateWindow, UserId, WindowState};
use blocks_ports::{Reservation, StoreError, WindowStore};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::SqliteStore;
use crate::column::{Id, Time};
use crate::error::Fault;

#[async_trait]
impl WindowStore for SqliteStore {
    async fn reserve(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        self.write(move |tx| {
            Ok(match with_window(tx, user, endpoint, now, |window| window.reserve(now))? {
                Ok(()) => Reservation::Granted,
                Err(until) => Reservation::Wait { until },
            })
        })
        .await
    }

    async fn observe(
        &self,
        user: UserId,
        endpoint: Endpoint,
        window: &RateWindow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let told = *window;
        self.write(move |tx| {
            with_window(tx, user, endpoint, now, |window| window.observe(&told, now))
        })
        .await
    }
}

/// Changes the window of a user at an endpoint; one that nobody has told of is assumed.
fn with_window<T>(
    tx: &Transaction<'_>,
    user: UserId,
    endpoint: Endpoint,
    now: Timestamp,
    change: impl FnOnce(&mut WindowState) -> T,
) -> Result<T, Fault> {
    let endpoint_name = endpoint.to_string();
    let kept = tx
        .prepare_cached(
            "SELECT requests, remaining, reset_at, told, pending FROM rate_window
             WHERE user = ? AND endpoint = ?",
        )?
        .query_row(params![Id(user), endpoint_name], |row| {
            let limit = RateLimit::per_window(row.get(0)?);
            let Time(reset) = row.get(2)?;
            Ok(WindowState::restored(limit, row.get(1)?, reset, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let mut window = kept.unwrap_or_else(|| WindowState::assumed(endpoint.spec().limit, now));
    let answer = change(&mut window);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO rate_window
         (user, endpoint, requests, remaining, reset_at, told, pending)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        Id(user),
        endpoint_name,
        window.limit.requests().get(),
        window.remaining,
        Time(window.reset),
        window.told,
        window.pending,
    ])?;
    Ok(answer)
}
