//! Holding the mirror against the list.

use blocks_domain::{BlockingQuery, UserId};
use blocks_ports::{BlocksApi, Clock, MirrorStore, OpenRead, Snapshot, Warning};

use crate::pull::Run;
use crate::{Choice, Progress, Pull, PullError, PullProgress, Wanted};

/// Reads a whole list again, and holds the mirror against it.
///
/// What it reads is paid for, so it is kept: where nothing differs, the read becomes the snapshot,
/// which is then as new as the read. Where something does, the mirror stays as it was and the read
/// is set aside, to be looked at and [accepted](crate::accept) or not.
///
/// ```
/// use blocks_app::{NoProgress, Pull, Verified, Verify};
/// use blocks_domain::{BlockPair, BlockingQuery};
/// use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::builder().blocks(50).build();
/// let api = FakeApi::new(world.clone());
/// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
/// let (me, query) = (world.owner(), BlockingQuery::default());
/// Pull::new(&api, &mirror, &clock).run(me, query.clone(), &NoProgress).await?;
///
/// world.block(BlockPair::new(me, world.stranger(0))?)?;
/// let verification = Verify::new(&api, &mirror, &clock).run(me, query, &NoProgress).await?;
/// assert!(matches!(verification.outcome, Verified::Differs { added: 1, removed: 0, .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Verify<'a> {
    pull: Pull<'a>,
    mirror: &'a dyn MirrorStore,
}

impl<'a> Verify<'a> {
    /// Holds `mirror` against `api`.
    #[must_use]
    pub fn new(api: &'a dyn BlocksApi, mirror: &'a dyn MirrorStore, clock: &'a dyn Clock) -> Self {
        Self { pull: Pull::new(api, mirror, clock).wanting(Wanted::Full), mirror }
    }

    /// Gives up an unfinished read, if there is one, and begins anew.
    #[must_use]
    pub const fn starting_over(mut self) -> Self {
        self.pull = self.pull.starting_over();
        self
    }

    /// Waits while somebody else holds the list; see [`Pull::waiting`].
    #[must_use]
    pub const fn waiting(mut self) -> Self {
        self.pull = self.pull.waiting();
        self
    }

    /// What [`run`](Self::run) would read now, without reading it.
    ///
    /// # Errors
    /// [`PullError::NothingToGoOnFrom`] where nothing is mirrored; [`PullError::Mirror`].
    pub async fn choose(&self, account: UserId) -> Result<Choice, PullError> {
        let snapshot = self.mirror.snapshot(account).await.map_err(PullError::before)?;
        snapshot.ok_or(PullError::NothingToGoOnFrom)?;
        self.pull.choose(account).await
    }

    /// Reads the whole list of `account` and compares; goes on with an unfinished full read, and
    /// can be cut off and run again like a pull.
    ///
    /// # Errors
    /// [`PullError::NothingToGoOnFrom`] where nothing is mirrored, before anything is paid; else
    /// what stopped the read.
    pub async fn run(
        &self,
        account: UserId,
        query: BlockingQuery,
        progress: &dyn Progress,
    ) -> Result<Verification, PullError> {
        let snapshot = self.mirror.snapshot(account).await.map_err(PullError::before)?;
        snapshot.ok_or(PullError::NothingToGoOnFrom)?;
        let mut run = Run::open(self.pull, account, query, progress).await?;
        let read = run.whole().await?;
        // Only now: what was told of meanwhile is in it.
        let before = run.snapshot().await?.ok_or(PullError::NothingToGoOnFrom)?;
        let outcome = match run.differences(&read).await? {
            (0, 0) => Verified::Same(run.finish(&read).await?),
            (added, removed) => {
                Verified::Differs { read: run.set_aside(&read).await?, added, removed }
            }
        };
        let Run { progress, warnings, .. } = run;
        Ok(Verification { before, outcome, progress, warnings })
    }
}

/// What came of holding a mirror against its list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// The snapshot that was verified.
    pub before: Snapshot,
    /// Whether it is right.
    pub outcome: Verified,
    /// What the read took.
    pub progress: PullProgress,
    /// What was odd about the answers.
    pub warnings: Vec<Warning>,
}

/// Whether a mirror shows whom the list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It does, and the read is the snapshot now.
    Same(Snapshot),
    /// It does not, and the read was set aside.
    Differs {
        /// The read.
        read: OpenRead,
        /// How many users are on the list and not in the mirror.
        added: u64,
        /// How many are in the mirror and not on the list.
        removed: u64,
    },
}
