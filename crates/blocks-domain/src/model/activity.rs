//! The X Activity API: subscriptions to block events, and the events.

use jiff::Timestamp;

use super::page::PageToken;
use super::problem::Problem;
use super::user::User;
use crate::wire::{object, open_enum};
use crate::{BlockPair, SubscriptionId, UserId};

object! {
    /// One line of the activity stream: an event, or what is wrong with the stream.
    ///
    /// A line that holds neither is a sign of life and no message at all: it is empty.
    ///
    /// ```
    /// use blocks_domain::{ActivityMessage, BlockEventType};
    ///
    /// let line = r#"{"data":{"event_uuid":"7","filter":{"user_id":"12"},"event_type":"block.block","payload":{"source":{"data":{"id":"12"}},"target":{"data":{"id":"34"}}}}}"#;
    /// let message: ActivityMessage = serde_json::from_str(line)?;
    /// let event = message.data.expect("an event");
    /// assert_eq!(event.event_type, BlockEventType::Block);
    /// assert_eq!(event.pair().map(|pair| pair.target().get()), Some(34));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    pub struct ActivityMessage {
        /// What has happened.
        pub data: Option<BlockEvent> = "data" else fail,
        /// Why the stream ends, or what is wrong with it.
        pub errors: Option<Vec<Problem>> = "errors",
    }
}

impl ActivityMessage {
    /// What is wrong with the stream.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}

object! {
    /// A block that was made or lifted.
    ///
    /// An event of another type is read as well: its [`Self::payload`] is `None` where it has
    /// another shape, and stands in `extra`.
    pub struct BlockEvent {
        /// The name of the event, by which one that comes twice is known; not always a number
        /// that fits an id.
        pub event_uuid: Option<String> = "event_uuid",
        /// Whom the subscription is about: the one who blocks or unblocks.
        pub filter: Option<ActivityFilter> = "filter",
        /// What has happened.
        pub event_type: BlockEventType = "event_type",
        /// The word that the subscription was given, if any.
        pub tag: Option<String> = "tag",
        /// Between whom.
        pub payload: Option<BlockEventPayload> = "payload",
    }
}

impl BlockEvent {
    /// An event of which nothing more is known.
    #[must_use]
    pub fn new(event_type: BlockEventType) -> Self {
        Self {
            event_uuid: None,
            filter: None,
            event_type,
            tag: None,
            payload: None,
            extra: crate::Extra::default(),
        }
    }

    /// Who blocks or unblocks whom; `None` where the event does not say.
    #[must_use]
    pub fn pair(&self) -> Option<BlockPair> {
        let payload = self.payload.as_ref()?;
        BlockPair::new(payload.source.data.id, payload.target.data.id).ok()
    }
}

open_enum! {
    /// A type of activity event, as far as it is about blocks.
    pub enum BlockEventType {
        /// Somebody blocked somebody.
        Block = "block.block",
        /// Somebody lifted a block.
        Unblock = "block.unblock",
    }
}

object! {
    /// Whose activity a subscription is about.
    #[derive(Default)]
    pub struct ActivityFilter {
        /// The user; of block events the one who blocks, not the one who is blocked.
        pub user_id: Option<UserId> = "user_id",
    }
}

impl ActivityFilter {
    /// The activity of one user.
    #[must_use]
    pub fn of(user_id: UserId) -> Self {
        Self { user_id: Some(user_id), ..Self::default() }
    }
}

object! {
    /// The two users of a block event.
    pub struct BlockEventPayload {
        /// The one who blocks or unblocks.
        pub source: EventUser = "source",
        /// The other one.
        pub target: EventUser = "target",
    }
}

impl BlockEventPayload {
    /// An event between two users.
    #[must_use]
    pub fn new(source: User, target: User) -> Self {
        let (source, target) = (EventUser::new(source), EventUser::new(target));
        Self { source, target, extra: crate::Extra::default() }
    }
}

object! {
    /// A user of an event.
    pub struct EventUser {
        /// The user, as they were when it happened.
        pub data: User = "data",
    }
}

impl EventUser {
    /// A user of an event.
    #[must_use]
    pub fn new(data: User) -> Self {
        Self { data, extra: crate::Extra::default() }
    }
}

object! {
    /// The wish to be told of a user's events of one type.
    pub struct ActivitySubscription {
        /// Its name, by which it is deleted.
        pub subscription_id: SubscriptionId = "subscription_id",
        /// What it tells of.
        pub event_type: BlockEventType = "event_type",
        /// Of whom it tells.
        pub filter: Option<ActivityFilter> = "filter",
        /// The word that comes along with each event.
        pub tag: Option<String> = "tag",
        /// Where the events go besides the stream.
        pub webhook_id: Option<String> = "webhook_id",
        /// When it was made.
        pub created_at: Option<Timestamp> = "created_at",
        /// When it was last changed.
        pub updated_at: Option<Timestamp> = "updated_at",
    }
}

impl ActivitySubscription {
    /// A subscription of which nothing more is known.
    #[must_use]
    pub fn new(subscription_id: SubscriptionId, event_type: BlockEventType) -> Self {
        Self {
            subscription_id,
            event_type,
            filter: None,
            tag: None,
            webhook_id: None,
            created_at: None,
            updated_at: None,
            extra: crate::Extra::default(),
        }
    }
}

object! {
    /// The body of `POST /2/activity/subscriptions`.
    ///
    /// ```
    /// use blocks_domain::{BlockEventType, SubscriptionRequest};
    ///
    /// let request = SubscriptionRequest::new(BlockEventType::Block, "12".parse()?);
    /// assert_eq!(
    ///     serde_json::to_string(&request)?,
    ///     r#"{"event_type":"block.block","filter":{"user_id":"12"}}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct SubscriptionRequest {
        /// What to tell of.
        pub event_type: BlockEventType = "event_type",
        /// Of whom to tell.
        pub filter: ActivityFilter = "filter",
        /// A word that is to come along with each event: 1 to 200 characters.
        pub tag: Option<String> = "tag",
    }
}

