//! One run of a pull, under one hold.

use std::collections::HashSet;
use std::time::Duration;

use blocks_domain::{BlockingPage, BlockingQuery, Failure, PageToken, Problem, UserId};
use blocks_ports::{
    ApiError, Append, Fence, Finish, Hold, HoldGuard, MirrorPage, OpenRead, ReadKind, Reply,
    SetAside, Snapshot, StoreError, Warning,
};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

use super::head::{Head, page_size};
use super::{Progress, Pull, PullError, PullProgress};
use crate::Choice;

/// One run: the list is held, and it is known what is to be read.
///
/// Full reads and heads, begun and resumed ones all go through [`whole`](Self::whole); what then
/// becomes of the read is the caller's business.
pub(crate) struct Run<'a> {
    pull: Pull<'a>,
    account: UserId,
    query: BlockingQuery,
    watcher: &'a dyn Progress,
    fence: Fence,
    _guard: HoldGuard,
    pub(crate) choice: Choice,
    pub(crate) progress: PullProgress,
    pub(crate) warnings: Vec<Warning>,
}

/// How far the pages of a read led.
enum Reached {
    End,
    /// The server no longer takes the token of the next page.
    ExpiredToken,
}

/// Where a run stands in the list.
struct Place {
    /// Looks for known ground, in a head.
    head: Option<Head>,
    /// The tokens that this run knows. One that comes again leads round in circles.
    seen: HashSet<PageToken>,
    /// When the token of the next page was handed out; `None` where an earlier run got it.
    token_since: Option<Timestamp>,
    /// How many pages in a row were empty.
    empty_pages: u32,
}

impl<'a> Run<'a> {
    /// A list of nothing but empty pages must end some time.
    const EMPTY_PAGES: u32 = 50;

    /// A token that was handed out less than this ago has not expired; it is refused for another
    /// reason, and reading again would not help.
    const FRESH: SignedDuration = SignedDuration::from_secs(60);

    /// Takes hold of the list, and chooses what to read.
    pub(crate) async fn open(
        pull: Pull<'a>,
        account: UserId,
        query: BlockingQuery,
        watcher: &'a dyn Progress,
    ) -> Result<Self, PullError> {
        let (fence, guard) = held(&pull, account, watcher).await?;
        let choice = pull.choose(account).await?;
        if pull.expects.is_some_and(|expected| !choice.reads_as(expected)) {
            return Err(PullError::Otherwise);
        }
        watcher.chosen(&choice);
        let progress =
            PullProgress { resumed: choice.resumes.is_some(), ..PullProgress::default() };
        let warnings = Vec::new();
        let query = query.from_first_page();
        Ok(Self { pull, account, query, watcher, fence, _guard: guard, choice, progress, warnings })
    }

    /// Reads to the end of what was chosen: to the end of the list, or to known ground.
    ///
    /// An expired token costs one reading from the top in each run; where a second one expires,
    /// the next run goes on.
    pub(crate) async fn whole(&mut self) -> Result<OpenRead, PullError> {
        let mut read = match self.choice.resumes.clone() {
            Some(read) => read,
            None => self.begin().await?,
        };
        while let Reached::ExpiredToken = self.read_on(&mut read).await? {
            self.watcher.token_expired(&self.progress);
            self.progress.resumed = false;
            self.progress.restarted = true;
            read = self.begin().await?;
        }
        Ok(read)
    }

    async fn begin(&self) -> Result<OpenRead, PullError> {
        let Pull { mirror, clock, .. } = self.pull;
        let read = mirror.begin(self.account, self.fence, self.choice.kind, clock.now()).await;
        read.map_err(|source| self.mirror_failed(source))
    }

