//! Blocking and unblocking.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use blocks_domain::{BlockPair, Side};
use blocks_fake::World;
use serde_json::{Value, json};

use crate::client::{Answer, Client, RESET};

fn body(target: impl Display) -> String {
    format!(r#"{{"target_user_id":"{target}"}}"#)
}

fn assert_done(answer: &Answer, blocking: bool) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "data": { "blocking": blocking } }));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
}

fn assert_said(answer: &Answer, message: &str) {
    assert_eq!(answer.status, 400, "{message}");
    assert_eq!(answer.json()["errors"][0]["message"], message);
    assert_eq!(answer.json()["title"], "Invalid Request");
}

#[tokio::test]
async fn blocking_and_unblocking_say_what_then_holds() {
    let client = Client::new().await;
    let (me, them) = (client.world.owner(), client.world.stranger(0));
    let pair = BlockPair::new(me, them).expect("two users");
    let blocks = || client.world.relationship(pair).expect("they exist").blocks(Side::Source);
    for left in ["49", "48"] {
        let answer = client.post(&client.list(), &body(them)).await;
        assert_done(&answer, true);
        assert_eq!(answer.rate(), Some(("50", left, RESET)));
        assert!(blocks());
    }
    for _ in 0..2 {
        assert_done(&client.delete(&format!("{}/{them}", client.list())).await, false);
        assert!(!blocks());
    }
}

#[tokio::test]
async fn nobody_who_does_not_exist_is_blocked() {
    let client = Client::new().await;
    let expected: Value = json!({
        "errors": [{
            "value": "12",
            "detail": "Could not find user with id: [12].",
            "title": "Not Found Error",
            "resource_type": "user",
            "parameter": "id",
            "resource_id": "12",
            "type": "https://api.x.com/2/problems/resource-not-found",
        }],
    });
    for answer in [
        client.post(&client.list(), &body(12)).await,
        client.delete(&format!("{}/12", client.list())).await,
    ] {
        assert_eq!((answer.status, answer.json()), (404, expected.clone()));
    }
}

#[tokio::test]
async fn nobody_blocks_themselves() {
    let client = Client::new().await;
    let me = client.world.owner();
    let message = format!(
        "The `target_user_id` query parameter value [{me}] must not be the authenticating user"
    );
    assert_said(&client.post(&client.list(), &body(me)).await, &message);
    assert_said(&client.delete(&format!("{}/{me}", client.list())).await, &message);
}

#[tokio::test]
async fn a_body_is_the_documented_one() {
    let client = Client::new().await;
    for (body, message) in [
        ("", "The request body is not valid JSON."),
        ("{", "The request body is not valid JSON."),
        ("[]", "$: is not an object"),
        ("{}", "$.target_user_id: is missing but it is required"),
        (r#"{"target_user_id":12}"#, "$.target_user_id: is not a string"),
        (
            r#"{"target_user_id":"x"}"#,
            "The `target_user_id` query parameter value [x] is not valid",
        ),
        (
            r#"{"target_user_id":"12","tag":"y"}"#,
            "$.tag: is not defined in the schema and the schema does not allow additional properties",
        ),
    ] {
        assert_said(&client.post(&client.list(), body).await, message);
    }
}

#[tokio::test]
async fn a_body_says_that_it_is_json() {
    let client = Client::new().await;
    let body = body(client.world.stranger(0));
    let message = "Requests with bodies must have content-type of application/json.";
    for headers in ["", "content-type: application/x-www-form-urlencoded\r\n"] {
        assert_said(&client.call("POST", &client.list(), headers, &body).await, message);
    }
    let headers = "content-type: Application/JSON; charset=utf-8\r\n";
    assert_done(&client.call("POST", &client.list(), headers, &body).await, true);
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let client = Client::new().await;
    let body = format!("{}{}", body(client.world.stranger(0)), " ".repeat(64 * 1024));
    let answer = client.post(&client.list(), &body).await;
    let expected = json!({
        "title": "Payload Too Large",
        "detail": "Payload Too Large",
        "type": "about:blank",
        "status": 413,
    });
    assert_eq!((answer.status, answer.json()), (413, expected));
}

#[tokio::test]
async fn a_write_takes_no_parameters() {
    let client = Client::new().await;
    let path = format!("{}?force=true", client.list());
    let answer = client.post(&path, &body(client.world.stranger(0))).await;
    assert_said(&answer, "The query parameter [force] is not one of []");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_blocks_at_once_is_lost_or_doubled() {
    const CALLERS: u32 = 16;
    const EACH: u32 = 10;
    let client = Client::of(World::builder().blocks(30).limits(false).build()).await;
    let me = client.world.owner();
    let client = Arc::new(client);
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                for number in 0..EACH {
                    let target = client.world.stranger(caller * EACH + number);
                    assert_done(&client.post(&client.list(), &body(target)).await, true);
                    assert_eq!(client.get(&client.list()).await.status, 200);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("every call is answered");
    }
    let expected = u64::from(30 + CALLERS * EACH);
    assert_eq!(client.world.block_count(me), expected);
    let listed: BTreeSet<_> = client.world.blocks(me, 1000).into_iter().collect();
    assert_eq!(listed.len() as u64, expected);
}
