//! Trying again what may work the next time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use blocks_domain::{BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, UserId};
use blocks_ports::{ApiError, BlocksApi, Clock, Reply};

/// Sends a call again after trouble that may pass: 5xx, a cut connection, no answer in time, an
/// answer that makes no sense.
///
/// Blocking and unblocking are idempotent, so they are sent again like reading. A spent window is
/// not this wrapper's business but that of [`Paced`](crate::Paced).
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
        loop {
            let error = match call().await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let passing = error.kind().is_retryable() && error.kind() != Failure::RateLimited;
            let Some(wait) = waits.next().filter(|_| passing) else { return Err(error) };
            tracing::debug!(%error, ?wait, "trying again");
            self.retries.fetch_add(1, Ordering::Relaxed);
            let until = self.clock.now().saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
            self.clock.sleep_until(until).await;
        }
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
