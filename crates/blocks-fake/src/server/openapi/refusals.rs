//! How calls are refused: each refusal is described by an answer that tells it.

use std::collections::BTreeMap;

use blocks_domain::{Endpoint, EndpointSpec, RateWindow};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::component;
use super::outcome::Outcome;
use super::schema::{closed, exactly, some, string};
use crate::server::answer::{Answer, Content};
use crate::server::refusal::{Refusal, Violation};
use crate::world::{Absence, Denial, Denied};

/// The ways in which a call of an endpoint can be refused.
pub(super) fn of(endpoint: Endpoint) -> Vec<Outcome> {
    answers(endpoint).map(outcome).collect()
}

/// The schemas of all refusals, by name.
pub(super) fn all() -> BTreeMap<String, Value> {
    let answers = Endpoint::ALL.into_iter().flat_map(answers);
    answers.map(|answer| (name(json_of(&answer)), shape(json_of(&answer)))).collect()
}

fn answers(endpoint: Endpoint) -> impl Iterator<Item = Answer> {
    let spec = endpoint.spec();
    let rate = Some(window(&spec));
    let invalid = Refusal::Invalid(vec![Violation::not_valid("id", "x")]);
    let after = [invalid, Refusal::TooLarge].into_iter().chain(of_its_own(endpoint));
    let after = after.map(move |refusal| refusal.answer().with_rate(rate));
    let denied = Denial::ALL.into_iter().filter(move |denial| concerns(*denial, &spec));
    let denied = denied.map(move |reason| {
        let rate = rate.filter(|_| knows_caller(reason));
        Refusal::Denied(Denied { reason, rate }).answer()
    });
    after.chain(denied)
}

/// The refusals that only some endpoints have.
fn of_its_own(endpoint: Endpoint) -> Vec<Refusal> {
    let id = || "0".to_owned();
    match endpoint {
        Endpoint::PostBlocking | Endpoint::DeleteBlocking => {
            let absences = [Absence::NotFound, Absence::Suspended];
            absences.map(|why| Refusal::Absent { id: id(), why }).into()
        }
        Endpoint::PutSubscription | Endpoint::DeleteSubscription => {
            vec![Refusal::NoSuchSubscription { id: id() }]
        }
        Endpoint::GetActivityStream => vec![Refusal::TooManyStreams],
        _ => Vec::new(),
    }
}

/// Whether a call of this endpoint can be denied so.
fn concerns(denial: Denial, spec: &EndpointSpec) -> bool {
    match denial {
        Denial::Unauthenticated | Denial::RateLimited | Denial::NotEnrolled => true,
        Denial::AppOnly | Denial::Forbidden => !spec.is_for_app(),
        Denial::UserContext => spec.is_for_app(),
        Denial::OAuth1Permissions => spec.method != "GET" && !spec.is_for_app(),
        Denial::OutOfCredits | Denial::Capped => spec.price.is_some(),
    }
}

const fn knows_caller(denial: Denial) -> bool {
    !matches!(denial, Denial::Unauthenticated | Denial::AppOnly | Denial::UserContext)
}

/// Some window of an endpoint.
pub(super) fn window(spec: &EndpointSpec) -> RateWindow {
    let limit = spec.limit.requests().get();
    RateWindow::new(limit, limit, Timestamp::UNIX_EPOCH, None)
}

fn outcome(answer: Answer) -> Outcome {
    let json = json_of(&answer);
    let schema = component(&name(json));
    let detail = problem(json)["detail"].as_str().unwrap_or_default().to_owned();
    Outcome::of(answer, detail, Some(schema), Some(true))
}

fn json_of(answer: &Answer) -> &Value {
    match &answer.content {
        Content::Json(json) | Content::Problem(json) => json,
        Content::Live(_) | Content::Raw { .. } => &Value::Null,
    }
}

/// A name for what a body tells: the last word of its type, and its title.
fn name(body: &Value) -> String {
    let problem = problem(body);
    let text = |key: &str| problem[key].as_str().unwrap_or_default();
    let title = text("title").to_ascii_lowercase().replace(' ', "-");
    match text("type").rsplit_once('/') {
        Some((_, word)) if word != title => format!("{word}-{title}"),
        _ => title,
    }
}

/// What a body tells: itself, or the only error in it.
fn problem(body: &Value) -> &Value {
    if body["type"].is_string() { body } else { &body["errors"][0] }
}

/// The schema of bodies like this one: its keys and no others, always the same kind of problem.
fn shape(body: &Value) -> Value {
    match body {
        Value::Object(keys) => {
            let names: Vec<_> = keys.keys().cloned().collect();
            let property = |(name, value): (&String, &Value)| (name.clone(), said(name, value));
            closed(&names, keys.iter().map(property).collect::<Map<_, _>>())
        }
        Value::Array(items) => some(items.first().map_or_else(|| json!({}), shape)),
        _ => string(),
    }
}

fn said(name: &str, value: &Value) -> Value {
    match name {
        "title" | "type" | "status" | "reason" => exactly(value.clone()),
        "parameters" => json!({ "type": "object", "additionalProperties": some(string()) }),
        _ => shape(value),
    }
}
