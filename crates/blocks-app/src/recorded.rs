//! Writing down what is done before it is done.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, User, UserId, Witness,
};
use blocks_ports::{
    Amendment, ApiError, BlocksApi, Clock, Ledger, MirrorJournal, OperationId, OperationKind,
    OperationOutcome, Reply, StoreError,
};

/// Enters each block and unblock in a [`Ledger`] before it is sent, and settles it with what came
/// of it; what X answers goes into the mirror at once.
///
/// It is what tells an unblock of ours from a disappearance. So nothing is sent that is not
/// written down: a ledger that fails stops the call. After an answer neither the ledger nor the
/// journal can take it away; what they fail at is told in the log. A call that is cancelled stays
/// open in the ledger, since it may have been carried out.
///
/// It goes inside [`Retried`](crate::Retried): what is sent again is an operation of its own, so
/// that a refusal does not hide an attempt before it whose answer was lost.
///
/// ```
/// use std::sync::Arc;
///
/// use blocks_app::Recorded;
/// use blocks_domain::BlockPair;
/// use blocks_fake::stores::{JumpingClock, MemoryLedger, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
/// use blocks_ports::{BlocksApi, Ledger, OperationOutcome, OperationQuery};
/// use futures_util::TryStreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::builder().build();
/// let (ledger, journal) = (MemoryLedger::default(), MemoryMirrorStore::default());
/// let clock = Arc::new(JumpingClock::new(world.now()));
/// let api = FakeApi::new(world.clone());
/// let api = Recorded::new(api, Arc::new(ledger.clone()), Arc::new(journal), clock);
///
/// api.block(BlockPair::new(world.owner(), world.stranger(0))?).await?;
/// let done = ledger.operations(world.owner(), OperationQuery::default());
/// let done: Vec<_> = done.try_collect().await?;
/// let outcome = done[0].outcome.map(|(outcome, _)| outcome);
/// assert_eq!(outcome, Some(OperationOutcome::Answered { blocking: true }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Recorded<A> {
    inner: A,
    ledger: Arc<dyn Ledger>,
    journal: Arc<dyn MirrorJournal>,
    clock: Arc<dyn Clock>,
    known: Arc<HashMap<UserId, User>>,
}

impl<A> Recorded<A> {
    /// Records what `inner` is told to do.
    pub fn new(
        inner: A,
        ledger: Arc<dyn Ledger>,
        journal: Arc<dyn MirrorJournal>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inner, ledger, journal, clock, known: Arc::default() }
    }

    /// Tells the journal what is known of these users when they are blocked or unblocked, and not
    /// their ids alone. What it says replaces the profile that the mirror has.
    #[must_use]
    pub fn knowing(mut self, users: impl IntoIterator<Item = User>) -> Self {
        self.known = Arc::new(users.into_iter().map(|user| (user.id, user)).collect());
        self
    }

    async fn recorded(
        &self,
        pair: BlockPair,
        kind: OperationKind,
        call: impl Future<Output = Result<Reply<BlockState>, ApiError>> + Send,
    ) -> Result<Reply<BlockState>, ApiError> {
        let entered = self.ledger.enter(pair, kind, self.clock.now()).await;
        let operation = entered.map_err(|error| not_entered(kind, error))?;
        let result = call.await;
        self.settle(operation, outcome_of(&result)).await;
        if let Ok(reply) = &result {
            self.amend(pair, reply.value.blocking).await;
        }
        result
    }

    async fn settle(&self, operation: OperationId, outcome: OperationOutcome) {
        if let Err(error) = self.ledger.settle(operation, outcome, self.clock.now()).await {
            tracing::warn!(%error, %operation, "what came of an operation could not be noted");
        }
    }

    async fn amend(&self, pair: BlockPair, blocking: bool) {
        let user = self.known.get(&pair.target()).cloned();
        let user = user.unwrap_or_else(|| User::new(pair.target()));
        let amendment = Amendment::new(user, blocking, Witness::Operation, self.clock.now());
        if let Err(error) = self.journal.amend(pair.source(), &amendment).await {
            tracing::warn!(%error, "an operation was done, and the mirror does not show it yet");
        }
    }
}

fn outcome_of(result: &Result<Reply<BlockState>, ApiError>) -> OperationOutcome {
    match result {
        Ok(reply) => OperationOutcome::Answered { blocking: reply.value.blocking },
        Err(error) if is_surely_undone(error) => OperationOutcome::Refused,
        Err(_) => OperationOutcome::Lost,
    }
}

/// Whether a call that failed did not change anything, for certain.
fn is_surely_undone(error: &ApiError) -> bool {
    if !error.was_sent() {
        return true;
    }
    match error.kind() {
        Failure::InvalidRequest
        | Failure::Unauthenticated
        | Failure::OutOfCredits
        | Failure::Forbidden(_)
        | Failure::NotFound
        | Failure::RateLimited
        | Failure::Capped
        | Failure::OverBudget
        | Failure::Unsupported => true,
        // A 5xx, or the silence after a request, says nothing of what was done before it.
        _ => false,
    }
}

fn not_entered(kind: OperationKind, error: StoreError) -> ApiError {
    ApiError::new(Failure::Backend)
        .with_detail(format!(
            "the {} was not sent, because the ledger could not write it down",
            kind.word()
        ))
        .with_source(error)
        .not_sent()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Recorded<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.inner.blocking(source, query).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.recorded(pair, OperationKind::Block, self.inner.block(pair)).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.recorded(pair, OperationKind::Unblock, self.inner.unblock(pair)).await
    }
}
