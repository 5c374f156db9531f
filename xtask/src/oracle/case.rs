//! A random request, as awkward as requests get.

use blocks_http::oauth1::{Signed, Signer, Stamp, Unsigned};
use blocks_ports::Consumer;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// Characters that signers are known to stumble over.
const AWKWARD: &str = "aZ09-._~ +%&=?/#\"'!*();:@,$\\|<>[]^`{}\n\téßı漢\u{301}\u{1f980}";

const HOSTS: &[&str] = &[
    "api.x.com",
    "API.X.COM",
    "api.x.com:443",
    "api.x.com:80",
    "127.0.0.1:8080",
    "[::1]",
    "[2001:DB8::1]:443",
    "localhost:65535",
    "bücher.example",
    "a-b.example.:1",
];

/// A request with all that its signature depends on.
#[derive(Debug)]
pub(super) struct Case {
    method: &'static str,
    url: Url,
    form: Option<String>,
    consumer_key: String,
    consumer_secret: String,
    token: Option<(String, String)>,
    callback: Option<String>,
    verifier: Option<String>,
    nonce: String,
    timestamp: i64,
}

impl Case {
    pub(super) fn random(dice: &mut StdRng) -> Self {
        // The oracle allows no form in a GET or a HEAD.
        let form = dice.random_ratio(1, 3).then(|| pairs(dice));
        let with_form = ["POST", "PUT", "PATCH", "DELETE", "post"].as_slice();
        let without = ["GET", "POST", "DELETE", "HEAD", "get"].as_slice();
        let methods = if form.is_some() { with_form } else { without };
        Self {
            method: methods.choose(dice).expect("some methods"),
            url: url(dice),
            form,
            consumer_key: text(dice, 1),
            consumer_secret: text(dice, 1),
            token: dice.random_ratio(3, 4).then(|| (text(dice, 1), text(dice, 0))),
            callback: dice.random_ratio(1, 4).then(|| text(dice, 1)),
            verifier: dice.random_ratio(1, 4).then(|| text(dice, 1)),
            nonce: text(dice, 1),
            timestamp: dice.random_range(1..4_000_000_000),
        }
    }

    /// The request as we sign it.
    pub(super) fn sign(&self) -> Signed {
        let consumer = Consumer::new(self.consumer_key.clone(), self.consumer_secret.clone());
        let mut signer = Signer::new(consumer);
        if let Some((token, secret)) = &self.token {
            signer = signer.with_token(token.clone(), secret.clone());
        }
        let mut request = Unsigned::new(self.method, &self.url);
        if let Some(form) = &self.form {
            request = request.with_form(form);
        }
        for (name, value) in
            [("oauth_callback", &self.callback), ("oauth_verifier", &self.verifier)]
        {
            if let Some(value) = value {
                request = request.with_protocol(name, value);
            }
        }
        let now = Timestamp::from_second(self.timestamp).expect("a time within this century");
        signer.sign(&request, &Stamp::new(self.nonce.clone(), now))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "url": self.url.as_str(),
            "form": self.form,
            "consumer_key": self.consumer_key,
            "consumer_secret": self.consumer_secret,
            "token": self.token,
            "callback": self.callback,
            "verifier": self.verifier,
            "nonce": self.nonce,
            "timestamp": self.timestamp,
        })
    }

    pub(super) fn with_header(&self, header: &str) -> Value {
        let mut json = self.to_json();
        json["header"] = header.into();
        json
    }
}

fn url(dice: &mut StdRng) -> Url {
    let scheme = ["https", "http", "HTTPS"].choose(dice).expect("some schemes");
    let host = HOSTS.choose(dice).expect("some hosts");
    let segments = (0..dice.random_range(0..4)).map(|_| spelled(dice));
    let path: String = segments.map(|segment| format!("/{segment}")).collect();
    let query = if dice.random_ratio(3, 4) { format!("?{}", pairs(dice)) } else { String::new() };
    let url = format!("{scheme}://{host}{path}{query}");
    url.parse().unwrap_or_else(|error| panic!("{url} is a URL: {error}"))
}

/// A query or a form with repeated names, empty names, empty values and no `=`.
fn pairs(dice: &mut StdRng) -> String {
    let mut pairs = Vec::new();
    for _ in 0..dice.random_range(0..6) {
        let name = if dice.random_ratio(1, 3) { "a".to_owned() } else { spelled(dice) };
        pairs.push(match dice.random_range(0..4) {
            0 => name,
            1 => format!("{name}="),
            _ => format!("{name}={}", spelled(dice)),
        });
    }
    pairs.join("&")
}

/// An awkward text as an address or a form can hold it.
fn spelled(dice: &mut StdRng) -> String {
    let text = text(dice, 0);
    match dice.random_range(0..4) {
        0 => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        1 => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        2 => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        // Some characters may stand as they are.
        _ => text
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "-._~!*'()$,:@+".contains(*c))
            .collect(),
    }
}

fn text(dice: &mut StdRng, least: usize) -> String {
    let length = dice.random_range(least..10);
    let characters: Vec<char> = AWKWARD.chars().collect();
    (0..length).map(|_| *characters.choose(dice).expect("some characters")).collect()
}
