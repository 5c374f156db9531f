//! Faults as JSON, in the shape in which they are read.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Fault, FaultKind, Place};

impl Fault {
    /// The fault in the shape that [`Fault::read_json`] reads, with what is left of its counts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        let mut add = |key: &str, value: Option<Value>| {
            json.extend(value.map(|value| (key.to_owned(), value)));
        };
        add("kind", Some(self.kind.name().into()));
        for (key, value) in self.kind.values() {
            add(key, Some(value));
        }
        add("at", (self.place != Place::Anywhere).then(|| self.place.to_string().into()));
        add("after", (self.after > 0).then(|| self.after.into()));
        add("times", self.times.map(Into::into));
        add("probability", self.probability.map(Into::into));
        add("from", self.from.map(|from| from.to_string().into()));
        add("until", self.until.map(|until| until.to_string().into()));
        json.into()
    }
}

impl FaultKind {
    /// The word for it in a file of faults.
    pub(in crate::server) const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } | Self::Documented(_) => "status",
            Self::Delay(_) => "delay",
            Self::Drip { .. } => "drip",
            Self::Stall(_) => "stall",
            Self::TruncatedBody => "truncate",
            Self::Reset => "reset",
            Self::MalformedJson => "malformed-json",
            Self::Oversized(_) => "oversized",
            Self::MissingHeader(_) => "missing-header",
            Self::WrongHeader(..) => "wrong-header",
            Self::ClockOff(_) => "clock-off",
            Self::WithoutMeta => "without-meta",
            Self::WithoutNextToken => "without-next-token",
            Self::RepeatedToken => "repeated-token",
            Self::DuplicatePage => "duplicate-page",
            Self::EmptyPage => "empty-page",
            Self::ResultCountOff(_) => "result-count-off",
        }
    }

    /// What stands under the keys of the kind.
    fn values(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Status { status, content_type, body } => vec![
                ("status", (*status).into()),
                ("format", format(content_type).into()),
                ("body", body.as_str().into()),
            ],
            Self::Documented(documented) => vec![
                ("status", documented.status().into()),
                ("problem", documented.problem().into()),
            ],
            Self::Delay(delay) => vec![("ms", ms(*delay))],
            Self::Drip { bytes, pause } => vec![("bytes", (*bytes).into()), ("ms", ms(*pause))],
            Self::Stall(patience) => vec![("ms", ms(*patience))],
            Self::Oversized(bytes) => vec![("bytes", (*bytes).into())],
            Self::MissingHeader(header) => vec![("header", header.name().into())],
            Self::WrongHeader(header, value) => {
                vec![("header", header.name().into()), ("value", value.as_str().into())]
            }
            Self::ClockOff(by) => vec![("seconds", by.as_secs().into())],
            Self::ResultCountOff(by) => vec![("by", (*by).into())],
            Self::TruncatedBody
            | Self::Reset
            | Self::MalformedJson
            | Self::WithoutMeta
            | Self::WithoutNextToken
            | Self::RepeatedToken
            | Self::DuplicatePage
            | Self::EmptyPage => Vec::new(),
        }
    }
}

fn ms(duration: Duration) -> Value {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).into()
}

fn format(content_type: &str) -> &'static str {
    match content_type {
        super::TEXT => "text",
        super::HTML => "html",
        _ => "json",
    }
}
