//! Calling no more often than X allows.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, CallOutcome, Endpoint, Failure, RateLimit,
    RateWindow, Selection, Ticket, UserId, UserReply, Username, UsersPage,
};
use blocks_ports::{
    ApiError, BlocksApi, Clock, Reply, Reservation, StoreError, UsersApi, WindowStore,
};
use jiff::Timestamp;

/// Waits for the rate window where a call would be refused, and obeys a 429 that comes all the
/// same.
///
/// The windows are kept in a [`WindowStore`], so that all who call for one user share them. How
/// long to wait is reckoned in the server's time, and every wait goes through the [`Clock`]. A
/// store that fails stops a call before it is made, and never takes away an answer. A call that
/// is cancelled counts as made until its window ends.
///
/// Calls about blocks count for the user they name. Lookups count for the user of
/// [`for_user`](Self::for_user); as long as that one is not known, they go out at once.
///
/// ```
/// use std::sync::Arc;
///
/// use blocks_app::{Paced, WhenSpent};
/// use blocks_domain::{BlockingPage, BlockingQuery, Meta, UserId};
/// use blocks_fake::stores::{JumpingClock, MemoryWindowStore};
/// use blocks_ports::{ApiError, BlocksApi, Clock, MockBlocksApi, Reply};
/// use jiff::{SignedDuration, Timestamp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ApiError> {
/// let mut server = MockBlocksApi::new();
/// server
///     .expect_blocking()
///     .returning(|_, _| Ok(Reply::new(BlockingPage::new(Vec::new(), Meta::new(0)))));
///
/// let begun = Timestamp::UNIX_EPOCH;
/// let (windows, clock) = (MemoryWindowStore::default(), Arc::new(JumpingClock::new(begun)));
/// let api = Paced::new(server, Arc::new(windows), clock.clone(), WhenSpent::Wait);
/// for _ in 0..15 {
///     api.blocking(UserId::MAX, &BlockingQuery::default()).await?;
/// }
/// assert_eq!(clock.now(), begun, "a window takes fifteen calls at once");
/// api.blocking(UserId::MAX, &BlockingQuery::default()).await?;
/// assert_eq!(clock.now(), begun + SignedDuration::from_mins(15));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Paced<A> {
    inner: A,
    windows: Arc<dyn WindowStore>,
    clock: Arc<dyn Clock>,
    when_spent: WhenSpent,
    user: Option<UserId>,
}

/// What to do when a window is spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenSpent {
    /// Wait until it ends.
    #[default]
    Wait,
    /// Fail with [`Failure::RateLimited`].
    Fail,
}

impl<A> Paced<A> {
    /// How often one call is sent again after a 429 before the error is passed on.
    const OBEYED: u32 = 3;

    /// Paces `inner`.
    pub fn new(
        inner: A,
        windows: Arc<dyn WindowStore>,
        clock: Arc<dyn Clock>,
        when_spent: WhenSpent,
    ) -> Self {
        Self { inner, windows, clock, when_spent, user: None }
    }

    /// Counts lookups for this user, the one who is signed in.
    #[must_use]
    pub fn for_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Sends a call when the window allows it, and again when the server says to wait.
    async fn paced<T, F>(
        &self,
        user: Option<UserId>,
        endpoint: Endpoint,
        call: impl Fn() -> F + Send + Sync,
    ) -> Result<Reply<T>, ApiError>
    where
        F: Future<Output = Result<Reply<T>, ApiError>> + Send,
    {
        let mut refusals = 0;
        loop {
            let turn = match user {
                Some(user) => Some(self.turn(user, endpoint).await?),
                None => None,
            };
            let result = call().await;
            let now = self.clock.now();
            let outcome = outcome_of(&result);
            let is_kept = match &turn {
                Some(turn) => self.settle(turn, outcome, now).await,
                None => false,
            };
            let CallOutcome::Refused(told) = outcome else { return result };
            refusals += 1;
            if refusals > Self::OBEYED || self.when_spent == WhenSpent::Fail {
                return result;
            }
            // A store that has kept the refusal knows how long to wait where nothing was told.
            let told = told.and_then(|window| window.end_here(now));
            let whole = (!is_kept).then(|| now.saturating_add(RateLimit::WINDOW));
            if let Some(until) = told.or(whole.map(|end| end.unwrap_or(Timestamp::MAX))) {
                self.clock.sleep_until(until).await;
            }
        }
    }

