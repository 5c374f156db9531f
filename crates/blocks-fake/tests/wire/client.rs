//! A client that knows HTTP and nothing else.

use std::io;

use blocks_fake::{Sandbox, World};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The moment at which the worlds of these tests stand still.
pub(crate) const NOON: &str = "2026-08-07T12:00:00Z";
/// The end of the window that begins at that moment, in seconds since 1970.
pub(crate) const RESET: &str = "1786104900";

/// A sandbox, and somebody who calls it.
pub(crate) struct Client {
    pub(crate) world: World,
    pub(crate) sandbox: Sandbox,
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The three rate headers: limit, remaining, reset.
    pub(crate) fn rate(&self) -> Option<(&str, &str, &str)> {
        let limit = self.header("x-rate-limit-limit")?;
        Some((limit, self.header("x-rate-limit-remaining")?, self.header("x-rate-limit-reset")?))
    }
}

impl Client {
    pub(crate) async fn new() -> Self {
        Self::of(
            World::builder().seed(3).blocks(30).still_at(NOON.parse().expect("a time")).build(),
        )
        .await
    }

    pub(crate) async fn of(world: World) -> Self {
        let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await.expect("a port");
        Self { world, sandbox }
    }

    /// The path of the owner's block list.
    pub(crate) fn list(&self) -> String {
        format!("/2/users/{}/blocking", self.world.owner())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "", "").await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.call("HEAD", path, "", "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.call("POST", path, "content-type: application/json\r\n", body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, "", "").await
    }

    /// Calls with the owner's token, or with the app's where the call is the app's.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let is_for_app = path.starts_with("/2/activity/") && method != "POST";
        let token = if is_for_app { self.world.app_only_token() } else { self.world.token() };
        let headers = format!("authorization: Bearer {}\r\n{headers}", token.expose_secret());
        self.try_call(method, path, &headers, body).await.expect("an answer")
    }

    /// Calls with these headers alone.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> io::Result<Answer> {
        let address = self.sandbox.address();
        let mut stream = TcpStream::connect(address).await?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        // A server may answer, and close, before it has read a body that it refuses.
        let sent = stream.write_all(body.as_bytes()).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        if answer.is_empty() {
            sent.and(read.map(drop))?;
        }
        read_answer(&answer, method != "HEAD")
    }
}

/// Reads an answer, whose head may be about a body that does not come.
fn read_answer(bytes: &[u8], has_body: bool) -> io::Result<Answer> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::UnexpectedEof, what.to_owned());
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let split = split.ok_or_else(|| broken("no end of the head"))?;
    let head = std::str::from_utf8(&bytes[..split]).expect("an ASCII head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let raw = &bytes[split + 4..];
    let is_chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked");
    let body = if is_chunked { unchunked(raw) } else { Some(raw.to_vec()) };
    let body = body.ok_or_else(|| broken("the body breaks off"))?;
    let promised = headers.iter().find(|(name, _)| name == "content-length");
    if has_body && promised.is_some_and(|(_, length)| *length != body.len().to_string()) {
        return Err(broken("the body breaks off"));
    }
    Ok(Answer { status: status.parse().expect("a status"), headers, body })
}

/// A chunked body without its chunks; `None` when it breaks off.
fn unchunked(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = raw.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&raw[..line]).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        raw = &raw[line + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend(raw.get(..length)?);
        raw = raw.get(length + 2..)?;
    }
}
