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
}

impl<'a> Pull<'a> {
    /// Reads from `api` into `mirror`.
    #[must_use]
    pub const fn new(
        api: &'a dyn BlocksApi,
        mirror: &'a dyn MirrorStore,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { api, mirror, clock }
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
        let (fence, _guard) = match self.mirror.hold(account).await? {
            Hold::Held { fence, guard } => (fence, guard),
            Hold::Busy { holder } => return Err(PullError::Busy { holder }),
            _ => return Err(PullError::LostHold),
        };
        let mut run = Run { pull: *self, account, fence, progress, tally: Tally::default() };
        let unfinished = self.mirror.unfinished(account).await?.filter(|read| {
            // Nothing is won by going on with a read that has no page yet.
            read.kind == ReadKind::Full && read.checkpoint.pages > 0
        });
        run.tally.resumed = unfinished.is_some();
        let read = match unfinished {
            Some(read) => read,
            None => run.begin().await?,
        };
        let resumed_at = read.checkpoint.next_token.clone();
        let snapshot = match run.read_on(read, &query).await {
            Err(PullError::Api { error, resume_from, .. })
                if resumed_at.is_some()
                    && resume_from == resumed_at
                    && is_about_the_token(&error) =>
            {
                tracing::warn!("the token of the unfinished read has expired");
                run.tally.resumed = false;
                run.tally.restarted = true;
                let read = run.begin().await?;
                run.read_on(read, &query).await?
            }
            result => result?,
        };
        Ok(run.tally.report(snapshot))
    }
}

/// One run of a pull, under one hold.
struct Run<'a> {
    pull: Pull<'a>,
    account: UserId,
    fence: Fence,
    progress: &'a dyn Progress,
    tally: Tally,
}

impl Run<'_> {
    async fn begin(&self) -> Result<OpenRead, PullError> {
        let now = self.pull.clock.now();
        Ok(self.pull.mirror.begin(self.account, self.fence, ReadKind::Full, now).await?)
    }

    async fn read_on(
        &mut self,
        mut read: OpenRead,
        query: &BlockingQuery,
    ) -> Result<Snapshot, PullError> {
        let Pull { api, mirror, clock } = self.pull;
        if !read.checkpoint.is_at_end() {
            let mut query = query.clone().from_first_page();
            if let Some(token) = &read.checkpoint.next_token {
                query = query.with_pagination_token(token.clone());
            }
            let mut pages = api.pages(self.account, query);
            while let Some(page) = pages.next().await {
                let page = page.map_err(|stopped| self.stopped(stopped, &read))?;
                self.tally.count(&page);
                let users = page.value.users().len() as u64;
                let page = stored(page.value, clock);
                read.checkpoint = self.append(&read, &page).await?;
                read.users += users;
                self.progress.page(&PullProgress {
                    users: read.users,
                    pages: read.checkpoint.pages,
                    billed_reads: self.tally.billed_reads,
                });
            }
        }
        match mirror.finish(read.id, self.fence, clock.now()).await? {
            Finish::Finished(snapshot) => Ok(snapshot),
            _ => Err(PullError::LostHold),
        }
    }

    async fn append(&self, read: &OpenRead, page: &MirrorPage) -> Result<Checkpoint, PullError> {
        let mirror = self.pull.mirror;
        match mirror.append(read.id, self.fence, &read.checkpoint, page).await? {
            Append::Appended(checkpoint) => Ok(checkpoint),
            _ => Err(PullError::LostHold),
        }
    }

    fn stopped(&self, stopped: Interrupted, read: &OpenRead) -> PullError {
        PullError::Api {
            error: stopped.error,
            resume_from: stopped.resume_from,
            users: read.users,
            pages: read.checkpoint.pages,
        }
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

#[derive(Debug, Default)]
struct Tally {
    requests: u64,
    billed_reads: u64,
    unavailable: u64,
    warnings: Vec<Warning>,
    resumed: bool,
    restarted: bool,
}

impl Tally {
    fn count(&mut self, page: &Reply<BlockingPage>) {
        self.requests += 1;
        self.billed_reads += page.value.users().len() as u64;
        self.unavailable += page.value.problems().len() as u64;
        self.warnings.extend(page.meta.warnings.iter().cloned());
    }

    fn report(self, snapshot: Snapshot) -> PullReport {
        PullReport {
            snapshot,
            requests: self.requests,
            billed_reads: self.billed_reads,
            cost: Price::BLOCK_READ.cost_of(self.billed_reads),
            unavailable: self.unavailable,
            warnings: self.warnings,
            resumed: self.resumed,
            restarted: self.restarted,
        }
    }
}

/// What a finished pull did. The counts are those of this run, not of runs that it went on from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PullReport {
    /// The new snapshot.
    pub snapshot: Snapshot,
    /// How many pages were read.
    pub requests: u64,
    /// How many users were returned, each of which X bills at most once a day.
    pub billed_reads: u64,
    /// What they cost at the published price, if none of them was paid for today already.
    pub cost: Usd,
    /// How many problems the pages named instead of users.
    pub unavailable: u64,
    /// What was odd about the answers.
    pub warnings: Vec<Warning>,
    /// Whether the run went on with an unfinished read.
    pub resumed: bool,
    /// Whether an unfinished read was given up because its page token had expired.
    pub restarted: bool,
}

/// Watches a pull.
pub trait Progress: fmt::Debug + Send + Sync {
    /// A page has been stored.
    fn page(&self, progress: &PullProgress);
}

/// Where a pull stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullProgress {
    /// How many users the read holds so far.
    pub users: u64,
    /// How many pages the read holds so far.
    pub pages: u64,
    /// How many users this run was answered.
    pub billed_reads: u64,
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn page(&self, _: &PullProgress) {}
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
        /// How many users the unfinished read holds.
        users: u64,
        /// How many pages it holds.
        pages: u64,
    },
    /// Somebody else is reading this list.
    #[error("another pull of this account is under way{}", holder.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    Busy {
        /// Who, as far as is known.
        holder: Option<String>,
    },
    /// Somebody else took the read over.
    #[error("another pull of this account took over")]
    LostHold,
    /// The mirror failed.
    #[error("the mirror failed")]
    Mirror(#[from] StoreError),
}
