//! The stream once it is open: lines however they are cut, and every way in which it ends.

use std::error::Error;
use std::time::Duration;

use blocks_domain::{BlockEventType, BlockPair, Failure, ProblemType};
use blocks_http::Timeouts;
use blocks_ports::ActivityFeed;
use tokio::time::{Instant, sleep, timeout};

use super::server::{Door, Writer, event, failure, name, next};
use crate::support::{APP_TOKEN, builder, client, id, pair};

const DISCONNECT: &str = r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.twitter.com/2/problems/operational-disconnect"}]}"#;

async fn open() -> (blocks_ports::BlockEvents, Writer) {
    let door = Door::new().await;
    let api = client(&door.url);
    door.open(&api).await
}

/// What comes of one line.
async fn failure_of_line(line: impl AsRef<[u8]>) -> blocks_ports::ApiError {
    let (mut events, mut writer) = open().await;
    writer.send([line.as_ref(), b"\r\n"].concat()).await;
    let error = failure(&mut events).await;
    writer.closed().await;
    error
}

#[tokio::test]
async fn an_event_is_told_as_soon_as_its_line_is_whole() {
    let (mut events, mut writer) = open().await;
    let line = event("7", 34);
    let (first, second) = line.split_at(80);
    writer.send(first).await;
    assert!(timeout(Duration::from_millis(50), next(&mut events)).await.is_err(), "half a line");
    writer.send(second).await;
    writer.send("\r\n").await;
    let told = next(&mut events).await.expect("no end").expect("an event");
    assert_eq!(
        (told.event_type.clone(), told.pair()),
        (BlockEventType::Block, Some(pair("12", "34")))
    );
    assert_eq!(told.filter.as_ref().and_then(|filter| filter.user_id), Some(id("12")));
    assert_eq!((told.event_uuid.as_deref(), told.tag.as_deref()), (Some("7"), Some("é")));
}

#[tokio::test]
async fn lines_are_told_however_they_are_cut_into_chunks() {
    let (mut events, mut writer) = open().await;
    let lines = ["1", "2", "3"].map(|uuid| event(uuid, 34)).join("\r\n") + "\n\r\n\n";
    writer.send(&lines).await;
    for expected in ["1", "2", "3"] {
        assert_eq!(name(&mut events).await, expected, "all in one chunk");
    }
    for byte in lines.bytes() {
        writer.send([byte]).await;
    }
    for expected in ["1", "2", "3"] {
        assert_eq!(name(&mut events).await, expected, "a byte a chunk");
    }
    writer.end().await;
    assert!(next(&mut events).await.is_none());
}

#[tokio::test]
async fn a_clean_end_ends_the_stream_without_a_word() {
    for last in ["", "\r\n", "  "] {
        let (mut events, mut writer) = open().await;
        writer.send(event("1", 34) + "\r\n").await;
        if !last.is_empty() {
            writer.send(last).await;
        }
        writer.end().await;
        assert_eq!(name(&mut events).await, "1");
        for _ in 0..2 {
            assert!(next(&mut events).await.is_none(), "after {last:?}");
        }
    }
}

#[tokio::test]
async fn a_last_line_without_its_end_counts_if_it_is_whole() {
    let (mut events, mut writer) = open().await;
    writer.send(event("1", 34)).await;
    writer.end().await;
    assert_eq!(name(&mut events).await, "1");
    assert!(next(&mut events).await.is_none());

    let (mut events, mut writer) = open().await;
    writer.send(DISCONNECT).await;
    writer.end().await;
    assert_eq!(failure(&mut events).await.kind(), Failure::Unavailable);

    let (mut events, mut writer) = open().await;
    writer.send(&event("1", 34)[..80]).await;
    writer.end().await;
    let error = failure(&mut events).await;
    assert_eq!(error.kind(), Failure::Transport);
    assert_eq!(error.detail(), Some("the stream ended in the middle of a line"));
}

