//! The rules of [`ActivityFeed`].

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use blocks_domain::{
    ActivitySubscription, BlockEvent, BlockEventType, BlockPair, Failure, SubscriptionId,
    SubscriptionRequest, UserId,
};
use blocks_ports::{ActivityFeed, ApiError, BlockEvents};
use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

/// Makes feeds for the suite, with a world behind them in which blocks are made and lifted.
///
/// The suite calls many times: rate limits have to be off.
pub trait ActivityFeedHarness: Sized + 'static {
    /// Whether the backend can make and delete subscriptions. If not, the signed-in account is
    /// subscribed to its blocks and to its unblocks from the beginning, and the suite demands that
    /// the backend answers [`Failure::Unsupported`] to both calls.
    const SUBSCRIBES: bool;

    /// A backend of its own, signed in as somebody.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the backend.
    fn handle(&self) -> Arc<dyn ActivityFeed>;

    /// The signed-in account.
    fn account(&self) -> UserId;

    /// At least 40 other accounts, none of which the account blocks.
    fn strangers(&self) -> Vec<UserId>;

    /// Lets the account block somebody.
    fn block(&self, target: UserId) -> impl Future<Output = ()>;

    /// Lets the account lift a block.
    fn unblock(&self, target: UserId) -> impl Future<Output = ()>;

    /// How many streams the world has open: those that it would tell of the next block.
    fn open_streams(&self) -> impl Future<Output = usize>;

    /// Ends all streams on purpose, as a server that is restarted does; subscriptions stand.
    fn end_streams(&self) -> impl Future<Output = ()>;

    /// Lets all streams fail; those that are opened afterwards are sound. What the account may do
    /// to make them fail is to block [`Self::strangers`] from the last one backwards.
    fn break_streams(&self) -> impl Future<Output = ()>;
}

suite! {
    ($) activity_feed_suite, activity_feed::ActivityFeedHarness:
    subscriptions_that_stand_are_listed,
    subscribing_again_is_refused_and_changes_nothing,
    a_subscription_that_is_deleted_no_longer_stands,
    deleting_what_does_not_stand_is_a_failure,
    what_is_subscribed_to_is_told,
    what_is_not_subscribed_to_is_not_told,
    nothing_is_left_out_once_a_stream_is_open,
    what_happened_before_a_stream_is_not_told,
    what_happened_between_two_streams_is_not_told,
    every_event_has_a_name_of_its_own,
    an_end_on_purpose_is_no_error,
    a_stream_that_was_ended_may_be_opened_again,
    a_stream_that_breaks_ends_with_an_error,
    no_stream_is_opened_again_by_itself,
    a_stream_that_is_dropped_is_closed,
}

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(5);

const BOTH: [BlockEventType; 2] = [BlockEventType::Block, BlockEventType::Unblock];

fn request<H: ActivityFeedHarness>(h: &H, kind: &BlockEventType) -> SubscriptionRequest {
    SubscriptionRequest::new(kind.clone(), h.account())
}

/// Subscribes the account to events, unless it is from the beginning.
async fn subscribe<H: ActivityFeedHarness>(h: &H, kinds: &[BlockEventType]) {
    if H::SUBSCRIBES {
        for kind in kinds {
            h.handle().subscribe(&request(h, kind)).await.expect("the subscription failed");
        }
    }
}

async fn assert_unsupported<H: ActivityFeedHarness>(h: &H) {
    let feed = h.handle();
    let made = feed.subscribe(&request(h, &BlockEventType::Block)).await;
    let deleted = feed.unsubscribe(SubscriptionId::MAX).await;
    for refused in [made.map(drop), deleted.map(drop)] {
        let kind = refused.expect_err("the harness says that this cannot be done").kind();
        assert_eq!(kind, Failure::Unsupported, "what cannot be done is unsupported");
    }
}

/// The subscriptions that stand, on all pages.
async fn standing<H: ActivityFeedHarness>(h: &H) -> Vec<ActivitySubscription> {
    let (feed, mut found, mut token) = (h.handle(), Vec::new(), None);
    loop {
        let page = feed.subscriptions(token).await.expect("listing subscriptions failed").value;
        found.extend_from_slice(page.subscriptions());
        token = page.next_token().cloned();
        if token.is_none() {
            found.sort_by_key(|subscription| subscription.subscription_id);
            return found;
        }
    }
}

