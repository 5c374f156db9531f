//! No secret shows anywhere: not in errors, not in `Debug`, not in the log.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, Once};

use blocks_domain::Failure;
use tracing_subscriber::filter::LevelFilter;
use wiremock::ResponseTemplate;

use crate::support::{
    RawServer, TOKEN, Then, answering, builder, client, hasty, json, read, reading,
};

/// All that an error can show, its causes included.
pub(crate) fn shown(error: &(impl Error + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").expect("text");
        cause = error.source();
    }
    text
}

/// The token as JSON can spell it: plain, with one escape, and with nothing but escapes.
fn spellings() -> [String; 3] {
    let escaped = |letters: &str| -> String {
        letters.chars().map(|c| format!("\\u{:04X}", u32::from(c))).collect()
    };
    let (first, rest) = TOKEN.split_at(1);
    [TOKEN.to_owned(), escaped(first) + rest, escaped(TOKEN)]
}

/// Nothing of the token shows, neither all of it nor its end behind an escape.
fn assert_hidden(shown: &str) {
    assert!(!shown.contains(&TOKEN[1..]), "{shown}");
    assert!(!shown.contains(&spellings()[2]), "{shown}");
}

#[tokio::test]
async fn a_server_that_sends_the_token_back_does_not_get_it_shown() {
    for token in spellings() {
        let header = format!("Authorization: Bearer {token}");
        let problem = format!(
            r#"{{"title":"{token}","detail":"{header}","message":"{token}","value":"{token}","parameters":{{"{token}":["{token}"]}},"extra":["{token}"],"status":"{token}"}}"#
        );
        for answer in [
            json(401, &problem),
            json(403, &format!(r#"{{"errors":[{problem},{problem}]}}"#)),
            json(403, &format!(r#"["{token}"]"#)),
            json(403, &format!(r#""{token}""#)),
            json(503, &format!(r#"{{"unheard":"{token}"}}"#)),
            json(200, &problem),
            json(200, &format!(r#"{{"data":"{token}"}}"#)),
            json(200, &format!(r#"{{"data":"{token}","meta":{{"result_count":0}}}}"#)),
            json(200, &format!(r#"{{"data":[{{"id":"{token}"}}],"meta":{{"result_count":1}}}}"#)),
            json(200, &format!(r#"{{"data":[{{"id":"7","{token}":1,"id":[]}}],"meta":0}}"#)),
            json(200, &format!(r#"{{"data":"{token}","meta":0}}"#)),
            json(200, &format!(r#"{{"data":{token}}}"#)),
        ] {
            assert_hidden(&shown(&reading(answer).await.expect_err("a failure")));
        }
    }
}

#[tokio::test]
async fn a_server_that_sends_the_token_back_in_plain_text_or_headers_does_not_get_it_shown() {
    let header = format!("Authorization: Bearer {TOKEN}");
    let long = format!("{}{TOKEN}", "x".repeat(195 - TOKEN.len()));
    for answer in [
        ResponseTemplate::new(502).set_body_raw(header.as_str(), "text/plain"),
        ResponseTemplate::new(502).set_body_raw(long, "text/plain"),
        ResponseTemplate::new(200).set_body_raw(header.as_str(), "text/html"),
        ResponseTemplate::new(200).set_body_raw("<p>", &format!("text/{TOKEN}")),
        json(503, "").insert_header("x-transaction-id", TOKEN),
        ResponseTemplate::new(302).insert_header("location", format!("https://{TOKEN}.example/")),
    ] {
        assert_hidden(&shown(&reading(answer).await.expect_err("a failure")));
    }
}

#[tokio::test]
async fn what_is_told_beside_a_page_does_not_show_the_token_either() {
    for token in spellings() {
        let body = format!(
            r#"{{"data":[{{"id":"7","verified":"{token}"}}],"errors":[{{"title":"{token}","extra":"{token}"}}],"meta":{{"result_count":1}}}}"#
        );
        let answer = json(200, &body).insert_header("x-transaction-id", TOKEN);
        let reply = reading(answer).await.expect("a page");
        assert_eq!((reply.value.problems().len(), reply.meta.warnings.len()), (1, 1));
        assert_hidden(&format!("{:?} {:?}", reply.value.problems(), reply.meta));
        assert_hidden(&reply.meta.warnings[0].to_string());
    }
}

#[tokio::test]
async fn no_failure_of_a_connection_shows_the_token() {
    for (answer, then) in [
        ("", Then::Close),
        ("", Then::Stall),
        ("nonsense\r\n\r\n", Then::Close),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", Then::Close),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", Then::Stall),
    ] {
        let server = RawServer::answering(answer, then).await;
        let shown = shown(&read(&hasty(&server.url)).await.expect_err("a failure"));
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[test]
fn a_client_shows_where_it_speaks_and_for_whom_but_not_with_what() {
    let unbuilt = format!("{:?}", builder("http://localhost:8080/proxy/"));
    let built = format!("{:?}", client("http://localhost:8080/proxy/"));
    for shown in [&unbuilt, &built] {
        assert!(shown.contains("http://localhost:8080/proxy"), "{shown}");
        assert!(shown.contains("main"), "{shown}");
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("text")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// What hears the log of this thread.
    static HEARD_BY: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Stops listening when it is dropped.
pub(crate) struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        HEARD_BY.set(None);
    }
}

/// Everything that is logged in this thread from now on, at the most talkative.
///
/// One subscriber hears all threads and stays: with one for each test, what a test logs would hang
/// on who else begins or ends just then.
pub(crate) fn listen() -> (Log, Listening) {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        let writer = || HEARD_BY.with_borrow(|log| log.clone().unwrap_or_default());
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(writer)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only one");
    });
    let log = Log::default();
    HEARD_BY.set(Some(log.clone()));
    (log, Listening)
}

#[tokio::test]
async fn the_log_names_each_request_and_neither_token_nor_bodies() {
    let (log, guard) = listen();
    let answer = json(503, r#"{"title":"wh1sper"}"#).insert_header("x-transaction-id", "8f2ab7");
    let server = answering(answer).await;
    let error = read(&client(&server.uri())).await.expect_err("trouble");
    assert_eq!(error.kind(), Failure::Unavailable);
    let broken = RawServer::answering("", Then::Close).await;
    read(&client(&broken.url)).await.expect_err("no answer");
    drop(guard);

    let log = log.text();
    let line = log.lines().find(|line| line.contains("blocks_http") && line.contains("answered"));
    let line = line.expect("a line about the request");
    for part in ["GET", "/2/users/12/blocking", "503", "elapsed", "8f2ab7"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(log.contains("no answer"), "{log}");
    assert!(!log.contains(TOKEN), "{log}");
    assert!(!line.contains("wh1sper"), "{line}");
}
