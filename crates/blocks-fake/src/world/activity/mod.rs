//! Who wants to be told of blocks, and who is being told.

mod queue;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use blocks_domain::{Change, PageToken, SubscriptionId, UserField, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::builder::Tier;
use super::people::{Person, snowflake};
use super::{Caller, World};
use queue::Queue;

#[cfg(feature = "server")]
pub(crate) use stream::Ending;
pub(crate) use stream::{End, EventStream, Told};

/// The fields of the two users of an event; those that X's examples of such events show.
pub(crate) const USER_FIELDS: [UserField; 13] = [
    UserField::Affiliation,
    UserField::CreatedAt,
    UserField::Description,
    UserField::Entities,
    UserField::IsIdentityVerified,
    UserField::Location,
    UserField::ProfileBannerUrl,
    UserField::ProfileImageUrl,
    UserField::Protected,
    UserField::PublicMetrics,
    UserField::Url,
    UserField::Verified,
    UserField::VerifiedType,
];

/// How far back a stream can begin.
pub(crate) const LONGEST_BACKFILL: Duration = Duration::from_secs(5 * 60);

/// How many streams the app may have open at once, where limits are on.
pub(crate) const MOST_STREAMS: usize = 2;

/// What the tokens for pages of subscriptions are sealed for.
const PAGE_OF_SUBSCRIPTIONS: &[u8] = b"page of subscriptions";

/// The subscriptions of a world's app, its latest events, and the streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// How many subscriptions were ever made.
    made: u64,
    /// How many events there ever were.
    happened: u64,
    standing: BTreeMap<(Person, EventKind), Subscription>,
    /// What has happened within [`LONGEST_BACKFILL`], at most as much as a queue takes.
    recent: VecDeque<Arc<Event>>,
    streams: Vec<Arc<Queue>>,
}

/// What of a world's activity is kept between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityRecord {
    made: u64,
    happened: u64,
    subscriptions: Vec<Subscription>,
}

/// The wish to be told of one kind of events of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    person: Person,
    pub(crate) kind: EventKind,
    pub(crate) tag: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What people are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventKind {
    Block,
    Unblock,
}

/// Something that has happened, and that somebody wanted to be told of.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) kind: EventKind,
    pub(crate) tag: Option<String>,
    source: Person,
    target: Person,
    at: Timestamp,
    /// Whether it was charged for: it is once, however many streams tell it.
    is_paid: AtomicBool,
}

/// Why there is no new subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSubscribed {
    /// The same one stands.
    Duplicate,
    /// The app has as many as its plan allows.
    Full { most: usize },
}

/// As many streams are open as the app may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyStreams;

impl World {
    /// How many streams of events are open.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use blocks_fake::{FakeApi, World};
    /// use blocks_ports::ActivityFeed;
    ///
    /// let world = World::builder().build();
    /// let events = FakeApi::new(world.clone()).events().await?.value;
    /// assert_eq!(world.open_streams(), 1);
    /// drop(events);
    /// assert_eq!(world.open_streams(), 0);
    /// # Ok::<(), blocks_ports::ApiError>(())
    /// # }).expect("nothing waits").expect("a stream");
    /// ```
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.lock().activity.streams.iter().filter(|queue| queue.is_open()).count()
    }

    /// Subscribes the caller to what they do; answers the subscription, and how many the app has.
    pub(crate) fn subscribe(
        &self,
        caller: &Caller,
        kind: EventKind,
        tag: Option<String>,
    ) -> Result<(Subscription, usize), NotSubscribed> {
        let mut state = self.lock();
        let (now, most) = (state.time.now(), most_subscriptions(state.tier));
        let made = state.activity.subscribe(caller.person, kind, tag, now, most)?;
        Ok((made, state.activity.standing.len()))
    }

    /// The app's subscriptions after one of them, the oldest first.
    pub(crate) fn subscriptions(&self, after: Option<SubscriptionId>) -> Vec<Subscription> {
        let state = self.lock();
        let all = state.activity.standing.values();
        let mut all: Vec<_> = all.filter(|one| Some(one.id) > after).cloned().collect();
        all.sort_unstable_by_key(|subscription| subscription.id);
        all
    }

    /// Whose activity a subscription is to.
    pub(crate) fn subject(&self, subscription: &Subscription) -> UserId {
        self.people().id(subscription.person)
    }

    /// The token of the page after one of the subscriptions.
    pub(crate) fn subscriptions_token(&self, last: SubscriptionId) -> PageToken {
        let text = self.shared.seal.close_number(PAGE_OF_SUBSCRIPTIONS, last.get());
        PageToken::new(&text).expect("a sealed text is long enough")
    }

    /// The last subscription before the page that a token names.
    pub(crate) fn subscription_before(&self, token: &str) -> Option<SubscriptionId> {
        SubscriptionId::new(self.shared.seal.open_number(PAGE_OF_SUBSCRIPTIONS, token)?)
    }

    /// Gives a subscription another tag, if there is one to give; answers how many the app has.
    #[cfg(feature = "server")]
    pub(crate) fn retag(
        &self,
        id: SubscriptionId,
        tag: Option<String>,
    ) -> Option<(Subscription, usize)> {
        let mut state = self.lock();
        let now = state.time.now();
        let total = state.activity.standing.len();
        let found = state.activity.standing.values_mut().find(|one| one.id == id)?;
        if tag.is_some() {
            (found.tag, found.updated_at) = (tag, now);
        }
        Some((found.clone(), total))
    }

    /// Deletes a subscription; answers how many the app has left.
    pub(crate) fn unsubscribe(&self, id: SubscriptionId) -> Option<usize> {
        let standing = &mut self.lock().activity.standing;
        let key = *standing.iter().find(|(_, one)| one.id == id)?.0;
        standing.remove(&key);
        Some(standing.len())
    }

    /// Tells the app of all that it is subscribed to, from now on, or from a while ago.
    pub(crate) fn open_stream(&self, backfill: Duration) -> Result<EventStream, TooManyStreams> {
        let mut state = self.lock();
        let (now, limits) = (state.time.now(), state.limits);
        let activity = &mut state.activity;
        activity.streams.retain(|queue| queue.is_open());
        if limits && activity.streams.len() >= MOST_STREAMS {
            return Err(TooManyStreams);
        }
        let queue = Arc::new(Queue::default());
        for event in activity.since(now, backfill) {
            queue.push(event);
        }
        activity.streams.push(Arc::clone(&queue));
        drop(state);
        Ok(EventStream::new(self.clone(), queue))
    }

    /// What an event looks like to whoever did it; `None` if somebody of it has left.
    fn told(&self, event: &Arc<Event>) -> Option<Told> {
        let people = self.people();
        let view = |person| self.view_of(event.source, people.id(person));
        let (source, target) = (view(event.source).ok()?, view(event.target).ok()?);
        Some(Told { user: people.id(event.source), event: Arc::clone(event), source, target })
    }

    /// Charges for an event unless it was charged for; says whether the credits paid for it.
    fn pay_for(&self, event: &Event) -> bool {
        // The lock is what keeps two streams from paying both.
        let mut state = self.lock();
        if event.is_paid.load(Ordering::Relaxed) {
            return true;
        }
        let is_paid = state.meter.charge_event();
        event.is_paid.store(is_paid, Ordering::Relaxed);
        is_paid
    }
}

