//! Following a block list as it changes.

mod patience;
mod session;
mod watcher;

use std::convert::Infallible;

use blocks_domain::{BlockingQuery, UserId};
use blocks_ports::{ActivityFeed, ApiError, Clock, Ledger, MirrorJournal, StoreError};

use crate::{Pull, PullError};
use patience::Patience;
pub use patience::WatchPolicy;
use session::Session;
pub use watcher::{Interruption, Told, Watcher};

/// Follows blocks and unblocks as they happen, into the mirror.
///
/// It subscribes to both events of the account where nobody has, and opens the stream; only then
/// it reads what is new in the list, so that nothing falls between the two; an unfinished read of
/// before is finished first. What is told meanwhile is taken in at once.
///
/// After trouble that passes, and after an end without trouble, it waits and begins again, at the
/// first with the stream, then with a read of the new blocks: those that were made in the gap are
/// found, and so are events that came twice.
/// **A block that was lifted in a gap cannot be seen**: it stays in the mirror until the whole list
/// is read.
///
/// The first read is the one that the [`Pull`] wants, and those after gaps are of the new blocks
/// alone; where nothing is mirrored yet, the whole list is read. Subscriptions stay when it ends.
///
/// The future may be dropped at any time: what is in the mirror stays there. It does not open the
/// stream again by itself then, and the next one begins with a read.
///
/// ```
/// use blocks_app::{NoProgress, Pull, Watch, WatchError};
/// use blocks_domain::{BlockingQuery, Failure};
/// use blocks_fake::stores::{JumpingClock, MemoryLedger, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
/// use blocks_ports::MirrorStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::builder().blocks(40).build();
/// let api = FakeApi::new(world.clone());
/// let (mirror, ledger) = (MemoryMirrorStore::default(), MemoryLedger::default());
/// let clock = JumpingClock::new(world.now());
/// let pull = Pull::new(&api, &mirror, &clock);
/// let watch = Watch::new(&api, pull, &mirror, &ledger, &clock);
///
/// // Watching has no end of its own; here the sign-in is refused.
/// world.set_enrolled(false);
/// let Err(end) = watch.run(world.owner(), BlockingQuery::default(), &NoProgress).await;
/// assert!(matches!(end, WatchError::Feed(error) if matches!(error.kind(), Failure::Forbidden(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    feed: &'a dyn ActivityFeed,
    pull: Pull<'a>,
    journal: &'a dyn MirrorJournal,
    ledger: &'a dyn Ledger,
    clock: &'a dyn Clock,
    policy: WatchPolicy,
}

impl<'a> Watch<'a> {
    /// Follows what `feed` tells; `pull` reads what it does not, into the mirror of `journal`.
    #[must_use]
    pub fn new(
        feed: &'a dyn ActivityFeed,
        pull: Pull<'a>,
        journal: &'a dyn MirrorJournal,
        ledger: &'a dyn Ledger,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { feed, pull, journal, ledger, clock, policy: WatchPolicy::default() }
    }

    /// Keeps to a policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: WatchPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Follows the list of `account`, the signed-in user, until something ends it that does not
    /// pass. The query says which fields a read asks for and how large its pages may be.
    ///
    /// Each event is billed in the ledger once; a ledger that fails is told in the log alone.
    ///
    /// # Errors
    /// What ended it, see [`WatchError`].
    pub async fn run(
        &self,
        account: UserId,
        query: BlockingQuery,
        watcher: &dyn Watcher,
    ) -> Result<Infallible, WatchError> {
        let mut session = Session::new(self, account, &query, watcher);
        let mut patience = Patience::new(self.policy);
        loop {
            let interruption = session.follow(&mut patience).await?;
            session.wait(&interruption, &mut patience).await;
        }
    }
}

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The stream cannot be subscribed to, opened, or followed.
    #[error("the block events cannot be followed")]
    Feed(#[source] ApiError),
    /// A read that was to catch up failed.
    #[error("the mirror could not catch up with the block list")]
    CatchUp(#[source] PullError),
    /// The mirror could not take an event in.
    #[error("a block event could not be taken into the mirror")]
    Journal(#[source] StoreError),
}
