//! Trying again what may work the next time.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, Selection, UserId, UserReply,
    Username, UsersPage,
};
use blocks_ports::{ApiError, BlocksApi, Clock, Reply, UsersApi};

/// Sends a call again after trouble that may pass: 5xx, a cut connection, no answer in time, an
/// answer that makes no sense.
///
/// Blocking and unblocking are idempotent, so they are sent again like reading. A spent window is
/// not this wrapper's business but that of [`Paced`](crate::Paced). Where a call is not even sent
/// again, because the budget does not allow it for example, the error from before is the source.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::Ordering;
///
/// use blocks_app::{Retried, RetryPolicy};
/// use blocks_domain::{BlockingQuery, Failure, UserId};
/// use blocks_fake::stores::JumpingClock;
/// use blocks_ports::{ApiError, BlocksApi, MockBlocksApi};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut broken = MockBlocksApi::new();
/// broken.expect_blocking().times(3).returning(|_, _| Err(ApiError::new(Failure::Unavailable)));
///
/// let clock = Arc::new(JumpingClock::new(jiff::Timestamp::UNIX_EPOCH));
/// let api = Retried::new(broken, clock, RetryPolicy::at_most(2));
/// let retries = api.retries();
/// let error = api.blocking(UserId::MAX, &BlockingQuery::default()).await.unwrap_err();
/// assert_eq!((error.kind(), retries.load(Ordering::Relaxed)), (Failure::Unavailable, 2));
/// # }
/// ```
#[derive(Debug)]
pub struct Retried<A> {
    inner: A,
    clock: Arc<dyn Clock>,
    policy: RetryPolicy,
    retries: Arc<AtomicU64>,
}

/// How often and how soon to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a call is sent again at most.
    pub most: usize,
    /// The wait before the first time; it doubles each time, with jitter.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { most: 4, first: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// The default, with so many attempts after the first.
    #[must_use]
    pub fn at_most(most: usize) -> Self {
        Self { most, ..Self::default() }
    }
}

impl<A> Retried<A> {
    /// Tries again what `inner` fails at.
    pub fn new(inner: A, clock: Arc<dyn Clock>, policy: RetryPolicy) -> Self {
        Self { inner, clock, policy, retries: Arc::default() }
    }

    /// Counts the calls sent again in a counter that others count in as well.
    #[must_use]
    pub fn counting_in(self, retries: Arc<AtomicU64>) -> Self {
        Self { retries, ..self }
    }

    /// The number of calls sent again so far, as a counter that goes on counting.
    #[must_use]
    pub fn retries(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.retries)
    }

    async fn retried<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> Result<Reply<T>, ApiError>
    where
        F: Future<Output = Result<Reply<T>, ApiError>> + Send,
    {
        let mut waits = ExponentialBuilder::new()
            .with_min_delay(self.policy.first)
            .with_max_delay(self.policy.longest)
            .with_max_times(self.policy.most)
            .with_jitter()
            .build();
        let mut earlier = None;
        loop {
            let error = match call().await {
                Ok(reply) => return Ok(reply),
                Err(error) => after(earlier, error),
            };
            let passing = error.kind().is_retryable() && error.kind() != Failure::RateLimited;
            let Some(wait) = waits.next().filter(|_| passing) else { return Err(error) };
            // Jitter is added to a wait that has its longest already.
            let wait = wait.min(self.policy.longest);
            tracing::debug!(%error, ?wait, "trying again");
            self.retries.fetch_add(1, Ordering::Relaxed);
            let until = self.clock.now().saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
            self.clock.sleep_until(until).await;
            earlier = Some(error);
        }
    }
}

/// The error of a repeated call; the one before it is its cause where the call was not sent again.
fn after(earlier: Option<ApiError>, error: ApiError) -> ApiError {
    match earlier {
        Some(earlier) if !error.was_sent() && error.source().is_none() => {
            error.with_source(earlier)
        }
        _ => error,
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Retried<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.retried(|| self.inner.blocking(source, query)).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.retried(|| self.inner.block(pair)).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.retried(|| self.inner.unblock(pair)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi> UsersApi for Retried<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        self.retried(|| self.inner.me(selection)).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.retried(|| self.inner.by_usernames(usernames, selection)).await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.retried(|| self.inner.by_ids(ids, selection)).await
    }
}
