//! What [`Keeper`](blocks_app::Keeper) promises, against an issuer that forgives nothing, in
//! virtual time.

mod cancelled;
mod conformance;
mod failures;
mod grants;
mod leases;
mod races;
mod rejected;
mod support;
mod turns;
