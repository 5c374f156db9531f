//! What comes while a read is catching up.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{NoProgress, Pull, Told, Wanted, Watch, WatchError};
use blocks_domain::{
    BlockEvent, BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, UserId,
};
use blocks_fake::FakeApi;
use blocks_ports::{ActivityFeed, ApiError, BlockEvents, BlocksApi, Reply};
use futures_util::stream::{self, StreamExt};

use super::script::{Notes, Script, is_end_of_script};
use crate::support::{Kept, blocked, goes_on, pages_of, pair, stranger, world};

/// An API that takes its time, so that events come before its answer, and fails at first.
#[derive(Debug)]
struct Slow {
    inner: FakeApi,
    /// How often it looks away before it answers.
    turns: usize,
    /// What is wrong with the next calls, the last first; nothing where there is none.
    fails: Mutex<Vec<Option<Failure>>>,
}

impl Slow {
    fn new(kept: &Kept, turns: usize) -> Self {
        Self { inner: kept.api.clone(), turns, fails: Mutex::default() }
    }

    fn failing(self, fails: impl IntoIterator<Item = Failure>) -> Self {
        *self.fails.lock().expect("one thread") = fails.into_iter().map(Some).collect();
        self
    }

    /// Fails after so many calls that go well.
    fn failing_at(self, calls: usize, failure: Failure) -> Self {
        let mut fails = vec![Some(failure)];
        fails.resize(1 + calls, None);
        *self.fails.lock().expect("one thread") = fails;
        self
    }
}

