//! Feeds of activity, each with one fault.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::activity_feed::{ActivityFeedHarness, rules};
use blocks_domain::{
    ActivityFilter, ActivitySubscription, BlockEvent, BlockEventPayload, BlockEventType, Failure,
    PageToken, SubscriptionId, SubscriptionRequest, SubscriptionsMeta, SubscriptionsPage, UserId,
};
use blocks_ports::{ActivityFeed, ApiError, BlockEvents, Reply};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::people::{id, person};
use crate::{Broken, Shared, assert_bites};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    ListsNothing,
    ForgetsTags,
    SubscribesTwice,
    RenamesWhatStands,
    DeletesNothing,
    DeletesTheOther,
    DeletesAnything,
    SwapsTheUsers,
    NamesNoSubscription,
    TellsNoUnblocks,
    TellsEverything,
    LosesOne,
    OpensWhenRead,
    TellsThePast,
    OneNameForAll,
    NamelessEvents,
    EndsWithAnError,
    OpensOnce,
    HidesFailures,
    GoesOnAfterAFailure,
    OpensAgain,
    OpensAgainAfterAFailure,
    StaysOpen,
    ClosesAll,
}

const FAULTS: &[(&str, Fault)] = &[
    ("subscriptions_that_stand_are_listed", Fault::ListsNothing),
    ("subscriptions_that_stand_are_listed", Fault::ForgetsTags),
    ("subscribing_again_is_refused_and_changes_nothing", Fault::SubscribesTwice),
    ("subscribing_again_is_refused_and_changes_nothing", Fault::RenamesWhatStands),
    ("a_subscription_that_is_deleted_no_longer_stands", Fault::DeletesNothing),
    ("a_subscription_that_is_deleted_no_longer_stands", Fault::DeletesTheOther),
    ("deleting_what_does_not_stand_is_a_failure", Fault::DeletesAnything),
    ("what_is_subscribed_to_is_told", Fault::SwapsTheUsers),
    ("what_is_subscribed_to_is_told", Fault::NamesNoSubscription),
    ("what_is_subscribed_to_is_told", Fault::ForgetsTags),
    ("what_is_subscribed_to_is_told", Fault::TellsNoUnblocks),
    ("what_is_not_subscribed_to_is_not_told", Fault::TellsEverything),
    ("what_is_not_subscribed_to_is_not_told", Fault::DeletesNothing),
    ("nothing_is_left_out_once_a_stream_is_open", Fault::LosesOne),
    ("nothing_is_left_out_once_a_stream_is_open", Fault::OpensWhenRead),
    ("what_happened_before_a_stream_is_not_told", Fault::TellsThePast),
    ("what_happened_between_two_streams_is_not_told", Fault::TellsThePast),
    ("every_event_has_a_name_of_its_own", Fault::OneNameForAll),
    ("every_event_has_a_name_of_its_own", Fault::NamelessEvents),
    ("an_end_on_purpose_is_no_error", Fault::EndsWithAnError),
    ("a_stream_that_was_ended_may_be_opened_again", Fault::OpensOnce),
    ("a_stream_that_breaks_ends_with_an_error", Fault::HidesFailures),
    ("a_stream_that_breaks_ends_with_an_error", Fault::GoesOnAfterAFailure),
    ("no_stream_is_opened_again_by_itself", Fault::OpensAgain),
    ("no_stream_is_opened_again_by_itself", Fault::OpensAgainAfterAFailure),
    ("a_stream_that_is_dropped_is_closed", Fault::StaysOpen),
    ("a_stream_that_is_dropped_is_closed", Fault::ClosesAll),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/activity_feed.rs")];
    assert_bites(&rules(), FAULTS, &sources, Shared::default);
}

/// The rules in which something is subscribed to or deleted.
const OF_SUBSCRIBING: [&str; 5] = [
    "subscriptions_that_stand_are_listed",
    "subscribing_again_is_refused_and_changes_nothing",
    "a_subscription_that_is_deleted_no_longer_stands",
    "deleting_what_does_not_stand_is_a_failure",
    "what_is_not_subscribed_to_is_not_told",
];

#[test]
fn a_backend_that_cannot_subscribe_has_to_say_so() {
    for rule in rules::<Given>() {
        for says_so in [true, false] {
            let backend = Given { feed: Broken { store: Shared::default(), fault: None }, says_so };
            backend.feed.store.with(subscribe_to_both);
            let checked = AssertUnwindSafe(|| blocks_conformance::run(rule.check(backend)));
            let is_excused = says_so || !OF_SUBSCRIBING.contains(&rule.name());
            assert_eq!(catch_unwind(checked).is_ok(), is_excused, "{} ({says_so})", rule.name());
        }
    }
}

const ME: u64 = 12;

type Item = Result<BlockEvent, ApiError>;

/// The account of a feed: what it is subscribed to, and who is told of what it does.
#[derive(Debug, Default)]
struct Account {
    subscriptions: Vec<ActivitySubscription>,
    made: u64,
    happened: u64,
    past: Vec<BlockEvent>,
    opened: usize,
    streams: Vec<UnboundedSender<Item>>,
    /// Streams that nobody reads and nobody closes.
    forgotten: Vec<UnboundedReceiver<Item>>,
}

