//! Faults on purpose: what goes wrong between a server and its client, when a test wants it to.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use blocks_domain::{Endpoint, UserId};
use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value};

use super::answer::{Answer, Content};
use super::connection::Peer;
use crate::World;
use crate::world::{Bookmark, Position};

/// Something that goes wrong with a call, once unless told otherwise.
///
/// ```
/// use blocks_domain::Endpoint;
/// use blocks_fake::World;
/// use blocks_fake::server::{Fault, FaultKind};
///
/// let world = World::builder().build();
/// world.inject(Fault::new(FaultKind::plain(503, "Service Unavailable")).times(2));
/// world.inject(Fault::new(FaultKind::TruncatedBody).at(Endpoint::GetBlocking).after(3));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fault {
    kind: FaultKind,
    endpoint: Option<Endpoint>,
    after: u32,
    times: u32,
}

/// A way in which a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Another answer comes, and the call is not made; see [`FaultKind::json`],
    /// [`FaultKind::plain`] and [`FaultKind::html`].
    #[non_exhaustive]
    Status {
        /// The status.
        status: u16,
        /// What the body claims to be.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// The answer comes late, by the real clock.
    Delay(Duration),
    /// The connection ends in the middle of the body.
    TruncatedBody,
    /// The connection is reset, and the call is not made.
    Reset,
    /// The body is JSON that breaks off.
    MalformedJson,
    /// The page has no `meta`.
    WithoutMeta,
    /// The page names itself as the next one; only calls with a page token meet this.
    RepeatedToken,
    /// The page has no users but a `next_token`, behind which the users are.
    EmptyPage,
    /// `meta.result_count` is off by this number.
    ResultCountOff(i64),
    /// The body is padded to this number of bytes.
    Oversized(u64),
}

impl FaultKind {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: "application/json; charset=utf-8", body: body.into() }
    }

    /// An answer in plain text.
    #[must_use]
    pub fn plain(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    /// An answer with a page for a browser.
    #[must_use]
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: "text/html; charset=utf-8", body: body.into() }
    }
}

impl Fault {
    /// A fault that the next call meets, whichever it is.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self { kind, endpoint: None, after: 0, times: 1 }
    }

    /// Only calls of this endpoint meet it.
    #[must_use]
    pub const fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// So many calls that would meet it go well first.
    #[must_use]
    pub const fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    /// So many calls meet it.
    #[must_use]
    pub const fn times(mut self, calls: u32) -> Self {
        self.times = calls;
        self
    }
}

impl World {
    /// Lets something go wrong with calls that come over HTTP.
    ///
    /// Faults wait in the order in which they were injected; a call meets the first that fits it.
    pub fn inject(&self, fault: Fault) {
        self.faults().waiting.push_back(fault);
    }
}

/// The faults that wait for a call.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: VecDeque<Fault>,
}

impl Faults {
    /// What the call meets.
    pub(super) fn take(&mut self, endpoint: Endpoint, has_page_token: bool) -> Option<FaultKind> {
        let fits = |fault: &Fault| {
            fault.endpoint.is_none_or(|at| at == endpoint)
                && (has_page_token || fault.kind != FaultKind::RepeatedToken)
        };
        let met = self.waiting.iter().position(fits)?;
        let fault = &mut self.waiting[met];
        if let Some(before) = fault.after.checked_sub(1) {
            fault.after = before;
            return None;
        }
        fault.times = fault.times.saturating_sub(1);
        let kind = fault.kind.clone();
        if fault.times == 0 {
            self.waiting.remove(met);
        }
        Some(kind)
    }
}

/// What a fault needs to know of the page that was asked for.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) world: &'a World,
    pub(super) user: Option<UserId>,
    pub(super) token: Option<&'a str>,
}

/// Answers a call, with the fault that it meets.
pub(super) async fn meet(
    fault: Option<FaultKind>,
    peer: &Peer,
    page: Page<'_>,
    answer: impl FnOnce() -> Answer,
) -> Answer {
    match fault {
        None => answer(),
        Some(FaultKind::Status { status, content_type, body }) => {
            Answer::new(status, Content::Raw { content_type, body: body.into() })
        }
        Some(FaultKind::Reset) => {
            peer.reset();
            Answer::new(500, Content::Json(Value::Null))
        }
        Some(FaultKind::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            answer()
        }
        Some(kind) => {
            let mut answer = answer();
            if let Content::Json(json) = answer.content {
                answer.content = spoilt(json, &kind, &page);
            }
            answer
        }
    }
}

