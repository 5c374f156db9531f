//! The activity of the signed-in user: subscriptions, and the stream of events.

mod lines;
mod live;
mod stream;

use async_trait::async_trait;
use blocks_domain::{
    ActivitySubscription, Endpoint, Failure, PageToken, Problem, SubscriptionId, SubscriptionReply,
    SubscriptionRequest, SubscriptionsPage, Unsubscribed, UnsubscribedReply,
};
use blocks_ports::{ActivityFeed, ApiError, BlockEvents, Reply};

use crate::HttpApi;
use crate::answer::Shape;
use crate::client::Call;

pub(crate) use live::LiveConnection;

#[async_trait]
impl ActivityFeed for HttpApi {
    async fn subscriptions(
        &self,
        page: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError> {
        let page = page.map(|token| ("pagination_token", token.as_str().to_owned()));
        let call = Call::new(Endpoint::GetSubscriptions, []).with_query(page.into_iter().collect());
        self.call::<SubscriptionsPage>(call).await
    }

    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError> {
        let json = serde_json::to_string(request).map_err(|error| {
            let error = ApiError::new(Failure::InvalidRequest).with_source(error);
            error.with_detail("the subscription cannot be put into JSON").not_sent()
        })?;
        let call = Call::new(Endpoint::PostSubscription, []).with_json(json);
        self.call::<SubscriptionReply>(call).await
    }

    async fn unsubscribe(&self, id: SubscriptionId) -> Result<Reply<()>, ApiError> {
        let call = Call::new(Endpoint::DeleteSubscription, []).with_id(id.get());
        let Reply { value, meta, .. } = self.call::<UnsubscribedReply>(call).await?;
        if value.deleted {
            return Ok(Reply::new(()).with_meta(meta));
        }
        Err(ApiError::new(Failure::Malformed)
            .with_detail(format!("X says that the subscription {id} is not deleted, and not why"))
            .with_rate(meta.rate)
            .with_transaction_id(meta.transaction_id))
    }

    /// Opens the stream on a connection of its own, which ends when the stream is dropped.
    ///
    /// An answer must begin within [`Timeouts::idle`](crate::Timeouts::idle), and no silence may
    /// be longer than [`Timeouts::stream`](crate::Timeouts::stream); the stream as a whole may
    /// last. A line has no more than 1 MiB.
    ///
    /// A cut connection, a silent one, a line that is no message and a message of X that says why
    /// it ends the stream each become the last item of it. Where as many streams are open as X
    /// allows, the error is [`Failure::RateLimited`] with calls left in its window.
    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        self.call::<stream::Events>(Call::new(Endpoint::GetActivityStream, [])).await
    }
}

impl Shape for SubscriptionsPage {
    type Value = Self;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<Self> {
        // A page without any subscriptions may have `meta` alone.
        (self.data.is_some() || self.meta.is_some()).then_some(self)
    }
}

impl Shape for SubscriptionReply {
    type Value = ActivitySubscription;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<ActivitySubscription> {
        self.data?.subscription
    }
}

impl Shape for UnsubscribedReply {
    type Value = Unsubscribed;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<Unsubscribed> {
        self.data
    }
}
