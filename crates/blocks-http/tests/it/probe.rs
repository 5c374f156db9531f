//! What can be said of a server without a sign-in.

use std::time::Duration;

use blocks_http::{HttpApi, Probe, TlsTrouble, Unreachable};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::support::{RawServer, Then, answering, client, hasty, header, json, only_request};

const UNAUTHORIZED: &str = r#"{"title":"Unauthorized","type":"about:blank","status":401}"#;

async fn probe(api: &HttpApi) -> Result<Probe, Unreachable> {
    api.probe().await
}

#[tokio::test]
async fn a_server_that_is_there_tells_its_time_for_nothing() {
    let answer = json(401, UNAUTHORIZED).insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let server = answering(answer).await;
    let probe = probe(&client(&format!("{}/proxy", server.uri()))).await.expect("a server");
    assert_eq!(probe.status, 401);
    assert_eq!(probe.date, Timestamp::from_second(784_111_777).ok());
    assert!(probe.elapsed < Duration::from_secs(10));
    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/proxy/2/users/me"));
    assert_eq!(header(&request, "authorization"), None);
}

#[tokio::test]
async fn a_server_in_trouble_is_there_all_the_same() {
    for answer in [
        json(429, r#"{"title":"Too Many Requests"}"#),
        json(503, ""),
        ResponseTemplate::new(502).set_body_raw("<html>", "text/html"),
    ] {
        let status = probe(&client(&answering(answer).await.uri())).await.expect("a server").status;
        assert!(status >= 429, "{status}");
    }
}

#[tokio::test]
async fn something_else_at_the_address_is_said_so() {
    for (answer, what) in [
        (ResponseTemplate::new(200).set_body_raw("<html>Log in", "text/html"), "text/html"),
        (ResponseTemplate::new(511).set_body_raw("<html>Log in", "text/html"), "text/html"),
        (ResponseTemplate::new(404), "of no named type"),
        (json(200, "<html>"), "application/json"),
        (
            ResponseTemplate::new(302).insert_header("location", "http://login.example/?to=x"),
            "which points to login.example",
        ),
    ] {
        let error = probe(&client(&answering(answer).await.uri())).await.expect_err(what);
        assert!(matches!(error, Unreachable::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn nobody_silence_and_a_cut_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = probe(&client(&url)).await.expect_err("nobody");
    assert!(matches!(error, Unreachable::Connection { .. }), "{error:?}");

    let silent = RawServer::answering("", Then::Stall).await;
    let error = probe(&hasty(&silent.url)).await.expect_err("silence");
    assert!(matches!(error, Unreachable::Timeout { .. }), "{error:?}");

    let cut = RawServer::answering("", Then::Close).await;
    let error = probe(&client(&cut.url)).await.expect_err("a cut");
    assert!(matches!(error, Unreachable::Broken { .. }), "{error:?}");
}

/// The top-level domain `invalid` never leads anywhere (RFC 2606).
#[tokio::test]
async fn a_name_that_leads_nowhere_is_no_network_or_a_wrong_name() {
    let error = probe(&client("https://api.invalid")).await.expect_err("no such name");
    assert!(matches!(error, Unreachable::Name { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the address of api.invalid cannot be found");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_or_hangs_up_is_trouble_of_tls() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut hello = [0; 4096];
            assert!(stream.read(&mut hello).await.expect("a hello") > 0);
            stream.write_all(answer.as_bytes()).await.expect("written");
        });
        let error = probe(&client(&url)).await.expect_err("no TLS");
        assert!(matches!(error, Unreachable::Tls { trouble: TlsTrouble::Other, .. }), "{error:?}");
    }
}
