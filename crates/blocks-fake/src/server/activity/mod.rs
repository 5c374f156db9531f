//! The X Activity API, as far as it tells of blocks: subscriptions, and the stream of events.

mod encode;
mod stream;
mod subscriptions;

pub(super) use encode::event_type;
pub(super) use stream::{broken_off, stream};
pub(super) use subscriptions::{change, create, delete, list};