async fn open<H: ActivityFeedHarness>(h: &H) -> BlockEvents {
    h.handle().events().await.expect("the stream did not open").value
}

/// What comes next, within a time in which everything comes.
async fn next(events: &mut BlockEvents) -> Option<Result<BlockEvent, ApiError>> {
    timeout(PATIENCE, events.next()).await.expect("nothing comes, not even the end of the stream")
}

async fn told(events: &mut BlockEvents) -> BlockEvent {
    next(events).await.expect("the stream ended").expect("the stream failed")
}

/// What the events up to that of a pair say, each once, in no order.
async fn told_until(
    events: &mut BlockEvents,
    last: &(BlockEventType, BlockPair),
) -> Vec<(BlockEventType, BlockPair)> {
    let (mut names, mut found) = (BTreeSet::new(), Vec::new());
    loop {
        let event = told(events).await;
        let is_new = event.event_uuid.clone().is_none_or(|name| names.insert(name));
        let said = (event.event_type.clone(), event.pair().expect("an event without its users"));
        let is_last = said == *last;
        if is_new {
            found.push(said);
        }
        if is_last {
            return found;
        }
    }
}

fn pair<H: ActivityFeedHarness>(h: &H, target: UserId) -> BlockPair {
    BlockPair::new(h.account(), target).expect("strangers are others than the account")
}

fn blocked<H: ActivityFeedHarness>(h: &H, target: UserId) -> (BlockEventType, BlockPair) {
    (BlockEventType::Block, pair(h, target))
}

/// A subscription is listed as it was asked for, with the name that making it answered.
pub async fn subscriptions_that_stand_are_listed<H: ActivityFeedHarness>(h: H) {
    if !H::SUBSCRIBES {
        return assert_unsupported(&h).await;
    }
    assert_eq!(standing(&h).await, [], "nothing is subscribed to yet");
    let mut made = Vec::new();
    for (kind, tag) in BOTH.iter().zip(["first", "second"]) {
        let asked = request(&h, kind).with_tag(tag);
        let answer = h.handle().subscribe(&asked).await.expect("the subscription failed").value;
        assert_eq!((&answer.event_type, answer.tag.as_deref()), (kind, Some(tag)));
        let user = answer.filter.as_ref().and_then(|filter| filter.user_id);
        assert_eq!(user, Some(h.account()), "it is about somebody else");
        made.push(answer);
    }
    made.sort_by_key(|subscription| subscription.subscription_id);
    assert_eq!(standing(&h).await, made);
}

/// What is subscribed to is not subscribed to again; the subscription stands as it did.
pub async fn subscribing_again_is_refused_and_changes_nothing<H: ActivityFeedHarness>(h: H) {
    if !H::SUBSCRIBES {
        return assert_unsupported(&h).await;
    }
    let first = request(&h, &BlockEventType::Block).with_tag("first");
    h.handle().subscribe(&first).await.expect("the subscription failed");
    let before = standing(&h).await;
    for again in [first.clone(), first.with_tag("second")] {
        let answer = h.handle().subscribe(&again).await;
        let kind = answer.expect_err("the same was subscribed to twice").kind();
        assert_eq!(kind, Failure::InvalidRequest, "a second subscription");
    }
    assert_eq!(standing(&h).await, before, "a subscription that was refused changed something");
}

/// A subscription that is deleted is no longer listed; the other one is.
pub async fn a_subscription_that_is_deleted_no_longer_stands<H: ActivityFeedHarness>(h: H) {
    if !H::SUBSCRIBES {
        return assert_unsupported(&h).await;
    }
    subscribe(&h, &BOTH).await;
    let mut left = standing(&h).await;
    let gone = left.remove(0).subscription_id;
    h.handle().unsubscribe(gone).await.expect("deleting failed");
    assert_eq!(standing(&h).await, left);
}

