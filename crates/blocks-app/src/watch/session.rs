//! One stream after the other.

use std::collections::HashSet;
use std::pin::pin;

use blocks_domain::{
    BlockEvent, BlockEventType, BlockPair, BlockingQuery, Charge, Failure, PageToken,
    SubscriptionRequest, UserId, Witness,
};
use blocks_ports::{Amended, Amendment, ApiError, BlockEvents, StoreError, StoreFailure};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use jiff::Timestamp;

use super::patience::Patience;
use super::{Interruption, Told, Watch, WatchError, Watcher};
use crate::{Pull, PullError, PullReport, Wanted};

/// What follows one account.
#[derive(Debug)]
pub(super) struct Session<'a> {
    watch: &'a Watch<'a>,
    account: UserId,
    query: &'a BlockingQuery,
    watcher: &'a dyn Watcher,
    /// What catches up next.
    pull: Pull<'a>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        watch: &'a Watch<'a>,
        account: UserId,
        query: &'a BlockingQuery,
        watcher: &'a dyn Watcher,
    ) -> Self {
        Self { watch, account, query, watcher, pull: watch.pull }
    }

    /// Opens the stream, catches up, and takes in what is told, until something is in the way that
    /// passes.
    ///
    /// What is told while a read catches up is taken in at once, and stands over what was read.
    /// Nobody has met those users in the list, so that they are no known ground for the read.
    pub(super) async fn follow(
        &mut self,
        patience: &mut Patience,
    ) -> Result<Interruption, WatchError> {
        let mut events = match self.connect().await {
            Ok(events) => events,
            Err(error) => return passing(error),
        };
        self.watcher.connected();
        let opened_at = self.watch.clock.now();
        let (since, end) = {
            let read = pin!(self.catch_up(opened_at));
            let live = pin!(self.live(&mut events));
            match select(read, live).await {
                Either::Left((since, live)) => (since?, live.await?),
                Either::Right((end, read)) => {
                    let end = end?;
                    (read.await?, end)
                }
            }
        };
        // Whatever happens now is a gap after the head of the list that was just read.
        self.pull = self.watch.pull.wanting(Wanted::Head);
        patience.was_well(since, self.watch.clock.now());
        end.map_or_else(passing, |()| Ok(Interruption::Ended))
    }

    /// Tells what is in the way, and waits.
    pub(super) async fn wait(&self, why: &Interruption, patience: &mut Patience) {
        let until = patience.next(error_of(why), self.watch.clock.now());
        self.watcher.interrupted(why, until);
        self.watch.clock.sleep_until(until).await;
    }

    async fn connect(&self) -> Result<BlockEvents, ApiError> {
        let standing = self.standing().await?;
        for kind in [BlockEventType::Block, BlockEventType::Unblock] {
            if !standing.contains(&kind) {
                self.subscribe(kind).await?;
            }
        }
        Ok(self.watch.feed.events().await?.value)
    }

    async fn subscribe(&self, kind: BlockEventType) -> Result<(), ApiError> {
        let request = SubscriptionRequest::new(kind.clone(), self.account);
        match self.watch.feed.subscribe(&request).await {
            Ok(made) => self.watcher.subscribed(&made.value),
            Err(error) => {
                // Somebody else may have been faster.
                if !self.standing().await.is_ok_and(|standing| standing.contains(&kind)) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// What is subscribed to of the account.
    async fn standing(&self) -> Result<Vec<BlockEventType>, ApiError> {
        let (mut standing, mut seen): (Vec<_>, HashSet<PageToken>) = Default::default();
        let mut next = None;
        loop {
            let page = self.watch.feed.subscriptions(next).await?.value;
            let ours = page.subscriptions().iter().filter(|one| {
                one.filter.as_ref().is_some_and(|filter| filter.user_id == Some(self.account))
            });
            standing.extend(ours.map(|one| one.event_type.clone()));
            let Some(token) = page.next_token().cloned() else {
                return Ok(standing);
            };
            if !seen.insert(token.clone()) {
                return Err(ApiError::new(Failure::Malformed).with_detail(
                    "a page of subscriptions names a token that came before, so they never end",
                ));
            }
            next = Some(token);
        }
    }

    /// Reads what is new, and tells when that was done.
    async fn catch_up(&self, opened_at: Timestamp) -> Result<Timestamp, WatchError> {
        let report = self.read(opened_at).await?;
        self.watcher.caught_up(&report);
        Ok(self.watch.clock.now())
    }

    /// Reads what is new, as often as it takes to have read all that happened before the stream was
    /// open: a read that was begun earlier has met the top of the list before that.
    async fn read(&self, opened_at: Timestamp) -> Result<PullReport, WatchError> {
        let mut patience = Patience::new(self.watch.policy);
        let mut pull = self.pull;
        loop {
            match pull.run(self.account, self.query.clone(), self.watcher).await {
                Ok(report) if report.snapshot.started_at < opened_at => {
                    pull = pull.wanting(Wanted::Head);
                }
                Ok(report) => return Ok(report),
                Err(PullError::NothingToGoOnFrom) => pull = pull.wanting(Wanted::Full),
                Err(error) if does_pass(&error) => {
                    self.wait(&Interruption::Behind(error), &mut patience).await;
                }
                Err(error) => return Err(WatchError::CatchUp(error)),
            }
        }
    }

    /// Takes in what is told, until the stream ends.
    async fn live(&self, events: &mut BlockEvents) -> Result<Result<(), ApiError>, WatchError> {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.apply(&event).await?,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    async fn apply(&self, event: &BlockEvent) -> Result<(), WatchError> {
        let told = match self.amendment(event) {
            Some(amendment) => self.amend(&amendment).await.map_err(WatchError::Journal)?,
            None => Told::Ignored,
        };
        if told != Told::Repeated {
            self.bill(event).await;
        }
        self.watcher.event(event, told);
        Ok(())
    }

    /// What an event says of the mirror, if it says anything.
    fn amendment(&self, event: &BlockEvent) -> Option<Amendment> {
        let blocked = match event.event_type {
            BlockEventType::Block => true,
            BlockEventType::Unblock => false,
            _ => return None,
        };
        let pair = event.pair().filter(|pair| pair.source() == self.account)?;
        let target = event.payload.as_ref().map(|payload| payload.target.data.clone())?;
        debug_assert_eq!(target.id, pair.target(), "the pair is made of the payload");
        let now = self.watch.clock.now();
        let amendment = Amendment::new(target, blocked, Witness::Event, now);
        Some(match &event.event_uuid {
            Some(name) => amendment.by_event(name),
            None => amendment,
        })
    }

    /// Tells the journal; one that is busy is asked again for a while.
    async fn amend(&self, amendment: &Amendment) -> Result<Told, StoreError> {
        const TRIES: usize = 8;
        let mut patience = Patience::new(self.watch.policy);
        for _ in 1..TRIES {
            match self.watch.journal.amend(self.account, amendment).await {
                Err(error) if error.kind == StoreFailure::Busy => {
                    self.wait(&Interruption::Busy(error), &mut patience).await;
                }
                amended => return amended.map(told_of),
            }
        }
        self.watch.journal.amend(self.account, amendment).await.map(told_of)
    }

    /// Notes that an event is paid, unless it is another account's.
    async fn bill(&self, event: &BlockEvent) {
        let filter = event.filter.as_ref().and_then(|filter| filter.user_id);
        let whose = filter.or_else(|| event.pair().map(BlockPair::source));
        if whose.is_some_and(|user| user != self.account) {
            return;
        }
        let user = event.pair().map_or(self.account, BlockPair::target);
        let Watch { ledger, clock, .. } = self.watch;
        let billed = ledger.bill(self.account, Charge::BlockEvent, &[user], clock.now()).await;
        if let Err(error) = billed {
            tracing::warn!(%error, "what was paid could not be noted");
        }
    }
}

const fn told_of(amended: Amended) -> Told {
    match amended {
        Amended::Changed => Told::Changed,
        Amended::Repeated => Told::Repeated,
        _ => Told::Unchanged,
    }
}

/// Trouble with the feed, if it passes; else it is the end.
fn passing(error: ApiError) -> Result<Interruption, WatchError> {
    if error.kind().is_retryable() {
        Ok(Interruption::Broken(error))
    } else {
        Err(WatchError::Feed(error))
    }
}

/// Whether a read may get on where it was stopped, without anybody's doing.
fn does_pass(error: &PullError) -> bool {
    match error {
        PullError::Api { error, .. } => error.kind().is_retryable(),
        PullError::Busy { .. } | PullError::LostHold { .. } => true,
        PullError::Mirror { source, .. } => source.kind == StoreFailure::Busy,
        _ => false,
    }
}

const fn error_of(why: &Interruption) -> Option<&ApiError> {
    match why {
        Interruption::Broken(error) | Interruption::Behind(PullError::Api { error, .. }) => {
            Some(error)
        }
        _ => None,
    }
}
