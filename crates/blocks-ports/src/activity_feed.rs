//! The activity of users, told as it happens.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    ActivitySubscription, BlockEvent, PageToken, SubscriptionId, SubscriptionRequest,
    SubscriptionsPage,
};
use futures_util::stream::BoxStream;

use crate::{ApiError, Reply};

/// Events as they come: endless, unless the server or the connection ends it.
///
/// The last item may be an error; nothing comes after one.
pub type BlockEvents = BoxStream<'static, Result<BlockEvent, ApiError>>;

/// Tells of blocks as they are made and lifted.
///
/// An implementation acts for one signed-in user, and for the app that they signed in to:
/// subscriptions and events are the app's, so that those of its other users may come as well.
///
/// # Contract
/// - Only events that are subscribed to are told. `subscribe` is refused where a subscription to
///   the same events of the same user stands; it stands as it did.
/// - `unsubscribe` answers with a failure where there is no such subscription.
/// - `events` answers once the server has taken the call; from then on no event that is subscribed
///   to is left out of the stream without an error at its end. What happened before the call, or
///   between two streams, is not told: whoever was away has to read the list again.
/// - An event may come twice, under the same
///   [`event_uuid`](blocks_domain::BlockEvent::event_uuid), and events of one moment may come in
///   any order.
/// - A stream that ends without an error was ended by the server on purpose; it may be opened
///   again. Dropping it closes the connection.
/// - No implementation opens a stream again by itself, and none hides an error.
/// - What a backend cannot do it answers with [`Failure::Unsupported`](blocks_domain::Failure).
///
/// # Example
/// Code that works over any backend:
///
/// ```
/// use blocks_domain::{BlockEventType, SubscriptionRequest, UserId};
/// use blocks_ports::{ActivityFeed, ApiError};
/// use futures_util::TryStreamExt;
///
/// /// Waits until `user` blocks somebody, and says whom.
/// async fn next_block(feed: &dyn ActivityFeed, user: UserId) -> Result<Option<UserId>, ApiError> {
///     feed.subscribe(&SubscriptionRequest::new(BlockEventType::Block, user)).await?;
///     let event = feed.events().await?.value.try_next().await?;
///     Ok(event.and_then(|event| event.pair()).map(|pair| pair.target()))
/// }
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ActivityFeed: fmt::Debug + Send + Sync + 'static {
    /// Reads a page of the subscriptions that stand: the first, or the one that a token names.
    async fn subscriptions(
        &self,
        page: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError>;

    /// Subscribes to what somebody does.
    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError>;

    /// Deletes a subscription.
    async fn unsubscribe(&self, id: SubscriptionId) -> Result<Reply<()>, ApiError>;

    /// Opens the stream of events.
    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError>;
}

/// Whoever shares an implementation has one.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: ActivityFeed + ?Sized> ActivityFeed for Arc<A> {
    async fn subscriptions(
        &self,
        page: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError> {
        (**self).subscriptions(page).await
    }

    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError> {
        (**self).subscribe(request).await
    }

    async fn unsubscribe(&self, id: SubscriptionId) -> Result<Reply<()>, ApiError> {
        (**self).unsubscribe(id).await
    }

    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        (**self).events().await
    }
}
