//! Mirroring a block list.

use std::fmt;

use blocks_domain::{BlockingPage, BlockingQuery, Failure, PageToken, Price, Problem, Usd, UserId};
use blocks_ports::{
    ApiError, Append, BlocksApi, BlocksApiExt, Checkpoint, Clock, Fence, Finish, Hold, Interrupted,
    MirrorPage, MirrorStore, OpenRead, ReadKind, Reply, Snapshot, StoreError, Warning,
};
use futures_util::StreamExt;

/// Mirrors a block list: reads it from the API page by page into a mirror.
///
/// Each page is stored before the next is asked for, so that whatever cuts a read off costs at
/// most the page in flight; the next run goes on behind the last page stored. The read becomes
/// the snapshot when its last page is in, and not before.
#[derive(Debug, Clone, Copy)]
pub struct Pull<'a> {
    api: &'a dyn BlocksApi,
    mirror: &'a dyn MirrorStore,
    clock: &'a dyn Clock,
    starts_over: bool,
}

impl<'a> Pull<'a> {
    /// Reads from `api` into `mirror`.
    #[must_use]
    pub const fn new(
        api: &'a dyn BlocksApi,
        mirror: &'a dyn MirrorStore,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { api, mirror, clock, starts_over: false }
    }

    /// Gives up an unfinished read, if there is one, and begins anew.
    #[must_use]
    pub const fn starting_over(mut self) -> Self {
        self.starts_over = true;
        self
    }

    /// Reads the whole list of `account`: goes on with an unfinished read, or begins one.
    ///
    /// The query says which fields to ask for and how large the pages are; its page token is
    /// replaced by that of the checkpoint. Where X no longer takes the checkpoint's token, the
    /// list is read again from the top, once.
    ///
    /// # Errors
    /// What stopped the read, see [`PullError`]. All pages read until then are stored.
    pub async fn run(
        &self,
        account: UserId,
        query: BlockingQuery,
        progress: &dyn Progress,
    ) -> Result<PullReport, PullError> {
        let (fence, _guard) = match self.mirror.hold(account).await.map_err(PullError::before)? {
            Hold::Held { fence, guard } => (fence, guard),
            Hold::Busy { holder } => return Err(PullError::Busy { holder }),
            _ => return Err(PullError::LostHold { progress: PullProgress::default() }),
        };
        let unfinished = self.mirror.unfinished(account).await.map_err(PullError::before)?;
        // Nothing is won by going on with a read that has no page yet.
        let unfinished = unfinished.filter(|read| read.checkpoint.pages > 0 && !self.starts_over);
        let mut run = Run {
            pull: *self,
            account,
            fence,
            watcher: progress,
            progress: PullProgress { resumed: unfinished.is_some(), ..PullProgress::default() },
            warnings: Vec::new(),
        };
        let read = match unfinished {
            Some(read) => read,
            None => run.begin().await?,
        };
        let resumed_at = read.checkpoint.next_token.clone();
        let snapshot = match run.read_on(read, &query).await {
            Err(PullError::Api { error, resume_from, progress })
                if resumed_at.is_some()
                    && resume_from == resumed_at
                    && is_about_the_token(&error) =>
            {
                run.watcher.token_expired(&progress);
                run.progress = PullProgress { resumed: false, restarted: true, ..progress };
                let read = run.begin().await?;
                run.read_on(read, &query).await?
            }
            result => result?,
        };
        Ok(PullReport { snapshot, progress: run.progress, warnings: run.warnings })
    }
}

/// One run of a pull, under one hold.
struct Run<'a> {
    pull: Pull<'a>,
    account: UserId,
    fence: Fence,
    watcher: &'a dyn Progress,
    progress: PullProgress,
    warnings: Vec<Warning>,
}

impl Run<'_> {
    async fn begin(&self) -> Result<OpenRead, PullError> {
        let now = self.pull.clock.now();
        let read = self.pull.mirror.begin(self.account, self.fence, ReadKind::Full, now).await;
        read.map_err(|source| self.mirror_failed(source))
    }

    async fn read_on(
        &mut self,
        mut read: OpenRead,
        query: &BlockingQuery,
    ) -> Result<Snapshot, PullError> {
        let Pull { api, mirror, clock, .. } = self.pull;
        (self.progress.users, self.progress.pages) = (read.users, read.checkpoint.pages);
        if !read.checkpoint.is_at_end() {
            let mut query = query.clone().from_first_page();
            if let Some(token) = &read.checkpoint.next_token {
                query = query.with_pagination_token(token.clone());
            }
            let mut pages = api.pages(self.account, query);
            while let Some(page) = pages.next().await {
                let page = page.map_err(|stopped| self.stopped(stopped))?;
                self.count(&page);
                let page = stored(page.value, clock);
                read.checkpoint = self.append(&read, &page).await?;
                self.progress.users += page.users.len() as u64;
                self.progress.pages = read.checkpoint.pages;
                self.watcher.page(&self.progress);
            }
        }
        let finished = mirror.finish(read.id, self.fence, clock.now()).await;
        match finished.map_err(|source| self.mirror_failed(source))? {
            Finish::Finished(snapshot) => Ok(snapshot),
            _ => Err(PullError::LostHold { progress: self.progress }),
        }
    }

    async fn append(&self, read: &OpenRead, page: &MirrorPage) -> Result<Checkpoint, PullError> {
        let appended = self.pull.mirror.append(read.id, self.fence, &read.checkpoint, page).await;
        match appended.map_err(|source| self.mirror_failed(source))? {
            Append::Appended(checkpoint) => Ok(checkpoint),
            _ => Err(PullError::LostHold { progress: self.progress }),
        }
    }

    /// Counts a page that was answered, whether or not it can be stored: X bills it.
    fn count(&mut self, page: &Reply<BlockingPage>) {
        self.progress.requests += 1;
        self.progress.billed_reads += page.value.users().len() as u64;
        self.progress.unavailable += page.value.problems().len() as u64;
        self.warnings.extend(page.meta.warnings.iter().cloned());
    }

    fn stopped(&self, stopped: Interrupted) -> PullError {
        let Interrupted { error, resume_from, .. } = stopped;
        PullError::Api { error, resume_from, progress: self.progress }
    }

    fn mirror_failed(&self, source: StoreError) -> PullError {
        PullError::Mirror { source, progress: self.progress }
    }
}

