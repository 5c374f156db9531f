//! Good answers, and odd ones that can be used all the same.

use blocks_domain::{Failure, ForbiddenReason, ProblemType, RateWindow, Selection};
use blocks_ports::{UsersApi, Warning};
use jiff::Timestamp;
use wiremock::ResponseTemplate;

use crate::support::{answering, builder, client, id, json, read, reading};

const TWEET_WORDS: &str = r#"{
  "data": [
    {"id": "34", "name": "Bo", "username": "bo", "pinned_tweet_id": "90", "mood": "sunny",
     "public_metrics": {"followers_count": 3, "following_count": 2, "tweet_count": 11, "listed_count": 0}},
    {"id": "9223372036854775807", "name": "Çelik 🌊", "username": "celik"}
  ],
  "includes": {"tweets": [{"id": "90", "text": "hello"}]},
  "errors": [{"title": "Not Found Error", "detail": "Could not find tweet with pinned_tweet_id: [91].",
    "resource_type": "tweet", "parameter": "pinned_tweet_id", "resource_id": "91", "value": "91",
    "type": "https://api.x.com/2/problems/resource-not-found"}],
  "meta": {"result_count": 2, "next_token": "7140dibdnow9c7btw482", "weather": 1},
  "notice": {"of": "tomorrow"}
}"#;

const POST_WORDS: &str = r#"{
  "data": [
    {"id": "34", "name": "Bo", "username": "bo", "pinned_post_id": "90", "mood": "sunny",
     "public_metrics": {"followers_count": 3, "following_count": 2, "post_count": 11, "listed_count": 0}},
    {"id": "9223372036854775807", "name": "Çelik 🌊", "username": "celik"}
  ],
  "includes": {"posts": [{"id": "90", "text": "hello"}]},
  "errors": [{"title": "Not Found Error", "detail": "Could not find post with pinned_post_id: [91].",
    "resource_type": "post", "parameter": "pinned_post_id", "resource_id": "91", "value": "91",
    "type": "https://api.x.com/2/problems/resource-not-found"}],
  "meta": {"result_count": 2, "next_token": "7140dibdnow9c7btw482", "weather": 1},
  "notice": {"of": "tomorrow"}
}"#;

