//! Codes and refresh tokens over HTTP, against the answers that X and others are known to give.

use std::time::Duration;

use blocks_domain::{Failure, ForbiddenReason};
use blocks_http::HttpTokenIssuer;
use blocks_ports::{App, AuthorizationGrant, IssueError, TokenGrant, TokenIssuer};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{
    REDIRECT_URI, RawServer, Then, answering, confidential_app, form, header, issuer, json,
    only_request, public_app,
};

const TOKENS: &str = r#"{"token_type":"bearer","expires_in":7200,"access_token":"acc3ss","scope":"block.read users.read","refresh_token":"n3xt"}"#;

fn grant() -> AuthorizationGrant {
    AuthorizationGrant::new("c0de+/", "v3rifier", REDIRECT_URI)
}

async fn refresh(url: &str) -> Result<TokenGrant, IssueError> {
    issuer(url).refresh(&public_app(), &"r3fresh".into()).await
}

/// What comes of a refresh that is answered so.
async fn refreshing(answer: ResponseTemplate) -> Result<TokenGrant, IssueError> {
    refresh(&answering(answer).await.uri()).await
}

fn exposed(token: Option<&SecretString>) -> Option<&str> {
    token.map(ExposeSecret::expose_secret)
}

/// Makes all three calls, and answers what was sent.
async fn all_three(app: &App) -> [Request; 3] {
    let server = answering(json(200, TOKENS)).await;
    let issuer = issuer(&format!("{}/proxy/", server.uri()));
    issuer.exchange(app, &grant()).await.expect("tokens");
    issuer.refresh(app, &"r3fresh&=".into()).await.expect("tokens");
    issuer.revoke(app, &"old token".into()).await.expect("done");
    let requests = server.received_requests().await.expect("recorded requests");
    requests.try_into().expect("three requests")
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_public_client_names_itself_in_the_body() {
    let [exchange, refresh, revoke] = all_three(&public_app()).await;
    for (request, path) in [
        (&exchange, "/proxy/2/oauth2/token"),
        (&refresh, "/proxy/2/oauth2/token"),
        (&revoke, "/proxy/2/oauth2/revoke"),
    ] {
        assert_eq!((request.method.as_str(), request.url.path()), ("POST", path));
        assert_eq!(request.url.query(), None, "a URL is no place for secrets");
        assert_eq!(header(request, "content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(header(request, "authorization"), None);
    }
    assert_eq!(
        form(&exchange),
        pairs(&[
            ("client_id", "client/id"),
            ("code", "c0de+/"),
            ("code_verifier", "v3rifier"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
        ])
    );
    assert_eq!(
        form(&refresh),
        pairs(&[
            ("client_id", "client/id"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "r3fresh&="),
        ])
    );
    assert_eq!(form(&revoke), pairs(&[("client_id", "client/id"), ("token", "old token")]));
}

#[tokio::test]
async fn a_confidential_client_proves_itself_by_http_basic() {
    for request in all_three(&confidential_app()).await {
        // `client%2Fid:cl1ent%2Bsecret`, for both are encoded before they are joined.
        let expected = "Basic Y2xpZW50JTJGaWQ6Y2wxZW50JTJCc2VjcmV0";
        assert_eq!(header(&request, "authorization"), Some(expected));
        assert!(form(&request).iter().all(|(name, _)| !name.starts_with("client_")));
    }
}

#[tokio::test]
async fn the_redirect_uri_is_sent_to_the_letter() {
    for uri in ["http://127.0.0.1:8080", "HTTP://LocalHost:080/a b", "http://[::1]:1/x?y=%7e"] {
        let server = answering(json(200, TOKENS)).await;
        let grant = AuthorizationGrant::new("c0de", "v3rifier", uri);
        issuer(&server.uri()).exchange(&public_app(), &grant).await.expect("tokens");
        let sent = form(&only_request(&server).await);
        assert!(sent.contains(&("redirect_uri".to_owned(), uri.to_owned())), "{sent:?}");
    }

    let server = answering(json(200, TOKENS)).await;
    let grant = AuthorizationGrant::new("c0de", "v3rifier", "no URL");
    let error = issuer(&server.uri()).exchange(&public_app(), &grant).await.expect_err("unsent");
    assert!(matches!(error, IssueError::Api(error) if !error.was_sent()));
}

#[tokio::test]
async fn a_grant_tells_all_that_the_answer_does() {
    let tokens = refreshing(json(200, TOKENS)).await.expect("tokens");
    assert_eq!(tokens.access_token.expose_secret(), "acc3ss");
    assert_eq!(exposed(tokens.refresh_token.as_ref()), Some("n3xt"));
    assert_eq!(tokens.expires_in, Some(Duration::from_secs(7200)));
    assert_eq!(tokens.scope.as_deref(), Some("block.read users.read"));
}

#[tokio::test]
async fn no_oddity_of_an_answer_loses_the_tokens_in_it() {
    for (odd, lifetime) in [
        (r#""token_type":"Bearer""#, None),
        (r#""token_type":7,"expires_in":"7200""#, Some(7200)),
        (r#""expires_in":7200.0,"created_at":1.5,"user":{"id":7}"#, Some(7200)),
        (r#""expires_in":-1"#, None),
        (r#""expires_in":"soon""#, None),
        (r#""expires_in":null,"scope":null,"token_type":null"#, None),
        (r#""scope":["block.read"]"#, None),
    ] {
        let body = format!(r#"{{{odd},"access_token":"acc3ss","refresh_token":"n3xt"}}"#);
        for answer in [
            json(200, &body),
            json(201, &body),
            ResponseTemplate::new(200).set_body_raw(body.clone(), "text/html"),
            ResponseTemplate::new(200).set_body_bytes(body.clone()),
        ] {
            let tokens = refreshing(answer).await.expect(&body);
            assert_eq!(tokens.access_token.expose_secret(), "acc3ss");
            assert_eq!(exposed(tokens.refresh_token.as_ref()), Some("n3xt"));
            assert_eq!(tokens.expires_in, lifetime.map(Duration::from_secs), "{body}");
            assert_eq!(tokens.scope, None, "{body}");
        }
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    for refresh_token in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let body = format!(r#"{{"access_token":"acc3ss"{refresh_token}}}"#);
        let tokens = refreshing(json(200, &body)).await.expect("tokens");
        assert!(tokens.refresh_token.is_none(), "{body}");
    }
}

#[tokio::test]
async fn an_answer_without_a_token_is_malformed_and_may_have_cost_the_refresh_token() {
    for body in [
        "",
        "null",
        "[]",
        r#""acc3ss""#,
        r#"{"access_token":null,"refresh_token":"n3xt"}"#,
        r#"{"access_token":"","refresh_token":"n3xt"}"#,
        r#"{"access_token":["acc3ss"]}"#,
        r#"{"access_token":"acc3ss""#,
        r#"{"error":"invalid_grant"}"#,
        "access_token=acc3ss&refresh_token=n3xt",
        "<html>access_token: acc3ss</html>",
    ] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "text/html");
        let IssueError::Api(error) = refreshing(answer).await.expect_err(body) else {
            panic!("{body}: nothing says that the sign-in has ended");
        };
        assert_eq!((error.kind(), error.status()), (Failure::Malformed, Some(200)), "{body}");
        assert!(error.was_sent());
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("acc3ss") && !shown.contains("n3xt"), "{shown}");
    }
}

/// What an answer means.
#[derive(Debug, PartialEq)]
enum Means {
    /// The code or the refresh token is worth nothing.
    Grant,
    /// The app is not accepted.
    Client,
    /// Something else is the matter.
    Other(Failure),
}

impl From<&IssueError> for Means {
    fn from(error: &IssueError) -> Self {
        match error {
            IssueError::InvalidGrant => Self::Grant,
            IssueError::InvalidClient => Self::Client,
            IssueError::Api(error) => Self::Other(error.kind()),
            _ => panic!("a new kind of error: {error:?}"),
        }
    }
}

const REFUSALS: &[(u16, &str, Means)] = &[
    (400, r#"{"error":"invalid_grant"}"#, Means::Grant),
    (401, r#"{"error":"invalid_grant","error_description":"expired"}"#, Means::Grant),
    (
        400,
        r#"{"error":"invalid_request","error_description":"Value passed for the token was invalid."}"#,
        Means::Grant,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_description":"Value passed for the authorization code was invalid."}"#,
        Means::Grant,
    ),
    (
        401,
        r#"{"error":"unauthorized_client","error_description":"Missing valid authorization header"}"#,
        Means::Client,
    ),
    (401, r#"{"error":"invalid_client"}"#, Means::Client),
    (400, r#"{"error":"unauthorized_client"}"#, Means::Client),
    // A refusal that does not name the token leaves the sign-in alive.
    (400, r#"{"error":"invalid_request"}"#, Means::Other(Failure::InvalidRequest)),
    (
        400,
        r#"{"error":"invalid_request","error_description":"Missing required parameter [refresh_token]."}"#,
        Means::Other(Failure::InvalidRequest),
    ),
    (
        400,
        r#"{"error":"invalid_request","error_description":"Value passed for the redirect uri was invalid."}"#,
        Means::Other(Failure::InvalidRequest),
    ),
    (400, r#"{"error":"unsupported_grant_type"}"#, Means::Other(Failure::InvalidRequest)),
    (400, r#"{"error":["invalid_grant"]}"#, Means::Other(Failure::InvalidRequest)),
    (400, "invalid_grant", Means::Other(Failure::InvalidRequest)),
    (400, r#"{"error":"invalid_grant""#, Means::Other(Failure::InvalidRequest)),
    (400, "", Means::Other(Failure::InvalidRequest)),
    (401, "", Means::Other(Failure::Unauthenticated)),
    (
        401,
        r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
        Means::Other(Failure::Unauthenticated),
    ),
    (
        403,
        r#"{"reason":"client-not-enrolled","title":"Client Forbidden","type":"https://api.x.com/2/problems/client-forbidden"}"#,
        Means::Other(Failure::Forbidden(ForbiddenReason::NotEnrolled)),
    ),
    (404, "Not Found", Means::Other(Failure::Malformed)),
    (429, r#"{"title":"Too Many Requests","status":429}"#, Means::Other(Failure::RateLimited)),
    (429, r#"{"error":"invalid_grant"}"#, Means::Other(Failure::RateLimited)),
    (500, r#"{"error":"invalid_grant"}"#, Means::Other(Failure::Unavailable)),
    (503, "Service Unavailable", Means::Other(Failure::Unavailable)),
    (503, "<!DOCTYPE html><title>X / Error</title>", Means::Other(Failure::Unavailable)),
    (302, "", Means::Other(Failure::InvalidRequest)),
];

#[tokio::test]
async fn only_what_clearly_says_so_ends_a_sign_in() {
    for (status, body, means) in REFUSALS {
        let server = answering(json(*status, body)).await;
        let refreshed = refresh(&server.uri()).await.expect_err(body);
        let exchanged = issuer(&server.uri()).exchange(&public_app(), &grant()).await;
        for error in [refreshed, exchanged.expect_err(body)] {
            assert_eq!(Means::from(&error), *means, "{status} {body}");
            if let IssueError::Api(error) = error {
                assert!(error.was_sent() && error.status() == Some(*status), "{error:?}");
            }
        }
        let asked = server.received_requests().await.map(|requests| requests.len());
        assert_eq!(asked, Some(2), "nothing is tried again");
    }
}

#[tokio::test]
async fn an_error_says_what_the_server_says() {
    let body = r#"{"error":"invalid_request","error_description":"Missing\u001b[2J \n parameter"}"#;
    let IssueError::Api(error) = refreshing(json(400, body)).await.expect_err("a refusal") else {
        panic!("an error of the call");
    };
    assert_eq!(error.detail(), Some("invalid_request: Missing [2J parameter"));
}

#[tokio::test]
async fn to_revoke_what_is_worth_nothing_goes_well() {
    let revoke = async |answer| {
        let server = answering(answer).await;
        issuer(&server.uri()).revoke(&public_app(), &"old".into()).await
    };
    for answer in [json(200, ""), json(200, r#"{"revoked":true}"#), json(204, "")] {
        revoke(answer).await.expect("done");
    }
    for (status, body, means) in REFUSALS {
        let outcome = revoke(json(*status, body)).await;
        let found = outcome.as_ref().err().map(Means::from);
        assert_eq!(found.as_ref(), Some(means).filter(|means| **means != Means::Grant), "{body}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_says_whether_the_token_may_be_spent() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let half = format!("{head}content-length: 99\r\n\r\n{{\"access_token\":\"acc3ss\"");
    let refusal =
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 99\r\n\r\n{\"error\":\"invalid_grant\"";
    for (answer, then, kind) in [
        ("", Then::Close, Failure::Transport),
        ("", Then::Stall, Failure::Timeout),
        (half.as_str(), Then::Close, Failure::Transport),
        (half.as_str(), Then::Stall, Failure::Timeout),
        (refusal, Then::Stall, Failure::InvalidRequest),
        ("SSH-2.0-hello\r\n", Then::Close, Failure::Transport),
    ] {
        let server = RawServer::answering(answer, then).await;
        let IssueError::Api(error) = refresh(&server.url).await.expect_err("a failure") else {
            panic!("{answer}: nothing says that the sign-in has ended");
        };
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.was_sent());
        assert!(!format!("{error:?}").contains("acc3ss"), "{error:?}");
    }

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let IssueError::Api(error) = refresh(&url).await.expect_err("nobody") else {
        panic!("an error of the call");
    };
    assert_eq!((error.kind(), error.was_sent()), (Failure::Transport, false));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere: MockServer = answering(json(200, TOKENS)).await;
    let location = format!("{}/2/oauth2/token", elsewhere.uri());
    for status in [301, 302, 303, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", location.as_str());
        refreshing(answer).await.expect_err("a redirect");
    }
    assert_eq!(elsewhere.received_requests().await.map(|requests| requests.len()), Some(0));
}

#[test]
fn an_issuer_shows_where_it_speaks_and_is_as_careful_as_the_client() {
    let issuer = HttpTokenIssuer::builder().api_url("http://localhost:8080/proxy/");
    let issuer = issuer.build().expect("an issuer");
    assert_eq!(
        format!("{issuer:?}"),
        r#"HttpTokenIssuer { api_url: http://localhost:8080/proxy, .. }"#
    );
    for url in ["http://api.x.com", "ftp://api.x.com", "https://me:s3cret@api.x.com"] {
        HttpTokenIssuer::builder().api_url(url).build().expect_err(url);
    }
}
