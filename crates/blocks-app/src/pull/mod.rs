//! Mirroring a block list.

mod error;
mod head;
mod report;
mod run;

pub use error::PullError;
pub use report::{NoProgress, Progress, PullProgress, PullReport};

use blocks_domain::{BlockingQuery, UserId};
use blocks_ports::{BlocksApi, Clock, MirrorStore};

use crate::choice::Known;
use crate::{Choice, PullPolicy, Wanted};
pub(crate) use head::page_size;
pub(crate) use run::Run;

/// Mirrors a block list: reads it from the API page by page into a mirror.
///
/// Each page is stored before the next is asked for, so that whatever cuts a read off costs at
/// most the page in flight; the next run goes on behind the last page stored. The read becomes
/// the snapshot when its last page is in, and not before.
///
/// Where a snapshot is known already, the new blocks come first in the list, and reading stops on
/// known ground: a few users in a row who are known in this order. What is behind them stands as
/// it was. A read of the whole list, from which more is missing than the [policy](PullPolicy)
/// believes, is set aside and does not become the snapshot, unless somebody
/// [accepts](crate::accept) it.
///
/// ```
/// use blocks_app::{NoProgress, Pull, Reason};
/// use blocks_domain::{BlockPair, BlockingQuery, MaxResults};
/// use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::builder().blocks(2_500).build();
/// let api = FakeApi::new(world.clone());
/// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
/// let pull = Pull::new(&api, &mirror, &clock);
/// let query = BlockingQuery::default().with_max_results(MaxResults::MAX);
/// let report = pull.run(world.owner(), query.clone(), &NoProgress).await?;
/// assert_eq!((report.progress.reads, report.choice.reason), (2_500, Reason::NothingMirrored));
///
/// world.block(BlockPair::new(world.owner(), world.stranger(0))?)?;
/// let report = pull.run(world.owner(), query, &NoProgress).await?;
/// assert_eq!((report.snapshot.users, report.snapshot.added), (2_501, 1));
/// assert_eq!(report.progress.reads, 40, "one is new, and twenty are known ground");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Pull<'a> {
    api: &'a dyn BlocksApi,
    mirror: &'a dyn MirrorStore,
    clock: &'a dyn Clock,
    wanted: Wanted,
    policy: PullPolicy,
    starts_over: bool,
    expects: Option<&'a Choice>,
    waits: bool,
}

impl<'a> Pull<'a> {
    /// Reads from `api` into `mirror`.
    #[must_use]
    pub fn new(api: &'a dyn BlocksApi, mirror: &'a dyn MirrorStore, clock: &'a dyn Clock) -> Self {
        let policy = PullPolicy::default();
        Self {
            api,
            mirror,
            clock,
            wanted: Wanted::Whichever,
            policy,
            starts_over: false,
            expects: None,
            waits: false,
        }
    }

    /// Reads what is wanted, and nothing else.
    #[must_use]
    pub const fn wanting(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// Keeps to a policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: PullPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Gives up an unfinished read, if there is one, and begins anew.
    #[must_use]
    pub const fn starting_over(mut self) -> Self {
        self.starts_over = true;
        self
    }

    /// Waits while somebody else holds the list, and asks again each second, instead of failing
    /// with [`PullError::Busy`].
    #[must_use]
    pub const fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Reads what was chosen before, such as what somebody has agreed to pay for, or fails with
    /// [`PullError::Otherwise`] where something else is to be read by now.
    ///
    /// ```
    /// use blocks_app::{NoProgress, Pull, PullError};
    /// use blocks_domain::BlockingQuery;
    /// use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
    /// use blocks_fake::{FakeApi, World};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let world = World::builder().blocks(40).build();
    /// let api = FakeApi::new(world.clone());
    /// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
    /// let pull = Pull::new(&api, &mirror, &clock);
    /// let (me, query) = (world.owner(), BlockingQuery::default());
    ///
    /// let announced = pull.choose(me).await?;
    /// pull.run(me, query.clone(), &NoProgress).await?;
    /// // The whole list was announced, and by now its head would do.
    /// let stopped = pull.expecting(&announced).run(me, query, &NoProgress).await;
    /// assert!(matches!(stopped, Err(PullError::Otherwise)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn expecting(mut self, choice: &'a Choice) -> Self {
        self.expects = Some(choice);
        self
    }

    /// What [`run`](Self::run) would read now, without reading it.
    ///
    /// # Errors
    /// As [`Choice::of`].
    pub async fn choose(&self, account: UserId) -> Result<Choice, PullError> {
        let known = Known::of(self.mirror, account).await.map_err(PullError::before)?;
        let known = known.starting_over(self.starts_over);
        let choice = known.choose(self.wanted, &self.policy, self.clock.now());
        choice.ok_or(PullError::NothingToGoOnFrom)
    }

    /// Brings the mirror of `account` up to date: goes on with an unfinished read, or begins one.
    ///
    /// The query says which fields to ask for and how large the pages may be; its page token is
    /// replaced by that of the checkpoint. Where X no longer takes a token that is not new, the
    /// list is read again from the top, once in each run; the snapshot stays meanwhile.
    ///
    /// # Errors
    /// What stopped the read, see [`PullError`]. All pages read until then are stored.
    pub async fn run(
        &self,
        account: UserId,
        query: BlockingQuery,
        progress: &dyn Progress,
    ) -> Result<PullReport, PullError> {
        let mut run = Run::open(*self, account, query, progress).await?;
        let read = run.whole().await?;
        let snapshot = run.finish_if_believed(read).await?;
        let Run { choice, progress, warnings, .. } = run;
        Ok(PullReport { snapshot, choice, progress, warnings })
    }
}
