//! The activity stream and its subscriptions.

use super::{read, refusal};
use crate::model::*;
use crate::{FromJson, SubscriptionId};

const EVENT: &str = r#"{"data":{"event_uuid":"-4233426745281461957","filter":{"user_id":"12"},"event_type":"block.unblock","tag":"mine","payload":{"source":{"data":{"id":"12","username":"ada"}},"target":{"data":{"id":"34"}}}}}"#;

#[test]
fn an_event_says_who_unblocked_whom() {
    let message: ActivityMessage = read(EVENT);
    assert_eq!(serde_json::to_string(&message).expect("JSON"), EVENT);
    let event = message.data.expect("an event");
    assert_eq!(event.event_type, BlockEventType::Unblock);
    assert_eq!(event.tag.as_deref(), Some("mine"));
    assert_eq!(event.filter, Some(ActivityFilter::of("12".parse().expect("an id"))));
    let pair = event.pair().expect("two users");
    assert_eq!((pair.source().get(), pair.target().get()), (12, 34));
}

#[test]
fn an_event_of_another_type_is_kept_as_it_came() {
    let json = r#"{"data":{"event_type":"profile.update.bio","payload":{"before":"a","after":"b"},"includes":{}}}"#;
    let (message, oddities) = ActivityMessage::from_json(json).expect("a message");
    let event = message.data.as_ref().expect("an event");
    assert!(matches!(&event.event_type, BlockEventType::Other(_)));
    assert_eq!((event.pair(), event.payload.is_none()), (None, true));
    assert_eq!(event.extra.get("payload"), Some(r#"{"before":"a","after":"b"}"#));
    assert_eq!(oddities.count(), 1);
}

#[test]
fn nobody_blocks_themselves_in_an_event_either() {
    let event = BlockEventPayload::new(
        User::new("12".parse().expect("an id")),
        User::new("12".parse().expect("an id")),
    );
    let mut of_oneself = BlockEvent::new(BlockEventType::Block);
    of_oneself.payload = Some(event);
    assert_eq!(of_oneself.pair(), None);
}

#[test]
fn the_end_of_a_stream_says_why() {
    let message: ActivityMessage = read(
        r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"SlowReader","type":"https://api.x.com/2/problems/operational-disconnect"}]}"#,
    );
    let [problem] = message.problems() else { panic!("one problem") };
    assert_eq!(problem.problem_type(), Some(ProblemType::OperationalDisconnect));
    assert_eq!(problem.disconnect_type.as_deref(), Some("SlowReader"));
    assert_eq!(message.data, None);
}

#[test]
fn a_subscription_is_known_by_its_id() {
    let reply: SubscriptionReply = read(
        r#"{"data":{"subscription":{"created_at":"2025-10-09T16:35:08.000Z","event_type":"block.block","filter":{"user_id":"12"},"subscription_id":"1976325569252868096","updated_at":"2025-10-09T16:35:08.000Z"},"total_subscriptions_for_instance_id":1},"meta":{"total_subscriptions":1}}"#,
    );
    let subscription = reply.subscription().expect("a subscription");
    assert_eq!(Some(subscription.subscription_id), SubscriptionId::new(1_976_325_569_252_868_096));
    assert_eq!(subscription.event_type, BlockEventType::Block);
    assert_eq!(reply.data.as_ref().and_then(|data| data.total), Some(1));
    assert!(reply.problems().is_empty());
    let nameless = r#"{"data":{"subscription":{"event_type":"block.block"}}}"#;
    assert_eq!(read::<SubscriptionReply>(nameless).subscription(), None);
    let error = refusal::<ActivitySubscription>(r#"{"event_type":"block.block"}"#);
    assert!(error.contains("missing field `subscription_id`"), "{error}");
}

#[test]
fn a_page_of_subscriptions_names_the_next() {
    let page: SubscriptionsPage = read(
        r#"{"data":[{"subscription_id":"7","event_type":"block.block"},{"subscription_id":"8","event_type":"like.create"}],"meta":{"result_count":2,"next_token":"7140dibdnow9c7btw482"}}"#,
    );
    assert_eq!(page.subscriptions().len(), 2);
    assert_eq!(page.next_token().map(PageToken::as_str), Some("7140dibdnow9c7btw482"));
    let none: SubscriptionsPage = read(r#"{"meta":{"total_subscriptions":0}}"#);
    assert!(none.subscriptions().is_empty() && none.next_token().is_none());
    let made = SubscriptionsPage::new(Vec::new(), SubscriptionsMeta::default());
    assert_eq!(serde_json::to_string(&made).expect("JSON"), r#"{"data":[],"meta":{}}"#);
}