#[tokio::test]
async fn a_connection_that_is_cut_is_a_broken_one() {
    for said in [String::new(), event("2", 35)[..80].to_owned()] {
        let (mut events, mut writer) = open().await;
        writer.send(event("1", 34) + "\r\n" + &said).await;
        assert_eq!(name(&mut events).await, "1");
        writer.cut();
        let error = failure(&mut events).await;
        assert_eq!(error.kind(), Failure::Transport, "{error:?}");
        assert_eq!(error.detail(), Some("the connection of the stream broke"));
        assert_eq!(error.transaction_id(), Some("0ddba11"), "so that X can find the stream");
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_sign_of_life_is_no_silence() {
    let door = Door::new().await;
    let (silence, short) = (Duration::from_millis(300), Duration::from_millis(30));
    // Neither a call's silence nor its whole length matters to a stream.
    let timeouts = Timeouts::new(Duration::from_secs(20), short, short).with_stream(silence);
    let api = builder(&door.url).timeouts(timeouts).build().expect("a client");
    let (mut events, mut writer) = door.open(&api).await;
    let living = tokio::spawn(async move {
        for _ in 0..8 {
            sleep(silence / 3).await;
            writer.send("\r\n").await;
        }
        writer.send(event("1", 34) + "\r\n").await;
        writer
    });
    let began = Instant::now();
    assert_eq!(name(&mut events).await, "1");
    assert!(began.elapsed() > 2 * silence, "there was an event before the signs of life");
    let writer = living.await.expect("no panic");
    let error = failure(&mut events).await;
    assert_eq!(error.kind(), Failure::Timeout, "{error:?}");
    let detail = error.detail().expect("words");
    assert!(detail.contains("sign of life") && detail.contains("300ms"), "{detail}");
    writer.closed().await;
}

#[tokio::test]
async fn whoever_reads_late_finds_what_came_meanwhile() {
    let door = Door::new().await;
    let silence = Duration::from_millis(100);
    let timeouts = Timeouts::default().with_stream(silence);
    let api = builder(&door.url).timeouts(timeouts).build().expect("a client");
    let (mut events, mut writer) = door.open(&api).await;
    writer.send(event("1", 34) + "\r\n").await;
    assert_eq!(name(&mut events).await, "1");
    writer.send(event("2", 35) + "\r\n").await;
    sleep(3 * silence).await;
    assert_eq!(name(&mut events).await, "2", "the silence was the reader's");
}

#[tokio::test]
async fn what_x_says_at_the_end_is_the_last_item() {
    let error = failure_of_line(DISCONNECT).await;
    assert_eq!(error.kind(), Failure::Unavailable);
    assert!(error.detail().is_some_and(|said| said.contains("operational reasons")), "{error}");
    assert_eq!(error.problems()[0].problem_type(), Some(ProblemType::OperationalDisconnect));
    assert_eq!(
        error.problems()[0].disconnect_type.as_deref(),
        Some("UpstreamOperationalDisconnect")
    );

    let problem = |name: &str, more: &str| {
        format!(r#"{{"title":"x","type":"https://api.x.com/2/problems/{name}"{more}}}"#)
    };
    for (line, kind) in [
        (format!("{{\"errors\":[{}]}}", problem("credits", "")), Failure::OutOfCredits),
        (format!("{{\"errors\":[{}]}}", problem("usage-capped", "")), Failure::Capped),
        (format!("{{\"errors\":[{}]}}", problem("streaming-connection", "")), Failure::RateLimited),
        (format!("{{\"errors\":[{}]}}", problem("client-disconnected", "")), Failure::Unavailable),
        (format!("{{\"errors\":[{}]}}", problem("later", "")), Failure::Unavailable),
        (r#"{"errors":[{"message":"no"}]}"#.to_owned(), Failure::Unavailable),
        (r#"{"errors":[{"message":"no","status":401}]}"#.to_owned(), Failure::Unauthenticated),
        (problem("operational-disconnect", r#","detail":"alone""#), Failure::Unavailable),
        (r#"{"errors":"none of the shapes"}"#.to_owned(), Failure::Malformed),
    ] {
        assert_eq!(failure_of_line(&line).await.kind(), kind, "{line}");
    }
}

#[tokio::test]
async fn an_event_that_comes_with_the_end_is_told_first() {
    let (mut events, mut writer) = open().await;
    let ending = DISCONNECT.strip_prefix('{').expect("an object");
    let both = event("1", 34).strip_suffix('}').expect("an object").to_owned() + "," + ending;
    writer.send(both + "\r\n").await;
    assert_eq!(name(&mut events).await, "1");
    assert_eq!(failure(&mut events).await.kind(), Failure::Unavailable);
}

#[tokio::test]
async fn a_problem_of_a_part_of_an_event_does_not_end_the_stream() {
    let (mut events, mut writer) = open().await;
    let partial = r#","errors":[{"title":"Not Found Error","resource_id":"34","type":"https://api.twitter.com/2/problems/resource-not-found"}]}"#;
    let line = event("1", 34).strip_suffix('}').expect("an object").to_owned() + partial;
    writer.send(line + "\r\n" + &event("2", 35) + "\r\n").await;
    assert_eq!(name(&mut events).await, "1");
    assert_eq!(name(&mut events).await, "2");
}

#[tokio::test]
async fn a_line_that_is_no_message_ends_the_stream() {
    for (line, words) in [
        (b"<html>busy</html>".as_slice(), "not JSON: <html>busy</html>"),
        (br#"{"data":{"event_type":"block.block""#, "not JSON"),
        (b"{\"data\":\"\xff\"}", "not UTF-8"),
        (b"[]", "unexpected shape"),
        (br#"{"data":{"event_uuid":"7"}}"#, "unexpected shape"),
        (br#"{"data":7}"#, "unexpected shape"),
    ] {
        let error = failure_of_line(line).await;
        assert_eq!(error.kind(), Failure::Malformed);
        assert!(error.detail().is_some_and(|detail| detail.contains(words)), "{error}");
    }
}

#[tokio::test]
async fn an_event_of_tomorrow_is_passed_on_and_a_message_of_tomorrow_is_passed_over() {
    let (mut events, mut writer) = open().await;
    for line in [
        r#"{"meta":{"of":"tomorrow"}}"#,
        "{}",
        r#"{"data":null}"#,
        r#"{"errors":[]}"#,
        r#"{"data":{"event_uuid":"3f-a","event_type":"mute.mute","payload":{"who":"34"}}}"#,
        r#"{"data":{"event_uuid":"4","event_type":"block.block","payload":7,"later":true}}"#,
    ] {
        writer.send(format!("{line}\r\n")).await;
    }
    let odd = next(&mut events).await.expect("no end").expect("an event");
    assert_eq!(odd.event_type, BlockEventType::from_word("mute.mute"));
    assert_eq!((odd.event_uuid.as_deref(), odd.pair()), (Some("3f-a"), None::<BlockPair>));
    assert_eq!(odd.extra.get("payload"), Some(r#"{"who":"34"}"#), "nothing of it is lost");
    let without = next(&mut events).await.expect("no end").expect("an event");
    assert_eq!((without.payload.as_ref(), without.extra.get("later")), (None, Some("true")));
}

#[tokio::test]
async fn a_line_that_never_ends_is_given_up() {
    let door = Door::new().await;
    let api = builder(&door.url).max_body(512).build().expect("a client");
    let (mut events, mut writer) = door.open(&api).await;
    writer.send(event("1", 34) + "\r\n").await;
    assert_eq!(name(&mut events).await, "1");
    for _ in 0..20 {
        writer.send([b'x'; 32]).await;
    }
    let error = failure(&mut events).await;
    assert_eq!(error.kind(), Failure::Malformed);
    assert_eq!(error.detail(), Some("a line of the stream has more than 512 bytes"));

    let (mut events, mut writer) = open().await;
    let writing = tokio::spawn(async move {
        for _ in 0..=16 {
            writer.send(vec![b'x'; 1 << 16]).await;
        }
        writer
    });
    let error = failure(&mut events).await;
    assert_eq!(error.detail(), Some("a line of the stream has more than 1048576 bytes"));
    writing.await.expect("no panic");
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    for read in [false, true] {
        let (mut events, mut writer) = open().await;
        if read {
            writer.send(event("1", 34) + "\r\n").await;
            assert_eq!(name(&mut events).await, "1");
        }
        drop(events);
        timeout(Duration::from_secs(10), writer.closed()).await.expect("it stays open");
    }
}

#[tokio::test]
async fn a_stream_outlives_the_client_that_opened_it() {
    let door = Door::new().await;
    let api = client(&door.url);
    let (mut events, mut writer) = door.open(&api).await;
    drop(api);
    writer.send(event("1", 34) + "\r\n").await;
    assert_eq!(name(&mut events).await, "1");
}

#[tokio::test]
async fn the_token_shows_in_no_error_of_a_stream() {
    for line in [
        format!("oh, {APP_TOKEN}"),
        format!(r#"{{"errors":[{{"title":"x","detail":"Bearer {APP_TOKEN}"}}]}}"#),
        format!(r#"{{"data":{{"event_type":{{"{APP_TOKEN}":1}}}}}}"#),
        format!(r#"{{"errors":"{APP_TOKEN}"}}"#),
    ] {
        let error = failure_of_line(&line).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(APP_TOKEN), "{shown}");
    }
}

#[tokio::test]
async fn the_reply_tells_the_window() {
    let door = Door::new().await;
    let api = client(&door.url);
    let meta = api.events().await.expect("a stream").meta;
    let rate = meta.rate.expect("a window");
    assert_eq!(rate.remaining(), 449);
    assert_eq!(meta.transaction_id.as_deref(), Some("0ddba11"));
}