#[async_trait]
impl BlocksApi for Slow {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        for _ in 0..self.turns {
            tokio::task::yield_now().await;
        }
        let failure = self.fails.lock().expect("one thread").pop().flatten();
        match failure {
            Some(kind) => Err(ApiError::new(kind)),
            None => self.inner.blocking(source, query).await,
        }
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

#[tokio::test]
async fn events_told_during_the_read_are_no_known_ground() {
    let kept = Kept::of(world(100));
    kept.read().await;
    // Blocked while nobody watched; then so many more that they would be ground of their own.
    let missed = stranger(&kept.world, 99);
    kept.world.block(missed).expect("they exist");
    let mut events = Vec::new();
    for number in 0..40 {
        kept.world.block(stranger(&kept.world, number)).expect("they exist");
        events.push(Ok(kept.blocked_by_event(number, &number.to_string())));
    }
    let (feed, notes) = (Script::of([Ok(events)]), Notes::default());
    let end = kept.watch_over(&feed, &Slow::new(&kept, 60), &kept.mirror, &notes).await;
    assert!(is_end_of_script(&end));
    assert_eq!(kept.mirrored().await, blocked(&kept.world));
    assert_eq!(notes.told(), vec![Told::Changed; 40], "at once, and not after the read");
}

#[tokio::test]
async fn where_nothing_is_mirrored_the_whole_list_is_read_whatever_is_wanted() {
    let kept = Kept::of(world(100));
    let (feed, notes) = (Script::of([Ok(Vec::new())]), Notes::default());
    let pull = kept.pull().wanting(Wanted::Head);
    let watch = Watch::new(&feed, pull, &kept.mirror, &kept.ledger, &kept.clock);
    let Err(end) = watch.run(kept.world.owner(), pages_of(1000), &notes).await;
    assert!(is_end_of_script(&end), "{end:?}");
    assert_eq!(kept.mirrored().await, blocked(&kept.world));
}

#[tokio::test]
async fn an_unblock_that_is_told_during_the_read_stands() {
    let kept = Kept::of(world(100));
    kept.read().await;
    let freed = kept.world.blocks(kept.world.owner(), 3)[2];
    let event = kept.unblocked_by_event(freed, "one");
    let (feed, notes) = (Script::of([Ok(vec![Ok(event)])]), Notes::default());
    let end = kept.watch_over(&feed, &Slow::new(&kept, 5), &kept.mirror, &notes).await;
    assert!(is_end_of_script(&end));
    assert!(!kept.mirrored().await.contains(&freed));
    assert_eq!(notes.told(), [Told::Changed]);
}

#[tokio::test]
async fn the_stream_stays_open_while_a_read_is_cut_off_and_tried_again() {
    let kept = Kept::of(world(100));
    kept.read().await;
    let event = kept.blocked_by_event(0, "one");
    let feed = Pending::of(vec![event]);
    let api = Slow::new(&kept, 3).failing([Failure::Unavailable, Failure::Timeout]);
    let notes = Notes::default();
    let watch = kept.watch_over(&feed, &api, &kept.mirror, &notes);
    let mut watch = std::pin::pin!(watch);
    for _ in 0..50 {
        assert!(goes_on(watch.as_mut()).await, "it goes on");
    }
    assert_eq!(feed.opened.load(Ordering::Relaxed), 1);
    let waits = notes.waits();
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert!(waits[0].0.contains("could not catch up"), "{waits:?}");
    assert_eq!(notes.told(), [Told::Changed]);
}

#[tokio::test]
async fn where_catching_up_fails_for_good_nothing_that_was_told_is_lost() {
    let kept = Kept::of(world(100));
    kept.read().await;
    let freed = kept.world.blocks(kept.world.owner(), 3)[2];
    let events =
        vec![Ok(kept.blocked_by_event(0, "one")), Ok(kept.unblocked_by_event(freed, "two"))];
    let (feed, notes) = (Script::of([Ok(events)]), Notes::default());
    let api = Slow::new(&kept, 5).failing([Failure::OverBudget]);
    let end = kept.watch_over(&feed, &api, &kept.mirror, &notes).await;
    assert!(matches!(end, WatchError::CatchUp(_)), "{end:?}");
    let mirrored = kept.mirrored().await;
    assert!(!mirrored.contains(&freed));
    assert!(mirrored.contains(&kept.world.stranger(0)));
    assert_eq!(kept.events_billed().await, 2, "both were paid for");
}

#[tokio::test]
async fn whoever_ends_a_watch_that_is_catching_up_loses_nothing_that_was_told() {
    let kept = Kept::of(world(100));
    kept.read().await;
    let freed = kept.world.blocks(kept.world.owner(), 3)[2];
    kept.world.unblock(pair(&kept.world, freed)).expect("they exist");
    let feed = Pending::of(vec![kept.unblocked_by_event(freed, "one")]);
    let (api, notes) = (Slow::new(&kept, usize::MAX), Notes::default());
    {
        let mut watch = std::pin::pin!(kept.watch_over(&feed, &api, &kept.mirror, &notes));
        for _ in 0..50 {
            assert!(goes_on(watch.as_mut()).await, "it reads");
        }
    }
    assert!(!kept.mirrored().await.contains(&freed));
    assert_eq!((notes.told(), kept.events_billed().await), (vec![Told::Changed], 1));
}

#[tokio::test]
async fn an_unfinished_read_from_before_closes_no_gap() {
    for wanted in [Wanted::Full, Wanted::Head] {
        let kept = Kept::of(world(100));
        kept.read().await;
        for number in 1..60 {
            kept.world.block(stranger(&kept.world, number)).expect("they exist");
        }
        let cut = Slow::new(&kept, 0).failing_at(2, Failure::OutOfCredits);
        let pull = Pull::new(&cut, &kept.mirror, &kept.clock).wanting(wanted);
        pull.run(kept.world.owner(), pages_of(20), &NoProgress).await.expect_err("cut off");
        // Nobody watches, and the read has been at the top already.
        kept.world.advance(Duration::from_secs(60));
        kept.world.block(stranger(&kept.world, 0)).expect("they exist");

        let (feed, notes) = (Script::of([Ok(Vec::new())]), Notes::default());
        let end = kept.watch(&feed, &notes).await;
        assert!(is_end_of_script(&end), "{end:?}");
        assert_eq!(kept.mirrored().await, blocked(&kept.world), "{wanted:?}");
    }
}

/// A feed of one stream that tells these events and then nothing.
#[derive(Debug)]
struct Pending {
    script: Script,
    events: Mutex<Vec<BlockEvent>>,
    opened: AtomicUsize,
}

impl Pending {
    fn of(events: Vec<BlockEvent>) -> Self {
        let script = Script::default();
        Self { script, events: Mutex::new(events), opened: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl ActivityFeed for Pending {
    async fn subscriptions(
        &self,
        page: Option<blocks_domain::PageToken>,
    ) -> Result<Reply<blocks_domain::SubscriptionsPage>, ApiError> {
        self.script.subscriptions(page).await
    }

    async fn subscribe(
        &self,
        request: &blocks_domain::SubscriptionRequest,
    ) -> Result<Reply<blocks_domain::ActivitySubscription>, ApiError> {
        self.script.subscribe(request).await
    }

    async fn unsubscribe(&self, id: blocks_domain::SubscriptionId) -> Result<Reply<()>, ApiError> {
        self.script.unsubscribe(id).await
    }

    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let events = std::mem::take(&mut *self.events.lock().expect("one thread"));
        Ok(Reply::new(stream::iter(events).map(Ok).chain(stream::pending()).boxed()))
    }
}
