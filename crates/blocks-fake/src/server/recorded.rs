//! The last requests, for whoever wants to know what a client really sent.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use blocks_domain::UserId;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::query::pairs;
use crate::World;

/// A request that was answered, without anything that must stay secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// How many requests came before it since the sandbox began or forgot them.
    pub number: u64,
    /// When it came, by the world's time.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path; only the beginning of one that is very long.
    pub path: String,
    /// The query, decoded: a value that may be a secret is told as `***`.
    pub query: Vec<(String, String)>,
    /// How it proved who it is from.
    pub authorization: Authorization,
    /// On whose behalf it was made, where that was proven.
    pub user: Option<UserId>,
    /// The status that answered it; `None` where the connection was reset.
    pub status: Option<u16>,
    /// The kind of the fault that it met, as a file of faults names it.
    pub fault: Option<&'static str>,
    /// How long it took until the answer began.
    pub took: Duration,
}

/// A kind of `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// There is none.
    None,
    /// An access token.
    Bearer,
    /// An OAuth 1.0a signature.
    OAuth,
    /// A client id and secret.
    Basic,
    /// Something else, or more than one.
    Other,
}

impl Authorization {
    /// The word for it: `none`, `bearer`, `oauth`, `basic` or `other`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::OAuth => "oauth",
            Self::Basic => "basic",
            Self::Other => "other",
        }
    }

    fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if headers.contains_key(header::AUTHORIZATION) {
                Self::Other
            } else {
                Self::None
            };
        };
        let scheme = value.to_str().unwrap_or_default().split(' ').next().unwrap_or_default();
        let kinds = [("bearer", Self::Bearer), ("oauth", Self::OAuth), ("basic", Self::Basic)];
        let found = kinds.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name));
        found.map_or(Self::Other, |(_, kind)| kind)
    }
}

impl RecordedRequest {
    /// What a request says of itself.
    pub(super) fn of(head: &Parts, at: Timestamp) -> Self {
        Self {
            number: 0,
            at,
            method: shortened(head.method.as_str()),
            path: shortened(head.uri.path()),
            query: harmless(head.uri.query().unwrap_or_default()),
            authorization: Authorization::of(&head.headers),
            user: None,
            status: None,
            fault: None,
            took: Duration::ZERO,
        }
    }

    /// The request as the control interface tells it.
    pub(super) fn to_json(&self) -> Value {
        let query: Vec<_> = self.query.iter().map(|(name, value)| json!([name, value])).collect();
        json!({
            "number": self.number,
            "at": format!("{:.3}", self.at),
            "method": self.method,
            "path": self.path,
            "query": query,
            "authorization": self.authorization.name(),
            "user_id": self.user.map(|user| user.to_string()),
            "status": self.status,
            "fault": self.fault,
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: VecDeque<RecordedRequest>,
    count: u64,
}

impl Requests {
    /// How many are kept.
    const MOST: usize = 1000;

    pub(super) fn add(&mut self, request: RecordedRequest) {
        if self.last.len() == Self::MOST {
            self.last.pop_front();
        }
        self.last.push_back(RecordedRequest { number: self.count, ..request });
        self.count += 1;
    }
}

impl World {
    /// The last requests that came over HTTP, at most a thousand, the oldest first; not those to
    /// the control interface.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.recorded().last.iter().cloned().collect()
    }

    /// How many requests there were since the beginning, or since they were forgotten.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.recorded().count
    }

    /// Forgets the requests, and counts them from 0 again.
    pub fn forget_requests(&self) {
        *self.recorded() = Requests::default();
    }
}

/// The most characters of one text that are kept.
const LONGEST: usize = 256;

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Parameters whose values are no secrets.
const PLAIN: [&str; 14] = [
    "max_results",
    "pagination_token",
    "expansions",
    "user.fields",
    "tweet.fields",
    "post.fields",
    "ids",
    "usernames",
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "code_challenge_method",
    "backfill_minutes",
];

/// A query of which nothing is told that may be a secret: a client can send one under any name, so
/// only the values of parameters that are known to hold none are told.
fn harmless(query: &str) -> Vec<(String, String)> {
    const MOST: usize = 32;
    let is_word = |name: &str| {
        name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let told = |(name, value): (String, String)| {
        let is_plain = PLAIN.contains(&name.as_str());
        // A name without a value may be the secret itself.
        let is_named = is_plain || (!value.is_empty() && is_word(&name));
        let name = if is_named { name } else { HIDDEN.to_owned() };
        (name, if is_plain { shortened(&value) } else { HIDDEN.to_owned() })
    };
    pairs(query).into_iter().take(MOST).map(told).collect()
}

/// What is told in the place of what may be a secret.
const HIDDEN: &str = "***";

#[cfg(test)]
mod tests {
    use super::*;

    fn head(query: &str, authorization: &[&str]) -> Parts {
        let request = axum::http::Request::builder().uri(format!("/2/users/me?{query}"));
        let all = authorization.iter().fold(request, |all, v| all.header("authorization", *v));
        all.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn no_secret_is_told() {
        let query =
            "max_results=5&access_token=s3cret&s3cret&code=s3cret&state=s3cret&user.fields=id";
        let recorded = RecordedRequest::of(&head(query, &["Bearer s3cret"]), Timestamp::UNIX_EPOCH);
        let told = recorded.to_json().to_string();
        assert!(!told.contains("s3cret"), "{told}");
        assert!(told.contains(r#"["max_results","5"],["access_token","***"]"#), "{told}");
        assert_eq!(recorded.query.len(), 6);
    }

    #[test]
    fn the_kind_of_authorization_is_told() {
        let kind = |values: &[&str]| Authorization::of(&head("", values).headers).name();
        assert_eq!(kind(&[]), "none");
        assert_eq!(kind(&["bearer x"]), "bearer");
        assert_eq!(kind(&["OAuth realm=\"\""]), "oauth");
        assert_eq!(kind(&["Basic eDp5"]), "basic");
        assert_eq!(kind(&["x"]), "other");
        assert_eq!(kind(&["Bearer x", "Bearer y"]), "other");
    }

    #[test]
    fn only_the_last_are_kept() {
        let mut requests = Requests::default();
        let one = RecordedRequest::of(&head("", &[]), Timestamp::UNIX_EPOCH);
        for _ in 0..Requests::MOST + 5 {
            requests.add(one.clone());
        }
        assert_eq!((requests.last.len(), requests.last[0].number), (Requests::MOST, 5));
    }
}