fn stored(page: BlockingPage, clock: &dyn Clock) -> MirrorPage {
    MirrorPage::new(page.data.unwrap_or_default(), page.meta.next_token, clock.now())
}

fn is_about_the_token(error: &ApiError) -> bool {
    let names_it = |problem: &Problem| {
        problem.message().is_some_and(|text| text.contains("pagination_token"))
            || problem.parameter.as_deref() == Some("pagination_token")
    };
    error.kind() == Failure::InvalidRequest && error.problems().iter().any(names_it)
}

/// What a finished pull did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PullReport {
    /// The new snapshot.
    pub snapshot: Snapshot,
    /// What it took.
    pub progress: PullProgress,
    /// What was odd about the answers.
    pub warnings: Vec<Warning>,
}

impl PullReport {
    /// A report of a pull without oddities.
    #[must_use]
    pub const fn new(snapshot: Snapshot, progress: PullProgress) -> Self {
        Self { snapshot, progress, warnings: Vec::new() }
    }
}

/// Where a pull stands, or stopped.
///
/// `users` and `pages` are those of the whole read; the other counts are those of this run, and
/// not of earlier runs that it went on from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullProgress {
    /// How many users the read holds so far.
    pub users: u64,
    /// How many pages the read holds so far.
    pub pages: u64,
    /// How many pages this run was answered.
    pub requests: u64,
    /// How many users this run was answered, each of which X bills at most once a day.
    pub billed_reads: u64,
    /// How many problems the pages named instead of users.
    pub unavailable: u64,
    /// Whether this run went on with an unfinished read.
    pub resumed: bool,
    /// Whether this run gave up an unfinished read, because its page token had expired.
    pub restarted: bool,
}

impl PullProgress {
    /// The progress of a read that holds so many users in so many pages, all read in this run.
    #[must_use]
    pub fn new(users: u64, pages: u64) -> Self {
        Self { users, pages, requests: pages, billed_reads: users, ..Self::default() }
    }

    /// What this run cost at the published price, if nothing was paid for today already.
    ///
    /// ```
    /// use blocks_app::PullProgress;
    ///
    /// assert_eq!(PullProgress::new(2_500, 3).cost().to_string(), "USD 2.50");
    /// ```
    #[must_use]
    pub fn cost(&self) -> Usd {
        Price::BLOCK_READ.cost_of(self.billed_reads)
    }
}

/// Watches a pull.
pub trait Progress: fmt::Debug + Send + Sync {
    /// A page has been stored.
    fn page(&self, progress: &PullProgress);

    /// The token of the unfinished read has expired: the list is about to be read again from the
    /// top, which X bills again unless it was paid for today.
    fn token_expired(&self, progress: &PullProgress);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn page(&self, _: &PullProgress) {}

    fn token_expired(&self, _: &PullProgress) {}
}

/// Why a pull did not finish. What it had read is stored, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// The API stopped answering with pages.
    #[error("the read stopped before its end")]
    Api {
        /// Why.
        #[source]
        error: ApiError,
        /// The token of the page that failed; `None` is the first page.
        resume_from: Option<PageToken>,
        /// Where it stopped.
        progress: PullProgress,
    },
    /// Somebody else is reading this list.
    #[error("another pull of this account is under way{}", holder.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    Busy {
        /// Who, as far as is known.
        holder: Option<String>,
    },
    /// Somebody else took the read over.
    #[error("another pull of this account took over")]
    LostHold {
        /// Where it stopped.
        progress: PullProgress,
    },
    /// The mirror failed.
    #[error("the mirror failed")]
    Mirror {
        /// Why.
        source: StoreError,
        /// Where it stopped.
        progress: PullProgress,
    },
}

impl PullError {
    /// Where the pull stopped.
    #[must_use]
    pub fn progress(&self) -> PullProgress {
        match self {
            Self::Api { progress, .. }
            | Self::LostHold { progress }
            | Self::Mirror { progress, .. } => *progress,
            Self::Busy { .. } => PullProgress::default(),
        }
    }

    fn before(source: StoreError) -> Self {
        Self::Mirror { source, progress: PullProgress::default() }
    }
}
