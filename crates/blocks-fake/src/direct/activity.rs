//! The activity of a world's users, without HTTP between.

use async_trait::async_trait;
use blocks_domain::{
    ActivityFilter, ActivitySubscription, BlockEvent, BlockEventPayload, BlockEventType, Endpoint,
    Failure, PageToken, Problem, ProblemType, SubscriptionId, SubscriptionRequest,
    SubscriptionsMeta, SubscriptionsPage, UserField,
};
use blocks_ports::{ActivityFeed, ApiError, BlockEvents, Reply};
use futures_util::stream::StreamExt;
use secrecy::ExposeSecret;

use super::{FakeApi, invalid, model, refused};
use crate::world::{
    Caller, Claim, End, EventKind, NotSubscribed, Subscription, Told, TooManyStreams, USER_FIELDS,
};

/// How many subscriptions a page holds.
const PAGE: usize = 100;

#[async_trait]
impl ActivityFeed for FakeApi {
    async fn subscriptions(
        &self,
        page: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError> {
        let caller = self.admit_app(Endpoint::GetSubscriptions)?;
        let before = |token: PageToken| {
            self.world.subscription_before(token.as_str()).ok_or_else(|| {
                invalid(format!("`pagination_token` does not take {:?}", token.as_str()), &caller)
            })
        };
        let after = page.map(before).transpose()?;
        let mut found = self.world.subscriptions(after);
        let mut meta = SubscriptionsMeta::default();
        if found.len() > PAGE {
            found.truncate(PAGE);
            let last = found.last();
            meta.next_token = last.map(|last| self.world.subscriptions_token(last.id));
        }
        meta.result_count = u32::try_from(found.len()).ok();
        let found = found.into_iter().map(|one| self.subscription(one)).collect();
        Ok(Self::reply(SubscriptionsPage::new(found, meta), &caller))
    }

    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError> {
        let caller = self.admit(Endpoint::PostSubscription)?;
        let kind = match &request.event_type {
            BlockEventType::Block => EventKind::Block,
            BlockEventType::Unblock => EventKind::Unblock,
            other => {
                let word = other.word(blocks_domain::Vocabulary::default());
                return Err(invalid(format!("`event_type` does not take {word:?}"), &caller));
            }
        };
        if request.filter.user_id != Some(caller.user) {
            let user = caller.user;
            let detail = format!("`filter.user_id` must be the signed-in user {user}");
            return Err(invalid(detail, &caller));
        }
        let length = |tag: &String| tag.chars().count();
        if request.tag.as_ref().map(length).is_some_and(|n| !(1..=TAG_MAX).contains(&n)) {
            return Err(invalid(format!("`tag` takes 1 to {TAG_MAX} characters"), &caller));
        }
        let made = self.world.subscribe(&caller, kind, request.tag.clone());
        let (made, _) = made.map_err(|why| invalid(not_subscribed(why), &caller))?;
        Ok(Self::reply(self.subscription(made), &caller))
    }

    async fn unsubscribe(&self, id: SubscriptionId) -> Result<Reply<()>, ApiError> {
        let caller = self.admit_app(Endpoint::DeleteSubscription)?;
        match self.world.unsubscribe(id) {
            Some(_) => Ok(Self::reply((), &caller)),
            None => Err(ApiError::new(Failure::NotFound)
                .with_status(404)
                .with_detail(format!("the app has no subscription {id}"))
                .with_problems(vec![Problem::new(ProblemType::ResourceNotFound, "Not Found Error")])
                .with_rate(Some(caller.rate))),
        }
    }

    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        let caller = self.admit_app(Endpoint::GetActivityStream)?;
        let events = self.world.open_stream(std::time::Duration::ZERO);
        let events = events.map_err(|TooManyStreams| {
            let mut problem = Problem::new(ProblemType::StreamingConnection, "ConnectionException");
            problem.connection_issue = Some("TooManyConnections".to_owned());
            ApiError::new(Failure::RateLimited)
                .with_status(429)
                .with_problems(vec![problem])
                .with_rate(Some(caller.rate))
        })?;
        let events = events.map(|told| told.map(|told| event(&told)).map_err(ended)).boxed();
        Ok(Self::reply(events, &caller))
    }
}

const TAG_MAX: usize = SubscriptionRequest::TAG_MAX;

impl FakeApi {
    /// Lets a call of the app in.
    fn admit_app(&self, endpoint: Endpoint) -> Result<Caller, ApiError> {
        let token = self.world.app_only_token();
        self.world.admit(Claim::Token(token.expose_secret()), endpoint).map_err(refused)
    }

    fn subscription(&self, from: Subscription) -> ActivitySubscription {
        let mut subscription = ActivitySubscription::new(from.id, event_type(from.kind));
        subscription.filter = Some(ActivityFilter::of(self.world.subject(&from)));
        subscription.tag = from.tag;
        subscription.created_at = Some(from.created_at);
        subscription.updated_at = Some(from.updated_at);
        subscription
    }
}

