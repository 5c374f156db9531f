//! What a watch tells of itself.

use blocks_domain::{ActivitySubscription, BlockEvent};
use blocks_ports::{ApiError, StoreError};
use jiff::Timestamp;

use crate::{NoProgress, Progress, PullError, PullReport};

/// Watches a watch, and the reads by which it catches up.
pub trait Watcher: Progress {
    /// A subscription was made, because there was none.
    fn subscribed(&self, _subscription: &ActivitySubscription) {}

    /// The stream is open; what happens from now on is told.
    fn connected(&self) {}

    /// A read has brought the mirror up to date.
    fn caught_up(&self, _report: &PullReport) {}

    /// An event has come; the mirror has it.
    fn event(&self, _event: &BlockEvent, _told: Told) {}

    /// Something that passes is in the way; the next attempt is made at `until`.
    fn interrupted(&self, _why: &Interruption, _until: Timestamp) {}
}

impl Watcher for NoProgress {}

/// What an event meant for the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Told {
    /// The mirror has one user more, or less.
    Changed,
    /// The mirror had it so already.
    Unchanged,
    /// The same event came before.
    Repeated,
    /// It is of another account, of another kind, or does not say whom it is about: the mirror
    /// was not told.
    Ignored,
}

/// Something that passes, and that a watch waits for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// The server has ended the stream, and does not say why.
    #[error("the server ended the stream of block events")]
    Ended,
    /// The stream could not be opened, or broke.
    #[error("the stream of block events broke off")]
    Broken(#[source] ApiError),
    /// The read that was to catch up was cut off; the stream stays open meanwhile.
    #[error("the mirror could not catch up with the block list yet")]
    Behind(#[source] PullError),
    /// The mirror was too busy to take an event in; it is tried again.
    #[error("the mirror is busy")]
    Busy(#[source] StoreError),
}
