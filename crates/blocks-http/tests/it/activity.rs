//! The activity of a user: subscriptions, and the stream of events.

mod opening;
mod sandbox;
mod server;
mod stream;
mod subscriptions;
