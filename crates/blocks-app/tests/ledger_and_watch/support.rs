//! What the tests share.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use async_trait::async_trait;
use blocks_app::{ListChange, NoProgress, Pull, PullPolicy, Wanted, changes};
use blocks_domain::{
    Absence, BillingDay, BlockPair, BlockingQuery, LossLimit, MaxResults, Selection, UserId,
};
use blocks_fake::stores::{MemoryLedger, MemoryMirrorStore};
use blocks_fake::{FakeApi, World, WorldClock};
use blocks_ports::{
    ChangeKind, ChangeQuery, Clock, Ledger, MirrorQuery, MirrorStore, Spending, StoreError,
    StoreFailure,
};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

/// The moment at which every test begins.
pub(crate) fn noon() -> Timestamp {
    "2026-08-07T12:00:00Z".parse().expect("a time")
}

/// A world whose time moves when somebody waits.
pub(crate) fn world(blocks: u32) -> World {
    World::builder().seed(5).blocks(blocks).limits(false).still_at(noon()).build()
}

pub(crate) fn id(number: u64) -> UserId {
    UserId::new(number).expect("an id")
}

/// A pair of the owner and somebody whom the owner does not block from the beginning.
pub(crate) fn stranger(world: &World, number: u32) -> BlockPair {
    BlockPair::new(world.owner(), world.stranger(number)).expect("two users")
}

pub(crate) fn pair(world: &World, target: UserId) -> BlockPair {
    BlockPair::new(world.owner(), target).expect("two users")
}

/// A request for pages of that many users.
pub(crate) fn pages_of(users: u32) -> BlockingQuery {
    BlockingQuery::new(Selection::default())
        .with_max_results(MaxResults::new(users).expect("in range"))
}

pub(crate) fn store_failed(kind: StoreFailure) -> StoreError {
    StoreError::new(kind, "it failed")
}

/// A policy that believes every loss.
pub(crate) fn trusting() -> PullPolicy {
    PullPolicy::default().with_loss_limit(LossLimit::percent(100).expect("in range"))
}

/// A world, and what a program keeps of it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) world: World,
    pub(crate) api: FakeApi,
    pub(crate) clock: WorldClock,
    pub(crate) mirror: MemoryMirrorStore,
    pub(crate) ledger: MemoryLedger,
}

impl Kept {
    pub(crate) fn of(world: World) -> Self {
        Self {
            api: FakeApi::new(world.clone()),
            clock: WorldClock::new(world.clone()),
            world,
            mirror: MemoryMirrorStore::default(),
            ledger: MemoryLedger::default(),
        }
    }

    pub(crate) fn pull(&self) -> Pull<'_> {
        Pull::new(&self.api, &self.mirror, &self.clock).with_policy(trusting())
    }

    /// Reads the whole list, a minute later.
    pub(crate) async fn read(&self) {
        self.world.advance(std::time::Duration::from_secs(60));
        let pull = self.pull().wanting(Wanted::Full);
        pull.run(self.world.owner(), pages_of(1000), &NoProgress).await.expect("a read");
    }

    /// Who is in the mirror.
    pub(crate) async fn mirrored(&self) -> BTreeSet<UserId> {
        mirrored(&self.mirror, self.world.owner()).await
    }

    /// Why each removal is one, in the order in which they were noticed.
    pub(crate) async fn absences(&self) -> Vec<(UserId, Absence)> {
        let changes = self.changes(ChangeQuery::default()).await;
        changes.iter().filter_map(|one| Some((one.change.user, one.absence?))).collect()
    }

    pub(crate) async fn changes(&self, query: ChangeQuery) -> Vec<ListChange> {
        let found = changes(&self.mirror, &self.ledger, self.world.owner(), query);
        let found: Vec<_> = found.try_collect().await.expect("no store fails in memory");
        for one in &found {
            let is_removal = matches!(one.change.kind, ChangeKind::Removed { .. });
            assert_eq!(one.absence.is_some(), is_removal, "{one:?}");
        }
        found
    }

    /// What the ledger has noted on every day around `day`.
    pub(crate) async fn spent_around(&self, day: Timestamp, days: i64) -> Spending {
        let mut all = Spending::default();
        for offset in -days..=days {
            let day = BillingDay::of(day + SignedDuration::from_hours(24 * offset));
            let spent = self.ledger.spent(self.world.owner(), day).await.expect("in memory");
            for charge in blocks_domain::Charge::ALL {
                all = all.with(charge, spent.units(charge));
            }
        }
        all
    }
}

/// Who is in the mirror of an account.
pub(crate) async fn mirrored(mirror: &MemoryMirrorStore, account: UserId) -> BTreeSet<UserId> {
    let entries = mirror.entries(account, MirrorQuery::default());
    entries.map_ok(|entry| entry.user.id).try_collect().await.expect("no store fails in memory")
}

/// Whom the owner of a world blocks.
pub(crate) fn blocked(world: &World) -> BTreeSet<UserId> {
    world.blocks(world.owner(), 100_000).into_iter().collect()
}

/// The clock of a machine that shows another time than the server's.
#[derive(Debug)]
pub(crate) struct OffClock {
    pub(crate) world: World,
    pub(crate) ahead: SignedDuration,
}

#[async_trait]
impl Clock for OffClock {
    fn now(&self) -> Timestamp {
        self.world.now() + self.ahead
    }

    async fn sleep_until(&self, until: Timestamp) {
        let by = std::time::Duration::try_from(until.duration_since(self.now()));
        self.world.advance(by.unwrap_or_default());
    }
}

/// Lets something that has no end go on as far as it can, and answers whether it still does.
pub(crate) async fn goes_on<F: Future>(mut work: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_pending())).await
}
