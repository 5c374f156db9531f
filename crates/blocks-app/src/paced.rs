//! Calling no more often than X allows.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Endpoint, Failure, RateLimit, RateWindow,
    UserId,
};
use blocks_ports::{ApiError, BlocksApi, Clock, Reply, Reservation, StoreError, WindowStore};
use jiff::Timestamp;

/// Waits for the rate window where a call would be refused, and obeys a 429 that comes all the
/// same.
///
/// The windows are kept in a [`WindowStore`], so that all who call for one user share them. How
/// long to wait is reckoned in the server's time, and every wait goes through the [`Clock`].
#[derive(Debug)]
pub struct Paced<A> {
    inner: A,
    windows: Arc<dyn WindowStore>,
    clock: Arc<dyn Clock>,
    when_spent: WhenSpent,
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
        Self { inner, windows, clock, when_spent }
    }

    /// Sends a call when the window allows it, and again when the server says to wait.
    async fn paced<T, F>(
        &self,
        user: UserId,
        endpoint: Endpoint,
        call: impl Fn() -> F + Send + Sync,
    ) -> Result<Reply<T>, ApiError>
    where
        F: Future<Output = Result<Reply<T>, ApiError>> + Send,
    {
        let mut refusals = 0;
        loop {
            self.wait_for_turn(user, endpoint).await?;
            let result = call().await;
            let now = self.clock.now();
            match result {
                Ok(reply) => {
                    if let Some(window) = &reply.meta.rate {
                        self.observe(user, endpoint, window, now).await?;
                    }
                    return Ok(reply);
                }
                Err(error) if error.kind() == Failure::RateLimited => {
                    self.observe(user, endpoint, &spent(&error, endpoint, now), now).await?;
                    refusals += 1;
                    if refusals > Self::OBEYED || self.when_spent == WhenSpent::Fail {
                        return Err(error);
                    }
                }
                Err(error) => {
                    if let Some(window) = error.rate() {
                        self.observe(user, endpoint, window, now).await?;
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn wait_for_turn(&self, user: UserId, endpoint: Endpoint) -> Result<(), ApiError> {
        loop {
            let now = self.clock.now();
            match self.windows.reserve(user, endpoint, now).await.map_err(store_failed)? {
                Reservation::Wait { until } if self.when_spent == WhenSpent::Fail => {
                    let limit = endpoint.spec().limit.requests().get();
                    let window = RateWindow::new(limit, 0, until, Some(now));
                    return Err(ApiError::new(Failure::RateLimited)
                        .with_detail(format!("the next window begins at {until:.0}"))
                        .with_rate(Some(window)));
                }
                Reservation::Wait { until } => self.clock.sleep_until(until).await,
                _ => return Ok(()),
            }
        }
    }

    async fn observe(
        &self,
        user: UserId,
        endpoint: Endpoint,
        window: &RateWindow,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        self.windows.observe(user, endpoint, window, now).await.map_err(store_failed)
    }
}

/// The window that a 429 tells of; where it does not tell, a whole one is taken to be spent.
fn spent(error: &ApiError, endpoint: Endpoint, now: Timestamp) -> RateWindow {
    let told = error.rate().copied().filter(|window| window.remaining() == 0);
    told.filter(|window| !window.wait(window.server_now().unwrap_or(now)).is_zero()).unwrap_or_else(
        || {
            let reset = now.saturating_add(RateLimit::WINDOW).unwrap_or(Timestamp::MAX);
            RateWindow::new(endpoint.spec().limit.requests().get(), 0, reset, Some(now))
        },
    )
}

fn store_failed(error: StoreError) -> ApiError {
    ApiError::new(Failure::Backend)
        .with_detail("the store of the rate windows failed")
        .with_source(error)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Paced<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.paced(source, Endpoint::GetBlocking, || self.inner.blocking(source, query)).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.paced(pair.source(), Endpoint::PostBlocking, || self.inner.block(pair)).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.paced(pair.source(), Endpoint::DeleteBlocking, || self.inner.unblock(pair)).await
    }
}
