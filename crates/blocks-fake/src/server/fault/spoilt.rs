//! Bodies as a fault leaves them.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use blocks_domain::UserId;
use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value};

use super::FaultKind;
use crate::World;
use crate::server::answer::Content;
use crate::server::stop::Stopped;
use crate::world::{Bookmark, Position};

/// A body that does not come as it should.
pub(super) fn body(
    content_type: &'static str,
    json: &Value,
    kind: &FaultKind,
    stopped: &Stopped,
) -> Content {
    let text = json.to_string();
    let body = match kind {
        FaultKind::MalformedJson => malformed(text).into(),
        FaultKind::TruncatedBody => broken_off(text, A_MOMENT, stopped),
        FaultKind::Stall(patience) => broken_off(text, *patience, stopped),
        FaultKind::Drip { bytes, pause } => dripping(text, *bytes, *pause),
        FaultKind::Oversized(bytes) => padded(text, *bytes),
        _ => text.into(),
    };
    Content::Raw { content_type, body }
}

/// What a fault needs to know of the page that was asked for.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) world: &'a World,
    pub(super) user: Option<UserId>,
    pub(super) token: Option<&'a str>,
}

impl Page<'_> {
    /// A page that says something else than it should.
    pub(super) fn spoilt(&self, mut json: Value, kind: &FaultKind) -> Value {
        match kind {
            FaultKind::WithoutMeta => {
                json.as_object_mut().and_then(|body| body.remove("meta"));
            }
            FaultKind::WithoutNextToken => {
                json["meta"].as_object_mut().and_then(|meta| meta.remove("next_token"));
            }
            FaultKind::RepeatedToken => json["meta"]["next_token"] = self.token.into(),
            FaultKind::ResultCountOff(by) => {
                let count = json["meta"]["result_count"].as_i64().unwrap_or_default();
                json["meta"]["result_count"] = count.saturating_add(*by).into();
            }
            FaultKind::DuplicatePage => {
                if let Some(token) = self.same_again() {
                    json["meta"]["next_token"] = token.into();
                }
            }
            FaultKind::EmptyPage => {
                if let (Some(body), Some(token)) = (json.as_object_mut(), self.same_again()) {
                    empty(body, &token);
                }
            }
            _ => {}
        }
        json
    }

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

/// Long enough for what comes before a break to be sent. Yielding is not enough: of a compressed
/// answer, not even the head would be sent.
const A_MOMENT: Duration = Duration::from_millis(5);

fn malformed(mut text: String) -> String {
    let half = (0..=text.len() / 2).rfind(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.truncate(half);
    text
}

/// The first half; then the connection breaks, at the latest when the server stops.
fn broken_off(text: String, after: Duration, stopped: &Stopped) -> Body {
    let mut stopped = stopped.clone();
    let mut bytes = Bytes::from(text);
    bytes.truncate(bytes.len() / 2);
    let end = stream::once(async move {
        drop(tokio::time::timeout(after, stopped.wait()).await);
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(stream::iter([Ok(bytes)]).chain(end))
}

fn dripping(text: String, size: u32, pause: Duration) -> Body {
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let bytes = Bytes::from(text);
    let pieces = stream::unfold((bytes, Duration::ZERO), move |(mut rest, wait)| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(wait).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((io::Result::Ok(piece), (rest, pause)))
    });
    // Whoever compresses it asks again after the end.
    Body::from_stream(pieces.fuse())
}

fn padded(text: String, bytes: u64) -> Body {
    const CHUNK: u64 = 64 * 1024;
    let text = Bytes::from(text);
    let missing = bytes.saturating_sub(text.len() as u64);
    let spaces = Bytes::from(vec![b' '; CHUNK as usize]);
    let last = spaces.slice(..(missing % CHUNK) as usize);
    let full = stream::iter(0..missing / CHUNK).map(move |_| spaces.clone());
    let all = stream::iter([text]).chain(full).chain(stream::iter([last]));
    Body::from_stream(all.map(io::Result::Ok))
}
