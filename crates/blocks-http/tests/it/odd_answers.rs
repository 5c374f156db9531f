//! Answers of status 200 that are not what the API promises.

use blocks_domain::{Failure, ForbiddenReason, Selection};
use blocks_ports::{ApiError, BlocksApi, UsersApi, Warning};
use wiremock::ResponseTemplate;

use crate::support::{answering, builder, client, json, pair, read, reading};

async fn malformed(answer: ResponseTemplate) -> ApiError {
    let error = reading(answer).await.expect_err("not a page");
    assert_eq!(error.kind(), Failure::Malformed, "{error}");
    assert_eq!(error.status(), Some(200));
    error
}

#[tokio::test]
async fn errors_without_data_are_the_failure_that_they_name() {
    let named = |name: &str| {
        format!(
            r#"{{"errors":[{{"type":"https://api.x.com/2/problems/{name}","title":"T","detail":"because"}}]}}"#
        )
    };
    for (body, kind) in [
        (named("resource-not-found"), Failure::NotFound),
        (named("invalid-request"), Failure::InvalidRequest),
        (named("usage-capped"), Failure::Capped),
        (named("rate-limit-exceeded"), Failure::RateLimited),
        (named("internal-error"), Failure::Unavailable),
        (named("client-forbidden"), Failure::Forbidden(ForbiddenReason::NotEnrolled)),
        (
            r#"{"title":"U","detail":"because","type":"about:blank","status":401}"#.to_owned(),
            Failure::Unauthenticated,
        ),
    ] {
        let server = answering(json(200, &body)).await;
        let api = client(&server.uri());
        let errors = [
            read(&api).await.map(drop).expect_err(&body),
            api.block(pair("12", "34")).await.map(drop).expect_err(&body),
            api.unblock(pair("12", "34")).await.map(drop).expect_err(&body),
            api.me(&Selection::default()).await.map(drop).expect_err(&body),
        ];
        for error in errors {
            assert_eq!(error.kind(), kind, "{body}");
            assert_eq!((error.detail(), error.problems().len()), (Some("because"), 1));
        }
    }
}

