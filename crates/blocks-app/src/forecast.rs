//! What a read will take, before anything is spent.

use std::time::Duration;

use blocks_domain::{BillingDay, Endpoint, MaxResults, Price, Usd, UserId};
use blocks_ports::{
    Clock, Ledger, MirrorStore, OpenRead, ReadKind, Snapshot, StoreError, WindowStore,
};
use jiff::Timestamp;

use crate::pull::page_size;
use crate::{Choice, PullPolicy};

/// What a read will take.
///
/// It is told from what is known: the size of the list as it was mirrored last, or as somebody
/// expects it, what an unfinished read holds already, the rate window as it stands, and what was
/// paid for today. Where nobody knows, it is a span, perhaps without an upper end; where all is
/// known and nothing changes meanwhile, both ends are the same. Blocks made since the last read
/// come on top, as does a reading from the top where a page token has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// What is read, and why.
    pub choice: Choice,
    /// When the forecast was made.
    pub made_at: Timestamp,
    /// How many users the list holds, as far as is known or expected.
    pub users: Option<u64>,
    /// How many requests it takes.
    pub requests: Span<u64>,
    /// In how many rate windows.
    pub windows: Span<u64>,
    /// How long one waits for windows in all, if the requests themselves take no time.
    pub wait: Span<Duration>,
    /// How many users X charges for. At the lower end, whoever may have been paid for today is
    /// free; at the upper end nobody is, because X does not promise it.
    pub billed_reads: Span<u64>,
    /// What they cost.
    pub cost: Span<Usd>,
    /// How many users of this list were paid for today already, by the calendar of UTC.
    pub paid_today: u64,
}

impl Forecast {
    /// When the last page is in.
    ///
    /// ```
    /// use blocks_app::{Forecaster, Pull};
    /// use blocks_fake::stores::{JumpingClock, MemoryLedger, MemoryMirrorStore, MemoryWindowStore};
    /// use blocks_fake::{FakeApi, World};
    /// use jiff::SignedDuration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let world = World::builder().build();
    /// let api = FakeApi::new(world.clone());
    /// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
    /// let (windows, ledger) = (MemoryWindowStore::default(), MemoryLedger::default());
    ///
    /// let choice = Pull::new(&api, &mirror, &clock).choose(world.owner()).await?;
    /// let forecaster = Forecaster::new(&mirror, &windows, &ledger, &clock).expecting(2_000);
    /// let forecast = forecaster.forecast(world.owner(), choice).await?;
    /// assert_eq!(forecast.requests.exactly(), Some(20));
    /// assert_eq!(forecast.cost.exactly(), Some("2".parse()?));
    /// let end = forecast.made_at + SignedDuration::from_mins(15);
    /// assert_eq!(forecast.finish().exactly(), Some(end), "fifteen requests go at once");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn finish(&self) -> Span<Timestamp> {
        let after = |wait| self.made_at.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.wait.map(after)
    }
}

/// From the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    /// No less than this.
    pub least: T,
    /// No more than this; `None` where nobody knows.
    pub most: Option<T>,
}

impl<T: Copy + PartialEq> Span<T> {
    /// The one value, where both ends are the same.
    ///
    /// ```
    /// use blocks_app::Span;
    ///
    /// assert_eq!(Span { least: 3, most: Some(3) }.exactly(), Some(3));
    /// assert_eq!(Span { least: 3, most: Some(4) }.exactly(), None);
    /// assert_eq!(Span { least: 3, most: None }.exactly(), None);
    /// ```
    #[must_use]
    pub fn exactly(self) -> Option<T> {
        self.most.filter(|most| *most == self.least)
    }

    fn map<U>(self, f: impl Fn(T) -> U) -> Span<U> {
        Span { least: f(self.least), most: self.most.map(f) }
    }
}

/// Makes forecasts from what is stored; it asks X nothing.
#[derive(Debug, Clone, Copy)]
pub struct Forecaster<'a> {
    mirror: &'a dyn MirrorStore,
    windows: &'a dyn WindowStore,
    ledger: &'a dyn Ledger,
    clock: &'a dyn Clock,
    policy: PullPolicy,
    page: MaxResults,
    expected: Option<u64>,
}

impl<'a> Forecaster<'a> {
    /// Looks into these.
    #[must_use]
    pub fn new(
        mirror: &'a dyn MirrorStore,
        windows: &'a dyn WindowStore,
        ledger: &'a dyn Ledger,
        clock: &'a dyn Clock,
    ) -> Self {
        let (policy, page) = (PullPolicy::default(), MaxResults::default());
        Self { mirror, windows, ledger, clock, policy, page, expected: None }
    }

