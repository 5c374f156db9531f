//! A client that keeps one connection to a sandbox.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use blocks_domain::UserId;
use blocks_fake::{Sandbox, World};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::runtime::Runtime;

/// A sandbox, and a connection of its owner to it.
pub(crate) struct Client {
    pub(crate) world: World,
    stream: TcpStream,
    authorization: String,
    /// It serves as long as it lives.
    _sandbox: Sandbox,
}

impl Client {
    pub(crate) fn of(world: World, runtime: &Runtime) -> Self {
        let bound = runtime.block_on(Sandbox::bind(world.clone(), "127.0.0.1:0"));
        let sandbox = bound.expect("a port");
        let stream = TcpStream::connect(sandbox.address()).expect("it listens");
        stream.set_nodelay(true).expect("a connection");
        let authorization = format!("authorization: Bearer {}", world.token().expose_secret());
        Self { world, stream, authorization, _sandbox: sandbox }
    }

    /// Reads a page of a thousand, and tells the token of the next one.
    pub(crate) fn page(&mut self, token: Option<&str>) -> (Duration, Option<String>) {
        let token = token.map(|token| format!("&pagination_token={token}")).unwrap_or_default();
        let path = format!("/2/users/{}/blocking?max_results=1000{token}", self.world.owner());
        let (took, body) = self.call("GET", &path, "");
        let page: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(page["data"].as_array().map(Vec::len), Some(1000), "the page is full");
        (took, page["meta"]["next_token"].as_str().map(str::to_owned))
    }

    pub(crate) fn block(&mut self, target: UserId) -> Duration {
        let path = format!("/2/users/{}/blocking", self.world.owner());
        let (took, body) = self.call("POST", &path, &format!(r#"{{"target_user_id":"{target}"}}"#));
        assert_eq!(body, br#"{"data":{"blocking":true}}"#);
        took
    }

    pub(crate) fn unblock(&mut self, target: UserId) -> Duration {
        let path = format!("/2/users/{}/blocking/{target}", self.world.owner());
        let (took, body) = self.call("DELETE", &path, "");
        assert_eq!(body, br#"{"data":{"blocking":false}}"#);
        took
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> (Duration, Vec<u8>) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.authorization,
            body.len()
        );
        let began = Instant::now();
        self.stream.write_all(request.as_bytes()).expect("it listens");
        let answer = self.answer();
        (began.elapsed(), answer)
    }

    /// The body of an answer with status 200.
    fn answer(&mut self) -> Vec<u8> {
        let mut answer = vec![0; 64 * 1024];
        let mut read = 0;
        let body_at = loop {
            read += self.stream.read(&mut answer[read..]).expect("an answer");
            if let Some(at) = answer[..read].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = std::str::from_utf8(&answer[..body_at]).expect("an ASCII head");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let end = body_at + length.and_then(|length| length.parse().ok()).unwrap_or(0);
        answer.resize(end.max(read), 0);
        self.stream.read_exact(&mut answer[read..end]).expect("the whole body");
        answer[body_at..end].to_vec()
    }
}
