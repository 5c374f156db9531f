//! Subscriptions and events as X writes them.

use blocks_domain::Vocabulary;
use serde_json::{Map, Value, json};

use crate::World;
use crate::server::encode::{time, user};
use crate::server::query::Asked;
use crate::world::{End, EventKind, Subscription, Told, USER_FIELDS};

/// A type of event, as X calls it.
pub(in crate::server) const fn event_type(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Block => "block.block",
        EventKind::Unblock => "block.unblock",
    }
}

/// A subscription.
pub(super) fn subscription(world: &World, subscription: &Subscription) -> Value {
    let mut json = json!({
        "subscription_id": subscription.id.to_string(),
        "event_type": event_type(subscription.kind),
        "filter": { "user_id": world.subject(subscription).to_string() },
        "created_at": time(subscription.created_at),
        "updated_at": time(subscription.updated_at),
    });
    if let Some(tag) = &subscription.tag {
        json["tag"] = tag.as_str().into();
    }
    json
}

/// The answer to making or changing a subscription.
pub(super) fn subscribed(world: &World, made: &Subscription, total: usize) -> Value {
    json!({
        "data": {
            "subscription": subscription(world, made),
            "total_subscriptions_for_instance_id": total,
        },
        "meta": { "total_subscriptions": total },
    })
}

/// An event.
///
/// That of a block has the shape of that of a follow, of which X shows examples: the users with
/// most of their fields, in tweet words.
pub(super) fn event(told: &Told) -> Value {
    let asked = Asked {
        words: Vocabulary::Tweet,
        user_fields: USER_FIELDS.into(),
        post_fields: [].into(),
        expansions: [].into(),
    };
    let mut data = Map::new();
    data.insert("event_uuid".into(), told.event.id.to_string().into());
    data.insert("filter".into(), json!({ "user_id": told.user.to_string() }));
    data.insert("event_type".into(), event_type(told.event.kind).into());
    data.extend(told.event.tag.as_deref().map(|tag| ("tag".to_owned(), tag.into())));
    let payload = json!({
        "source": { "data": user(&told.source, &asked) },
        "target": { "data": user(&told.target, &asked) },
    });
    data.insert("payload".into(), payload);
    json!({ "data": data })
}

/// Why a stream ends, for its last line.
///
/// Inferred from what X's streams of posts say.
pub(super) fn end(end: End) -> Value {
    let problem = match end {
        End::TooSlow => json!({
            "title": "operational-disconnect",
            "disconnect_type": "SlowReader",
            "detail": "This stream has been disconnected because its events were not read in time.",
            "type": "https://api.x.com/2/problems/operational-disconnect",
        }),
        End::OutOfCredits => json!({
            "title": "CreditsDepleted",
            "detail": "The account has no credits left for another event.",
            "type": "https://api.x.com/2/problems/credits",
        }),
    };
    json!({ "errors": [problem] })
}
