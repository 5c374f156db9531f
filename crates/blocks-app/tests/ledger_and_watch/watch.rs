//! [`Watch`](blocks_app::Watch): what is told ends up in the mirror, whatever breaks meanwhile.

mod catching_up;
mod events;
mod reconnecting;
mod script;
mod subscriptions;
mod worlds;