/// The body of a page as a fault leaves it.
fn spoilt(mut json: Value, kind: &FaultKind, page: &Page<'_>) -> Content {
    match kind {
        FaultKind::TruncatedBody => return truncated(&json),
        FaultKind::MalformedJson => return malformed(&json),
        FaultKind::Oversized(bytes) => return padded(&json, *bytes),
        FaultKind::WithoutMeta => {
            json.as_object_mut().and_then(|body| body.remove("meta"));
        }
        FaultKind::RepeatedToken => {
            json["meta"]["next_token"] = page.token.into();
        }
        FaultKind::ResultCountOff(by) => {
            let count = json["meta"]["result_count"].as_i64().unwrap_or_default();
            json["meta"]["result_count"] = count.saturating_add(*by).into();
        }
        FaultKind::EmptyPage => {
            if let (Some(body), Some(token)) = (json.as_object_mut(), page.same_again()) {
                empty(body, &token);
            }
        }
        _ => {}
    }
    Content::Json(json)
}

impl Page<'_> {
    /// Another token for the page that was asked for.
    fn same_again(&self) -> Option<String> {
        let user = self.user?;
        let at = match self.token {
            Some(token) => self.world.bookmark(token, user)?,
            None => Bookmark::at(Position::OlderThan(u64::MAX)),
        };
        let again = Bookmark { empty_pages: at.empty_pages.wrapping_add(1), ..at };
        Some(self.world.page_token(again, user).as_str().to_owned())
    }
}

fn empty(body: &mut Map<String, Value>, next_token: &str) {
    for key in ["data", "includes", "errors"] {
        body.remove(key);
    }
    let meta = body.entry("meta").or_insert_with(|| Map::new().into());
    meta["result_count"] = 0.into();
    meta["next_token"] = next_token.into();
}

const JSON: &str = "application/json; charset=utf-8";

fn malformed(json: &Value) -> Content {
    let mut text = json.to_string();
    let half = (0..=text.len() / 2).rfind(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.truncate(half);
    Content::Raw { content_type: JSON, body: text.into() }
}

fn truncated(json: &Value) -> Content {
    let mut bytes = Bytes::from(json.to_string());
    bytes.truncate(bytes.len() / 2);
    let start = stream::iter([Ok(bytes)]);
    let end = stream::once(async {
        // Whatever comes before the break is sent while this waits. Yielding is not enough: of a
        // compressed answer, not even the head would be sent.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Content::Raw { content_type: JSON, body: Body::from_stream(start.chain(end)) }
}

fn padded(json: &Value, bytes: u64) -> Content {
    const CHUNK: u64 = 64 * 1024;
    let text = Bytes::from(json.to_string());
    let missing = bytes.saturating_sub(text.len() as u64);
    let spaces = Bytes::from(vec![b' '; CHUNK as usize]);
    let last = spaces.slice(..(missing % CHUNK) as usize);
    let full = stream::iter(0..missing / CHUNK).map(move |_| spaces.clone());
    let all = stream::iter([text]).chain(full).chain(stream::iter([last]));
    Content::Raw { content_type: JSON, body: Body::from_stream(all.map(io::Result::Ok)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_a_call_that_fits() {
        let world = World::builder().build();
        world.inject(Fault::new(FaultKind::Reset).at(Endpoint::GetMe).after(1).times(2));
        world.inject(Fault::new(FaultKind::RepeatedToken));
        let mut faults = world.faults();
        let mut take = |endpoint, has_token| faults.take(endpoint, has_token);
        assert_eq!(take(Endpoint::GetBlocking, false), None);
        assert_eq!(take(Endpoint::GetMe, false), None, "one goes well first");
        assert_eq!(take(Endpoint::GetMe, false), Some(FaultKind::Reset));
        assert_eq!(take(Endpoint::GetBlocking, true), Some(FaultKind::RepeatedToken));
        assert_eq!(take(Endpoint::GetMe, false), Some(FaultKind::Reset));
        assert_eq!(take(Endpoint::GetMe, true), None);
    }
}
