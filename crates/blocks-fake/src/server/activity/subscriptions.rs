//! Making, listing, changing and deleting subscriptions.
//!
//! A user subscribes to what they do; all subscriptions are the app's.

use blocks_domain::{SubscriptionId, SubscriptionRequest, UserId};
use serde_json::{Map, Value, json};

use super::encode;
use crate::World;
use crate::server::Incoming;
use crate::server::body::{object_in, optional_text_in, part_in, text_in};
use crate::server::query::Reader;
use crate::server::refusal::{Refusal, Violation};
use crate::world::{Caller, EventKind, NotSubscribed};

/// The most subscriptions that a page can hold, and as many as it holds unasked.
const PAGE_MAX: usize = 100;

/// Answers a page of the subscriptions that stand.
pub(in crate::server) fn list(world: &World, query: &str) -> Result<Value, Refusal> {
    let mut reader = Reader::new(query, &["max_results", "pagination_token"], false);
    let size = reader.number("max_results", PAGE_MAX, 1..=PAGE_MAX);
    let after = reader.text("pagination_token").map(str::to_owned).and_then(|token| {
        let after = world.subscription_before(&token);
        if after.is_none() {
            reader.refuse(Violation::not_a_token(&token));
        }
        after
    });
    reader.finish().map_err(Refusal::Invalid)?;

    let mut found = world.subscriptions(after);
    let has_more = found.len() > size;
    found.truncate(size);
    let mut meta = Map::new();
    meta.insert("result_count".into(), found.len().into());
    if let Some(last) = found.last().filter(|_| has_more) {
        let token = world.subscriptions_token(last.id);
        meta.insert("next_token".into(), token.as_str().into());
    }
    let data: Vec<_> = found.iter().map(|one| encode::subscription(world, one)).collect();
    Ok(json!({ "data": data, "meta": meta }))
}

/// Makes a subscription.
pub(in crate::server) fn create(
    world: &World,
    caller: &Caller,
    incoming: &Incoming,
) -> Result<Value, Refusal> {
    Reader::new(incoming.query(), &[], false).finish().map_err(Refusal::Invalid)?;
    let request = requested(caller, incoming).map_err(invalid)?;
    let made = world.subscribe(caller, request.kind, request.tag);
    let (made, total) = made.map_err(|why| invalid(not_subscribed(why)))?;
    Ok(encode::subscribed(world, &made, total))
}

/// Gives a subscription another tag, if the body names one.
pub(in crate::server) fn change(
    world: &World,
    id: &str,
    incoming: &Incoming,
) -> Result<Value, Refusal> {
    let id = id_in(incoming.query(), id)?;
    let body = body_of(incoming, &["tag", "webhook_id"]).map_err(invalid)?;
    let tag = tag_in(&body).map_err(invalid)?;
    let changed = world.retag(id, tag);
    let (changed, total) =
        changed.ok_or_else(|| Refusal::NoSuchSubscription { id: id.to_string() })?;
    Ok(encode::subscribed(world, &changed, total))
}

/// Deletes a subscription.
pub(in crate::server) fn delete(world: &World, id: &str, query: &str) -> Result<Value, Refusal> {
    let id = id_in(query, id)?;
    let left = world.unsubscribe(id);
    let left = left.ok_or_else(|| Refusal::NoSuchSubscription { id: id.to_string() })?;
    Ok(json!({ "data": { "deleted": true }, "meta": { "total_subscriptions": left } }))
}

/// What the body of a request for a subscription asks for.
struct Requested {
    kind: EventKind,
    tag: Option<String>,
}

fn requested(caller: &Caller, incoming: &Incoming) -> Result<Requested, Violation> {
    let body = body_of(incoming, &["event_type", "filter", "tag", "webhook_id"])?;
    let kind = kind_in(&body)?;
    let filter = part_in(&body, "filter", &["user_id"])?;
    let user = text_in(filter, "user_id", "$.filter")?;
    match user.parse::<UserId>() {
        Err(_) => Err(Violation::not_valid("filter.user_id", user)),
        // What a user does is told to nobody but those who signed in as that user.
        Ok(id) if id != caller.user => {
            Err(Violation::not_the_caller("filter.user_id", user, &caller.user.to_string()))
        }
        Ok(_) => Ok(Requested { kind, tag: tag_in(&body)? }),
    }
}

fn kind_in(body: &Map<String, Value>) -> Result<EventKind, Violation> {
    let word = text_in(body, "event_type", "$")?;
    let kind = EventKind::ALL.into_iter().find(|kind| encode::event_type(*kind) == word);
    let words = EventKind::ALL.map(encode::event_type);
    kind.ok_or_else(|| Violation::not_one_of("event_type", word, &words))
}

fn tag_in(body: &Map<String, Value>) -> Result<Option<String>, Violation> {
    let Some(tag) = optional_text_in(body, "tag", "$")? else { return Ok(None) };
    let most = SubscriptionRequest::TAG_MAX;
    if !(1..=most).contains(&tag.chars().count()) {
        let message = format!("$.tag: must be at least 1 and at most {most} characters long");
        return Err(Violation::of_request(message));
    }
    Ok(Some(tag.to_owned()))
}

/// The body, if it has no keys but these, and names no webhook: this world has none.
fn body_of(incoming: &Incoming, keys: &[&str]) -> Result<Map<String, Value>, Violation> {
    let body = object_in(incoming, keys)?;
    match optional_text_in(&body, "webhook_id", "$")? {
        Some(webhook) => Err(Violation::not_valid("webhook_id", webhook)),
        None => Ok(body),
    }
}

/// The id in a path behind which there are no parameters.
fn id_in(query: &str, id: &str) -> Result<SubscriptionId, Refusal> {
    let mut reader = Reader::new(query, &[], false);
    let parsed = id.parse().map_err(|_| Violation::not_valid("subscription_id", id));
    if let Err(violation) = &parsed {
        reader.refuse(violation.clone());
    }
    reader.finish().map_err(Refusal::Invalid)?;
    parsed.map_err(invalid)
}

/// Inferred: the words are those of the Account Activity API, and of the plan nothing is known.
fn not_subscribed(why: NotSubscribed) -> Violation {
    Violation::of_request(match why {
        NotSubscribed::Duplicate => {
            "DuplicateSubscriptionFailed: Subscription already exists".to_owned()
        }
        NotSubscribed::Full { most } => {
            format!("The app has {most} subscriptions, and its plan allows no more.")
        }
    })
}

fn invalid(violation: Violation) -> Refusal {
    Refusal::Invalid(vec![violation])
}
