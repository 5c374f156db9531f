//! Reading answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use blocks_domain::Failure;
use blocks_ports::{ApiError, Reply, ReplyMeta};
use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::excerpt::excerpt;
use crate::headers::Head;

/// What a successful answer of a call looks like.
pub(crate) trait Shape: DeserializeOwned {
    /// What the caller gets of it.
    type Value;

    /// The key without which there is nothing to get.
    const KEY: &'static str;

    /// What the caller gets; `None` where [`Self::KEY`] is missing.
    fn into_value(self) -> Option<Self::Value>;
}

/// An answer as it arrived.
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    head: Head,
    body: Vec<u8>,
    /// Why the body is not whole.
    pub(crate) broken: Option<Broken>,
    /// The host that a redirect points to.
    pub(crate) points_to: Option<String>,
    /// The token that was sent, which is not quoted should a server send it back.
    token: &'a str,
}

/// Why a body could not be read to its end.
pub(crate) enum Broken {
    TooLarge { limit: usize },
    Cut(reqwest::Error),
}

impl<'a> Answer<'a> {
    /// Reads an answer to its end, or to where it breaks off.
    pub(crate) async fn receive(mut response: Response, max_body: usize, token: &'a str) -> Self {
        let mut body = Vec::new();
        let broken = read_to_end(&mut response, max_body, &mut body).await.err();
        Self {
            status: response.status(),
            head: Head::read(response.headers()),
            body,
            broken,
            points_to: redirect_host(&response),
            token,
        }
    }

    pub(crate) fn transaction_id(&self) -> Option<&str> {
        self.head.transaction_id.as_deref()
    }

    /// The value that the answer carries, or what is wrong with the answer.
    pub(crate) fn into_reply<T: Shape>(mut self) -> Result<Reply<T::Value>, ApiError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        if let Some(broken) = self.broken.take() {
            return Err(self.cut_short(broken));
        }
        let value = self.decode::<T>()?;
        let mut meta = ReplyMeta::default();
        meta.rate = self.head.rate;
        meta.date = self.head.date;
        meta.transaction_id = self.head.transaction_id;
        Ok(Reply::new(value).with_meta(meta))
    }

    fn decode<T: Shape>(&self) -> Result<T::Value, ApiError> {
        // Checking UTF-8 once is faster than having serde check each string.
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| self.malformed("the answer is not UTF-8 text"))?;
        if text.trim_ascii().is_empty() {
            return Err(self.malformed("the answer is empty"));
        }
        match serde_json::from_str::<T>(text) {
            Ok(answer) => answer.into_value().ok_or_else(|| self.without(T::KEY)),
            Err(_) if lacks(text, T::KEY) => Err(self.without(T::KEY)),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    /// The failure of an answer that is no JSON, or JSON of another shape.
    ///
    /// serde's words about a shape name the field; they can quote the answer, so they are made
    /// fit to be shown.
    fn unreadable(&self, error: &serde_json::Error) -> ApiError {
        let what = match error.classify() {
            Category::Data => {
                let why = excerpt(&error.to_string());
                return self.malformed(format!("the answer is JSON of an unexpected shape: {why}"));
            }
            Category::Eof => "JSON that breaks off",
            _ if !self.head.says_json() => return self.malformed(self.foreign()),
            _ => "not valid JSON",
        };
        let (line, column) = (error.line(), error.column());
        self.malformed(format!("the answer is {what}, at line {line}, column {column}"))
    }

    /// What is said of an answer that is not JSON and does not claim to be.
    fn foreign(&self) -> String {
        let kind = self.head.content_type.as_deref().unwrap_or("of no named type");
        let said = excerpt(&self.quotable());
        format!("the answer is {kind}, not JSON, and begins: {said}")
    }

    fn cut_short(&self, broken: Broken) -> ApiError {
        let error = match broken {
            Broken::TooLarge { limit } => {
                return self.malformed(format!("the answer has more than {limit} bytes"));
            }
            Broken::Cut(error) => error.without_url(),
        };
        let (kind, detail) = if error.is_timeout() {
            (Failure::Timeout, "the rest of the answer did not come in time")
        } else if is_undecodable(&error) {
            (Failure::Malformed, "the answer cannot be decompressed")
        } else {
            (Failure::Transport, "the connection broke before the answer was whole")
        };
        self.error(kind).with_detail(detail).with_source(error)
    }

    /// The body as text that may be shown and kept: the token is cut out of it.
    pub(crate) fn quotable(&self) -> Cow<'_, str> {
        let text = String::from_utf8_lossy(&self.body);
        if text.contains(self.token) {
            text.replace(self.token, "[access token]").into()
        } else {
            text
        }
    }

    pub(crate) fn malformed(&self, detail: impl Into<String>) -> ApiError {
        self.error(Failure::Malformed).with_detail(detail)
    }

    pub(crate) fn error(&self, kind: Failure) -> ApiError {
        ApiError::new(kind)
            .with_status(self.status.as_u16())
            .with_rate(self.head.rate)
            .with_transaction_id(self.head.transaction_id.clone())
    }
}

async fn read_to_end(
    response: &mut Response,
    limit: usize,
    body: &mut Vec<u8>,
) -> Result<(), Broken> {
    while let Some(chunk) = response.chunk().await.map_err(Broken::Cut)? {
        if chunk.len() > limit - body.len() {
            return Err(Broken::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(())
}

/// Whether a text is a JSON object in which a key is missing or null.
fn lacks(text: &str, key: &str) -> bool {
    let keys: Result<BTreeMap<Cow<'_, str>, Option<IgnoredAny>>, _> = serde_json::from_str(text);
    keys.is_ok_and(|keys| !keys.get(key).is_some_and(Option::is_some))
}

fn redirect_host(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    target.host_str().map(str::to_owned)
}

/// Whether the bytes arrived but are no gzip.
fn is_undecodable(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind() == io::ErrorKind::InvalidData;
        }
        cause = error.source();
    }
    false
}