impl Activity {
    pub(super) fn restored(record: ActivityRecord) -> Self {
        let keyed = record.subscriptions.into_iter().map(|one| ((one.person, one.kind), one));
        let mut restored = Self::default();
        restored.standing = keyed.collect();
        (restored.made, restored.happened) = (record.made, record.happened);
        restored
    }

    pub(super) fn record(&self) -> ActivityRecord {
        let subscriptions = self.standing.values().cloned().collect();
        ActivityRecord { made: self.made, happened: self.happened, subscriptions }
    }

    /// Tells of a change, whoever wants to know.
    pub(super) fn publish(&mut self, by: Person, of: Person, change: Change, now: Timestamp) {
        let Some(kind) = EventKind::of(change) else { return };
        let Some(subscription) = self.standing.get(&(by, kind)) else { return };
        self.happened += 1;
        let event = Arc::new(Event {
            id: snowflake(milliseconds(now), self.happened),
            kind,
            tag: subscription.tag.clone(),
            source: by,
            target: of,
            at: now,
            is_paid: AtomicBool::new(false),
        });
        self.streams.retain(|queue| queue.is_open());
        for queue in &self.streams {
            queue.push(Arc::clone(&event));
        }
        self.remember(event, now);
    }

    fn subscribe(
        &mut self,
        person: Person,
        kind: EventKind,
        tag: Option<String>,
        now: Timestamp,
        most: usize,
    ) -> Result<Subscription, NotSubscribed> {
        if self.standing.contains_key(&(person, kind)) {
            return Err(NotSubscribed::Duplicate);
        }
        if self.standing.len() >= most {
            return Err(NotSubscribed::Full { most });
        }
        self.made += 1;
        let id = snowflake(milliseconds(now), self.made);
        let id = SubscriptionId::new(id).unwrap_or(SubscriptionId::MAX);
        let made = Subscription { id, person, kind, tag, created_at: now, updated_at: now };
        self.standing.insert((person, kind), made.clone());
        Ok(made)
    }

    fn remember(&mut self, event: Arc<Event>, now: Timestamp) {
        self.recent.push_back(event);
        while self.recent.front().is_some_and(|oldest| !oldest.is_within(LONGEST_BACKFILL, now))
            || self.recent.len() > Queue::MOST
        {
            self.recent.pop_front();
        }
    }

    /// What happened lately, the oldest first.
    fn since(&self, now: Timestamp, length: Duration) -> impl Iterator<Item = Arc<Event>> {
        let fits = move |event: &&Arc<Event>| !length.is_zero() && event.is_within(length, now);
        self.recent.iter().filter(fits).cloned()
    }
}

/// Streams of a world that is gone, or that begins anew, end.
impl Drop for Activity {
    fn drop(&mut self) {
        for queue in &self.streams {
            queue.end(None);
        }
    }
}

impl Event {
    fn is_within(&self, length: Duration, now: Timestamp) -> bool {
        now.duration_since(self.at) <= SignedDuration::try_from(length).unwrap_or_default()
    }
}

impl EventKind {
    #[cfg(feature = "server")]
    pub(crate) const ALL: [Self; 2] = [Self::Block, Self::Unblock];

    fn of(change: Change) -> Option<Self> {
        match change {
            Change::Blocked => Some(Self::Block),
            Change::Unblocked => Some(Self::Unblock),
            _ => None,
        }
    }
}

/// How many subscriptions an app may have.
const fn most_subscriptions(tier: Tier) -> usize {
    match tier {
        Tier::PayPerUse => 1_000,
        Tier::Enterprise => 50_000,
    }
}

fn milliseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millisecond()).unwrap_or_default()
}