impl Account {
    fn open(&mut self) -> UnboundedReceiver<Item> {
        let (sender, receiver) = unbounded_channel();
        self.opened += 1;
        self.streams.push(sender);
        receiver
    }

    fn subscribe(&mut self, request: &SubscriptionRequest) -> ActivitySubscription {
        self.made += 1;
        let id = SubscriptionId::new(self.made).expect("in range");
        let mut made = ActivitySubscription::new(id, request.event_type.clone());
        made.filter = Some(request.filter.clone());
        made.tag.clone_from(&request.tag);
        self.subscriptions.push(made.clone());
        made
    }
}

fn subscribe_to_both(account: &mut Account) {
    for kind in [BlockEventType::Block, BlockEventType::Unblock] {
        account.subscribe(&SubscriptionRequest::new(kind, id(ME)));
    }
}

type Backend = Broken<Shared<Account>, Fault>;

impl Backend {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Tells everybody who listens of what the account has done.
    fn tell(&self, kind: &BlockEventType, target: UserId) {
        self.store.with(|account| {
            let mut standing = account.subscriptions.iter();
            let subscription = standing.find(|one| one.event_type == *kind);
            if subscription.is_none() && !self.has(Fault::TellsEverything) {
                return;
            }
            account.happened += 1;
            let tag = subscription.and_then(|subscription| subscription.tag.clone());
            let event = self.event(account.happened, kind, target, tag);
            let is_lost = self.has(Fault::LosesOne) && account.happened == 30;
            let is_silent = self.has(Fault::TellsNoUnblocks) && *kind == BlockEventType::Unblock;
            account.past.push(event.clone());
            account
                .streams
                .retain(|stream| is_lost || is_silent || stream.send(Ok(event.clone())).is_ok());
        });
    }

    fn event(
        &self,
        number: u64,
        kind: &BlockEventType,
        target: UserId,
        tag: Option<String>,
    ) -> BlockEvent {
        let number = if self.has(Fault::OneNameForAll) { 1 } else { number };
        let users = [person(id(ME)), person(target)];
        let [source, target] = if self.has(Fault::SwapsTheUsers) {
            let [one, other] = users;
            [other, one]
        } else {
            users
        };
        let mut event = BlockEvent::new(kind.clone());
        event.event_uuid = Some(number.to_string()).filter(|_| !self.has(Fault::NamelessEvents));
        event.filter =
            Some(ActivityFilter::of(id(ME))).filter(|_| !self.has(Fault::NamesNoSubscription));
        event.tag = tag.filter(|_| !self.has(Fault::ForgetsTags));
        event.payload = Some(BlockEventPayload::new(source, target));
        event
    }
}

impl ActivityFeedHarness for Backend {
    const SUBSCRIBES: bool = true;

    async fn fresh() -> Self {
        Self { store: Shared::default(), fault: None }
    }

    fn handle(&self) -> Arc<dyn ActivityFeed> {
        Arc::new(Feed { account: self.store.clone(), fault: self.fault, is_given: false })
    }

    fn account(&self) -> UserId {
        id(ME)
    }

    fn strangers(&self) -> Vec<UserId> {
        (100..140).map(id).collect()
    }

    async fn block(&self, target: UserId) {
        self.tell(&BlockEventType::Block, target);
    }

    async fn unblock(&self, target: UserId) {
        self.tell(&BlockEventType::Unblock, target);
    }

    async fn open_streams(&self) -> usize {
        let stays_open = self.has(Fault::StaysOpen);
        self.store.with(|account| {
            account.streams.iter().filter(|stream| stays_open || !stream.is_closed()).count()
        })
    }

    async fn end_streams(&self) {
        self.store.with(|account| account.streams.clear());
    }

    async fn break_streams(&self) {
        self.store.with(|account| {
            for stream in account.streams.drain(..) {
                // Whoever no longer listens need not be told.
                let _ = stream.send(Err(ApiError::new(Failure::Transport)));
            }
        });
    }
}

#[derive(Debug, Clone)]
struct Feed {
    account: Shared<Account>,
    fault: Option<Fault>,
    /// Whether what is subscribed to is given, and says so where it is to be changed.
    is_given: bool,
}

impl Feed {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn changeable(&self) -> Result<(), ApiError> {
        if self.is_given { Err(ApiError::new(Failure::Unsupported)) } else { Ok(()) }
    }

    /// Opens a stream.
    fn open(&self) -> BlockEvents {
        let tells_the_past = self.has(Fault::TellsThePast);
        let (past, receiver) = self.account.with(|account| {
            let past = if tells_the_past { account.past.clone() } else { Vec::new() };
            (past, account.open())
        });
        let reading = Reading { feed: self.clone(), receiver: Some(receiver), failure: None };
        let events = stream::unfold(reading, |mut reading| async move {
            let item = reading.next().await?;
            Some((item, reading))
        });
        stream::iter(past.into_iter().map(Ok)).chain(events).fuse().boxed()
    }
}