#[tokio::test]
async fn errors_that_name_nothing_known_leave_an_answer_malformed() {
    let error = malformed(json(200, r#"{"errors":[{"title":"Odd"}]}"#)).await;
    assert_eq!(error.detail(), Some("the answer has no `meta`"));
    assert_eq!(error.problems().len(), 1);
}

#[tokio::test]
async fn a_page_without_meta_says_so() {
    for body in [r#"{"data":[{"id":"34"}]}"#, r#"{"data":[{"id":"34"}],"meta":null}"#, "{}"] {
        let error = malformed(json(200, body)).await;
        assert_eq!(error.detail(), Some("the answer has no `meta`"), "{body}");
    }
}

#[tokio::test]
async fn a_state_or_a_user_that_is_not_there_is_never_guessed() {
    for body in ["{}", r#"{"data":null}"#, r#"{"meta":{}}"#] {
        let server = answering(json(200, body)).await;
        let api = client(&server.uri());
        for error in [
            api.block(pair("12", "34")).await.map(drop).expect_err(body),
            api.unblock(pair("12", "34")).await.map(drop).expect_err(body),
            api.me(&Selection::default()).await.map(drop).expect_err(body),
        ] {
            assert_eq!(error.kind(), Failure::Malformed);
            assert_eq!(error.detail(), Some("the answer has no `data`"), "{body}");
        }
    }
    let server = answering(json(200, r#"{"data":{"blocking":"yes"}}"#)).await;
    let error = client(&server.uri()).block(pair("12", "34")).await.expect_err("no truth value");
    assert_eq!(error.kind(), Failure::Malformed);
}

#[tokio::test]
async fn an_empty_answer_is_none() {
    for (status, body) in [(200, ""), (200, " \n"), (204, "")] {
        let error = reading(json(status, body)).await.expect_err("nothing");
        assert_eq!((error.kind(), error.status()), (Failure::Malformed, Some(status)));
        assert_eq!(error.detail(), Some("the answer is empty"));
    }
}

#[tokio::test]
async fn html_with_status_200_is_named_for_what_it_is() {
    let html = "<html>\n<body>Please log in to the hotel's network\u{7}</body></html>";
    let answer = ResponseTemplate::new(200).set_body_raw(html, "text/html; charset=utf-8");
    let error = malformed(answer).await;
    assert_eq!(
        error.detail(),
        Some(
            "the answer is text/html; charset=utf-8, not JSON, and begins: \
             <html> <body>Please log in to the hotel's network </body></html>"
        )
    );

    let error = malformed(ResponseTemplate::new(200).set_body_bytes("OK")).await;
    assert_eq!(error.detail(), Some("the answer is of no named type, not JSON, and begins: OK"));
}

#[tokio::test]
async fn json_of_no_declared_type_is_read() {
    let bytes = ResponseTemplate::new(200).set_body_bytes(r#"{"meta":{"result_count":0}}"#);
    reading(bytes).await.expect("a page");
}

#[tokio::test]
async fn malformed_json_is_told_by_its_place_and_what_is_wrong() {
    for (body, detail) in [
        (r#"{"data":[{"id":"34","name":"hush"#, "JSON that breaks off, at line 1, column 32"),
        ("{\n \"hush\" 1}", "not valid JSON, at line 2, column 9"),
        (
            r#"{"data":[{"name":"hush"}],"meta":{"result_count":1}}"#,
            "JSON of an unexpected shape: data[0]: missing field `id`",
        ),
        (
            r#"{"meta":{"result_count":[]}}"#,
            "JSON of an unexpected shape: meta.result_count: invalid type: sequence, \
             expected a whole number",
        ),
    ] {
        let error = malformed(json(200, body)).await;
        assert_eq!(error.detail(), Some(&*format!("the answer is {detail}")), "{body}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
    let latin1 =
        ResponseTemplate::new(200).set_body_raw(b"{\"meta\":\"\xe9\"}", "application/json");
    assert_eq!(malformed(latin1).await.detail(), Some("the answer is not UTF-8 text"));
}

#[tokio::test]
async fn an_odd_field_of_one_user_is_a_warning_and_no_failure() {
    let body = r#"{"data":[{"id":"34","verified":"y\u001bes"},{"id":"56","created_at":7}],"errors":[{"value":77,"title":"Odd"}],"meta":{"result_count":2}}"#;
    let reply = reading(json(200, body)).await.expect("a page");
    let [user, other] = reply.value.users() else { panic!("two users: {reply:?}") };
    assert_eq!(user.extra.get("verified"), Some(r#""y\u001bes""#));
    assert_eq!(other.extra.get("created_at"), Some("7"));
    assert_eq!(reply.value.problems()[0].title.as_deref(), Some("Odd"));
    let [Warning::OddFields { count: 3, first }] = &*reply.meta.warnings else {
        panic!("one warning: {:?}", reply.meta.warnings)
    };
    assert!(first.starts_with("data[0].verified: "), "{first}");
    let shown = reply.meta.warnings[0].to_string();
    assert!(shown.contains("3 fields") && !shown.chars().any(char::is_control), "{shown}");
}

#[tokio::test]
async fn an_answer_has_a_size_limit() {
    let body = r#"{"meta":{"result_count":0}}"#;
    let server = answering(json(200, body)).await;
    let enough = builder(&server.uri()).max_body(body.len()).build().expect("a client");
    read(&enough).await.expect("a page");

    let small = builder(&server.uri()).max_body(body.len() - 1).build().expect("a client");
    let error = read(&small).await.expect_err("too large");
    assert_eq!(error.kind(), Failure::Malformed);
    assert_eq!(error.detail(), Some("the answer has more than 26 bytes"));
}

#[tokio::test]
async fn a_page_that_has_lost_its_users_is_no_empty_page() {
    for body in [r#"{"meta":{"result_count":50}}"#, r#"{"data":[],"meta":{"result_count":50}}"#] {
        let server = answering(json(200, body)).await;
        let error = read(&client(&server.uri())).await.expect_err("nobody knows who they are");
        assert_eq!(error.kind(), Failure::Malformed, "it may be asked for again");
        assert!(error.to_string().contains("holds 50 users, and holds none"), "{error}");
    }
    let server = answering(json(200, r#"{"meta":{"result_count":0}}"#)).await;
    read(&client(&server.uri())).await.expect("an empty page");
}
