//! Keeping the book of what is paid.

use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Charge, Selection, User, UserId, UserReply,
    Username, UsersPage,
};
use blocks_ports::{ApiError, BlocksApi, Clock, Ledger, Reply, UsersApi};
use jiff::{SignedDuration, Timestamp};

/// Notes in a [`Ledger`] whom each answer returns, and tells in the answer how many of them X
/// charges for: [`ReplyMeta::billed`](blocks_ports::ReplyMeta::billed).
///
/// Whoever was paid for on the same day UTC is free. The day is that of the server where the
/// answer tells its time, because the server bills. A ledger that fails is told in the log and
/// never takes away an answer; how many were billed is not known then.
///
/// Pages of a block list are billed to the user they name, lookups to the user of
/// [`for_user`](Self::for_user); as long as that one is not known, lookups are not noted, except
/// that of oneself.
///
/// Where there is a budget, this goes inside [`Budgeted`](crate::Budgeted), which pays no more
/// than is told here.
///
/// ```
/// use std::sync::Arc;
///
/// use blocks_app::Metered;
/// use blocks_domain::{BillingDay, BlockingQuery};
/// use blocks_fake::stores::{JumpingClock, MemoryLedger};
/// use blocks_fake::{FakeApi, World};
/// use blocks_ports::{BlocksApi, Ledger};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let noon = "2026-08-07T12:00:00Z".parse()?;
/// let world = World::builder().blocks(40).still_at(noon).build();
/// let (ledger, clock) = (MemoryLedger::default(), JumpingClock::new(noon));
/// let api = Metered::new(FakeApi::new(world.clone()), Arc::new(ledger.clone()), Arc::new(clock));
///
/// let first = api.blocking(world.owner(), &BlockingQuery::default()).await?;
/// let again = api.blocking(world.owner(), &BlockingQuery::default()).await?;
/// assert_eq!((first.meta.billed, again.meta.billed), (Some(40), Some(0)));
/// let spent = ledger.spent(world.owner(), BillingDay::of(noon)).await?;
/// assert_eq!(spent.cost(), world.meter().cost);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Metered<A> {
    inner: A,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    user: Option<UserId>,
}

impl<A> Metered<A> {
    /// Notes in `ledger` what `inner` returns.
    pub fn new(inner: A, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, ledger, clock, user: None }
    }

    /// Bills lookups to this user, the one who is signed in.
    #[must_use]
    pub fn for_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Notes the users of an answer, to be paid by `account`.
    async fn note<T>(
        &self,
        mut reply: Reply<T>,
        account: Option<UserId>,
        charge: Charge,
        returned: &[UserId],
    ) -> Reply<T> {
        let Some(account) = account else { return reply };
        let now = billed_at(reply.meta.date, self.clock.now());
        match self.ledger.bill(account, charge, returned, now).await {
            Ok(billed) => reply.meta.billed = Some(billed),
            Err(error) => tracing::warn!(%error, "what was paid could not be noted"),
        }
        reply
    }

    async fn note_lookup(&self, reply: Reply<UsersPage>) -> Reply<UsersPage> {
        let returned = ids(reply.value.users());
        self.note(reply, self.user, Charge::UserLookup, &returned).await
    }
}

/// When the server billed: by its own time, unless that is so far off that somebody else put it
/// there. A date that stands still would make every later day free.
fn billed_at(told: Option<Timestamp>, now: Timestamp) -> Timestamp {
    const MOST_OFF: SignedDuration = SignedDuration::from_hours(24);
    told.filter(|told| told.duration_since(now).abs() <= MOST_OFF).unwrap_or(now)
}

fn ids<'a>(users: impl IntoIterator<Item = &'a User>) -> Vec<UserId> {
    users.into_iter().map(|user| user.id).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Metered<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let reply = self.inner.blocking(source, query).await?;
        let returned = ids(reply.value.users());
        Ok(self.note(reply, Some(source), Charge::BlockRead, &returned).await)
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi> UsersApi for Metered<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        let reply = self.inner.me(selection).await?;
        let returned = ids(&reply.value.data);
        let account = self.user.or_else(|| returned.first().copied());
        Ok(self.note(reply, account, Charge::UserLookup, &returned).await)
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let reply = self.inner.by_usernames(usernames, selection).await?;
        Ok(self.note_lookup(reply).await)
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let reply = self.inner.by_ids(ids, selection).await?;
        Ok(self.note_lookup(reply).await)
    }
}