    /// Reads and stores page after page behind the checkpoint.
    async fn read_on(&mut self, read: &mut OpenRead) -> Result<Reached, PullError> {
        let mut place = Place::behind(read, &self.pull);
        (self.progress.users, self.progress.pages) = (read.users, read.checkpoint.pages);
        while !read.checkpoint.is_at_end() {
            let reply = match self.ask(read, &place).await {
                Ok(reply) => reply,
                Err(error) if self.is_expiry(&error, &place) => return Ok(Reached::ExpiredToken),
                Err(error) => return Err(self.stopped(error, read)),
            };
            self.progress.count(&reply);
            self.warnings.extend(reply.meta.warnings.iter().cloned());
            place.step(&reply.value, self.pull.clock.now()).map_err(|e| self.stopped(e, read))?;
            self.store(read, &mut place, reply.value).await?;
            self.watcher.page(&self.progress);
            if place.empty_pages >= Self::EMPTY_PAGES && !read.checkpoint.is_at_end() {
                return Err(self.stopped(endless(place.empty_pages), read));
            }
        }
        Ok(Reached::End)
    }

    /// Asks for the page behind the checkpoint.
    async fn ask(&self, read: &OpenRead, place: &Place) -> Result<Reply<BlockingPage>, ApiError> {
        let mut query = self.query.clone();
        if place.head.is_some() {
            let overlap = self.pull.policy.overlap;
            let most = query.max_results();
            query = query.with_max_results(page_size(overlap, read.users, place.empty_pages, most));
        }
        if let Some(token) = &read.checkpoint.next_token {
            query = query.with_pagination_token(token.clone());
        }
        self.pull.api.blocking(self.account, &query).await
    }

    /// Stores a page, as the last one where it meets known ground.
    async fn store(
        &mut self,
        read: &mut OpenRead,
        place: &mut Place,
        page: BlockingPage,
    ) -> Result<(), PullError> {
        let Pull { mirror, clock, .. } = self.pull;
        let (users, next) = (page.data.unwrap_or_default(), page.meta.next_token);
        let mut page = MirrorPage::new(users, next, clock.now());
        if let Some(head) = &mut place.head {
            let meets = head.meets_ground(mirror, self.account, &page.users).await;
            let meets = meets.map_err(|source| self.mirror_failed(source))?;
            // Where the list itself ends, the whole of it was read.
            if meets && page.next_token.is_some() {
                page = page.on_known_ground();
            }
        }
        let appended = mirror.append(read.id, self.fence, &read.checkpoint, &page).await;
        read.checkpoint = match appended.map_err(|source| self.mirror_failed(source))? {
            Append::Appended(checkpoint) => checkpoint,
            _ => return Err(self.lost_hold()),
        };
        read.users += page.users.len() as u64;
        read.meets_known = page.meets_known;
        (self.progress.users, self.progress.pages) = (read.users, read.checkpoint.pages);
        Ok(())
    }

    fn is_expiry(&self, error: &ApiError, place: &Place) -> bool {
        let now = self.pull.clock.now();
        let is_old = |since: Timestamp| now.duration_since(since) >= Self::FRESH;
        !self.progress.restarted
            && place.token_since.is_none_or(is_old)
            && is_about_the_token(error)
    }

    /// How many users the snapshot would gain and lose by a whole read.
    pub(crate) async fn differences(&self, read: &OpenRead) -> Result<(u64, u64), PullError> {
        let (mut added, mut removed) = (0, 0);
        let mut differences = self.pull.mirror.differences(read.id);
        loop {
            match differences.try_next().await {
                Ok(Some(difference)) if difference.added => added += 1,
                Ok(Some(_)) => removed += 1,
                Ok(None) => return Ok((added, removed)),
                Err(source) => return Err(self.mirror_failed(source)),
            }
        }
    }

    /// The snapshot that a read would replace.
    pub(crate) async fn snapshot(&self) -> Result<Option<Snapshot>, PullError> {
        let snapshot = self.pull.mirror.snapshot(self.account).await;
        snapshot.map_err(|source| self.mirror_failed(source))
    }

    /// Makes a whole read the snapshot, unless too much of the list is gone.
    pub(crate) async fn finish_if_believed(&self, read: OpenRead) -> Result<Snapshot, PullError> {
        // A head removes nobody.
        let before = match read.covers() {
            ReadKind::Full => self.snapshot().await?,
            _ => None,
        };
        if let Some(before) = before {
            let (_, lost) = self.differences(&read).await?;
            if self.pull.policy.loss_limit.is_exceeded(before.users, lost) {
                let (read, before) = (Box::new(self.set_aside(&read).await?), Box::new(before));
                return Err(PullError::SetAside { read, before, lost, progress: self.progress });
            }
        }
        self.finish(&read).await
    }