/// To delete what does not stand, or no longer does, is a failure that changes nothing.
pub async fn deleting_what_does_not_stand_is_a_failure<H: ActivityFeedHarness>(h: H) {
    if !H::SUBSCRIBES {
        return assert_unsupported(&h).await;
    }
    subscribe(&h, &BOTH).await;
    let gone = standing(&h).await[0].subscription_id;
    h.handle().unsubscribe(gone).await.expect("deleting failed");
    let before = standing(&h).await;
    for id in [gone, SubscriptionId::MAX] {
        let deleted = h.handle().unsubscribe(id).await;
        assert!(deleted.is_err(), "{id} was deleted, which does not stand");
    }
    assert_eq!(standing(&h).await, before);
}

/// A block and its end are told: what happened, to whom, by whom, and for which subscription.
pub async fn what_is_subscribed_to_is_told<H: ActivityFeedHarness>(h: H) {
    let tag = H::SUBSCRIBES.then_some("mine");
    if let Some(tag) = tag {
        for kind in &BOTH {
            let asked = request(&h, kind).with_tag(tag);
            h.handle().subscribe(&asked).await.expect("the subscription failed");
        }
    }
    let (mut events, target) = (open(&h).await, h.strangers()[0]);
    h.block(target).await;
    let block = told(&mut events).await;
    h.unblock(target).await;
    let unblock = loop {
        let event = told(&mut events).await;
        if event.event_uuid.is_none() || event.event_uuid != block.event_uuid {
            break event;
        }
    };
    for (event, kind) in [block, unblock].into_iter().zip(BOTH) {
        assert_eq!((&event.event_type, event.pair()), (&kind, Some(pair(&h, target))));
        let user = event.filter.as_ref().and_then(|filter| filter.user_id);
        assert_eq!(user, Some(h.account()), "whose subscription it is");
        if tag.is_some() {
            assert_eq!(event.tag.as_deref(), tag, "the word of the subscription");
        }
    }
}

/// What nobody subscribed to, or no longer does, is not told.
pub async fn what_is_not_subscribed_to_is_not_told<H: ActivityFeedHarness>(h: H) {
    if !H::SUBSCRIBES {
        return assert_unsupported(&h).await;
    }
    subscribe(&h, &[BlockEventType::Block]).await;
    let (mut events, targets) = (open(&h).await, h.strangers());
    h.block(targets[0]).await;
    h.unblock(targets[0]).await;
    h.block(targets[1]).await;
    let expected = [blocked(&h, targets[0]), blocked(&h, targets[1])];
    assert_eq!(told_until(&mut events, &expected[1]).await, expected, "blocks alone");

    let gone = standing(&h).await[0].subscription_id;
    h.handle().unsubscribe(gone).await.expect("deleting failed");
    subscribe(&h, &[BlockEventType::Unblock]).await;
    h.block(targets[2]).await;
    h.unblock(targets[2]).await;
    let last = (BlockEventType::Unblock, pair(&h, targets[2]));
    assert_eq!(told_until(&mut events, &last).await, [last], "unblocks alone");
}

/// All that happens after the stream has opened is told, before anybody reads it as well.
pub async fn nothing_is_left_out_once_a_stream_is_open<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let (mut events, targets) = (open(&h).await, h.strangers());
    let (early, late) = targets[..40].split_at(20);
    for target in early {
        h.block(*target).await;
    }
    let mut missing: BTreeSet<_> = targets[..40].iter().copied().collect();
    for target in late {
        h.block(*target).await;
        let pair = told(&mut events).await.pair().expect("an event without its users");
        missing.remove(&pair.target());
    }
    while !missing.is_empty() {
        let event = timeout(PATIENCE, events.next()).await;
        let event = event.unwrap_or_else(|_| panic!("these are left out: {missing:?}"));
        let pair = event.expect("the stream ended").expect("the stream failed").pair();
        missing.remove(&pair.expect("an event without its users").target());
    }
}

/// A stream begins with what happens after it has opened.
pub async fn what_happened_before_a_stream_is_not_told<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let targets = h.strangers();
    h.block(targets[0]).await;
    let mut events = open(&h).await;
    h.block(targets[1]).await;
    let expected = blocked(&h, targets[1]);
    assert_eq!(told_until(&mut events, &expected).await, [expected]);
}