    /// Reserves a call, and waits for it as long as the window is spent.
    async fn turn(&self, user: UserId, endpoint: Endpoint) -> Result<Turn, ApiError> {
        loop {
            let now = self.clock.now();
            match self.windows.reserve(user, endpoint, now).await.map_err(store_failed)? {
                Reservation::Granted(ticket) => return Ok(Turn { user, endpoint, ticket }),
                Reservation::Wait { until } if self.when_spent == WhenSpent::Wait => {
                    self.clock.sleep_until(until).await;
                }
                Reservation::Wait { until } => return Err(spent(endpoint, until, now)),
                _ => return Err(ApiError::new(Failure::Unsupported).not_sent()),
            }
        }
    }

    /// Tells the store what came of a call; answers whether the store has kept it.
    async fn settle(&self, turn: &Turn, outcome: CallOutcome, now: Timestamp) -> bool {
        let Turn { user, endpoint, ticket } = *turn;
        let settled = self.windows.settle(user, endpoint, ticket, outcome, now).await;
        if let Err(error) = &settled {
            tracing::warn!(%error, "the rate window could not be kept");
        }
        settled.is_ok()
    }
}

/// A call that may be made.
#[derive(Debug)]
struct Turn {
    user: UserId,
    endpoint: Endpoint,
    ticket: Ticket,
}

/// What an answer, or the lack of one, means for the window.
fn outcome_of<T>(result: &Result<Reply<T>, ApiError>) -> CallOutcome {
    let error = match result {
        Ok(reply) => return reply.meta.rate.map_or(CallOutcome::Untold, CallOutcome::Told),
        Err(error) => error,
    };
    match (error.kind(), error.rate()) {
        _ if !error.was_sent() => CallOutcome::Uncounted,
        (Failure::RateLimited, told) => CallOutcome::Refused(told.copied()),
        (_, Some(told)) => CallOutcome::Told(*told),
        // Whoever is not known has no window, and an error without rate headers comes from in
        // front of the servers that count.
        (Failure::Unauthenticated | Failure::Unavailable, None) => CallOutcome::Uncounted,
        _ => CallOutcome::Untold,
    }
}

/// The error that says when the next window begins.
fn spent(endpoint: Endpoint, until: Timestamp, now: Timestamp) -> ApiError {
    let limit = endpoint.spec().limit.requests().get();
    ApiError::new(Failure::RateLimited)
        .with_detail(format!("the next window begins at {until:.0}"))
        .with_rate(Some(RateWindow::new(limit, 0, until, Some(now))))
        .not_sent()
}

fn store_failed(error: StoreError) -> ApiError {
    ApiError::new(Failure::Backend)
        .with_detail("the store of the rate windows failed")
        .with_source(error)
        .not_sent()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Paced<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.paced(Some(source), Endpoint::GetBlocking, || self.inner.blocking(source, query)).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.paced(Some(pair.source()), Endpoint::PostBlocking, || self.inner.block(pair)).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.paced(Some(pair.source()), Endpoint::DeleteBlocking, || self.inner.unblock(pair)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi> UsersApi for Paced<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        self.paced(self.user, Endpoint::GetMe, || self.inner.me(selection)).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let call = || self.inner.by_usernames(usernames, selection);
        self.paced(self.user, Endpoint::GetUsersBy, call).await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.paced(self.user, Endpoint::GetUsers, || self.inner.by_ids(ids, selection)).await
    }
}
