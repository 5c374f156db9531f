//! What goes wrong when it is told to.

use std::time::{Duration, Instant};

use blocks_domain::Endpoint;
use blocks_fake::server::{Fault, FaultKind};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::client::{Answer, Client};

async fn page(client: &Client, token: Option<&Value>) -> Answer {
    let token = token.and_then(Value::as_str).map(|token| format!("&pagination_token={token}"));
    client.get(&format!("{}?max_results=10{}", client.list(), token.unwrap_or_default())).await
}

fn bearer(client: &Client) -> String {
    format!("authorization: Bearer {}\r\n", client.world.token().expose_secret())
}

fn users(answer: &Answer) -> usize {
    answer.json()["data"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn another_answer_comes_and_nothing_is_done() {
    let client = Client::new().await;
    client.world.inject(Fault::new(FaultKind::plain(503, "Service Unavailable")));
    client.world.inject(Fault::new(FaultKind::html(200, "<h1>Hello</h1>")));
    client.world.inject(Fault::new(FaultKind::json(500, r#"{"title":"Oops"}"#)));
    for (status, content_type, body) in [
        (503, "text/plain; charset=utf-8", "Service Unavailable"),
        (200, "text/html; charset=utf-8", "<h1>Hello</h1>"),
        (500, "application/json; charset=utf-8", r#"{"title":"Oops"}"#),
    ] {
        let answer = client.get(&client.list()).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, Some(content_type)));
        assert_eq!(answer.body, body.as_bytes());
    }
    assert_eq!(client.world.meter().block_reads, 0);
    assert_eq!(client.get(&client.list()).await.status, 200, "it is over");
}

#[tokio::test]
async fn connections_break() {
    let client = Client::new().await;
    let token = bearer(&client);
    client.world.inject(Fault::new(FaultKind::Reset));
    let reset = client.try_call("GET", &client.list(), &token, "").await.expect_err("a reset");
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    client.world.inject(Fault::new(FaultKind::TruncatedBody));
    let cut = client.try_call("GET", &client.list(), &token, "").await.expect_err("cut off");
    assert_eq!(cut.to_string(), "the body breaks off");
}

#[tokio::test]
async fn an_answer_comes_late() {
    let client = Client::new().await;
    let delay = Duration::from_millis(5);
    client.world.inject(Fault::new(FaultKind::Delay(delay)));
    let began = Instant::now();
    assert_eq!(client.get(&client.list()).await.status, 200);
    assert!(began.elapsed() >= delay);
}

#[tokio::test]
async fn bodies_are_spoilt() {
    let client = Client::new().await;
    let inject = |kind| client.world.inject(Fault::new(kind).at(Endpoint::GetBlocking));
    inject(FaultKind::MalformedJson);
    let answer = page(&client, None).await;
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());

    inject(FaultKind::WithoutMeta);
    let answer = page(&client, None).await;
    assert_eq!((users(&answer), &answer.json()["meta"]), (10, &Value::Null));

    inject(FaultKind::ResultCountOff(-3));
    assert_eq!(page(&client, None).await.json()["meta"]["result_count"], 7);

    inject(FaultKind::Oversized(3_000_001));
    let answer = page(&client, None).await;
    assert_eq!((users(&answer), answer.body.len()), (10, 3_000_001));
}

#[tokio::test]
async fn a_page_that_has_lost_its_token_looks_like_the_last() {
    let client = Client::new().await;
    client.world.inject(Fault::new(FaultKind::WithoutNextToken));
    let cut = page(&client, None).await.json();
    let whole = page(&client, None).await.json();
    assert!(cut["meta"].get("next_token").is_none() && whole["meta"]["next_token"].is_string());
    assert_eq!(cut["data"], whole["data"]);
}

#[tokio::test]
async fn a_page_names_itself_as_the_next() {
    let client = Client::new().await;
    client.world.inject(Fault::new(FaultKind::RepeatedToken));
    let first = page(&client, None).await.json();
    let second = page(&client, Some(&first["meta"]["next_token"])).await.json();
    assert_eq!(second["meta"]["next_token"], first["meta"]["next_token"]);
}

#[tokio::test]
async fn empty_pages_lose_nobody() {
    let client = Client::new().await;
    client.world.inject(Fault::new(FaultKind::EmptyPage).times(2));
    client.world.inject(Fault::new(FaultKind::EmptyPage).after(1));
    let (mut seen, mut empty, mut tokens) = (Vec::new(), 0, Vec::new());
    let mut token = None;
    loop {
        let answer = page(&client, token.as_ref()).await.json();
        match answer["data"].as_array() {
            Some(users) => seen.extend(users.iter().map(|user| user["id"].to_string())),
            None => empty += 1,
        }
        match answer["meta"].get("next_token") {
            Some(next) => {
                assert!(!tokens.contains(next), "no token repeats");
                tokens.push(next.clone());
                token = Some(next.clone());
            }
            None => break,
        }
    }
    let blocked = client.world.blocks(client.world.owner(), 100);
    let blocked: Vec<_> = blocked.into_iter().map(|id| format!("\"{id}\"")).collect();
    assert_eq!((seen, empty), (blocked, 3));
}

async fn inject(client: &Client, toml: &str) {
    for fault in Fault::read_toml(&format!("[[faults]]\n{toml}")).expect("a fault") {
        client.world.inject(fault);
    }
}

#[tokio::test]
async fn every_documented_error_comes_with_its_body_and_headers() {
    use blocks_fake::server::Documented;

    let client = Client::new().await;
    for documented in Documented::ALL {
        client.world.inject(Fault::new(FaultKind::Documented(documented)));
        let answer = client.get(&client.list()).await;
        assert_eq!(answer.status, documented.status(), "{documented:?}");
        let problem = answer.json();
        let told = problem["type"].as_str().or(problem["errors"][0]["type"].as_str());
        assert!(told.is_some(), "{problem}");
    }
    assert_eq!(client.world.meter().block_reads, 0);
    client.world.inject(Fault::new(FaultKind::Documented(Documented::TooManyRequests)));
    let answer = client.get(&client.list()).await;
    assert_eq!(answer.rate(), Some(("15", "0", crate::client::RESET)));
    assert_eq!(answer.json()["title"], "Too Many Requests");
}

#[tokio::test]
async fn headers_are_missing_or_wrong() {
    let client = Client::new().await;
    for name in [
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
        "date",
        "content-type",
    ] {
        inject(&client, &format!("kind = \"missing-header\"\nheader = \"{name}\"")).await;
        let answer = client.get(&client.list()).await;
        assert_eq!((answer.status, answer.header(name)), (200, None));
        assert_eq!(users(&answer), 30, "the body is as it should be");
        inject(&client, &format!("kind = \"wrong-header\"\nheader = \"{name}\"\nvalue = \"x\""))
            .await;
        assert_eq!(client.get(&client.list()).await.header(name), Some("x"));
    }
}

#[tokio::test]
async fn the_clock_is_off() {
    let client = Client::new().await;
    inject(&client, "kind = \"clock-off\"\nseconds = -300").await;
    let date = |answer: &Answer| answer.header("date").map(str::to_owned);
    let off = client.get(&client.list()).await;
    assert_eq!(date(&off).as_deref(), Some("Fri, 07 Aug 2026 11:55:00 GMT"));
    let right = client.get(&client.list()).await;
    assert_eq!(date(&right).as_deref(), Some("Fri, 07 Aug 2026 12:00:00 GMT"));
}

#[tokio::test]
async fn a_body_comes_in_drops_or_stalls() {
    let client = Client::new().await;
    inject(&client, "kind = \"drip\"\nbytes = 500\nms = 1").await;
    let began = Instant::now();
    assert_eq!(users(&client.get(&client.list()).await), 30);
    assert!(began.elapsed() >= Duration::from_millis(3), "more than 1500 bytes");

    inject(&client, "kind = \"stall\"\nms = 20").await;
    let began = Instant::now();
    let stalled = client.try_call("GET", "/2/users/me", &bearer(&client), "").await;
    assert_eq!(stalled.expect_err("half a body").to_string(), "the body breaks off");
    assert!(began.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn a_page_comes_twice_under_another_token() {
    let client = Client::new().await;
    inject(&client, "kind = \"duplicate-page\"\nafter = 1").await;
    let first = page(&client, None).await.json();
    let second = page(&client, Some(&first["meta"]["next_token"])).await.json();
    let again = page(&client, Some(&second["meta"]["next_token"])).await.json();
    assert_eq!(again["data"], second["data"]);
    assert_ne!(second["meta"]["next_token"], first["meta"]["next_token"]);
    let third = page(&client, Some(&again["meta"]["next_token"])).await.json();
    assert_ne!(third["data"], second["data"], "then it goes on");
}

#[tokio::test]
async fn the_token_endpoint_has_faults_of_its_own() {
    let client = Client::new().await;
    let at = "at = \"POST /2/oauth2/token\"";
    inject(&client, &format!("kind = \"status\"\nstatus = 400\n{at}")).await;
    inject(&client, &format!("kind = \"status\"\nstatus = 503\nformat = \"text\"\n{at}")).await;
    assert_eq!(client.get("/2/users/me").await.status, 200, "no call of the API meets them");
    let body = "grant_type=refresh_token&refresh_token=x";
    let refused = client.submit("/2/oauth2/token", body).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &"invalid_request".into()));
    let down = client.submit("/2/oauth2/token", body).await;
    assert_eq!((down.status, down.text()), (503, "Service Unavailable"));
}

#[tokio::test]
async fn the_same_seed_and_calls_meet_the_same_faults() {
    let statuses = || async {
        let client = Client::new().await;
        inject(&client, "kind = \"status\"\nstatus = 503\nprobability = 0.5").await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(client.get("/2/users/me").await.status);
        }
        statuses
    };
    let first = statuses().await;
    assert_eq!(first, statuses().await);
    assert!(first.contains(&200) && first.contains(&503));
}
