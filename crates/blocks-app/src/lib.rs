//! What one does with a block list, over the ports alone.
//!
//! Everything here takes its backends as trait objects of `blocks-ports`: give it the real API,
//! the fake, or one of your own. [`Pull`] mirrors a block list, [`Forecaster`] tells before what
//! that will take, and [`Verify`] holds the mirror against the list; [`Paced`], [`Retried`] and
//! [`Budgeted`] are wrappers that go around any [`BlocksApi`](blocks_ports::BlocksApi).
//! [`Keeper`] keeps a sign-in alive, whoever asks for it, and [`SignIns`] keeps accounts and their
//! sign-ins in step.
//!
//! ```
//! use blocks_app::{NoProgress, Pull};
//! use blocks_domain::{BlockingQuery, MaxResults};
//! use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
//! use blocks_fake::{FakeApi, World};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), blocks_app::PullError> {
//! let world = World::builder().blocks(2_500).build();
//! let api = FakeApi::new(world.clone());
//! let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
//!
//! let pull = Pull::new(&api, &mirror, &clock);
//! let query = BlockingQuery::default().with_max_results(MaxResults::MAX);
//! let report = pull.run(world.owner(), query, &NoProgress).await?;
//! assert_eq!((report.snapshot.users, report.progress.requests), (2_500, 3));
//! # Ok(())
//! # }
//! ```

mod accept;
mod budgeted;
mod changes;
mod choice;
mod clock;
mod forecast;
mod keeper;
mod metered;
mod paced;
mod pull;
mod recorded;
mod retried;
mod sign_ins;
mod stats;
mod translated;
mod verify;
mod watch;

pub use accept::accept;
pub use budgeted::Budgeted;
pub use changes::{
    ExplainError, ExplainStop, Explained, ListChange, changes, explain, unexplained,
};
pub use choice::{Choice, PullPolicy, Reason, Wanted};
pub use clock::SystemClock;
pub use forecast::{Forecast, Forecaster, Span};
pub use keeper::{Keeper, KeeperPolicy, oauth2_credential};
pub use metered::Metered;
pub use paced::{Paced, WhenSpent};
pub use pull::{NoProgress, Progress, Pull, PullError, PullProgress, PullReport};
pub use recorded::Recorded;
pub use retried::{Retried, RetryPolicy};
pub use sign_ins::SignIns;
pub use stats::Stats;
pub use translated::{LearnedWords, Translated, Unspellable};
pub use verify::{Verification, Verified, Verify};
pub use watch::{Interruption, Told, Watch, WatchError, WatchPolicy, Watcher};
