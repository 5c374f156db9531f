//! The time by which requests are signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use blocks_ports::Clock;
use jiff::{SignedDuration, Timestamp};

/// How far a signed time may be from the server's before it counts as wrong.
///
/// A request can be on its way for two minutes, so less than that says nothing.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(3);

/// The server's time, as far as it is known: the local time until a server says otherwise.
#[derive(Debug, Default)]
pub(crate) struct ServerTime {
    /// The local clock, if not the system's.
    clock: Option<Arc<dyn Clock>>,
    /// How many seconds the server is ahead of it.
    ahead: AtomicI64,
}

impl ServerTime {
    pub(crate) fn told_by(clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let local = self.local();
        local.checked_add(ahead).unwrap_or(local)
    }

    /// Learns from a refusal of what was signed at a time: how wrong that time was, in words, or
    /// `None` where it was not.
    pub(crate) fn learn(&self, signed: Timestamp, date: Option<Timestamp>) -> Option<String> {
        let date = date?;
        let late = date.duration_since(signed);
        if late.abs() <= TOLERANCE {
            return None;
        }
        let ahead = date.duration_since(self.local());
        self.ahead.store(ahead.as_secs(), Ordering::Relaxed);
        let (by, side) = (late.abs(), if late.is_positive() { "behind" } else { "ahead of" });
        Some(format!(
            "the request was signed {by:#} {side} the server's time, which does not let it pass; \
             set the clock of this machine right"
        ))
    }

    fn local(&self) -> Timestamp {
        self.clock.as_ref().map_or_else(Timestamp::now, |clock| clock.now())
    }
}
