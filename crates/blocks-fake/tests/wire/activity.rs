//! Subscriptions to block events, and the stream that tells of them.

use std::io;
use std::time::Duration;

use blocks_domain::{ActivityMessage, BlockPair, Endpoint, FromJson, Scope, SubscriptionRequest};
use blocks_fake::server::{Fault, FaultKind};
use blocks_fake::{FakeApi, Tier, World};
use blocks_ports::ActivityFeed;
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::client::{Answer, Client, NOON, RESET};

const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";
const STREAM: &str = "/2/activity/stream";

/// Longer than anything here takes: a test that waits for it fails.
const TOO_LONG: Duration = Duration::from_secs(10);

/// A stream that is being read, or left unread.
struct Reading {
    socket: BufReader<TcpStream>,
    head: String,
}

impl Reading {
    async fn open(client: &Client) -> Self {
        Self::with(client, "", "").await
    }

    async fn with(client: &Client, query: &str, headers: &str) -> Self {
        let token = client.world.app_only_token();
        let address = client.sandbox.address();
        let socket = TcpSocket::new_v4().expect("a socket");
        // So that little is on its way where nobody reads.
        socket.set_recv_buffer_size(4096).expect("a smaller buffer");
        let mut socket = BufReader::new(socket.connect(address).await.expect("a connection"));
        let request = format!(
            "GET {STREAM}{query} HTTP/1.1\r\nhost: {address}\r\n\
             authorization: Bearer {}\r\n{headers}\r\n",
            token.expose_secret()
        );
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = timeout(TOO_LONG, socket.read_line(&mut head)).await.expect("in time");
            assert_ne!(read.expect("a head"), 0, "the head breaks off: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        Self { socket, head }
    }

    /// The next line; none when the stream ends as it should.
    async fn line(&mut self) -> io::Result<Option<String>> {
        timeout(TOO_LONG, self.chunk()).await.expect("a line in time")
    }

    async fn chunk(&mut self) -> io::Result<Option<String>> {
        let mut length = String::new();
        self.socket.read_line(&mut length).await?;
        let length = usize::from_str_radix(length.trim(), 16)
            .map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let mut chunk = vec![0; length + 2];
        self.socket.read_exact(&mut chunk).await?;
        chunk.truncate(length);
        Ok((length > 0).then(|| String::from_utf8(chunk).expect("UTF-8")))
    }

    async fn json(&mut self) -> Value {
        let line = self.line().await.expect("a line").expect("no end");
        assert!(line.ends_with("}\r\n"), "{line}");
        serde_json::from_str(&line).expect("JSON")
    }
}

async fn subscribe(client: &Client, event_type: &str) -> Answer {
    let user = client.world.owner();
    let body = json!({ "event_type": event_type, "filter": { "user_id": user } });
    client.post(SUBSCRIPTIONS, &body.to_string()).await
}

fn stranger(client: &Client, number: u32) -> BlockPair {
    let world = &client.world;
    BlockPair::new(world.owner(), world.stranger(number)).expect("two users")
}

#[tokio::test]
async fn a_subscription_is_made_listed_changed_and_deleted() {
    let client = Client::new().await;
    let user = client.world.owner();
    let request = json!({
        "event_type": "block.block",
        "filter": { "user_id": user },
        "tag": "mine",
    });
    let made = client.post(SUBSCRIPTIONS, &request.to_string()).await;
    assert_eq!((made.status, made.rate()), (200, Some(("500", "499", RESET))));
    let made = made.json();
    let id = made["data"]["subscription"]["subscription_id"].as_str().expect("an id").to_owned();
    assert!((1..=19).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let mut subscription = json!({
        "subscription_id": id,
        "event_type": "block.block",
        "filter": { "user_id": user },
        "tag": "mine",
        "created_at": "2026-08-07T12:00:00.000Z",
        "updated_at": "2026-08-07T12:00:00.000Z",
    });
    let answer = |subscription: &Value| {
        json!({
            "data": { "subscription": subscription, "total_subscriptions_for_instance_id": 1 },
            "meta": { "total_subscriptions": 1 },
        })
    };
    assert_eq!(made, answer(&subscription));

    client.world.advance(Duration::from_secs(60));
    let path = format!("{SUBSCRIPTIONS}/{id}");
    let json = "content-type: application/json\r\n";
    let changed = client.call("PUT", &path, json, r#"{"tag":"yours"}"#).await;
    subscription["tag"] = "yours".into();
    subscription["updated_at"] = "2026-08-07T12:01:00.000Z".into();
    assert_eq!((changed.status, changed.json()), (200, answer(&subscription)));

    let listed = client.get(SUBSCRIPTIONS).await;
    let meta = json!({ "result_count": 1 });
    assert_eq!(listed.json(), json!({ "data": [subscription], "meta": meta }));

    let gone = json!({ "data": { "deleted": true }, "meta": { "total_subscriptions": 0 } });
    assert_eq!(client.delete(&path).await.json(), gone);
    assert_eq!(client.get(SUBSCRIPTIONS).await.json()["data"], json!([]));
    for again in [client.delete(&path).await, client.call("PUT", &path, json, "{}").await] {
        assert_eq!(again.status, 404);
        assert_eq!(again.json()["errors"][0]["resource_id"], id.as_str());
    }
}

#[tokio::test]
async fn subscriptions_come_in_pages() {
    let client = Client::new().await;
    for event_type in ["block.block", "block.unblock"] {
        assert_eq!(subscribe(&client, event_type).await.status, 200);
    }
    let first = client.get(&format!("{SUBSCRIPTIONS}?max_results=1")).await.json();
    assert_eq!(first["data"][0]["event_type"], "block.block");
    let token = first["meta"]["next_token"].as_str().expect("another page");
    let next = format!("{SUBSCRIPTIONS}?max_results=1&pagination_token={token}");
    let second = client.get(&next).await.json();
    assert_eq!(second["data"][0]["event_type"], "block.unblock");
    assert_eq!(second["meta"], json!({ "result_count": 1 }));
    let nonsense = format!("{SUBSCRIPTIONS}?pagination_token=nonsense-nonsense");
    assert_eq!(client.get(&nonsense).await.status, 400);
}

#[tokio::test]
async fn the_app_has_the_subscriptions_and_events_of_all_its_users() {
    let client = Client::new().await;
    let (me, them) = (client.world.owner(), client.world.stranger(0));
    subscribe(&client, "block.block").await;
    let theirs = client.world.mint(them, Scope::FOR_READING, None).expect("they exist");
    let headers = format!(
        "authorization: Bearer {}\r\ncontent-type: application/json\r\n",
        theirs.expose_secret()
    );
    let body = json!({ "event_type": "block.block", "filter": { "user_id": them } }).to_string();
    let made = client.try_call("POST", SUBSCRIPTIONS, &headers, &body).await.expect("an answer");
    assert_eq!(made.json()["meta"], json!({ "total_subscriptions": 2 }));

    let listed = client.get(SUBSCRIPTIONS).await.json();
    let users: Vec<_> = [0, 1].map(|n| listed["data"][n]["filter"]["user_id"].clone()).into();
    assert_eq!(users, [json!(me), json!(them)]);

    let mut reading = Reading::open(&client).await;
    for (source, target) in [(me, them), (them, me)] {
        let pair = BlockPair::new(source, target).expect("two users");
        client.world.block(pair).expect("they exist");
        let told = reading.json().await;
        assert_eq!(told["data"]["filter"]["user_id"], json!(source));
        assert_eq!(told["data"]["payload"]["target"]["data"]["id"], json!(target));
    }
}

#[tokio::test]
async fn a_request_for_a_subscription_is_read_strictly() {
    let client = Client::new().await;
    let (me, them) = (client.world.owner(), client.world.stranger(0));
    let undefined =
        "is not defined in the schema and the schema does not allow additional properties";
    let long = "x".repeat(201);
    for (body, message) in [
        ("[]".to_owned(), "$: is not an object".to_owned()),
        ("{".to_owned(), "The request body is not valid JSON.".to_owned()),
        ("{}".to_owned(), "$.event_type: is missing but it is required".to_owned()),
        (r#"{"event_type":7}"#.to_owned(), "$.event_type: is not a string".to_owned()),
        (
            r#"{"event_type":"follow.follow"}"#.to_owned(),
            "The `event_type` query parameter value [follow.follow] is not one of [block.block,block.unblock]".to_owned(),
        ),
        (
            r#"{"event_type":"block.block"}"#.to_owned(),
            "$.filter: is missing but it is required".to_owned(),
        ),
        (
            r#"{"event_type":"block.block","filter":[]}"#.to_owned(),
            "$.filter: is not an object".to_owned(),
        ),
        (
            r#"{"event_type":"block.block","filter":{}}"#.to_owned(),
            "$.filter.user_id: is missing but it is required".to_owned(),
        ),
        (
            r#"{"event_type":"block.block","filter":{"keyword":"x"}}"#.to_owned(),
            format!("$.filter.keyword: {undefined}"),
        ),
        (
            r#"{"event_type":"block.block","filter":{"user_id":"x"}}"#.to_owned(),
            "The `filter.user_id` query parameter value [x] is not valid".to_owned(),
        ),
        (
            format!(r#"{{"event_type":"block.block","filter":{{"user_id":"{them}"}}}}"#),
            format!("The `filter.user_id` query parameter value [{them}] must be the same as the authenticating user [{me}]"),
        ),
        (
            format!(r#"{{"event_type":"block.block","filter":{{"user_id":"{me}"}},"tag":""}}"#),
            "$.tag: must be at least 1 and at most 200 characters long".to_owned(),
        ),
        (
            format!(r#"{{"event_type":"block.block","filter":{{"user_id":"{me}"}},"tag":"{long}"}}"#),
            "$.tag: must be at least 1 and at most 200 characters long".to_owned(),
        ),
        (
            format!(r#"{{"event_type":"block.block","filter":{{"user_id":"{me}"}},"webhook_id":"7"}}"#),
            "The `webhook_id` query parameter value [7] is not valid".to_owned(),
        ),
        (
            format!(r#"{{"event_type":"block.block","filter":{{"user_id":"{me}"}},"later":1}}"#),
            format!("$.later: {undefined}"),
        ),
    ] {
        let answer = client.post(SUBSCRIPTIONS, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["errors"][0]["message"], message, "{body}");
    }
    assert_eq!(subscribe(&client, "block.block").await.status, 200);
    let twice = subscribe(&client, "block.block").await;
    assert_eq!(twice.status, 400);
    assert_eq!(
        twice.json()["errors"][0]["message"],
        "DuplicateSubscriptionFailed: Subscription already exists"
    );
    assert_eq!(client.call("POST", SUBSCRIPTIONS, "", "{}").await.status, 400, "no content type");
    assert_eq!(client.delete(&format!("{SUBSCRIPTIONS}/x")).await.status, 400);
    assert_eq!(client.get(&format!("{SUBSCRIPTIONS}?max_results=101")).await.status, 400);
    assert_eq!(client.call("PATCH", SUBSCRIPTIONS, "", "").await.status, 405);
}

#[tokio::test]
async fn a_user_who_may_read_blocks_subscribes_and_the_app_does_the_rest() {
    let client = Client::new().await;
    let me = client.world.owner();
    let scopes = [Scope::UsersRead, Scope::TweetRead, Scope::BlockWrite];
    let other_scopes = client.world.mint(me, scopes, None).expect("they exist");
    let unsupported = "Unsupported Authentication";
    let one = "/2/activity/subscriptions/7";
    for (method, path, token, title) in [
        ("POST", SUBSCRIPTIONS, client.world.app_only_token(), unsupported),
        ("POST", SUBSCRIPTIONS, other_scopes, "Forbidden"),
        ("GET", SUBSCRIPTIONS, client.world.token(), unsupported),
        ("DELETE", one, client.world.token(), unsupported),
        ("PUT", one, client.world.token(), unsupported),
        ("GET", STREAM, client.world.token(), unsupported),
    ] {
        let headers = format!("authorization: Bearer {}\r\n", token.expose_secret());
        let answer = client.try_call(method, path, &headers, "").await.expect("an answer");
        assert_eq!((answer.status, &answer.json()["title"]), (403, &json!(title)), "{method}");
    }
    let token = client.world.token();
    let headers = format!("authorization: Bearer {}\r\n", token.expose_secret());
    let answer = client.try_call("GET", STREAM, &headers, "").await.expect("an answer");
    assert_eq!(
        answer.json()["detail"],
        "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.  Supported \
         authentication types are [OAuth 2.0 Application-Only]."
    );
    let nobody = client.try_call("GET", STREAM, "", "").await.expect("an answer");
    assert_eq!((nobody.status, nobody.rate()), (401, None));
}

#[tokio::test]
async fn a_block_made_through_the_api_is_told_within_a_second() {
    let client = Client::new().await;
    let (me, them) = (client.world.owner(), client.world.stranger(0));
    subscribe(&client, "block.block").await;
    let mut reading = Reading::open(&client).await;
    assert!(reading.head.contains("x-rate-limit-limit: 450\r\n"), "{}", reading.head);
    assert!(reading.head.contains("content-type: application/json"), "{}", reading.head);

    client.post(&client.list(), &format!(r#"{{"target_user_id":"{them}"}}"#)).await;
    let event = timeout(Duration::from_secs(1), reading.json()).await.expect("within a second");
    let data = &event["data"];
    let uuid = data["event_uuid"].as_str().expect("a text");
    assert!((1..=19).contains(&uuid.len()) && uuid.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(data["filter"], json!({ "user_id": me.to_string() }));
    assert_eq!(data["event_type"], "block.block");
    assert_eq!(data.get("tag"), None);
    for (side, id) in [("source", me), ("target", them)] {
        let user = &data["payload"][side]["data"];
        assert_eq!(user["id"], id.to_string());
        let profile = client.world.profile(id).expect("they exist");
        assert_eq!(user["username"], profile.username.as_str());
        assert!(user["public_metrics"]["tweet_count"].is_u64());
    }
    assert_eq!(client.world.meter().block_events, 1);

    // What nobody subscribed to is not told: the next line is of another block.
    client.world.unblock(stranger(&client, 0)).expect("they exist");
    client.world.block(stranger(&client, 1)).expect("they exist");
    let next = reading.json().await;
    assert_eq!(
        next["data"]["payload"]["target"]["data"]["id"],
        client.world.stranger(1).to_string(),
        "a block made in the world itself is told as well"
    );
}

#[tokio::test]
async fn the_stream_and_the_port_tell_the_same() {
    let client = Client::new().await;
    let api = FakeApi::new(client.world.clone());
    let request =
        SubscriptionRequest::new(blocks_domain::BlockEventType::Unblock, client.world.owner());
    api.subscribe(&request.with_tag("both")).await.expect("a subscription");
    let mut events = api.events().await.expect("a stream").value;
    let mut reading = Reading::open(&client).await;
    let newest = client.world.blocks(client.world.owner(), 1)[0];
    let pair = BlockPair::new(client.world.owner(), newest).expect("two users");
    client.world.unblock(pair).expect("they exist");

    let line = reading.line().await.expect("a line").expect("no end");
    let (message, oddities) = ActivityMessage::from_json(&line).expect("a message");
    let event = events.try_next().await.expect("no error").expect("no end");
    assert_eq!(event.pair(), Some(pair));
    assert_eq!(event.tag.as_deref(), Some("both"));
    assert_eq!((message.data, oddities.count()), (Some(event), 0));
    let text = format!("{line:?}");
    assert!(!text.contains("extra"), "nothing is unknown to the models: {text}");
}

#[tokio::test]
async fn a_quiet_stream_gives_signs_of_life() {
    let world = World::builder().keep_alive(Duration::from_millis(5)).build();
    assert_eq!(World::builder().build().keep_alive(), Duration::from_secs(20));
    let client = Client::of(world).await;
    let mut reading = Reading::open(&client).await;
    for _ in 0..3 {
        assert_eq!(reading.line().await.expect("a line").as_deref(), Some("\r\n"));
    }
}

#[tokio::test]
async fn a_stream_is_not_compressed() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    let mut reading = Reading::with(&client, "", "accept-encoding: gzip\r\n").await;
    assert!(!reading.head.contains("content-encoding"), "{}", reading.head);
    client.world.block(stranger(&client, 0)).expect("they exist");
    assert_eq!(reading.json().await["data"]["event_type"], "block.block");
}

#[tokio::test]
async fn an_app_has_two_streams_at_once_and_no_third() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    let mut readings = [Reading::open(&client).await, Reading::open(&client).await];
    let third = client.get(STREAM).await;
    assert_eq!(third.status, 429);
    assert_eq!(
        third.json(),
        json!({
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
            "type": "https://api.x.com/2/problems/streaming-connection",
            "status": 429,
        })
    );
    client.world.block(stranger(&client, 0)).expect("they exist");
    let [one, other] = &mut readings;
    assert_eq!(one.json().await, other.json().await);
}

#[tokio::test]
async fn a_stream_can_begin_a_while_ago() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    client.world.block(stranger(&client, 0)).expect("they exist");
    client.world.advance(Duration::from_secs(60));
    let mut reading = Reading::with(&client, "?backfill_minutes=1", "").await;
    assert_eq!(reading.json().await["data"]["event_type"], "block.block");
    for query in ["backfill_minutes=6", "backfill_minutes=x", "start_time=now"] {
        assert_eq!(client.get(&format!("{STREAM}?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_credits() {
    let world = World::builder().tier(Tier::PayPerUse).still_at(NOON.parse().expect("a time"));
    let client = Client::of(world.build()).await;
    subscribe(&client, "block.block").await;
    let mut reading = Reading::open(&client).await;
    client.world.set_credits(Some("0.001".parse().expect("an amount")));
    client.world.block(stranger(&client, 0)).expect("they exist");
    client.world.block(stranger(&client, 1)).expect("they exist");
    assert!(reading.json().await["data"].is_object());
    let last = reading.json().await;
    assert_eq!(last["errors"][0]["type"], "https://api.x.com/2/problems/credits");
    assert_eq!(reading.line().await.expect("an end"), None);
    assert_eq!(client.get(STREAM).await.status, 402);
}

#[tokio::test]
async fn whoever_does_not_keep_up_is_told_so_and_cut_off() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    subscribe(&client, "block.unblock").await;
    let mut reading = Reading::open(&client).await;
    // No task runs in between, so that nobody takes any of it.
    for _ in 0..5_001 {
        client.world.block(stranger(&client, 0)).expect("they exist");
        client.world.unblock(stranger(&client, 0)).expect("they exist");
    }
    let last = reading.json().await;
    assert_eq!(last["errors"][0]["title"], "operational-disconnect");
    assert_eq!(last["errors"][0]["disconnect_type"], "SlowReader");
    assert_eq!(reading.line().await.expect("an end"), None);
}

#[tokio::test]
async fn whoever_does_not_read_at_all_loses_the_connection() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    subscribe(&client, "block.unblock").await;
    let mut reading = Reading::open(&client).await;
    // More than the way to the reader holds, and then more than waits for one.
    happen(&client, 20_000).await;
    // The rest of what was sent is thrown away with the connection.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let lost = loop {
        match reading.line().await {
            Ok(line) => assert_ne!(line, None, "the stream does not end as it should"),
            Err(error) => break error,
        }
    };
    let kinds = [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof];
    assert!(kinds.contains(&lost.kind()), "{lost}");
}

/// Makes so many events, and lets the server send them.
async fn happen(client: &Client, events: u32) {
    for _ in 0..events / 100 {
        for _ in 0..50 {
            client.world.block(stranger(client, 0)).expect("they exist");
            client.world.unblock(stranger(client, 0)).expect("they exist");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn the_end_of_the_sandbox_ends_its_streams() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    let mut read = Reading::open(&client).await;
    let Client { sandbox, .. } = client;
    timeout(TOO_LONG, sandbox.shut_down()).await.expect("it does not hang").expect("no error");
    assert_eq!(read.line().await.expect("an end"), None);
}

#[tokio::test]
async fn a_stream_that_nobody_reads_does_not_keep_the_sandbox_from_ending() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    subscribe(&client, "block.unblock").await;
    let _unread = Reading::open(&client).await;
    happen(&client, 8_000).await;
    let Client { sandbox, .. } = client;
    timeout(TOO_LONG, sandbox.shut_down()).await.expect("it does not hang").expect("no error");
}

#[tokio::test]
async fn a_stream_breaks_off_in_the_middle_of_a_line() {
    let client = Client::new().await;
    subscribe(&client, "block.block").await;
    client.world.inject(Fault::new(FaultKind::TruncatedBody).at(Endpoint::GetActivityStream));
    let mut reading = Reading::open(&client).await;
    client.world.block(stranger(&client, 0)).expect("they exist");
    let half = reading.line().await.expect("a part of a line").expect("no end");
    assert!(half.starts_with(r#"{"data":"#) && !half.ends_with("\r\n"), "{half}");
    assert_eq!(reading.line().await.expect_err("cut off").kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_stream_meets_faults_before_it_opens() {
    let client = Client::new().await;
    let inject = |kind| client.world.inject(Fault::new(kind).at(Endpoint::GetActivityStream));
    inject(FaultKind::plain(503, "Service Unavailable"));
    assert_eq!(client.get(STREAM).await.status, 503);
    inject(FaultKind::Reset);
    let token = client.world.app_only_token();
    let token = format!("authorization: Bearer {}\r\n", token.expose_secret());
    let reset = client.try_call("GET", STREAM, &token, "").await.expect_err("a reset");
    assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    Reading::open(&client).await;
}
