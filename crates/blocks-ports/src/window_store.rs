//! The rate windows of the accounts, shared by all who call for them.

use std::fmt;

use async_trait::async_trait;
use blocks_domain::{Endpoint, RateWindow, UserId};
use jiff::Timestamp;

use crate::StoreError;

/// Keeps how much of each rate window is spent.
///
/// Windows are counted for each user and endpoint. Every process that calls for a user reserves
/// here before it calls, so that they do not surprise each other.
///
/// # Contract
/// - Of a window that nobody has told of, the published limit of the endpoint is assumed, from
///   the first reservation on, for 15 minutes.
/// - `reserve` is `Granted` as often as the window has calls left, however many ask at once, and
///   then `Wait` until the window ends; from then on a new window is assumed.
/// - What the server tells (`observe`) overrides what was assumed. Calls that are reserved and
///   not yet answered stay counted. A window that has ended, or that ends before the one that is
///   known, is not taken over.
/// - Users and endpoints do not touch each other. All of this holds between any number of handles
///   and processes on one storage.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WindowStore: fmt::Debug + Send + Sync + 'static {
    /// Asks for one call.
    async fn reserve(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Reservation, StoreError>;

    /// Takes over what an answer told of the window; it also ends one reservation.
    async fn observe(
        &self,
        user: UserId,
        endpoint: Endpoint,
        window: &RateWindow,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reservation {
    /// One call may be made now.
    Granted,
    /// The window is spent.
    Wait {
        /// When the next one begins, by the local clock.
        until: Timestamp,
    },
}
