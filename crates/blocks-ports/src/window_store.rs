//! The rate windows of the accounts, shared by all who call for them.

use std::fmt;

use async_trait::async_trait;
use blocks_domain::{Allowance, CallOutcome, Endpoint, Ticket, UserId};
use jiff::Timestamp;

use crate::StoreError;

/// Keeps how much of each rate window is spent.
///
/// Windows are counted for each user and endpoint. Every process that calls for a user reserves
/// here before it calls, and settles afterwards, so that they do not surprise each other.
/// [`WindowState`](blocks_domain::WindowState) has all the arithmetic; a store keeps it, and makes
/// each of its steps atomic.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use blocks_domain::{
///     Allowance, CallOutcome, Endpoint, RateWindow, Ticket, UserId, WindowState,
/// };
/// use blocks_ports::{Reservation, StoreError, WindowStore};
/// use futures_util::FutureExt;
/// use jiff::{SignedDuration, Timestamp};
///
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<HashMap<(UserId, Endpoint), WindowState>>);
///
/// impl InMemory {
///     fn change<T>(
///         &self,
///         user: UserId,
///         endpoint: Endpoint,
///         change: impl FnOnce(&mut WindowState) -> T,
///     ) -> T {
///         let mut windows = self.0.lock().expect("nobody panics here");
///         let unknown = || WindowState::unknown(endpoint.spec().limit);
///         change(windows.entry((user, endpoint)).or_insert_with(unknown))
///     }
/// }
///
/// #[async_trait]
/// impl WindowStore for InMemory {
///     async fn reserve(
///         &self,
///         user: UserId,
///         endpoint: Endpoint,
///         now: Timestamp,
///     ) -> Result<Reservation, StoreError> {
///         Ok(self.change(user, endpoint, |window| window.reserve(now)).into())
///     }
///
///     async fn settle(
///         &self,
///         user: UserId,
///         endpoint: Endpoint,
///         ticket: Ticket,
///         outcome: CallOutcome,
///         now: Timestamp,
///     ) -> Result<(), StoreError> {
///         self.change(user, endpoint, |window| window.settle(ticket, outcome, now));
///         Ok(())
///     }
///
///     async fn allowance(
///         &self,
///         user: UserId,
///         endpoint: Endpoint,
///         now: Timestamp,
///     ) -> Result<Allowance, StoreError> {
///         Ok(self.change(user, endpoint, |window| window.allowance(now)))
///     }
/// }
///
/// # async fn run() -> Result<(), StoreError> {
/// let windows = InMemory::default();
/// let (user, read, now) = (UserId::MAX, Endpoint::GetBlocking, Timestamp::UNIX_EPOCH);
/// let Reservation::Granted(ticket) = windows.reserve(user, read, now).await? else {
///     panic!("nobody has called yet");
/// };
///
/// // The call is made, and its answer tells that it was the last of this window.
/// let until = now + SignedDuration::from_mins(4);
/// let told = RateWindow::new(15, 0, until, None);
/// windows.settle(user, read, ticket, CallOutcome::Told(told), now).await?;
/// assert_eq!(windows.reserve(user, read, now).await?, Reservation::Wait { until });
/// # Ok(())
/// # }
/// # run().now_or_never().expect("nothing is waited for").expect("no failure");
/// ```
///
/// # Contract
/// - Of a window that nobody has told of, the published limit of the endpoint is assumed, from
///   the first reservation on, for 15 minutes.
/// - `reserve` is `Granted` as often as the window has calls left, however many ask at once, and
///   then `Wait` until the window ends; from then on a new window is assumed. An end that is
///   clearly more than 15 minutes away is not believed: the clock was set back, and a new window
///   is assumed.
/// - A reservation that is not yet settled stays counted. One that never is, because its call was
///   cancelled or its process died, counts as made until its window ends.
/// - `settle` ends the reservation of its ticket, and of no other: a ticket of an earlier window
///   leaves those of the present one alone.
/// - What the server tells overrides what was assumed. A window that has ended, or that ends
///   before the one that the server has told of, is not taken over.
/// - A call that tells nothing counts as made; one that was not counted is given back.
/// - A refusal spends the window: until the end that it tells, else until the end that was told
///   before, else for 15 minutes.
/// - `allowance` tells how many reservations would be granted now, and how long until the window is
///   full again; it reserves nothing and changes nothing.
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

    /// Ends a reservation with what came of its call.
    async fn settle(
        &self,
        user: UserId,
        endpoint: Endpoint,
        ticket: Ticket,
        outcome: CallOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Looks at the window, without asking for a call.
    async fn allowance(
        &self,
        user: UserId,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Allowance, StoreError>;
}

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reservation {
    /// One call may be made now, and is to be settled with this ticket.
    Granted(Ticket),
    /// The window is spent.
    Wait {
        /// When the next one begins, by the local clock.
        until: Timestamp,
    },
}

/// As the state answers it.
impl From<Result<Ticket, Timestamp>> for Reservation {
    fn from(answer: Result<Ticket, Timestamp>) -> Self {
        match answer {
            Ok(ticket) => Self::Granted(ticket),
            Err(until) => Self::Wait { until },
        }
    }
}
