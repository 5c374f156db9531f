//! The stream of events: one line each, and an empty one now and then as a sign of life.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use blocks_domain::Endpoint;
use futures_util::stream::{self, StreamExt};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::encode;
use crate::World;
use crate::server::Incoming;
use crate::server::answer::{Answer, Content};
use crate::server::connection::Peer;
use crate::server::query::Reader;
use crate::server::refusal::Refusal;
use crate::server::stop::Stopped;
use crate::world::{Claim, Ending, EventStream, LONGEST_BACKFILL};

/// How long a connection may take to write what is left when its stream has ended.
const GRACE: Duration = Duration::from_millis(250);

/// How a line ends; alone it is the sign of life.
const LINE_END: &str = "\r\n";

/// Opens a stream.
pub(in crate::server) fn stream(
    world: &World,
    claim: Claim<'_>,
    incoming: &Incoming,
    peer: &Peer,
    stopped: &Stopped,
) -> Answer {
    let caller = match world.admit(claim, Endpoint::GetActivityStream) {
        Ok(caller) => caller,
        Err(denied) => return Refusal::Denied(denied).answer(),
    };
    let answer = match open(world, incoming) {
        Ok(events) => {
            let (is_read, is_gone) = oneshot::channel();
            tokio::spawn(watch(events.ending(), is_gone, stopped.clone(), peer.clone()));
            let reading = Reading {
                events,
                stopped: stopped.clone(),
                keep_alive: world.keep_alive(),
                _is_read: is_read,
            };
            Answer::new(200, Content::Live(reading.body()))
        }
        Err(refusal) => refusal.answer(),
    };
    answer.with_rate(Some(caller.rate))
}

fn open(world: &World, incoming: &Incoming) -> Result<EventStream, Refusal> {
    if incoming.is_too_long {
        return Err(Refusal::TooLarge);
    }
    let mut reader = Reader::new(incoming.query(), &["backfill_minutes"], false);
    let most = LONGEST_BACKFILL.as_secs() / 60;
    let minutes = reader.number("backfill_minutes", 0, 0..=most as usize);
    reader.finish().map_err(Refusal::Invalid)?;
    let backfill = Duration::from_secs(60 * minutes as u64);
    world.open_stream(backfill).map_err(|_| Refusal::TooManyStreams)
}

/// A stream that somebody reads.
struct Reading {
    events: EventStream,
    stopped: Stopped,
    keep_alive: Duration,
    /// Dropped together with the body.
    _is_read: oneshot::Sender<()>,
}

impl Reading {
    fn body(self) -> Body {
        let lines = stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            let (line, is_last) = reading.next().await?;
            Some((Ok::<_, Infallible>(line), (!is_last).then_some(reading)))
        });
        Body::from_stream(lines)
    }

    /// The next line, and whether it is the last; none when the stream ends without a word.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        let line = |json: serde_json::Value| Bytes::from(format!("{json}{LINE_END}"));
        tokio::select! {
            biased;
            () = self.stopped.wait() => None,
            event = self.events.next() => match event? {
                Ok(told) => Some((line(encode::event(&told)), false)),
                Err(end) => Some((line(encode::end(end)), true)),
            },
            () = sleep(self.keep_alive) => Some((Bytes::from_static(LINE_END.as_bytes()), false)),
        }
    }
}

/// The same stream, except that its connection ends in the middle of the first line.
pub(in crate::server) fn broken_off(lines: Body) -> Body {
    let half = |line: Result<Bytes, axum::Error>| line.map(|line| line.slice(..line.len() / 2));
    let end = stream::once(async {
        // What comes before the break is sent while this waits.
        sleep(Duration::from_millis(5)).await;
        Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionAborted)))
    });
    Body::from_stream(lines.into_data_stream().take(1).map(half).chain(end))
}

/// Breaks the connection of a stream that has ended, unless its reader takes what is left.
///
/// Nothing else would: a body is not asked for more while its connection cannot be written to.
async fn watch(
    ending: Ending,
    mut is_gone: oneshot::Receiver<()>,
    mut stopped: Stopped,
    peer: Peer,
) {
    tokio::select! {
        _ = &mut is_gone => return,
        () = ending => {}
        () = stopped.wait() => {}
    }
    if timeout(GRACE, is_gone).await.is_err() {
        peer.reset();
    }
}
