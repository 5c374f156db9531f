//! Events that wait for the reader of a stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::{End, Event};

/// What one stream has yet to tell: filled by the world, emptied by one reader.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    reader: AtomicWaker,
    /// Whoever watches for the end.
    watcher: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Arc<Event>>,
    has_ended: bool,
    why: Option<End>,
}

impl Queue {
    /// How many events wait for a reader before it counts as too slow.
    pub(super) const MOST: usize = 10_000;

    /// Adds an event, or ends the stream of a reader that does not keep up.
    pub(super) fn push(&self, event: Arc<Event>) {
        let mut waiting = self.lock();
        if waiting.has_ended {
            return;
        }
        if waiting.events.len() >= Self::MOST {
            drop(waiting);
            return self.end(Some(End::TooSlow));
        }
        waiting.events.push_back(event);
        drop(waiting);
        self.reader.wake();
    }

    /// Ends the stream, for this reason if for any: what waits is not told any more.
    pub(super) fn end(&self, why: Option<End>) {
        let mut waiting = self.lock();
        if !waiting.has_ended {
            *waiting = Waiting { events: VecDeque::new(), has_ended: true, why };
        }
        drop(waiting);
        self.reader.wake();
        self.watcher.wake();
    }

    pub(super) fn is_open(&self) -> bool {
        !self.lock().has_ended
    }

    /// The next event, or the end and why.
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Result<Arc<Event>, Option<End>>> {
        self.reader.register(cx.waker());
        let mut waiting = self.lock();
        match waiting.events.pop_front() {
            Some(event) => Poll::Ready(Ok(event)),
            None if waiting.has_ended => Poll::Ready(Err(waiting.why)),
            None => Poll::Pending,
        }
    }

    /// Waits for the end.
    #[cfg(feature = "server")]
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<()> {
        self.watcher.register(cx.waker());
        if self.is_open() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// No call under this lock panics, so a poisoned queue is whole.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