#[tokio::test]
async fn a_page_is_read_in_both_vocabularies_with_what_nobody_knows_yet() {
    for body in [TWEET_WORDS, POST_WORDS] {
        let reply = reading(json(200, body)).await.expect("a page");
        let page = reply.value;
        let [bo, celik] = page.users() else { panic!("two users: {page:?}") };
        assert_eq!((bo.id, celik.id), (id("34"), id("9223372036854775807")));
        assert_eq!(celik.name.as_deref(), Some("Çelik 🌊"));
        assert_eq!(bo.extra.get("mood"), Some(r#""sunny""#));
        assert_eq!(page.extra.get("notice"), Some(r#"{"of": "tomorrow"}"#));
        assert_eq!(page.meta.extra.get("weather"), Some("1"));

        let posts = page.includes.as_ref().and_then(|i| i.posts.as_deref()).expect("posts");
        assert_eq!(Some(posts[0].id), bo.pinned_post_id);
        let [problem] = page.problems() else { panic!("one problem: {page:?}") };
        assert_eq!(problem.problem_type(), Some(ProblemType::ResourceNotFound));
        let next = page.meta.next_token.as_ref().expect("a token");
        assert_eq!(next.as_str(), "7140dibdnow9c7btw482");
        assert!(reply.meta.warnings.is_empty());
    }
}

#[tokio::test]
async fn a_page_without_users_is_a_page_with_or_without_a_token() {
    for body in [
        r#"{"meta":{"result_count":0,"next_token":"7140dibdnow9c7btw482"}}"#,
        r#"{"data":[],"meta":{"result_count":0,"next_token":"7140dibdnow9c7btw482"}}"#,
        r#"{"errors":[{"title":"Forbidden"}],"meta":{"result_count":0,"next_token":"7140dibdnow9c7btw482"}}"#,
    ] {
        let page = reading(json(200, body)).await.expect(body).value;
        assert!(page.users().is_empty());
        assert!(page.meta.next_token.is_some());
    }
    let page = reading(json(200, r#"{"meta":{"result_count":0}}"#)).await.expect("a page").value;
    assert_eq!((page.data, page.meta.next_token), (None, None));
}

#[tokio::test]
async fn a_page_that_counts_wrong_is_used_with_a_warning() {
    let body = r#"{"data":[{"id":"34"}],"meta":{"result_count":3}}"#;
    let reply = reading(json(200, body)).await.expect("a page");
    assert_eq!(reply.value.users().len(), 1);
    assert_eq!(reply.meta.warnings, [Warning::ResultCount { said: 3, found: 1 }]);
}

#[tokio::test]
async fn what_the_headers_tell_comes_along() {
    let answer = json(200, r#"{"meta":{"result_count":0}}"#)
        .insert_header("x-rate-limit-limit", "15")
        .insert_header("x-rate-limit-remaining", "14")
        .insert_header("x-rate-limit-reset", "1785000900")
        .insert_header("date", "Sat, 25 Jul 2026 17:20:00 GMT")
        .insert_header("x-transaction-id", "8f2ab7c1d0e4a5b6");
    let meta = reading(answer).await.expect("a page").meta;

    let at = |second| Timestamp::from_second(second).expect("a time");
    assert_eq!(meta.date, Some(at(1_785_000_000)));
    assert_eq!(meta.rate, Some(RateWindow::new(15, 14, at(1_785_000_900), meta.date)));
    assert_eq!(meta.transaction_id.as_deref(), Some("8f2ab7c1d0e4a5b6"));

    let odd = json(200, r#"{"meta":{"result_count":0}}"#)
        .insert_header("x-rate-limit-limit", "99999999999999999999")
        .insert_header("x-rate-limit-remaining", "-1")
        .insert_header("x-rate-limit-reset", "9223372036854775807")
        .insert_header("date", "once upon a time");
    let meta = reading(odd).await.expect("headers never spoil a page").meta;
    assert_eq!((meta.rate, meta.date, meta.transaction_id), (None, None, None));
}

/// `{"meta":{"result_count":0},"pad":"aaa…"}` of 2,036 bytes, as gzip writes it.
const ZIPPED: [u8; 70] = *b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x4d\x2d\x49\x54\
    \xb2\xaa\x56\x2a\x4a\x2d\x2e\xcd\x29\x89\x4f\xce\x2f\xcd\x2b\x51\xb2\x32\xa8\xd5\x51\x2a\x48\
    \x4c\x51\xb2\x52\x4a\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x90\x07\x4a\xb5\x00\x55\
    \x31\xb7\x2a\xf4\x07\x00\x00";

fn zipped(bytes: &[u8]) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_raw(bytes, "application/json")
        .insert_header("content-encoding", "gzip")
}

#[tokio::test]
async fn a_compressed_page_is_read_and_its_limit_counts_what_it_becomes() {
    let page = reading(zipped(&ZIPPED)).await.expect("a page").value;
    assert_eq!(page.extra.get("pad").map(str::len), Some(2002));

    let server = answering(zipped(&ZIPPED)).await;
    let exact = builder(&server.uri()).max_body(2036).build().expect("a client");
    read(&exact).await.expect("just as much as is allowed");
    let small = builder(&server.uri()).max_body(2035).build().expect("a client");
    let error = read(&small).await.expect_err("a byte too much");
    assert_eq!(error.kind(), Failure::Malformed);
    assert_eq!(error.detail(), Some("the answer has more than 2035 bytes"));
}

#[tokio::test]
async fn compression_that_is_none_is_malformed_and_a_part_of_one_is_a_broken_connection() {
    let error = reading(zipped(b"<html>not gzip at all</html>")).await.expect_err("no gzip");
    assert_eq!(error.kind(), Failure::Malformed, "{error:?}");
    assert_eq!(error.detail(), Some("the answer cannot be decompressed"));

    let error = reading(zipped(&ZIPPED[..40])).await.expect_err("half of it");
    assert_eq!(error.kind(), Failure::Transport, "{error:?}");
}

#[tokio::test]
async fn users_that_are_not_found_stand_beside_the_others() {
    let missing = r#"{"value":"56","detail":"Could not find user with ids: [56].","title":"Not Found Error","resource_type":"user","parameter":"ids","resource_id":"56","type":"https://api.x.com/2/problems/resource-not-found"}"#;
    let some = format!(r#"{{"data":[{{"id":"34"}}],"errors":[{missing}]}}"#);
    let none = format!(r#"{{"errors":[{missing}]}}"#);
    for (status, body, found) in [(200, &some, 1), (200, &none, 0), (404, &none, 0)] {
        let server = answering(json(status, body)).await;
        let reply = client(&server.uri())
            .by_ids(&[id("34"), id("56")], &Selection::default())
            .await
            .expect("no failure of the call");
        assert_eq!(reply.value.users().len(), found);
        let [problem] = reply.value.problems() else { panic!("one problem") };
        assert_eq!(problem.resource_id.as_deref(), Some("56"));
    }
}

#[tokio::test]
async fn a_lookup_that_is_refused_as_a_whole_fails() {
    let forbidden =
        r#"{"title":"Forbidden","detail":"Forbidden","type":"about:blank","status":403}"#;
    let credits =
        r#"{"errors":[{"type":"https://api.x.com/2/problems/credits","title":"CreditsDepleted"}]}"#;
    let hidden = r#"{"errors":[{"type":"https://api.x.com/2/problems/not-authorized-for-resource","title":"Authorization Error"}]}"#;
    let refused = Failure::Forbidden(ForbiddenReason::ScopeOrPlan);
    for (status, body, kind) in [
        (403, forbidden, refused),
        (403, hidden, Failure::Forbidden(ForbiddenReason::Other)),
        (200, credits, Failure::OutOfCredits),
        (200, "{}", Failure::Malformed),
        (404, "gone", Failure::Malformed),
    ] {
        let server = answering(json(status, body)).await;
        let api = client(&server.uri());
        let error = api.by_ids(&[id("34")], &Selection::default()).await.expect_err(body);
        assert_eq!(error.kind(), kind, "{body}");
    }
}
