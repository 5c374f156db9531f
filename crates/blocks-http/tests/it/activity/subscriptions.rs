//! Subscriptions: what is sent, and what is read.

use blocks_domain::{BlockEventType, Failure, PageToken, SubscriptionId, SubscriptionRequest};
use blocks_ports::ActivityFeed;
use serde_json::{Value, json as value};
use wiremock::ResponseTemplate;

use crate::support::{answering, client, header, id, json, only_request};

const SUBSCRIPTION: &str = r#"{"subscription_id":"1946","event_type":"block.block","filter":{"user_id":"12"},"tag":"mine","created_at":"2026-08-07T12:00:00.000Z","updated_at":"2026-08-07T12:00:00.000Z"}"#;

fn subscription(number: u64) -> SubscriptionId {
    SubscriptionId::new(number).expect("in range")
}

fn request() -> SubscriptionRequest {
    SubscriptionRequest::new(BlockEventType::Block, id("12")).with_tag("mine")
}

async fn subscribing(answer: ResponseTemplate) -> Result<SubscriptionId, Failure> {
    let made = client(&answering(answer).await.uri()).subscribe(&request()).await;
    made.map(|reply| reply.value.subscription_id).map_err(|error| error.kind())
}

#[tokio::test]
async fn a_subscription_is_asked_for_as_json_and_read() {
    let body = format!(
        r#"{{"data":{{"subscription":{SUBSCRIPTION},"total_subscriptions_for_instance_id":1}},"meta":{{"total_subscriptions":1}}}}"#
    );
    let server = answering(json(200, &body)).await;
    let made = client(&server.uri()).subscribe(&request()).await.expect("a subscription").value;
    assert_eq!((made.subscription_id, made.tag.as_deref()), (subscription(1946), Some("mine")));
    let request = only_request(&server).await;
    assert_eq!(
        (request.method.as_str(), request.url.path()),
        ("POST", "/2/activity/subscriptions")
    );
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
    let expected =
        value!({"event_type": "block.block", "filter": {"user_id": "12"}, "tag": "mine"});
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn an_answer_without_a_subscription_is_no_success() {
    for (status, body, kind) in [
        (200, r#"{"data":{}}"#, Failure::Malformed),
        (200, r#"{"meta":{"total_subscriptions":1}}"#, Failure::Malformed),
        (
            200,
            r#"{"errors":[{"title":"x","type":"https://api.x.com/2/problems/invalid-request"}]}"#,
            Failure::InvalidRequest,
        ),
        (
            400,
            r#"{"errors":[{"message":"DuplicateSubscriptionFailed: Subscription already exists"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
            Failure::InvalidRequest,
        ),
    ] {
        assert_eq!(subscribing(json(status, body)).await, Err(kind), "{body}");
    }
}

#[tokio::test]
async fn a_page_of_subscriptions_is_the_first_or_the_one_of_a_token() {
    let body = format!(
        r#"{{"data":[{SUBSCRIPTION}],"meta":{{"result_count":1,"next_token":"the-page-after-this"}}}}"#
    );
    for (token, query) in
        [(None, None), (Some("the/page&of=this"), Some("pagination_token=the%2Fpage%26of%3Dthis"))]
    {
        let server = answering(json(200, &body)).await;
        let token = token.map(|token| PageToken::new(token).expect("a token"));
        let page = client(&server.uri()).subscriptions(token).await.expect("a page").value;
        assert_eq!(page.subscriptions()[0].subscription_id, subscription(1946));
        assert_eq!(page.next_token().map(PageToken::as_str), Some("the-page-after-this"));
        let request = only_request(&server).await;
        assert_eq!((request.method.as_str(), request.url.query()), ("GET", query));
        assert_eq!(request.url.path(), "/2/activity/subscriptions");
    }
}

#[tokio::test]
async fn a_page_without_subscriptions_is_a_page_and_one_without_anything_is_none() {
    let page = |body| async move {
        let read = client(&answering(json(200, body)).await.uri()).subscriptions(None).await;
        read.map(|reply| reply.value.subscriptions().len()).map_err(|error| error.kind())
    };
    assert_eq!(page(r#"{"meta":{"result_count":0}}"#).await, Ok(0));
    assert_eq!(page(r#"{"data":[]}"#).await, Ok(0));
    assert_eq!(page("{}").await, Err(Failure::Malformed));
    assert_eq!(page(r#"{"data":7,"meta":{}}"#).await, Err(Failure::Malformed));
}

#[tokio::test]
async fn a_subscription_is_deleted_by_its_name() {
    let server = answering(json(200, r#"{"data":{"deleted":true},"meta":{}}"#)).await;
    client(&server.uri()).unsubscribe(subscription(1946)).await.expect("deleted");
    let request = only_request(&server).await;
    assert_eq!(request.method.as_str(), "DELETE");
    assert_eq!(request.url.path(), "/2/activity/subscriptions/1946");

    let missing = r#"{"errors":[{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}]}"#;
    for (status, body, kind) in [
        (404, missing, Failure::NotFound),
        (200, r#"{"data":{"deleted":false}}"#, Failure::Malformed),
        (200, missing, Failure::NotFound),
        (200, r#"{"meta":{}}"#, Failure::Malformed),
    ] {
        let api = client(&answering(json(status, body)).await.uri());
        let error = api.unsubscribe(subscription(7)).await.expect_err("not deleted");
        assert_eq!(error.kind(), kind, "{body}");
    }
}
