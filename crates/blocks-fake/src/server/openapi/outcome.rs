//! The answers of an operation as the document has them: by status, with headers and body.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::header;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::schema::any;
use crate::server::answer::Answer;

/// One way in which a call ends.
pub(super) struct Outcome {
    status: u16,
    /// What it means, as a sentence.
    what: String,
    headers: BTreeSet<String>,
    content_type: String,
    /// `None` where the body is not JSON.
    schema: Option<Value>,
}

impl Outcome {
    /// The way that an answer of the server takes, with the schema of its body.
    ///
    /// `may_write` is as for [`Answer::with_trimmings`]: set for the calls of the API.
    pub(super) fn of(
        answer: Answer,
        what: impl Into<String>,
        schema: Option<Value>,
        may_write: Option<bool>,
    ) -> Self {
        let status = answer.status;
        let now = Timestamp::UNIX_EPOCH;
        let response = answer.with_trimmings(0, 0, may_write, now, Duration::ZERO).into_response();
        let names = response.headers().keys().filter(|name| **name != header::CONTENT_TYPE);
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            status,
            what: what.into(),
            headers: names.map(|name| name.as_str().to_owned()).collect(),
            content_type: content_type.split(';').next().unwrap_or_default().to_owned(),
            schema,
        }
    }
}

/// The `responses` of an operation.
pub(super) fn responses(outcomes: Vec<Outcome>) -> Value {
    let mut by_status = BTreeMap::<u16, Vec<Outcome>>::new();
    for outcome in outcomes {
        by_status.entry(outcome.status).or_default().push(outcome);
    }
    let all = by_status.into_iter();
    all.map(|(status, outcomes)| (status.to_string(), response(outcomes)))
        .collect::<Map<_, _>>()
        .into()
}

fn response(outcomes: Vec<Outcome>) -> Value {
    let mut headers = Map::new();
    for name in outcomes.iter().flat_map(|outcome| &outcome.headers) {
        let is_always_there = outcomes.iter().all(|outcome| outcome.headers.contains(name));
        headers.insert(name.clone(), header_of(name, is_always_there));
    }
    let sentences: Vec<_> = outcomes.iter().map(|outcome| outcome.what.clone()).collect();
    let mut schemas = BTreeMap::<String, Vec<Value>>::new();
    for outcome in outcomes {
        let schema = outcome.schema.unwrap_or_else(|| json!({ "type": "string" }));
        schemas.entry(outcome.content_type).or_default().push(schema);
    }
    let content = schemas.into_iter().map(|(media, all)| (media, json!({ "schema": any(all) })));
    json!({
        "description": sentences.join(" "),
        "headers": headers,
        "content": content.collect::<Map<_, _>>(),
    })
}

fn header_of(name: &str, is_always_there: bool) -> Value {
    let schema = match name {
        "x-rate-limit-limit"
        | "x-rate-limit-remaining"
        | "x-rate-limit-reset"
        | "x-response-time" => json!({ "type": "integer", "minimum": 0 }),
        "x-access-level" => json!({ "enum": ["read", "read-write"] }),
        _ => json!({ "type": "string" }),
    };
    json!({ "required": is_always_there, "schema": schema })
}
