//! A small world that answers as X does: for tests, and for whoever wants to try things out
//! without spending money or blocking anybody.
//!
//! A [`World`] is made from a seed. Everybody in it is computed, so that a list of a million
//! blocks costs nothing to make, and the same seed makes the same people. [`FakeApi`] is the
//! block-list API on it without HTTP. With the feature `server`, `Sandbox` serves the same world
//! over HTTP, as close to X as is known, to any client in any language: with its pages and
//! endpoints for signing in, which [`FakeIssuer`] is without HTTP. The module [`stores`] keeps in
//! memory what programs keep on disk.
//!
//! ```
//! use blocks_domain::{BlockingQuery, MaxResults};
//! use blocks_fake::{FakeApi, World};
//! use blocks_ports::BlocksApi;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::builder().seed(7).blocks(250).build();
//! let api = FakeApi::new(world.clone());
//!
//! let query = BlockingQuery::default().with_max_results(MaxResults::new(200)?);
//! let page = api.blocking(world.owner(), &query).await?.value;
//! assert_eq!(page.users().len(), 200);
//! assert!(page.meta.next_token.is_some(), "fifty more");
//! assert_eq!(world.meter().cost, "0.20".parse()?, "X would have charged for it");
//! # Ok(())
//! # }
//! ```

mod direct;
mod issuer;
mod seal;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
mod state_file;
pub mod stores;
mod world;

pub use direct::FakeApi;
pub use issuer::FakeIssuer;
#[cfg(feature = "server")]
pub use server::Sandbox;
#[cfg(feature = "server")]
pub use state_file::{StateFile, StateFileError};
pub use world::{
    AccountStatus, Badge, InvalidWorldState, IssuerFault, IssuerTally, Meaning, MeterReading, Pin,
    PostCounts, Profile, ProfileCounts, ProfilePost, Settings, Span, Text, Tier, World,
    WorldBuilder, WorldClock, WorldError, WorldState,
};
