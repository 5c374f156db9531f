//! Every way in which X refuses, and what becomes of it.

use blocks_domain::{Failure, ForbiddenReason, RateWindow};
use blocks_ports::BlocksApi;
use jiff::Timestamp;
use wiremock::ResponseTemplate;

use crate::support::{answering, builder, client, json, pair, read, reading};

/// A refusal: status, body, the kind that it is, and what its text must say.
type Row = (u16, &'static str, Failure, &'static str);

const JSON_ROWS: &[Row] = &[
    (
        400,
        r#"{"errors":[{"parameters":{"id":["x"]},"message":"The `id` query parameter value [x] is not valid"}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.x.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "The `id` query parameter value [x] is not valid",
    ),
    (
        400,
        r#"{"errors":[{"parameters":{"pagination_token":["x"]},"message":"The `pagination_token` query parameter value [x] is not a valid token."}],"title":"Invalid Request","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "is not a valid token.",
    ),
    (
        400,
        r#"{"errors":[{"parameters":{"id":["34"]},"message":"The `id` query parameter value [34] must be the same as the authenticating user [12]"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "must be the same as the authenticating user [12]",
    ),
    (
        400,
        r#"{"errors":[{"parameters":{"max_results":["0"]},"message":"The `max_results` query parameter value [0] is not between 1 and 1000"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "is not between 1 and 1000",
    ),
    (
        400,
        r#"{"errors":[{"parameters":{"p":["1"]},"message":"The query parameter [p] is not one of [id,max_results]"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "The query parameter [p] is not one of [id,max_results]",
    ),
    (
        400,
        r#"{"errors":[{"parameters":{"user.fields":["x"]},"message":"The `user.fields` query parameter value [x] is not one of [id,name]"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}"#,
        Failure::InvalidRequest,
        "The `user.fields` query parameter value [x]",
    ),
    (
        401,
        r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
        Failure::Unauthenticated,
        "Unauthorized",
    ),
    (
        402,
        r#"{"account_id":1900,"title":"CreditsDepleted","detail":"There are no credits left.","type":"https://api.x.com/2/problems/credits"}"#,
        Failure::OutOfCredits,
        "no credits left",
    ),
    (
        403,
        r#"{"title":"Unsupported Authentication","detail":"App-only is no user.","type":"https://api.x.com/2/problems/unsupported-authentication","status":403}"#,
        Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication),
        "App-only is no user.",
    ),
    (
        403,
        r#"{"client_id":"77","registration_url":"https://developer.x.com","required_enrollment":"Appropriate Level of API Access","reason":"client-not-enrolled","title":"Client Forbidden","detail":"Not enrolled.","type":"https://api.x.com/2/problems/client-forbidden"}"#,
        Failure::Forbidden(ForbiddenReason::NotEnrolled),
        "Not enrolled.",
    ),
    (
        403,
        r#"{"title":"Forbidden","detail":"Forbidden","type":"about:blank","status":403}"#,
        Failure::Forbidden(ForbiddenReason::ScopeOrPlan),
        "Forbidden",
    ),
    (
        403,
        r#"{"title":"Forbidden","detail":"Your app lacks the permission.","type":"https://api.x.com/2/problems/oauth1-permissions"}"#,
        Failure::Forbidden(ForbiddenReason::OAuth1Permissions),
        "lacks the permission",
    ),
    (
        404,
        r#"{"errors":[{"value":"56","detail":"Could not find user with id: [56].","title":"Not Found Error","resource_type":"user","parameter":"id","resource_id":"56","type":"https://api.x.com/2/problems/resource-not-found"}]}"#,
        Failure::NotFound,
        "Could not find user with id: [56].",
    ),
    (413, "", Failure::InvalidRequest, "(status 413)"),
    (
        429,
        r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#,
        Failure::RateLimited,
        "Too Many Requests",
    ),
    (
        429,
        r#"{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap","period":"Monthly","scope":"Product","account_id":"1900","type":"https://api.x.com/2/problems/usage-capped"}"#,
        Failure::Capped,
        "Monthly product cap",
    ),
    (
        500,
        r#"{"title":"Internal Server Error","detail":"Something is broken.","type":"about:blank","status":500}"#,
        Failure::Unavailable,
        "Something is broken.",
    ),
    (503, r#"{"errors":[{"message":"Over capacity","code":130}]}"#, Failure::Unavailable, "Over"),
    (503, r#"{"unheard":"of"}"#, Failure::Unavailable, r#"{"unheard":"of"}"#),
];

#[tokio::test]
async fn every_refusal_is_a_typed_error_that_says_what_x_says() {
    for (status, body, kind, text) in JSON_ROWS {
        for content_type in ["application/json; charset=utf-8", "application/problem+json"] {
            let answer = ResponseTemplate::new(*status).set_body_raw(*body, content_type);
            let error = reading(answer).await.expect_err(body);
            assert_eq!(error.kind(), *kind, "{body}");
            assert_eq!(error.status(), Some(*status));
            assert!(error.to_string().contains(text), "{error}");
            assert_eq!(error.rate(), None, "no headers, no window");
            assert_eq!(error.problems().is_empty(), body.is_empty(), "{body}");
        }
    }
}

#[tokio::test]
async fn changing_is_refused_alike() {
    for (status, body, kind, text) in JSON_ROWS {
        let server = answering(json(*status, body)).await;
        let api = client(&server.uri());
        let blocked = api.block(pair("12", "34")).await.map(|reply| reply.value);
        let unblocked = api.unblock(pair("12", "34")).await.map(|reply| reply.value);
        for error in [blocked.expect_err(body), unblocked.expect_err(body)] {
            assert_eq!(error.kind(), *kind, "{body}");
            assert!(error.to_string().contains(text), "{error}");
        }
        let spent = server.received_requests().await.map(|requests| requests.len());
        assert_eq!(spent, Some(2), "nothing is tried again");
    }
}

#[tokio::test]
async fn trouble_at_x_may_speak_plain_text_or_html_or_nothing() {
    let html = "<!DOCTYPE html>\n<html>\n  <head><title>X / Error</title></head>\u{1b}[2J</html>";
    for status in [500, 502, 503, 504] {
        for (body, content_type, said) in [
            ("Service Unavailable\n", "text/plain", Some("Service Unavailable")),
            (
                html,
                "text/html; charset=utf-8",
                Some("<!DOCTYPE html> <html> <head><title>X / Error</title></head> [2J</html>"),
            ),
            ("", "text/plain", None),
        ] {
            let answer = ResponseTemplate::new(status).set_body_raw(body, content_type);
            let error = reading(answer).await.expect_err("trouble");
            assert_eq!((error.kind(), error.status()), (Failure::Unavailable, Some(status)));
            assert_eq!(error.detail(), said);
            assert!(error.problems().is_empty());
            assert!(error.kind().is_retryable());
        }
    }
}

#[tokio::test]
async fn what_x_says_is_quoted_shortly_and_without_control_characters() {
    let long = format!("\u{1b}[31m\u{7}{}", "é".repeat(70_000));
    let error = reading(ResponseTemplate::new(503).set_body_raw(long, "text/plain"))
        .await
        .expect_err("trouble");
    let detail = error.detail().expect("an excerpt");
    assert_eq!(detail.chars().count(), 200);
    assert!(!detail.chars().any(char::is_control), "{detail:?}");

    let body = r#"{"title":"Forbidden","detail":"a\u001b[2Jb\nc\u202ed"}"#;
    let error = reading(json(403, body)).await.expect_err("a refusal");
    assert_eq!(error.detail(), Some("a [2Jb c d"));
}

#[tokio::test]
async fn a_refusal_larger_than_an_answer_may_be_is_still_that_refusal() {
    let server = answering(ResponseTemplate::new(503).set_body_string("x".repeat(2000))).await;
    let api = builder(&server.uri()).max_body(1000).build().expect("a client");
    let error = read(&api).await.expect_err("trouble");
    assert_eq!((error.kind(), error.status()), (Failure::Unavailable, Some(503)));
}

#[tokio::test]
async fn a_spent_window_tells_when_it_ends_by_the_servers_clock() {
    let body = r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#;
    let answer = json(429, body)
        .insert_header("x-rate-limit-limit", "15")
        .insert_header("x-rate-limit-remaining", "0")
        .insert_header("x-rate-limit-reset", "1785000900")
        .insert_header("date", "Sat, 25 Jul 2026 17:20:00 GMT")
        .insert_header("x-transaction-id", "8f2ab7c1d0e4a5b6");
    let error = reading(answer).await.expect_err("a spent window");

    let at = |second| Timestamp::from_second(second).expect("a time");
    let window = RateWindow::new(15, 0, at(1_785_000_900), Some(at(1_785_000_000)));
    assert_eq!(error.rate(), Some(&window));
    assert_eq!(error.transaction_id(), Some("8f2ab7c1d0e4a5b6"));
}

#[tokio::test]
async fn a_cap_is_told_from_a_spent_window_even_beside_its_headers() {
    let body = r#"{"title":"UsageCapExceeded","type":"https://api.x.com/2/problems/usage-capped"}"#;
    let answer = json(429, body)
        .insert_header("x-rate-limit-limit", "15")
        .insert_header("x-rate-limit-remaining", "9")
        .insert_header("x-rate-limit-reset", "1785000900");
    let error = reading(answer).await.expect_err("a cap");
    assert_eq!(error.kind(), Failure::Capped);
    assert!(!error.kind().is_retryable());
    assert_eq!(error.rate().map(|window| window.remaining()), Some(9));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering(json(200, r#"{"meta":{"result_count":0}}"#)).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = ResponseTemplate::new(status)
            .insert_header("location", format!("{}/2/users", elsewhere.uri()))
            .set_body_raw("moved", "text/plain");
        let error = reading(answer).await.expect_err("a redirect");
        assert_eq!((error.kind(), error.status()), (Failure::InvalidRequest, Some(status)));
        assert!(!error.kind().is_retryable(), "it would come again");
        assert!(
            error.to_string().contains("127.0.0.1 answers with a redirect to 127.0.0.1,"),
            "{error}"
        );
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    assert_eq!(elsewhere.received_requests().await.map(|requests| requests.len()), Some(0));

    let error = reading(ResponseTemplate::new(304)).await.expect_err("a redirect");
    assert!(error.to_string().contains("redirect to nowhere"), "{error}");
}

#[tokio::test]
async fn an_odd_member_of_a_problem_does_not_hide_what_kind_it_is() {
    for odd in [r#""value":77"#, r#""parameter":["id"]"#, r#""title":{}"#, r#""period":30"#] {
        let body = format!(
            r#"{{{odd},"detail":"Enough","type":"https://api.x.com/2/problems/usage-capped"}}"#
        );
        let error = reading(json(429, &body)).await.expect_err("a cap");
        assert_eq!(error.kind(), Failure::Capped, "{body}");
        assert_eq!((error.detail(), error.problems()[0].extra.len()), (Some("Enough"), 1));
    }
}
