//! Connections: kept, cut, silent, refused and encrypted.

use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks_domain::Failure;
use blocks_http::Timeouts;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::support::{RawServer, Then, builder, client, hasty, read};

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"meta\":{\"result_count\":0}}";
const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"meta\":{\"res";

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = RawServer::answering(WHOLE, Then::Again).await;
    let api = client(&server.url);
    for _ in 0..20 {
        read(&api).await.expect("a page");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_is_kept_after_a_refusal() {
    let refusal = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\n\r\nstop";
    let server = RawServer::answering(refusal, Then::Again).await;
    let api = client(&server.url);
    for _ in 0..3 {
        let error = read(&api).await.expect_err("a refusal");
        assert_eq!(error.kind(), Failure::RateLimited);
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_a_broken_connection() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"met\r\n";
    for answer in [HALF, chunked] {
        let server = RawServer::answering(answer, Then::Close).await;
        let error = read(&client(&server.url)).await.expect_err("half an answer");
        assert_eq!(error.kind(), Failure::Transport, "{error:?}");
        assert_eq!(error.detail(), Some("the connection broke before the answer was whole"));
        assert_eq!(error.status(), Some(200));
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(server.connections.load(Ordering::Relaxed), 1, "nothing is tried again");
    }
}

#[tokio::test]
async fn a_connection_that_closes_before_the_answer_is_broken_as_well() {
    for answer in ["", "HTTP/1.1 200 OK\r\nconte", "SSH-2.0-hello\r\n"] {
        let server = RawServer::answering(answer, Then::Close).await;
        let error = read(&client(&server.url)).await.expect_err("no answer");
        assert_eq!(error.kind(), Failure::Transport, "{error:?}");
        assert_eq!(error.detail(), Some("the connection to 127.0.0.1 broke before an answer came"));
        assert!(error.was_sent(), "it may have been counted");
        assert_eq!(error.status(), None);
        assert_eq!(server.connections.load(Ordering::Relaxed), 1, "nothing is tried again");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = read(&client(&url)).await.expect_err("nobody");
    assert_eq!(error.kind(), Failure::Transport);
    assert_eq!(error.detail(), Some("no connection to 127.0.0.1"));
    assert!(!error.was_sent());
}

#[tokio::test]
async fn headers_that_stall_are_a_timeout() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-"] {
        let server = RawServer::answering(answer, Then::Stall).await;
        let error = read(&hasty(&server.url)).await.expect_err("silence");
        assert_eq!(error.kind(), Failure::Timeout, "{error:?}");
        assert_eq!(error.detail(), Some("no answer from 127.0.0.1 in time"));
        assert_eq!(error.status(), None);
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_a_timeout() {
    let server = RawServer::answering(HALF, Then::Stall).await;
    let error = read(&hasty(&server.url)).await.expect_err("silence");
    assert_eq!(error.kind(), Failure::Timeout, "{error:?}");
    assert_eq!(error.detail(), Some("the rest of the answer did not come in time"));
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn a_body_that_never_ends_meets_the_total_timeout() {
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{";
    let server = RawServer::answering(endless, Then::Drip).await;
    let (long, short) = (Duration::from_secs(20), Duration::from_millis(80));
    let api = builder(&server.url).timeouts(Timeouts::new(long, long, short)).build();
    let error = read(&api.expect("a client")).await.expect_err("an endless answer");
    assert_eq!(error.kind(), Failure::Timeout, "{error:?}");
}

#[tokio::test]
async fn a_refusal_whose_body_stalls_or_breaks_is_still_that_refusal() {
    let refusal = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 99\r\nx-rate-limit-limit: 15\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1785000900\r\n\r\n{\"titl";
    for then in [Then::Stall, Then::Close] {
        let server = RawServer::answering(refusal, then).await;
        let error = read(&hasty(&server.url)).await.expect_err("a refusal");
        assert_eq!((error.kind(), error.status()), (Failure::RateLimited, Some(429)));
        assert!(error.rate().is_some());
        assert!(std::error::Error::source(&error).is_some(), "the cut is kept as the cause");
    }
}

#[tokio::test]
async fn https_is_spoken_where_the_address_says_so_and_http2_is_offered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let hello = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).await.expect("a hello");
        hello.truncate(length);
        hello
    });
    let error = read(&client(&url)).await.expect_err("nobody speaks TLS here");
    assert_eq!(error.kind(), Failure::Transport);

    let hello = hello.await.expect("a hello");
    assert_eq!(hello.first(), Some(&0x16), "a TLS handshake");
    assert!(hello.windows(3).any(|bytes| bytes == b"\x02h2"), "HTTP/2 by ALPN");
}
