//! A feed that tells what a test wants, and a watcher that notes what it is told.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blocks_app::{Interruption, NoProgress, Progress, Pull, PullProgress, PullReport, Told, Watch};
use blocks_app::{WatchError, Watcher};
use blocks_domain::{
    ActivityFilter, ActivitySubscription, BlockEvent, BlockEventPayload, BlockEventType, Failure,
    PageToken, SubscriptionId, SubscriptionRequest, SubscriptionsMeta, SubscriptionsPage, User,
    UserId,
};
use blocks_ports::{
    ActivityFeed, ApiError, BlockEvents, BlocksApi, Clock, Ledger, MirrorJournal, Reply,
};
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Kept, pages_of};

/// One attempt to open the stream, and what it tells.
pub(super) type Opened = Result<Vec<Result<BlockEvent, ApiError>>, ApiError>;

/// A feed of streams that end, one after the other; behind the last the sign-in is refused.
#[derive(Clone, Default)]
pub(super) struct Script {
    streams: Arc<Mutex<VecDeque<Opened>>>,
    pub(super) pages: Arc<Mutex<VecDeque<Result<SubscriptionsPage, ApiError>>>>,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) refuses: Arc<Mutex<Vec<ApiError>>>,
    /// What happens when a stream is opened.
    on_open: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(super) fn of(streams: impl IntoIterator<Item = Opened>) -> Self {
        let streams = Arc::new(Mutex::new(streams.into_iter().collect()));
        Self { streams, ..Self::default() }
    }

    /// The same, where something happens whenever a stream is opened.
    pub(super) fn opening(mut self, on_open: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_open = Some(Arc::new(on_open));
        self
    }

    fn note(&self, what: impl Into<String>) {
        self.asked.lock().expect("one thread").push(what.into());
    }
}

#[async_trait]
impl ActivityFeed for Script {
    async fn subscriptions(
        &self,
        page: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError> {
        self.note(format!(
            "list {}",
            page.map(|token| token.as_str().to_owned()).unwrap_or_default()
        ));
        let next = self.pages.lock().expect("one thread").pop_front();
        next.unwrap_or_else(|| Ok(SubscriptionsPage::default())).map(Reply::new)
    }

    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError> {
        let kind = request.event_type.clone();
        self.note(format!("subscribe {}", kind.word(blocks_domain::Vocabulary::default())));
        if let Some(error) = self.refuses.lock().expect("one thread").pop() {
            return Err(error);
        }
        Ok(Reply::new(ActivitySubscription::new(SubscriptionId::MAX, kind)))
    }

    async fn unsubscribe(&self, _: SubscriptionId) -> Result<Reply<()>, ApiError> {
        Err(ApiError::new(Failure::Unsupported))
    }

    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        self.note("open");
        if let Some(on_open) = &self.on_open {
            on_open();
        }
        let next = self.streams.lock().expect("one thread").pop_front();
        let items = next.unwrap_or_else(|| Err(ApiError::new(Failure::Unauthenticated)))?;
        Ok(Reply::new(stream::iter(items).boxed()))
    }
}

/// A page of subscriptions to these events of a user, and the token of the next one.
pub(super) fn standing(
    user: UserId,
    kinds: impl IntoIterator<Item = BlockEventType>,
    next: Option<&str>,
) -> SubscriptionsPage {
    let subscription = |kind| {
        let mut subscription = ActivitySubscription::new(SubscriptionId::MAX, kind);
        subscription.filter = Some(ActivityFilter::of(user));
        subscription
    };
    let mut meta = SubscriptionsMeta::default();
    meta.next_token = next.map(|token| PageToken::new(token).expect("a token"));
    SubscriptionsPage::new(kinds.into_iter().map(subscription).collect(), meta)
}

/// An event between two users, of that name.
pub(super) fn event(
    kind: BlockEventType,
    source: UserId,
    target: UserId,
    name: &str,
) -> BlockEvent {
    let mut event = BlockEvent::new(kind);
    event.event_uuid = Some(name.to_owned());
    event.filter = Some(ActivityFilter::of(source));
    event.payload = Some(BlockEventPayload::new(User::new(source), User::new(target)));
    event
}

/// What a watcher was told.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) told: Mutex<Vec<(Option<String>, Told)>>,
    pub(super) waits: Mutex<Vec<(String, Timestamp)>>,
    pub(super) reports: Mutex<Vec<PullReport>>,
    pub(super) subscribed: Mutex<Vec<BlockEventType>>,
    pub(super) connected: Mutex<u32>,
}

impl Notes {
    pub(super) fn told(&self) -> Vec<Told> {
        self.told.lock().expect("one thread").iter().map(|(_, told)| *told).collect()
    }

    pub(super) fn waits(&self) -> Vec<(String, Timestamp)> {
        self.waits.lock().expect("one thread").clone()
    }
}

impl Progress for Notes {
    fn page(&self, _: &PullProgress) {}

    fn token_expired(&self, _: &PullProgress) {}
}

impl Watcher for Notes {
    fn subscribed(&self, subscription: &ActivitySubscription) {
        self.subscribed.lock().expect("one thread").push(subscription.event_type.clone());
    }

    fn connected(&self) {
        *self.connected.lock().expect("one thread") += 1;
    }

    fn caught_up(&self, report: &PullReport) {
        self.reports.lock().expect("one thread").push(report.clone());
    }

    fn event(&self, event: &BlockEvent, told: Told) {
        self.told.lock().expect("one thread").push((event.event_uuid.clone(), told));
    }

    fn interrupted(&self, why: &Interruption, until: Timestamp) {
        self.waits.lock().expect("one thread").push((why.to_string(), until));
    }
}

impl Kept {
    /// Watches by a script until it ends, and answers why.
    pub(super) async fn watch(&self, feed: &dyn ActivityFeed, notes: &Notes) -> WatchError {
        self.watch_over(feed, &self.api, &self.mirror, notes).await
    }

    /// The same over another API and another journal.
    pub(super) async fn watch_over(
        &self,
        feed: &dyn ActivityFeed,
        api: &dyn BlocksApi,
        journal: &dyn MirrorJournal,
        notes: &Notes,
    ) -> WatchError {
        let pull =
            Pull::new(api, &self.mirror, &self.clock).with_policy(crate::support::trusting());
        let watch = Watch::new(feed, pull, journal, &self.ledger, &self.clock);
        let Err(end) = watch.run(self.world.owner(), pages_of(1000), notes).await;
        end
    }

    pub(super) fn blocked_by_event(&self, number: u32, name: &str) -> BlockEvent {
        let target = self.world.stranger(number);
        event(BlockEventType::Block, self.world.owner(), target, name)
    }

    pub(super) fn unblocked_by_event(&self, user: UserId, name: &str) -> BlockEvent {
        event(BlockEventType::Unblock, self.world.owner(), user, name)
    }

    pub(super) async fn events_billed(&self) -> u64 {
        let today = blocks_domain::BillingDay::of(self.clock.now());
        self.ledger.spent(self.world.owner(), today).await.expect("in memory").block_events
    }
}

/// Whether a watch was ended by the sign-in that is refused behind the last stream.
pub(super) fn is_end_of_script(end: &WatchError) -> bool {
    matches!(end, WatchError::Feed(error) if error.kind() == Failure::Unauthenticated)
}

pub(super) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A watcher of nothing is one too.
#[test]
fn nobody_has_to_watch() {
    let watcher: &dyn Watcher = &NoProgress;
    watcher.connected();
    watcher.interrupted(&Interruption::Ended, Timestamp::UNIX_EPOCH);
}
