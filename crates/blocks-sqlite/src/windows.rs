//! The rate windows.

use async_trait::async_trait;
use blocks_domain::{Allowance, CallOutcome, Endpoint, RateLimit, Ticket, UserId, WindowState};
use blocks_ports::{Reservation, StoreError, WindowStore};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::SqliteStore;
use crate::column::{Id, Number, Time};
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
            with_window(tx, user, endpoint, |window| window.reserve(now)).map(Reservation::from)
        })
        .await
    }

    async fn settle(
        &self,
        user: UserId,
        endpoint: Endpoint,
        ticket: Ticket,
        outcome: CallOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            with_window(tx, user, endpoint, |window| window.settle(ticket, outcome, now))
        })
        .await
    }

    async fn allowance(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Allowance, StoreError> {
        self.read(move |tx| Ok(window(tx, user, endpoint)?.allowance(now))).await
    }
}

/// The window of a user at an endpoint.
fn window(tx: &Transaction<'_>, user: UserId, endpoint: Endpoint) -> Result<WindowState, Fault> {
    let kept = tx
        .prepare_cached(
            "SELECT requests, remaining, reset_at, told, pending, number FROM rate_window
             WHERE user = ? AND endpoint = ?",
        )?
        .query_row(params![Id(user), endpoint.to_string()], |row| {
            let limit = RateLimit::per_window(row.get(0)?);
            let Time(reset) = row.get(2)?;
            let Number(number) = row.get(5)?;
            let (told, pending) = (row.get(3)?, row.get(4)?);
            Ok(WindowState::restored(limit, row.get(1)?, reset, told, pending, number))
        })
        .optional()?;
    Ok(kept.unwrap_or_else(|| WindowState::unknown(endpoint.spec().limit)))
}

/// Changes the window of a user at an endpoint.
fn with_window<T>(
    tx: &Transaction<'_>,
    user: UserId,
    endpoint: Endpoint,
    change: impl FnOnce(&mut WindowState) -> T,
) -> Result<T, Fault> {
    let mut window = window(tx, user, endpoint)?;
    let answer = change(&mut window);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO rate_window
         (user, endpoint, requests, remaining, reset_at, told, pending, number)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        Id(user),
        endpoint.to_string(),
        window.limit.requests().get(),
        window.remaining,
        Time(window.reset),
        window.told,
        window.pending,
        Number(window.number),
    ])?;
    Ok(answer)
}
