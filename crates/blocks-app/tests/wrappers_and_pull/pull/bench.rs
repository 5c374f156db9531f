//! A world, a mirror of it, and ways to trouble a pull between them.

use std::sync::Mutex;

use async_trait::async_trait;
use blocks_app::{Choice, NoProgress, Progress, Pull, PullError, PullProgress, PullReport, Wanted};
use blocks_domain::{BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, UserId};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_fake::{FakeApi, World, WorldBuilder, WorldClock};
use blocks_ports::{ApiError, BlocksApi, MirrorQuery, MirrorStore, Reply};
use futures_util::{FutureExt, TryStreamExt};
use jiff::Timestamp;

use crate::support::pages_of;

/// A world and a mirror of its owner's list, by the time of the world, which stands still.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) api: FakeApi,
    pub(super) mirror: MemoryMirrorStore,
    pub(super) clock: WorldClock,
}

impl Bench {
    pub(super) fn of(blocks: u32) -> Self {
        Self::in_world(World::builder().blocks(blocks).limits(false))
    }

    pub(super) fn in_world(world: WorldBuilder) -> Self {
        let world = world.still_at(noon()).build();
        let (api, clock) = (FakeApi::new(world.clone()), WorldClock::new(world.clone()));
        Self { world, api, mirror: MemoryMirrorStore::default(), clock }
    }

    /// The same after a read of the whole list.
    pub(super) async fn mirrored(self) -> Self {
        self.run(Wanted::Full).await.expect("the whole list");
        self
    }

    pub(super) fn me(&self) -> UserId {
        self.world.owner()
    }

    pub(super) fn pull(&self) -> Pull<'_> {
        Pull::new(&self.api, &self.mirror, &self.clock)
    }

    pub(super) async fn run(&self, wanted: Wanted) -> Result<PullReport, PullError> {
        self.pull().wanting(wanted).run(self.me(), pages_of(1000), &NoProgress).await
    }

    fn pair(&self, other: UserId) -> BlockPair {
        BlockPair::new(self.me(), other).expect("two users")
    }

    pub(super) fn block(&self, other: UserId) {
        self.world.block(self.pair(other)).expect("there is such a user");
    }

    pub(super) fn unblock(&self, other: UserId) {
        self.world.unblock(self.pair(other)).expect("there is such a user");
    }

    /// Blocks so many users whom nobody knows yet.
    pub(super) fn block_strangers(&self, numbers: std::ops::Range<u32>) {
        numbers.for_each(|number| self.block(self.world.stranger(number)));
    }

    /// The list as it is.
    pub(super) fn list(&self) -> Vec<UserId> {
        self.world.blocks(self.me(), usize::MAX)
    }

    /// The list as the mirror shows it.
    pub(super) async fn shown(&self) -> Vec<UserId> {
        let entries = self.mirror.entries(self.me(), MirrorQuery::default());
        entries.map_ok(|entry| entry.user.id).try_collect().await.expect("a mirror")
    }
}

/// What comes of work that waits for nothing but virtual time.
pub(super) fn at_once<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("nothing is waited for")
}

pub(super) fn noon() -> Timestamp {
    "2026-08-07T12:00:00Z".parse().expect("a time")
}

/// An API that is cut off behind so many pages.
#[derive(Debug)]
pub(super) struct CutOff<A> {
    pub(super) inner: A,
    pub(super) pages_left: Mutex<u32>,
}

impl<A> CutOff<A> {
    pub(super) fn behind(pages: u32, inner: A) -> Self {
        Self { inner, pages_left: Mutex::new(pages) }
    }
}

#[async_trait]
impl<A: BlocksApi> BlocksApi for CutOff<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        {
            let mut left = self.pages_left.lock().expect("one thread");
            *left = left.checked_sub(1).ok_or_else(|| ApiError::new(Failure::Transport))?;
        }
        self.inner.blocking(source, query).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

/// What a pull tells while it runs, a word for each.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn note(&self, word: String) {
        self.0.lock().expect("one thread").push(word);
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.0.lock().expect("one thread").clone()
    }
}

impl Progress for Heard {
    fn held(&self, holder: Option<&str>) {
        self.note(format!("held by {}", holder.unwrap_or("somebody")));
    }

    fn chosen(&self, choice: &Choice) {
        self.note(format!("{} {}", choice.kind, choice.reason));
    }

    fn page(&self, progress: &PullProgress) {
        self.note(format!("page {}, {} users", progress.pages, progress.users));
    }

    fn token_expired(&self, progress: &PullProgress) {
        self.note(format!("expired behind {} users", progress.users));
    }
}