    /// Makes a whole read the snapshot.
    pub(crate) async fn finish(&self, read: &OpenRead) -> Result<Snapshot, PullError> {
        let Pull { mirror, clock, .. } = self.pull;
        let finished = mirror.finish(read.id, self.fence, clock.now()).await;
        match finished.map_err(|source| self.mirror_failed(source))? {
            Finish::Finished(snapshot) => Ok(snapshot),
            _ => Err(self.lost_hold()),
        }
    }

    /// Keeps a whole read from becoming the snapshot.
    pub(crate) async fn set_aside(&self, read: &OpenRead) -> Result<OpenRead, PullError> {
        let aside = self.pull.mirror.set_aside(read.id, self.fence).await;
        match aside.map_err(|source| self.mirror_failed(source))? {
            SetAside::Aside(read) => Ok(read),
            _ => Err(self.lost_hold()),
        }
    }

    fn stopped(&self, error: ApiError, read: &OpenRead) -> PullError {
        let resume_from = read.checkpoint.next_token.clone();
        PullError::Api { error, resume_from, progress: self.progress }
    }

    const fn lost_hold(&self) -> PullError {
        PullError::LostHold { progress: self.progress }
    }

    const fn mirror_failed(&self, source: StoreError) -> PullError {
        PullError::Mirror { source, progress: self.progress }
    }
}

impl Place {
    /// Behind the checkpoint of a read.
    fn behind(read: &OpenRead, pull: &Pull<'_>) -> Self {
        let head = (read.kind == ReadKind::Head).then(|| Head::new(pull.policy.overlap));
        let seen = read.checkpoint.next_token.iter().cloned().collect();
        Self { head, seen, token_since: None, empty_pages: 0 }
    }

    /// Goes on behind a page that was answered.
    ///
    /// A page that names a token which came before, or that has lost its users, is an error and not
    /// a page: the checkpoint stays before it, and asking for it again costs one page.
    fn step(&mut self, page: &BlockingPage, now: Timestamp) -> Result<(), ApiError> {
        if page.meta.next_token.as_ref().is_some_and(|token| !self.seen.insert(token.clone())) {
            return Err(ApiError::new(Failure::Malformed).with_detail(
                "a page names a token that came before, so the list would never end",
            ));
        }
        let said = page.meta.result_count;
        if said > 0 && page.users().is_empty() {
            return Err(ApiError::new(Failure::Malformed)
                .with_detail(format!("a page says that it holds {said} users, and holds none")));
        }
        self.token_since = Some(now);
        self.empty_pages = if page.users().is_empty() { self.empty_pages + 1 } else { 0 };
        Ok(())
    }
}

/// Takes hold of a list, and waits for it where the pull does.
async fn held(
    pull: &Pull<'_>,
    account: UserId,
    watcher: &dyn Progress,
) -> Result<(Fence, HoldGuard), PullError> {
    const PAUSE: Duration = Duration::from_secs(1);
    let mut is_told = false;
    loop {
        let holder = match pull.mirror.hold(account).await.map_err(PullError::before)? {
            Hold::Held { fence, guard } => return Ok((fence, guard)),
            Hold::Busy { holder } => holder,
            _ => None,
        };
        if !pull.waits {
            return Err(PullError::Busy { holder });
        }
        if !is_told {
            watcher.held(holder.as_deref());
            is_told = true;
        }
        let soon = pull.clock.now().saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
        pull.clock.sleep_until(soon).await;
    }
}

fn endless(pages: u32) -> ApiError {
    ApiError::new(Failure::Malformed).with_detail(format!(
        "{pages} pages in a row held nobody, and each names a next one; run the pull again to go on \
         behind them"
    ))
}

fn is_about_the_token(error: &ApiError) -> bool {
    const PARAMETER: &str = "pagination_token";
    let names_it = |text: &str| text.contains(PARAMETER);
    let is_about_it = |problem: &Problem| {
        problem.message().is_some_and(names_it) || problem.parameter.as_deref() == Some(PARAMETER)
    };
    error.kind() == Failure::InvalidRequest
        && (error.detail().is_some_and(names_it) || error.problems().iter().any(is_about_it))
}
