//! What a pull tells of itself.

use std::fmt;

use blocks_domain::{BlockingPage, Price, Usd};
use blocks_ports::{Reply, Snapshot, Warning};

use crate::Choice;

/// What a finished pull did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PullReport {
    /// The new snapshot.
    pub snapshot: Snapshot,
    /// What was read, and why.
    pub choice: Choice,
    /// What it took.
    pub progress: PullProgress,
    /// What was odd about the answers.
    pub warnings: Vec<Warning>,
}

impl PullReport {
    /// A report of a pull without oddities.
    #[must_use]
    pub const fn new(snapshot: Snapshot, choice: Choice, progress: PullProgress) -> Self {
        Self { snapshot, choice, progress, warnings: Vec::new() }
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
    /// How many users this run was answered.
    pub reads: u64,
    /// How many of them X charges for, as far as is known: where a ledger is kept, without those
    /// who were paid for on the same day UTC already; where none is, all of them.
    pub billed_reads: u64,
    /// How many problems the pages named instead of users.
    pub unavailable: u64,
    /// Whether this run went on with an unfinished read.
    pub resumed: bool,
    /// Whether this run gave up an unfinished read, because its page token had expired.
    pub restarted: bool,
}

impl PullProgress {
    /// The progress of a read that holds so many users in so many pages, all read in this run and
    /// none of them paid for before.
    #[must_use]
    pub fn new(users: u64, pages: u64) -> Self {
        Self { users, pages, requests: pages, reads: users, billed_reads: users, ..Self::default() }
    }

    /// What this run cost at the published price.
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

    /// Counts a page that was answered, whether or not it can be stored: X bills it.
    pub(super) fn count(&mut self, page: &Reply<BlockingPage>) {
        let reads = page.value.users().len() as u64;
        self.requests += 1;
        self.reads += reads;
        self.billed_reads += page.meta.billed.unwrap_or(reads);
        self.unavailable += page.value.problems().len() as u64;
    }
}

/// Watches a pull.
pub trait Progress: fmt::Debug + Send + Sync {
    /// Somebody else holds the list; the pull waits for them. It is told once a run.
    fn held(&self, _holder: Option<&str>) {}

    /// It is known what is read, and why; nothing has been asked for yet.
    fn chosen(&self, _choice: &Choice) {}

    /// A page has been stored.
    fn page(&self, progress: &PullProgress);

    /// The page token has expired: the list is about to be read again from the top, which X bills
    /// again unless it was paid for today. `progress.users` were read; the snapshot stays.
    fn token_expired(&self, progress: &PullProgress);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn page(&self, _: &PullProgress) {}

    fn token_expired(&self, _: &PullProgress) {}
}