/// A stream that somebody reads.
struct Reading {
    feed: Feed,
    receiver: Option<UnboundedReceiver<Item>>,
    failure: Option<Failure>,
}

impl Reading {
    async fn next(&mut self) -> Option<Item> {
        if let Some(kind) = self.failure.take() {
            return Some(Err(ApiError::new(kind)));
        }
        loop {
            match self.receiver.as_mut()?.recv().await {
                Some(Ok(event)) => return Some(Ok(event)),
                Some(Err(error)) => return self.failed(error),
                None if self.feed.has(Fault::OpensAgain) => {
                    self.receiver = Some(self.feed.account.with(Account::open));
                }
                None => {
                    self.receiver = None;
                    let fails = self.feed.has(Fault::EndsWithAnError);
                    return fails.then(|| Err(ApiError::new(Failure::Transport)));
                }
            }
        }
    }

    fn failed(&mut self, error: ApiError) -> Option<Item> {
        self.receiver = None;
        match self.feed.fault {
            Some(Fault::HidesFailures) => return None,
            Some(Fault::GoesOnAfterAFailure) => self.failure = Some(error.kind()),
            Some(Fault::OpensAgainAfterAFailure) => self.feed.account.with(|account| {
                let receiver = account.open();
                account.forgotten.push(receiver);
            }),
            _ => {}
        }
        Some(Err(error))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.feed.has(Fault::ClosesAll) {
            self.feed.account.with(|account| account.streams.clear());
        }
    }
}

#[async_trait]
impl ActivityFeed for Feed {
    async fn subscriptions(
        &self,
        _: Option<PageToken>,
    ) -> Result<Reply<SubscriptionsPage>, ApiError> {
        let mut standing = self.account.with(|account| account.subscriptions.clone());
        if self.has(Fault::ListsNothing) {
            standing.clear();
        }
        if self.has(Fault::ForgetsTags) {
            standing.iter_mut().for_each(|subscription| subscription.tag = None);
        }
        Ok(Reply::new(SubscriptionsPage::new(standing, SubscriptionsMeta::default())))
    }

    async fn subscribe(
        &self,
        request: &SubscriptionRequest,
    ) -> Result<Reply<ActivitySubscription>, ApiError> {
        self.changeable()?;
        self.account.with(|account| {
            let mut standing = account.subscriptions.iter_mut();
            let same = standing.find(|one| one.event_type == request.event_type);
            match same {
                Some(_) if self.has(Fault::SubscribesTwice) => {}
                Some(same) => {
                    if self.has(Fault::RenamesWhatStands) {
                        same.tag.clone_from(&request.tag);
                    }
                    return Err(ApiError::new(Failure::InvalidRequest));
                }
                None => {}
            }
            Ok(Reply::new(account.subscribe(request)))
        })
    }

    async fn unsubscribe(&self, id: SubscriptionId) -> Result<Reply<()>, ApiError> {
        self.changeable()?;
        self.account.with(|account| {
            let mut standing = account.subscriptions.iter();
            match standing.position(|one| one.subscription_id == id) {
                Some(_) if self.has(Fault::DeletesNothing) => {}
                Some(_) if self.has(Fault::DeletesTheOther) => drop(account.subscriptions.pop()),
                Some(found) => drop(account.subscriptions.remove(found)),
                None if self.has(Fault::DeletesAnything) => {}
                None => return Err(ApiError::new(Failure::NotFound)),
            }
            Ok(Reply::new(()))
        })
    }

    async fn events(&self) -> Result<Reply<BlockEvents>, ApiError> {
        if self.has(Fault::OpensOnce) && self.account.with(|account| account.opened > 0) {
            return Err(ApiError::new(Failure::Unavailable));
        }
        if self.has(Fault::OpensWhenRead) {
            let feed = self.clone();
            let later = async move { feed.open() }.into_stream().flatten();
            return Ok(Reply::new(later.boxed()));
        }
        Ok(Reply::new(self.open()))
    }
}

/// A backend that is subscribed to everything, and cannot change that.
struct Given {
    feed: Backend,
    says_so: bool,
}

impl ActivityFeedHarness for Given {
    const SUBSCRIBES: bool = false;

    async fn fresh() -> Self {
        let feed = Backend::fresh().await;
        feed.store.with(subscribe_to_both);
        Self { feed, says_so: true }
    }

    fn handle(&self) -> Arc<dyn ActivityFeed> {
        let account = self.feed.store.clone();
        Arc::new(Feed { account, fault: None, is_given: self.says_so })
    }

    fn account(&self) -> UserId {
        self.feed.account()
    }

    fn strangers(&self) -> Vec<UserId> {
        self.feed.strangers()
    }

    async fn block(&self, target: UserId) {
        self.feed.block(target).await;
    }

    async fn unblock(&self, target: UserId) {
        self.feed.unblock(target).await;
    }

    async fn open_streams(&self) -> usize {
        self.feed.open_streams().await
    }

    async fn end_streams(&self) {
        self.feed.end_streams().await;
    }

    async fn break_streams(&self) {
        self.feed.break_streams().await;
    }
}