impl SubscriptionRequest {
    /// The longest tag, in characters; the shortest has one.
    pub const TAG_MAX: usize = 200;

    /// A subscription to what `user` does.
    #[must_use]
    pub fn new(event_type: BlockEventType, user: UserId) -> Self {
        let filter = ActivityFilter::of(user);
        Self { event_type, filter, tag: None, extra: crate::Extra::default() }
    }

    /// The same with a word that comes along with each event.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }
}

object! {
    /// The answer to making a subscription, and to changing one.
    #[derive(Default)]
    pub struct SubscriptionReply {
        /// The subscription, with what came along with it.
        pub data: Option<Subscribed> = "data" else fail,
        /// Why there is none.
        pub errors: Option<Vec<Problem>> = "errors",
        /// How many there are now.
        pub meta: Option<SubscriptionsMeta> = "meta",
    }
}

impl SubscriptionReply {
    /// The subscription, if there is one.
    #[must_use]
    pub fn subscription(&self) -> Option<&ActivitySubscription> {
        self.data.as_ref()?.subscription.as_ref()
    }

    /// Why there is none.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.errors.as_deref().unwrap_or_default()
    }
}

object! {
    /// A subscription that was made or changed.
    #[derive(Default)]
    pub struct Subscribed {
        /// The subscription.
        pub subscription: Option<ActivitySubscription> = "subscription",
        /// How many subscriptions the app has.
        pub total: Option<u64> = "total_subscriptions_for_instance_id",
    }
}

object! {
    /// One page of the subscriptions that stand.
    #[derive(Default)]
    pub struct SubscriptionsPage {
        /// The subscriptions; a page without any may have no such key.
        pub data: Option<Vec<ActivitySubscription>> = "data" else fail,
        /// What went wrong with a part of the answer.
        pub errors: Option<Vec<Problem>> = "errors",
        /// How many there are and how to go on.
        pub meta: Option<SubscriptionsMeta> = "meta",
    }
}

impl SubscriptionsPage {
    /// A page of these subscriptions, the last one unless `meta` names another.
    #[must_use]
    pub fn new(subscriptions: Vec<ActivitySubscription>, meta: SubscriptionsMeta) -> Self {
        Self { data: Some(subscriptions), meta: Some(meta), ..Self::default() }
    }

    /// The subscriptions, none if the page has no `data`.
    #[must_use]
    pub fn subscriptions(&self) -> &[ActivitySubscription] {
        self.data.as_deref().unwrap_or_default()
    }

    /// The page after; `None` on the last one.
    #[must_use]
    pub fn next_token(&self) -> Option<&PageToken> {
        self.meta.as_ref()?.next_token.as_ref()
    }
}

object! {
    /// How many subscriptions there are, and which page comes after.
    #[derive(Default)]
    pub struct SubscriptionsMeta {
        /// How many subscriptions the page holds.
        pub result_count: Option<u32> = "result_count",
        /// The page after; missing on the last one.
        pub next_token: Option<PageToken> = "next_token" else fail,
        /// How many subscriptions there are.
        pub total_subscriptions: Option<u64> = "total_subscriptions",
    }
}

object! {
    /// The answer to deleting a subscription.
    #[derive(Default)]
    pub struct UnsubscribedReply {
        /// What stands now.
        pub data: Option<Unsubscribed> = "data" else fail,
        /// Why it stands as it did.
        pub errors: Option<Vec<Problem>> = "errors",
        /// How many are left.
        pub meta: Option<SubscriptionsMeta> = "meta",
    }
}

object! {
    /// Whether a subscription is gone.
    pub struct Unsubscribed {
        /// Whether it is.
        pub deleted: bool = "deleted",
    }
}

impl Unsubscribed {
    /// What stands after a call.
    #[must_use]
    pub fn new(deleted: bool) -> Self {
        Self { deleted, extra: crate::Extra::default() }
    }
}