/// What happened after one stream and before the next is told by neither.
pub async fn what_happened_between_two_streams_is_not_told<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let (mut first, targets) = (open(&h).await, h.strangers());
    h.block(targets[0]).await;
    told_until(&mut first, &blocked(&h, targets[0])).await;
    drop(first);
    h.block(targets[1]).await;
    let mut second = open(&h).await;
    h.block(targets[2]).await;
    let expected = blocked(&h, targets[2]);
    assert_eq!(told_until(&mut second, &expected).await, [expected]);
}

/// Two events have two names, so that one that comes twice is known.
pub async fn every_event_has_a_name_of_its_own<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let (mut events, targets) = (open(&h).await, h.strangers());
    let mut names = BTreeSet::new();
    let mut missing: BTreeSet<_> = targets[..5].iter().copied().collect();
    for target in &targets[..5] {
        h.block(*target).await;
    }
    while !missing.is_empty() {
        let event = told(&mut events).await;
        let name = event.event_uuid.clone().expect("an event has a name");
        let target = event.pair().expect("an event without its users").target();
        if missing.remove(&target) {
            assert!(names.insert(name.clone()), "{name} is the name of two events");
        } else {
            assert!(names.contains(&name), "an event came twice, under another name");
        }
    }
}

/// A stream that the server ends on purpose ends without an error, and nothing comes after.
pub async fn an_end_on_purpose_is_no_error<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let mut events = open(&h).await;
    h.end_streams().await;
    for _ in 0..2 {
        let item = next(&mut events).await;
        assert!(item.is_none(), "after the end came {item:?}");
    }
}

/// Where a stream was ended another one can be opened, and tells what happens from then on.
pub async fn a_stream_that_was_ended_may_be_opened_again<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let (mut events, targets) = (open(&h).await, h.strangers());
    h.end_streams().await;
    while next(&mut events).await.is_some() {}
    let mut events = open(&h).await;
    h.block(targets[0]).await;
    let expected = blocked(&h, targets[0]);
    assert_eq!(told_until(&mut events, &expected).await, [expected]);
}

/// A stream that fails says so in its last item.
pub async fn a_stream_that_breaks_ends_with_an_error<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &BOTH).await;
    let mut events = open(&h).await;
    h.break_streams().await;
    while next(&mut events).await.expect("the stream ended as if all were well").is_ok() {}
    for _ in 0..2 {
        let item = next(&mut events).await;
        assert!(item.is_none(), "after the error came {item:?}");
    }
}

/// A stream that has ended or failed stays closed until somebody opens another.
pub async fn no_stream_is_opened_again_by_itself<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &BOTH).await;
    let (mut ended, targets) = (open(&h).await, h.strangers());
    h.end_streams().await;
    h.block(targets[0]).await;
    while next(&mut ended).await.is_some_and(|item| item.is_ok()) {}
    assert_eq!(h.open_streams().await, 0, "a stream was ended and opened again");
    let mut broken = open(&h).await;
    h.break_streams().await;
    h.block(targets[1]).await;
    while next(&mut broken).await.is_some_and(|item| item.is_ok()) {}
    assert_eq!(h.open_streams().await, 0, "a stream failed and was opened again");
}

/// Dropping a stream closes it, read or unread, and leaves the others open.
pub async fn a_stream_that_is_dropped_is_closed<H: ActivityFeedHarness>(h: H) {
    subscribe(&h, &[BlockEventType::Block]).await;
    let (unread, mut read, target) = (open(&h).await, open(&h).await, h.strangers()[0]);
    assert_eq!(h.open_streams().await, 2, "two streams were opened");
    h.block(target).await;
    told(&mut read).await;
    drop(unread);
    assert_open(&h, 1).await;
    drop(read);
    assert_open(&h, 0).await;
}

/// Waits until so many streams are open, which the world may learn of a little later.
async fn assert_open<H: ActivityFeedHarness>(h: &H, expected: usize) {
    let closed = async {
        while h.open_streams().await != expected {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let is_closed = timeout(PATIENCE, closed).await.is_ok();
    assert!(is_closed, "a stream that was dropped is still open, or another one was closed");
}