    /// For a pull of this policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: PullPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// For pages of at most so many users.
    #[must_use]
    pub const fn with_page_size(mut self, page: MaxResults) -> Self {
        self.page = page;
        self
    }

    /// For a list that holds so many users, whatever is mirrored of it.
    #[must_use]
    pub const fn expecting(mut self, users: u64) -> Self {
        self.expected = Some(users);
        self
    }

    /// What the chosen read of an account's list will take.
    ///
    /// # Errors
    /// A store failed.
    pub async fn forecast(&self, account: UserId, choice: Choice) -> Result<Forecast, StoreError> {
        let now = self.clock.now();
        let snapshot = self.mirror.snapshot(account).await?;
        let present = self.windows.allowance(account, Endpoint::GetBlocking, now).await?;
        let paid_today = self.ledger.spent(account, BillingDay::of(now)).await?.block_reads;

        let known = Known { users: self.expected.or(snapshot.as_ref().map(|s| s.users)), snapshot };
        let Effort { requests, reads } = self.effort(&choice, &known);
        let limit = Endpoint::GetBlocking.spec().limit;
        let billed_reads = Span { least: reads.least.saturating_sub(paid_today), ..reads };
        Ok(Forecast {
            made_at: now,
            users: known.users.map(|users| users.max(held(&choice))),
            requests,
            windows: requests.map(|requests| limit.windows_for(requests, present)),
            wait: requests.map(|requests| limit.wait_for(requests, present)),
            billed_reads,
            cost: billed_reads.map(|reads| Price::BLOCK_READ.cost_of(reads)),
            paid_today,
            choice,
        })
    }

    fn effort(&self, choice: &Choice, known: &Known) -> Effort {
        match &choice.resumes {
            Some(read) if read.checkpoint.is_at_end() => Effort::NONE,
            _ if choice.kind == ReadKind::Head => self.effort_of_head(choice, known),
            _ => self.effort_of_full(choice, known),
        }
    }
}

/// What is known of a list.
struct Known {
    users: Option<u64>,
    snapshot: Option<Snapshot>,
}

/// What a read asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Effort {
    requests: Span<u64>,
    reads: Span<u64>,
}

impl Effort {
    const NONE: Self = Self {
        requests: Span { least: 0, most: Some(0) },
        reads: Span { least: 0, most: Some(0) },
    };
}

impl Known {
    /// How many users are behind those that a read holds; `None` where nobody knows, which is also
    /// so where it holds more than were expected.
    fn behind(&self, held: u64) -> Option<u64> {
        let rest = self.users?.checked_sub(held)?;
        (rest > 0 || held == 0).then_some(rest)
    }

    /// How many pages more than it needed the last full read took, because not all were full.
    fn short_pages(&self, page: MaxResults) -> u64 {
        let last = self.snapshot.as_ref().filter(|last| last.kind == ReadKind::Full);
        last.map_or(0, |last| last.pages.saturating_sub(page.pages_for(last.users)))
    }
}

impl Forecaster<'_> {
    fn effort_of_full(&self, choice: &Choice, known: &Known) -> Effort {
        let rest = known.behind(held(choice));
        let pages = rest.map(|rest| self.page.pages_for(rest));
        let short = known.short_pages(self.page);
        Effort {
            requests: Span {
                least: pages.unwrap_or(1),
                most: pages.map(|pages| pages.saturating_add(short)),
            },
            reads: Span { least: rest.unwrap_or(0), most: rest },
        }
    }

    /// At best nobody is new, and ground is met at once; at worst everybody came to the top again.
    fn effort_of_head(&self, choice: &Choice, known: &Known) -> Effort {
        let (held, overlap) = (held(choice), self.policy.overlap);
        let rest = known.behind(held);
        let ground = rest.unwrap_or(0).min(overlap.get().into());
        let short = known.short_pages(self.page);
        Effort {
            requests: Span {
                least: self.pages_of_head(held, ground),
                most: rest.map(|rest| self.pages_of_head(held, rest).saturating_add(short)),
            },
            reads: Span { least: ground, most: rest },
        }
    }

    /// How many pages it takes to read so many users more of a head, when all pages are full.
    fn pages_of_head(&self, held: u64, users: u64) -> u64 {
        let (mut pages, mut read, end) = (0, held, held.saturating_add(users));
        loop {
            let size = page_size(self.policy.overlap, read, 0, self.page);
            // Pages no longer grow.
            if size == self.page {
                return pages + size.pages_for(end - read);
            }
            pages += 1;
            read += u64::from(size.get());
            if read >= end {
                return pages;
            }
        }
    }
}

/// How many users an unfinished read holds already.
fn held(choice: &Choice) -> u64 {
    choice.resumes.as_ref().map_or(0, |read: &OpenRead| read.users)
}
