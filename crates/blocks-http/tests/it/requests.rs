//! What is sent: method, path, query, headers and body.

use blocks_domain::{
    BlockingQuery, Expansion, MaxResults, PageToken, PostField, Selection, UserField, UserId,
    Username, Vocabulary,
};
use blocks_ports::{BlocksApi, UsersApi};
use wiremock::Request;

use crate::support::{TOKEN, answering, builder, client, header, id, json, only_request, pair};

const PAGE: &str = r#"{"meta":{"result_count":0}}"#;
const USER: &str = r#"{"data":{"id":"12","name":"Ann","username":"ann"}}"#;
const USERS: &str = r#"{"data":[{"id":"12","name":"Ann","username":"ann"}]}"#;

fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.url.path())
}

fn query(request: &Request) -> Vec<(String, String)> {
    request.url.query_pairs().into_owned().collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_page_is_asked_for_with_every_parameter_in_tweet_words() {
    let server = answering(json(200, PAGE)).await;
    let selection = Selection::in_words(Vocabulary::Tweet)
        .with_user_fields([UserField::CreatedAt, UserField::PublicMetrics])
        .and_then(|s| s.with_expansions([Expansion::PinnedPost]))
        .and_then(|s| s.with_post_fields([PostField::CreatedAt, PostField::Text]))
        .expect("tweet words");
    let asked = BlockingQuery::new(selection)
        .with_max_results(MaxResults::MAX)
        .with_pagination_token(PageToken::new("7140dibd+now9c7b&tw4=82").expect("a token"));
    client(&server.uri()).blocking(id("12"), &asked).await.expect("a page");

    let request = only_request(&server).await;
    assert_eq!(line(&request), "GET /2/users/12/blocking");
    assert_eq!(
        query(&request),
        owned(&[
            ("max_results", "1000"),
            ("pagination_token", "7140dibd+now9c7b&tw4=82"),
            ("expansions", "pinned_tweet_id"),
            ("tweet.fields", "created_at,text"),
            ("user.fields", "created_at,public_metrics"),
        ])
    );
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn a_page_is_asked_for_in_post_words() {
    let server = answering(json(200, PAGE)).await;
    let selection = Selection::in_words(Vocabulary::Post)
        .with_expansions([Expansion::PinnedPost])
        .and_then(|s| s.with_post_fields([PostField::Text]))
        .expect("post words");
    client(&server.uri()).blocking(id("12"), &BlockingQuery::new(selection)).await.expect("a page");

    let expected = owned(&[("expansions", "pinned_post_id"), ("post.fields", "text")]);
    assert_eq!(query(&only_request(&server).await), expected);
}

#[tokio::test]
async fn nothing_is_sent_that_was_not_asked_for() {
    let server = answering(json(200, PAGE)).await;
    client(&server.uri()).blocking(id("12"), &BlockingQuery::default()).await.expect("a page");

    let request = only_request(&server).await;
    assert_eq!(request.url.query(), None);
    assert_eq!(header(&request, "authorization"), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(header(&request, "accept"), Some("application/json"));
    assert_eq!(header(&request, "accept-encoding"), Some("gzip"));
    let own_name = concat!("blocks/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&request, "user-agent"), Some(own_name));
    assert_eq!(header(&request, "content-type"), None);
}

#[tokio::test]
async fn blocking_sends_the_target_and_tells_what_then_stands() {
    for blocking in [true, false] {
        let body = format!(r#"{{"data":{{"blocking":{blocking}}}}}"#);
        let server = answering(json(200, &body)).await;
        let reply = client(&server.uri()).block(pair("12", "34")).await.expect("a state");
        assert_eq!(reply.value.blocking, blocking, "the answer is passed on as it is");

        let request = only_request(&server).await;
        assert_eq!(line(&request), "POST /2/users/12/blocking");
        assert_eq!(request.url.query(), None);
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        assert_eq!(request.body, br#"{"target_user_id":"34"}"#);
    }
}

#[tokio::test]
async fn unblocking_names_both_in_the_path() {
    let server = answering(json(200, r#"{"data":{"blocking":false}}"#)).await;
    let reply = client(&server.uri()).unblock(pair("12", "34")).await.expect("a state");
    assert!(!reply.value.blocking);

    let request = only_request(&server).await;
    assert_eq!(line(&request), "DELETE /2/users/12/blocking/34");
    assert_eq!(request.url.query(), None);
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn users_are_looked_up_in_three_ways() {
    let fields = Selection::default().with_user_fields([UserField::Verified]).expect("a field");

    let server = answering(json(200, USER)).await;
    let reply = client(&server.uri()).me(&fields).await.expect("me");
    assert_eq!(reply.value.data.expect("a user").id, id("12"));
    let request = only_request(&server).await;
    assert_eq!(line(&request), "GET /2/users/me");
    assert_eq!(query(&request), owned(&[("user.fields", "verified")]));

    let server = answering(json(200, USERS)).await;
    let handles = ["@ann", "Bob_2"].map(|handle| handle.parse::<Username>().expect("a handle"));
    client(&server.uri()).by_usernames(&handles, &fields).await.expect("users");
    let request = only_request(&server).await;
    assert_eq!(line(&request), "GET /2/users/by");
    let expected = owned(&[("usernames", "ann,Bob_2"), ("user.fields", "verified")]);
    assert_eq!(query(&request), expected);

    let server = answering(json(200, USERS)).await;
    let ids = ["12", "9223372036854775807"].map(id);
    client(&server.uri()).by_ids(&ids, &Selection::default()).await.expect("users");
    let request = only_request(&server).await;
    assert_eq!(line(&request), "GET /2/users");
    assert_eq!(query(&request), owned(&[("ids", "12,9223372036854775807")]));
}

#[tokio::test]
async fn a_lookup_of_nobody_or_of_too_many_spends_no_request() {
    let server = answering(json(200, USERS)).await;
    let api = client(&server.uri());
    let users = |count: u64| (1..=count).filter_map(UserId::new).collect::<Vec<_>>();
    let fields = Selection::default();

    for count in [0, 101] {
        let error = api.by_ids(&users(count), &fields).await.expect_err("a wrong number");
        assert_eq!(error.kind(), blocks_domain::Failure::InvalidRequest);
        let detail = error.detail().expect("a detail");
        assert_eq!(detail, format!("one lookup names 1 to 100 users, not {count}"));
    }
    assert!(api.by_usernames(&[], &fields).await.is_err());
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));

    api.by_ids(&users(100), &fields).await.expect("the most that one lookup takes");
}

#[tokio::test]
async fn a_server_may_live_under_a_path_and_the_client_may_have_another_name() {
    let server = answering(json(200, PAGE)).await;
    let api = builder(&format!("{}/proxy/", server.uri())).user_agent("my-tool/1.0");
    let api = api.build().expect("a client");
    api.blocking(id("12"), &BlockingQuery::default()).await.expect("a page");

    let request = only_request(&server).await;
    assert_eq!(line(&request), "GET /proxy/2/users/12/blocking");
    assert_eq!(header(&request, "user-agent"), Some("my-tool/1.0"));

    let error = builder(&server.uri()).user_agent("two\nlines").build().expect_err("no header");
    assert!(matches!(error, blocks_http::BuildError::UserAgent));
}
