//! An answer on its way out.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use blocks_domain::RateWindow;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::Value;

/// An answer: what it says, and what comes along.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content: Content,
    pub(super) rate: Option<RateWindow>,
    /// The fault that it shows.
    fault: Option<Box<Shown>>,
    headers: Vec<(&'static str, String)>,
}

/// What a fault does to an answer besides its status and content.
#[derive(Debug)]
struct Shown {
    /// The kind of the fault.
    kind: &'static str,
    /// A header that is another one, or missing.
    header: Option<(&'static str, Option<String>)>,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Content {
    /// Data, as `application/json`.
    Json(Value),
    /// A problem, as `application/problem+json`.
    Problem(Value),
    /// Lines of JSON that come as they are made.
    Live(Body),
    /// Anything else.
    Raw { content_type: &'static str, body: Body },
}

const JSON: &str = "application/json; charset=utf-8";

/// Marks a response whose body must reach its reader piece by piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live;

impl Answer {
    pub(super) const fn new(status: u16, content: Content) -> Self {
        Self { status, content, rate: None, fault: None, headers: Vec::new() }
    }

    pub(super) fn with_rate(mut self, rate: Option<RateWindow>) -> Self {
        self.rate = rate;
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says which kind of fault it shows.
    pub(super) fn with_fault(mut self, kind: &'static str) -> Self {
        self.tampered_with().kind = kind;
        self
    }

    /// The kind of the fault that it shows, if it shows one.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.fault.as_ref().map(|shown| shown.kind)
    }

    fn tampered_with(&mut self) -> &mut Shown {
        self.fault.get_or_insert_with(|| Box::new(Shown { kind: "", header: None }))
    }

    /// Leaves a header out.
    pub(super) fn without_header(mut self, name: &'static str) -> Self {
        self.tampered_with().header = Some((name, None));
        self
    }

    /// Puts something else into a header.
    pub(super) fn with_other_header(mut self, name: &'static str, value: String) -> Self {
        self.tampered_with().header = Some((name, Some(value)));
        self
    }

    /// Tells another time than the request was judged by.
    pub(super) fn with_date(self, date: Timestamp) -> Self {
        match DateTimePrinter::new().timestamp_to_rfc9110_string(&date) {
            Ok(date) => self.with_other_header("date", date),
            Err(_) => self.without_header("date"),
        }
    }

    /// Says that no cache may keep the answer, since it holds or leads to a secret.
    pub(super) fn not_to_be_stored(self) -> Self {
        self.with_header("cache-control", "no-store".to_owned())
    }

    /// Adds the headers that every answer has; `may_write` is for those of the API, and `date` is
    /// the time by which the request was judged.
    pub(super) fn with_trimmings(
        mut self,
        seed: u64,
        number: u64,
        may_write: Option<bool>,
        date: Timestamp,
        took: Duration,
    ) -> Self {
        if let Some(rate) = self.rate {
            let limit = rate.limit().requests().to_string();
            self.headers.push(("x-rate-limit-limit", limit));
            self.headers.push(("x-rate-limit-remaining", rate.remaining().to_string()));
            self.headers.push(("x-rate-limit-reset", rate.reset().as_second().to_string()));
        }
        if let Some(may_write) = may_write {
            let access = if may_write { "read-write" } else { "read" };
            self.headers.push(("x-access-level", access.to_owned()));
        }
        // An odd factor spreads the numbers over all ids without repeating one.
        let id = ((number + 1) ^ (seed << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.headers.push(("x-transaction-id", format!("{id:016x}")));
        self.headers.push(("x-response-time", took.as_millis().to_string()));
        self.at(date)
    }

    /// Adds the time of the answer.
    pub(super) fn at(mut self, date: Timestamp) -> Self {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date);
        self.headers.extend(date.ok().map(|date| ("date", date)));
        self
    }

    pub(super) fn into_response(self) -> Response {
        let is_live = matches!(self.content, Content::Live(_));
        let (content_type, body) = match self.content {
            Content::Json(json) => (JSON, json.to_string().into()),
            Content::Live(body) => (JSON, body),
            Content::Problem(json) => ("application/problem+json", json.to_string().into()),
            Content::Raw { content_type, body } => (content_type, body),
        };
        let mut response = Response::new(body);
        if is_live {
            response.extensions_mut().insert(Live);
        }
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        if let Some((name, value)) = self.fault.and_then(|shown| shown.header) {
            headers.remove(name);
            let value = value.and_then(|value| HeaderValue::from_str(&value).ok());
            headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
        }
        response
    }
}
