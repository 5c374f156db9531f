//! The stream of events as whoever opened it sees it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use blocks_domain::UserId;
use futures_util::stream::Stream;

use super::queue::Queue;
use super::{Event, World};
use crate::world::View;

/// The events that the app is subscribed to, as they happen.
///
/// An error comes last. Each event is charged for when it is taken from here.
#[derive(Debug)]
pub(crate) struct EventStream {
    world: World,
    queue: Arc<Queue>,
    has_ended: bool,
}

/// An event with its users, as whoever caused it sees them.
#[derive(Debug)]
pub(crate) struct Told {
    /// Whose subscription it is.
    pub(crate) user: UserId,
    pub(crate) event: Arc<Event>,
    pub(crate) source: View,
    pub(crate) target: View,
}

/// Why a stream ends, where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its reader left too much unread.
    TooSlow,
    /// The credits no longer pay for an event.
    OutOfCredits,
}

impl EventStream {
    pub(super) const fn new(world: World, queue: Arc<Queue>) -> Self {
        Self { world, queue, has_ended: false }
    }

    /// What tells, without reading the stream, that it has ended or was dropped.
    #[cfg(feature = "server")]
    pub(crate) fn ending(&self) -> Ending {
        Ending { queue: Arc::clone(&self.queue) }
    }
}

impl Stream for EventStream {
    type Item = Result<Told, End>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.has_ended {
            let event = match std::task::ready!(self.queue.poll_next(cx)) {
                Ok(event) => event,
                Err(why) => {
                    self.has_ended = true;
                    return Poll::Ready(why.map(Err));
                }
            };
            let Some(told) = self.world.told(&event) else { continue };
            if self.world.pay_for(&event) {
                return Poll::Ready(Some(Ok(told)));
            }
            self.queue.end(Some(End::OutOfCredits));
        }
        Poll::Ready(None)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.queue.end(None);
    }
}

/// The end of a stream, to be waited for by somebody who does not read it.
#[cfg(feature = "server")]
#[derive(Debug)]
pub(crate) struct Ending {
    queue: Arc<Queue>,
}

#[cfg(feature = "server")]
impl Future for Ending {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.queue.poll_end(cx)
    }
}
