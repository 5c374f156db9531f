//! Subscriptions and events as schemas.

use std::collections::BTreeMap;

use blocks_domain::{SubscriptionRequest, UserId, Vocabulary};
use serde_json::{Value, json};

use super::component;
use super::schema::{count, exactly, id, object, one_of, string, time};
use super::shapes::user_in;
use crate::server::activity::event_type;
use crate::world::EventKind;

/// The schemas of the answers, by name.
pub(super) fn all() -> BTreeMap<String, Value> {
    let subscription = object(
        [
            ("subscription_id", id()),
            ("event_type", kind()),
            ("filter", filter()),
            ("created_at", time()),
            ("updated_at", time()),
        ],
        [("tag", tag())],
    );
    let total = || object([("total_subscriptions", count())], []);
    let one = component("subscription");
    let made =
        object([("subscription", one), ("total_subscriptions_for_instance_id", count())], []);
    let list = json!({ "type": "array", "items": component("subscription") });
    let next = json!({ "type": "string", "minLength": 16 });
    let meta = object([("result_count", count())], [("next_token", next)]);
    let deleted = object([("deleted", exactly(true))], []);
    [
        ("subscription", subscription),
        ("subscribed", object([("data", made), ("meta", total())], [])),
        ("subscriptions", object([("data", list), ("meta", meta)], [])),
        ("unsubscribed", object([("data", deleted), ("meta", total())], [])),
        ("event", event()),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
    .into()
}

/// The body that asks for a subscription to what this user does.
pub(super) fn request(user: UserId) -> Value {
    let mut filter = filter();
    filter["properties"]["user_id"]["examples"] = json!([user.to_string()]);
    object([("event_type", kind()), ("filter", filter)], [("tag", tag())])
}

/// The body that changes a subscription.
pub(super) fn change() -> Value {
    object([], [("tag", tag())])
}

/// An event; it comes in tweet words.
fn event() -> Value {
    let user = || object([("data", user_in(Vocabulary::Tweet))], []);
    let payload = object([("source", user()), ("target", user())], []);
    let data = object(
        [
            ("event_uuid", string()),
            ("filter", filter()),
            ("event_type", kind()),
            ("payload", payload),
        ],
        [("tag", string())],
    );
    object([("data", data)], [])
}

fn kind() -> Value {
    one_of(&EventKind::ALL.map(event_type))
}

fn filter() -> Value {
    object([("user_id", id())], [])
}

fn tag() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": SubscriptionRequest::TAG_MAX })
}
