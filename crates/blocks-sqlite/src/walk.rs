//! Streams: walks over the file, chunk by chunk, in a read transaction of their own.

use std::sync::Arc;

use blocks_ports::StoreError;
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use rusqlite::Connection;

use crate::error::Fault;
use crate::file::DatabaseFile;
use crate::store::off_runtime;

/// How many items are in memory at a time.
pub(crate) const CHUNK: u32 = 256;

/// A walk over what one state of the file holds.
pub(crate) trait Walk: Sized + Send + 'static {
    /// What the walk comes by.
    type Item: Send + 'static;

    /// The next items, about [`CHUNK`] of them; none ends the walk.
    fn next_chunk(&mut self) -> Result<Vec<Self::Item>, Fault>;
}

/// Walks, from when the stream is first polled; the connection that `begin` is given is in a read
/// transaction, which ends with it.
pub(crate) fn stream<W: Walk>(
    file: Arc<DatabaseFile>,
    begin: impl FnOnce(Connection) -> Result<W, Fault> + Send + 'static,
) -> BoxStream<'static, Result<W::Item, StoreError>> {
    let opened = Arc::clone(&file);
    let begun = off_runtime(move || {
        let connection = opened.connect_to_read()?;
        connection.execute_batch("BEGIN")?;
        begin(connection)
    });
    stream::once(begun)
        .map_ok(chunks)
        .try_flatten()
        .map_ok(|chunk| stream::iter(chunk.into_iter().map(Ok)))
        .try_flatten()
        .map_err(move |fault: Fault| fault.at(file.path()))
        .boxed()
}

/// The chunks of a walk that are not empty.
fn chunks<W: Walk>(walk: W) -> impl Stream<Item = Result<Vec<W::Item>, Fault>> + Send {
    stream::try_unfold(walk, |mut walk| {
        off_runtime(move || {
            let chunk = walk.next_chunk()?;
            Ok((!chunk.is_empty()).then_some((chunk, walk)))
        })
    })
}
