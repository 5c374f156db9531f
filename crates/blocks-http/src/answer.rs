//! Reading answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use blocks_domain::{Failure, FromJson, Oddities, Problem, words_of_answer};
use blocks_ports::{ApiError, Reply, ReplyMeta, Warning};
use jiff::Timestamp;
use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::headers::Head;
use crate::redact::Secrets;

/// What a successful answer of a call looks like.
pub(crate) trait Shape: FromJson {
    /// What the caller gets of it.
    type Value;

    /// The key without which there is nothing to get.
    const KEY: &'static str;

    /// The problems beside it.
    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>>;

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
    /// The host that answered.
    pub(crate) host: String,
    /// The host that a redirect points to.
    pub(crate) points_to: Option<String>,
    pub(crate) secrets: &'a Secrets,
}

/// How many bytes of an answer that says no are read, after decompression.
pub(crate) const MAX_REFUSAL: usize = 256 << 10;

/// Why a body could not be read to its end.
pub(crate) enum Broken {
    TooLarge { limit: usize },
    Cut(reqwest::Error),
}

impl<'a> Answer<'a> {
    /// Reads an answer to its end, or to where it breaks off.
    pub(crate) async fn receive(
        mut response: Response,
        max_body: usize,
        secrets: &'a Secrets,
    ) -> Self {
        let mut body = Vec::new();
        // A refusal has little to say; what is longer is not worth the memory.
        let most =
            if response.status().is_success() { max_body } else { max_body.min(MAX_REFUSAL) };
        let broken = read_to_end(&mut response, most, &mut body).await.err();
        Self {
            status: response.status(),
            head: Head::read(response.headers(), secrets),
            body,
            broken,
            host: response.url().host_str().unwrap_or_default().to_owned(),
            points_to: redirect_host(&response).map(|host| secrets.excerpt(&host)),
            secrets,
        }
    }

    /// The server's time.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.head.date
    }

    pub(crate) fn transaction_id(&self) -> Option<&str> {
        self.head.transaction_id.as_deref()
    }

    /// The value that the answer carries, or what is wrong with the answer.
    pub(crate) fn into_reply<T: Shape>(self) -> Result<Reply<T::Value>, ApiError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        let answer = self.whole()?;
        let (value, oddities) = answer.decode::<T>()?;
        let mut meta = ReplyMeta::default();
        meta.warnings.extend(answer.odd_fields(&oddities));
        meta.words = words_of_answer(&answer.text());
        meta.rate = answer.head.rate;
        meta.date = answer.head.date;
        meta.transaction_id = answer.head.transaction_id;
        Ok(Reply::new(value).with_meta(meta))
    }

    /// The same answer, if all of it arrived.
    pub(crate) fn whole(mut self) -> Result<Self, ApiError> {
        match self.broken.take() {
            Some(broken) => Err(self.cut_short(broken)),
            None => Ok(self),
        }
    }

    fn decode<T: Shape>(&self) -> Result<(T::Value, Oddities), ApiError> {
        // Checking UTF-8 once is faster than having serde check each string.
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| self.malformed("the answer is not UTF-8 text"))?;
        if text.trim_ascii().is_empty() {
            return Err(self.malformed("the answer is empty"));
        }
        match T::from_json(text) {
            Ok((mut answer, oddities)) => {
                if let Some(problems) = answer.problems_mut() {
                    *problems = self.secrets.cut_out_of_problems(std::mem::take(problems));
                }
                let value = answer.into_value().ok_or_else(|| self.without(T::KEY))?;
                Ok((value, oddities))
            }
            Err(_) if lacks(text, T::KEY) => Err(self.without(T::KEY)),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn odd_fields(&self, oddities: &Oddities) -> Option<Warning> {
        let first = self.secrets.excerpt(oddities.first()?);
        Some(Warning::OddFields { count: oddities.count(), first })
    }

    /// The failure of an answer that is no JSON, or JSON of another shape.
    ///
    /// The words about a shape name the field; they can quote the answer.
    fn unreadable(&self, error: &serde_json::Error) -> ApiError {
        let what = match error.classify() {
            Category::Data => {
                let why = self.secrets.excerpt(&error.to_string());
                return self.malformed(format!("the answer is JSON of an unexpected shape: {why}"));
            }
            Category::Eof => "JSON that breaks off",
            _ if !self.head.says_json() => return self.malformed(self.foreign()),
            _ => "not valid JSON",
        };
        let (line, column) = (error.line(), error.column());
        self.malformed(format!("the answer is {what}, at line {line}, column {column}"))
    }

    /// Whether it is JSON by its own word and by its looks.
    pub(crate) fn is_json(&self) -> bool {
        self.head.says_json() && serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }

    /// What the answer calls itself, fit to be shown.
    pub(crate) fn content_type(&self) -> &str {
        self.head.content_type.as_deref().unwrap_or("of no named type")
    }

    /// What is said of an answer that is not JSON and does not claim to be.
    pub(crate) fn foreign(&self) -> String {
        let (kind, said) = (self.content_type(), self.quoted());
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

    /// The body as text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The beginning of the body, fit to be shown.
    pub(crate) fn quoted(&self) -> String {
        self.secrets.excerpt(&self.text())
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
