//! What [`SignIns`](blocks_app::SignIns) promises, over stores that fail at each of their calls,
//! and while others do something else at each of them.

mod damaged;
mod failures;
mod leases;
mod meanwhile;
mod sign_out;
mod stores;
mod support;
