//! A server of streams that is told what to send, byte by byte.

use blocks_domain::BlockEvent;
use blocks_http::HttpApi;
use blocks_ports::{ActivityFeed, ApiError, BlockEvents};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The head of an answer that is a stream.
pub(super) const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n\
    transfer-encoding: chunked\r\nx-transaction-id: 0ddba11\r\nx-rate-limit-limit: 450\r\n\
    x-rate-limit-remaining: 449\r\nx-rate-limit-reset: 1785000900\r\n\r\n";

/// An event of a block, without the end of its line.
pub(super) fn event(uuid: &str, target: u64) -> String {
    format!(
        r#"{{"data":{{"event_uuid":"{uuid}","filter":{{"user_id":"12"}},"event_type":"block.block","tag":"é","payload":{{"source":{{"data":{{"id":"12"}}}},"target":{{"data":{{"id":"{target}"}}}}}}}}}}"#
    )
}

/// A server that waits for one stream to be opened.
pub(super) struct Door {
    pub(super) url: String,
    opened: JoinHandle<Writer>,
}

/// The server's end of a stream.
pub(super) struct Writer(TcpStream);

impl Door {
    pub(super) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let opened = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            stream.write_all(HEAD.as_bytes()).await.expect("a head");
            stream.set_nodelay(true).expect("no delay");
            Writer(stream)
        });
        Self { url, opened }
    }

    /// Lets a client open the stream.
    pub(super) async fn open(self, api: &HttpApi) -> (BlockEvents, Writer) {
        let events = api.events().await.expect("a stream").value;
        (events, self.opened.await.expect("a stream"))
    }
}

impl Writer {
    /// Sends a chunk of the body.
    pub(super) async fn send(&mut self, chunk: impl AsRef<[u8]>) {
        let chunk = chunk.as_ref();
        let length = format!("{:x}\r\n", chunk.len());
        let whole = [length.as_bytes(), chunk, b"\r\n"].concat();
        self.0.write_all(&whole).await.expect("sent");
    }

    /// Ends the body as it should.
    pub(super) async fn end(mut self) {
        self.0.write_all(b"0\r\n\r\n").await.expect("sent");
    }

    /// Closes the connection in the middle of the body.
    pub(super) fn cut(self) {
        drop(self.0);
    }

    /// Waits until the client has closed the connection.
    pub(super) async fn closed(mut self) {
        let mut byte = [0];
        // A client that leaves something unread resets the connection.
        let read = self.0.read(&mut byte).await.unwrap_or_default();
        assert_eq!(read, 0, "the client sends something more");
    }
}

/// What comes next, within a time in which everything comes.
pub(super) async fn next(events: &mut BlockEvents) -> Option<Result<BlockEvent, ApiError>> {
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, events.next()).await.expect("nothing comes, not even an end")
}

/// The name of the event that comes next.
pub(super) async fn name(events: &mut BlockEvents) -> String {
    let event = next(events).await.expect("the stream ended").expect("the stream failed");
    event.event_uuid.expect("a name")
}

/// The error that comes next, after which nothing comes.
pub(super) async fn failure(events: &mut BlockEvents) -> ApiError {
    let error = next(events).await.expect("the stream ended").expect_err("an event came");
    for _ in 0..2 {
        let item = next(events).await;
        assert!(item.is_none(), "after the error came {item:?}");
    }
    error
}
