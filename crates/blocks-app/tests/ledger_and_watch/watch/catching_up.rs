//! What comes while a read is catching up.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blocks_app::{Told, Wanted, Watch, WatchError};
use blocks_domain::{
    BlockEvent, BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, UserId,
};
use blocks_fake::FakeApi;
use blocks_ports::{ActivityFeed, ApiError, BlockEvents, BlocksApi, Reply};
use futures_util::stream::{self, StreamExt};

use super::script::{Notes, Script, is_end_of_script};
use crate::support::{Kept, blocked, goes_on, pages_of, stranger, world};

/// An API that takes its time, so that events come before its answer, and fails at first.
#[derive(Debug)]
struct Slow {
    inner: FakeApi,
    /// How often it looks away before it answers.
    turns: usize,
    fails: Mutex<Vec<Failure>>,
    seen: Arc<AtomicUsize>,
}

impl Slow {
    fn new(kept: &Kept, turns: usize) -> Self {
        Self { inner: kept.api.clone(), turns, fails: Mutex::default(), seen: Arc::default() }
    }

    fn failing(self, fails: impl IntoIterator<Item = Failure>) -> Self {
        *self.fails.lock().expect("one thread") = fails.into_iter().collect();
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
        self.seen.fetch_add(1, Ordering::Relaxed);
        let failure = self.fails.lock().expect("one thread").pop();
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
async fn events_that_wait_do_not_look_like_known_ground() {
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
    assert_eq!(notes.told(), vec![Told::Unchanged; 40], "the read has shown them already");
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
async fn where_catching_up_fails_for_good_no_unblock_is_lost() {
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
    assert!(!mirrored.contains(&kept.world.stranger(0)), "a read finds it, and no ground is faked");
    assert_eq!(kept.events_billed().await, 2, "both were paid for");
}

#[tokio::test]
async fn no_more_events_wait_than_there_is_room_for_and_none_is_lost() {
    let kept = Kept::of(world(3));
    let many = 10_500;
    let names: Vec<_> =
        (0..many).map(|number| kept.blocked_by_event(number, &number.to_string())).collect();
    let feed = Pending::of(names);
    let api = Slow::new(&kept, 20_000);
    let (mut most, taken) = (0, Arc::clone(&feed.taken));
    let notes = Notes::default();
    let mut watch = std::pin::pin!(kept.watch_over(&feed, &api, &kept.mirror, &notes));
    while api.seen.load(Ordering::Relaxed) == 0 {
        most = taken.load(Ordering::Relaxed);
        assert!(goes_on(watch.as_mut()).await);
    }
    assert!(goes_on(watch.as_mut()).await);
    assert_eq!(most, 10_000, "the rest stays in the stream");
    assert_eq!(notes.told().len(), many as usize);
    let told: BTreeSet<_> = notes.told().into_iter().map(|told| format!("{told:?}")).collect();
    assert_eq!(told, BTreeSet::from(["Changed".to_owned()]));
}

/// A feed of one stream that tells these events and then nothing.
#[derive(Debug)]
struct Pending {
    script: Script,
    events: Mutex<Vec<BlockEvent>>,
    opened: AtomicUsize,
    taken: Arc<AtomicUsize>,
}

impl Pending {
    fn of(events: Vec<BlockEvent>) -> Self {
        let script = Script::default();
        Self {
            script,
            events: Mutex::new(events),
            opened: AtomicUsize::new(0),
            taken: Arc::default(),
        }
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
        let taken = Arc::clone(&self.taken);
        let counted = stream::iter(events).map(move |event| {
            taken.fetch_add(1, Ordering::Relaxed);
            Ok(event)
        });
        Ok(Reply::new(counted.chain(stream::pending()).boxed()))
    }
}