fn event(told: &Told) -> BlockEvent {
    let unasked = [UserField::Id, UserField::Name, UserField::Username];
    let fields = USER_FIELDS.into_iter().chain(unasked).collect();
    let user = |view| model::user(view, &fields);
    let mut event = BlockEvent::new(event_type(told.event.kind));
    event.event_uuid = Some(told.event.id.to_string());
    event.filter = Some(ActivityFilter::of(told.user));
    event.tag.clone_from(&told.event.tag);
    event.payload = Some(BlockEventPayload::new(user(&told.source), user(&told.target)));
    event
}

const fn event_type(kind: EventKind) -> BlockEventType {
    match kind {
        EventKind::Block => BlockEventType::Block,
        EventKind::Unblock => BlockEventType::Unblock,
    }
}

fn not_subscribed(why: NotSubscribed) -> String {
    match why {
        NotSubscribed::Duplicate => "this subscription exists already".to_owned(),
        NotSubscribed::Full { most } => format!("the app may have {most} subscriptions at most"),
    }
}

fn ended(end: End) -> ApiError {
    match end {
        End::OutOfCredits => ApiError::new(Failure::OutOfCredits)
            .with_problems(vec![Problem::new(ProblemType::Credits, "CreditsDepleted")]),
        End::TooSlow => {
            let title = "operational-disconnect";
            let mut problem = Problem::new(ProblemType::OperationalDisconnect, title);
            problem.disconnect_type = Some("SlowReader".to_owned());
            ApiError::new(Failure::Unavailable).with_problems(vec![problem])
        }
    }
}

#[cfg(test)]
mod tests {
    use blocks_domain::BlockPair;
    use futures_util::TryStreamExt;

    use super::*;
    use crate::World;

    fn request(world: &World) -> SubscriptionRequest {
        SubscriptionRequest::new(BlockEventType::Block, world.owner())
    }

    #[tokio::test]
    async fn what_is_subscribed_to_is_told_until_it_is_deleted() {
        let world = World::builder().build();
        let api = FakeApi::new(world.clone());
        let made = api.subscribe(&request(&world)).await.expect("a subscription").value;
        let page = api.subscriptions(None).await.expect("a page").value;
        assert_eq!(page.subscriptions(), std::slice::from_ref(&made));

        let mut events = api.events().await.expect("a stream").value;
        let pair = BlockPair::new(world.owner(), world.stranger(0)).expect("two users");
        world.block(pair).expect("they exist");
        let told = events.try_next().await.expect("no error").expect("an event");
        assert_eq!((told.event_type.clone(), told.pair()), (BlockEventType::Block, Some(pair)));

        api.unsubscribe(made.subscription_id).await.expect("deleted");
        let again = api.unsubscribe(made.subscription_id).await.expect_err("gone");
        assert_eq!(again.kind(), Failure::NotFound);
        assert!(api.subscriptions(None).await.expect("a page").value.subscriptions().is_empty());
    }

    #[tokio::test]
    async fn what_nobody_may_subscribe_to_is_refused() {
        let world = World::builder().build();
        let api = FakeApi::new(world.clone());
        let theirs = SubscriptionRequest::new(BlockEventType::Block, world.stranger(0));
        let other = SubscriptionRequest::new(BlockEventType::from_word("a.b"), world.owner());
        for refused in
            [theirs, other, request(&world).with_tag(""), request(&world).with_tag("x".repeat(201))]
        {
            let error = api.subscribe(&refused).await.expect_err("refused");
            assert_eq!(error.kind(), Failure::InvalidRequest, "{refused:?}");
        }
        api.subscribe(&request(&world)).await.expect("a subscription");
        let twice = api.subscribe(&request(&world)).await.expect_err("refused");
        assert_eq!(twice.kind(), Failure::InvalidRequest);
        let page = PageToken::new("nonsense-nonsense").expect("a token");
        let lost = api.subscriptions(Some(page)).await.expect_err("refused");
        assert_eq!(lost.kind(), Failure::InvalidRequest);
    }

    #[tokio::test]
    async fn a_stream_that_ends_says_why() {
        let world = World::builder().build();
        let api = FakeApi::new(world.clone());
        api.subscribe(&request(&world)).await.expect("a subscription");
        let mut events = api.events().await.expect("a stream").value;
        world.set_credits(Some("0".parse().expect("an amount")));
        let pair = BlockPair::new(world.owner(), world.stranger(0)).expect("two users");
        world.block(pair).expect("they exist");
        let end = events.try_next().await.expect_err("the end");
        assert_eq!(end.kind(), Failure::OutOfCredits);
        assert!(events.try_next().await.expect("no second error").is_none());
    }
}
