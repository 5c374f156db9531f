//! Reading a whole list over HTTP, with `BlocksApiExt`.

use blocks_domain::{BlockingQuery, Failure, MaxResults, PageToken};
use blocks_ports::{BlocksApiExt, Interrupted};
use futures_util::{StreamExt, TryStreamExt};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{client, id, json};

const SECOND: &str = "token-of-the-second-page";
const THIRD: &str = "token-of-the-third-page";

/// Answers the page of a token, always and only with the size that is asked for throughout.
async fn mount(server: &MockServer, token: Option<&str>, answer: ResponseTemplate) {
    let page = Mock::given(method("GET"))
        .and(path("/2/users/12/blocking"))
        .and(query_param("max_results", "2"));
    match token {
        Some(token) => page.and(query_param("pagination_token", token)),
        None => page.and(query_param_is_missing("pagination_token")),
    }
    .respond_with(answer)
    .mount(server)
    .await;
}

fn query() -> BlockingQuery {
    BlockingQuery::default().with_max_results(MaxResults::new(2).expect("a size"))
}

fn page(users: &str, count: u32, next: Option<&str>) -> ResponseTemplate {
    let data = if users.is_empty() { String::new() } else { format!(r#""data":[{users}],"#) };
    let next = next.map(|token| format!(r#","next_token":"{token}""#)).unwrap_or_default();
    json(200, &format!(r#"{{{data}"meta":{{"result_count":{count}{next}}}}}"#))
}

async fn ids(server: &MockServer) -> (Vec<String>, Option<Interrupted>) {
    let api = client(&server.uri());
    let mut users = api.users(id("12"), query());
    let mut ids = Vec::new();
    while let Some(user) = users.next().await {
        match user {
            Ok(user) => ids.push(user.id.to_string()),
            Err(stop) => return (ids, Some(stop)),
        }
    }
    (ids, None)
}

#[tokio::test]
async fn an_empty_page_in_the_middle_does_not_end_a_list() {
    let server = MockServer::start().await;
    mount(&server, None, page(r#"{"id":"9"},{"id":"8"}"#, 2, Some(SECOND))).await;
    mount(&server, Some(SECOND), page("", 0, Some(THIRD))).await;
    mount(&server, Some(THIRD), page(r#"{"id":"7"}"#, 1, None)).await;

    let (ids, stop) = ids(&server).await;
    assert_eq!(ids, ["9", "8", "7"]);
    assert!(stop.is_none(), "{stop:?}");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(3));
}

#[tokio::test]
async fn a_token_that_repeats_is_an_error_that_names_where_to_go_on() {
    let server = MockServer::start().await;
    mount(&server, None, page(r#"{"id":"9"}"#, 1, Some(SECOND))).await;
    mount(&server, Some(SECOND), page(r#"{"id":"8"}"#, 1, Some(SECOND))).await;

    let (ids, stop) = ids(&server).await;
    let stop = stop.expect("an error");
    assert_eq!(ids, ["9"]);
    assert_eq!(stop.error.kind(), Failure::Malformed);
    assert_eq!(stop.resume_from.as_ref().map(PageToken::as_str), Some(SECOND));
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(2));
}

#[tokio::test]
async fn a_failure_on_the_way_names_the_page_to_go_on_from() {
    let server = MockServer::start().await;
    mount(&server, None, page(r#"{"id":"9"}"#, 1, Some(SECOND))).await;
    mount(&server, Some(SECOND), json(503, "")).await;

    let api = client(&server.uri());
    let stop = api.pages(id("12"), query()).try_collect::<Vec<_>>().await.expect_err("a failure");
    assert_eq!((stop.error.kind(), stop.pages), (Failure::Unavailable, 1));
    let resume_from = stop.resume_from.expect("a token");
    assert_eq!(resume_from.as_str(), SECOND);

    server.reset().await;
    mount(&server, Some(SECOND), page(r#"{"id":"8"}"#, 1, None)).await;
    let rest = api.users(id("12"), query().with_pagination_token(resume_from));
    let rest: Vec<_> = rest.try_collect().await.expect("the rest");
    assert_eq!(rest.len(), 1);
}
