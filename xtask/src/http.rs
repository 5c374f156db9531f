//! Plain HTTP to a sandbox: nothing is followed, retried or understood.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, Url, redirect, retry};
use serde_json::Value;

/// The path whose answer has no end.
const STREAM: &str = "/2/activity/stream";

/// Somebody who calls one server, over as few connections as that takes.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    base: String,
}

/// A request, as it goes out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query, percent-encoded.
    pub(crate) target: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer, as it came in.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The path that was asked for in the end: a client takes `..` out of it.
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn to(base: &str) -> Result<Self> {
        // An error says that there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, base: base.to_owned() })
    }

    /// Sends a request and reads its answer, a stream excepted: of that, only the head.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Reply> {
        let what = || format!("{} {}", request.method, request.target);
        let url: Url = format!("{}{}", self.base, request.target).parse().with_context(what)?;
        let path = url.path().to_owned();
        let method = Method::from_bytes(request.method.as_bytes()).with_context(what)?;
        let mut call = self.client.request(method, url).body(request.body.clone());
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let answer = call.send().await.with_context(what)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let is_stream = status == 200 && path == STREAM;
        let body =
            if is_stream { Vec::new() } else { answer.bytes().await.with_context(what)?.into() };
        Ok(Reply { path, status, headers, body })
    }
}

impl Reply {
    /// The media type without its parameters.
    pub(crate) fn media_type(&self) -> &str {
        let said = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        said.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            format!("{}: {:?} is no JSON", self.status, String::from_utf8_lossy(&self.body))
        })
    }
}

/// The header that proves who calls.
pub(crate) fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}
