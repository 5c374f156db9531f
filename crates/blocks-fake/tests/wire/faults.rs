//! What goes wrong when it is told to.

use std::time::{Duration, Instant};

use blocks_domain::Endpoint;
use blocks_fake::server::{Fault, FaultKind};
use serde_json::Value;

use crate::client::{Answer, Client};

async fn page(client: &Client, token: Option<&Value>) -> Answer {
    let token = token.and_then(Value::as_str).map(|token| format!("&pagination_token={token}"));
    client.get(&format!("{}?max_results=10{}", client.list(), token.unwrap_or_default())).await
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
    let token = format!("authorization: Bearer {}\r\n", {
        use secrecy::ExposeSecret;
        client.world.token().expose_secret().to_owned()
    });
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
