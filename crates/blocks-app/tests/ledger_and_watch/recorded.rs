//! [`Recorded`]: an operation is written down before it is sent, and settled after.

use std::sync::{Arc, Mutex};

use blocks_app::{Recorded, Retried, RetryPolicy};
use blocks_domain::{BlockPair, BlockState, Failure, ForbiddenReason, Witness};
use blocks_fake::stores::{JumpingClock, MemoryLedger, MemoryMirrorStore};
use blocks_ports::{
    Amended, ApiError, BlocksApi, Ledger, MockBlocksApi, MockLedger, MockMirrorJournal, Operation,
    OperationId, OperationKind, OperationOutcome, OperationQuery, Reply, StoreFailure,
};
use futures_util::TryStreamExt;

use crate::support::{Kept, id, noon, pages_of, store_failed, stranger, world};

fn pair() -> BlockPair {
    BlockPair::new(id(1), id(2)).expect("two users")
}

fn recorded<A>(inner: A, ledger: &MemoryLedger) -> Recorded<A> {
    let (journal, clock) = (MemoryMirrorStore::default(), JumpingClock::new(noon()));
    Recorded::new(inner, Arc::new(ledger.clone()), Arc::new(journal), Arc::new(clock))
}

async fn operations(ledger: &MemoryLedger, pair: BlockPair) -> Vec<Operation> {
    let operations = ledger.operations(pair.source(), OperationQuery::default());
    operations.try_collect().await.expect("in memory")
}

#[tokio::test]
async fn an_operation_is_in_the_ledger_while_it_is_under_way() {
    let (ledger, seen) = (MemoryLedger::default(), Arc::new(Mutex::new(Vec::new())));
    let mut inner = MockBlocksApi::new();
    let (watched, noted) = (ledger.clone(), Arc::clone(&seen));
    inner.expect_unblock().returning(move |pair| {
        let under_way = futures_util::FutureExt::now_or_never(operations(&watched, pair));
        *noted.lock().expect("one thread") = under_way.expect("in memory");
        Ok(Reply::new(BlockState::new(false)))
    });
    recorded(inner, &ledger).unblock(pair()).await.expect("an answer");
    let under_way = seen.lock().expect("one thread").clone();
    assert_eq!(under_way.len(), 1);
    assert_eq!((under_way[0].kind, under_way[0].outcome), (OperationKind::Unblock, None));
    let outcome = OperationOutcome::Answered { blocking: false };
    assert_eq!(operations(&ledger, pair()).await[0].outcome, Some((outcome, noon())));
}

#[tokio::test]
async fn nothing_is_sent_that_is_not_written_down() {
    let mut ledger = MockLedger::new();
    ledger.expect_enter().returning(|_, _, _| Err(store_failed(StoreFailure::Full)));
    let journal = Arc::new(MockMirrorJournal::new());
    let clock = Arc::new(JumpingClock::new(noon()));
    let api = Recorded::new(MockBlocksApi::new(), Arc::new(ledger), journal, clock);
    let error = api.block(pair()).await.expect_err("not sent");
    assert_eq!((error.kind(), error.was_sent()), (Failure::Backend, false));
    assert!(error.to_string().contains("the block was not sent"), "{error}");
}

#[tokio::test]
async fn neither_ledger_nor_journal_takes_an_answer_away() {
    let mut ledger = MockLedger::new();
    ledger.expect_enter().returning(|_, _, _| Ok(OperationId::new(1)));
    ledger.expect_settle().once().returning(|_, _, _| Err(store_failed(StoreFailure::Full)));
    let mut journal = MockMirrorJournal::new();
    journal.expect_amend().once().returning(|_, _| Err(store_failed(StoreFailure::Busy)));
    let mut inner = MockBlocksApi::new();
    inner.expect_block().returning(|_| Ok(Reply::new(BlockState::new(true))));
    let clock = Arc::new(JumpingClock::new(noon()));
    let api = Recorded::new(inner, Arc::new(ledger), Arc::new(journal), clock);
    assert!(api.block(pair()).await.expect("it was done").value.blocking);
}

#[tokio::test]
async fn a_failure_is_a_refusal_only_where_nothing_was_done_for_certain() {
    let error = ApiError::new;
    let cases = [
        (error(Failure::InvalidRequest), OperationOutcome::Refused),
        (error(Failure::Unauthenticated), OperationOutcome::Refused),
        (error(Failure::OutOfCredits), OperationOutcome::Refused),
        (error(Failure::Forbidden(ForbiddenReason::ScopeOrPlan)), OperationOutcome::Refused),
        (error(Failure::NotFound), OperationOutcome::Refused),
        (error(Failure::RateLimited), OperationOutcome::Refused),
        (error(Failure::Capped), OperationOutcome::Refused),
        (error(Failure::Unsupported), OperationOutcome::Refused),
        (error(Failure::Transport).not_sent(), OperationOutcome::Refused),
        (error(Failure::Backend).not_sent(), OperationOutcome::Refused),
        (error(Failure::Unavailable).with_status(503), OperationOutcome::Lost),
        (error(Failure::Timeout).with_status(408), OperationOutcome::Lost),
        (error(Failure::Transport), OperationOutcome::Lost),
        (error(Failure::Malformed).with_status(200), OperationOutcome::Lost),
        (error(Failure::Backend), OperationOutcome::Lost),
    ];
    for (error, outcome) in cases {
        let (ledger, kind) = (MemoryLedger::default(), error.kind());
        let mut error = Some(error);
        let mut inner = MockBlocksApi::new();
        inner.expect_unblock().returning(move |_| Err(error.take().expect("one call")));
        recorded(inner, &ledger).unblock(pair()).await.expect_err("it fails");
        let settled = operations(&ledger, pair()).await[0].outcome;
        assert_eq!(settled, Some((outcome, noon())), "{kind:?}");
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_stays_open() {
    let ledger = MemoryLedger::default();
    let api = recorded(Silent, &ledger);
    let unblock = futures_util::FutureExt::now_or_never(api.unblock(pair()));
    assert!(unblock.is_none(), "no answer comes");
    let left = operations(&ledger, pair()).await;
    assert!(left[0].outcome.is_none() && left[0].may_have_unblocked());
}

#[tokio::test]
async fn a_refusal_does_not_hide_the_attempt_whose_answer_was_lost() {
    let ledger = MemoryLedger::default();
    let mut answers = vec![ApiError::new(Failure::NotFound), ApiError::new(Failure::Timeout)];
    let mut inner = MockBlocksApi::new();
    inner.expect_unblock().times(2).returning(move |_| Err(answers.pop().expect("two calls")));
    let clock = Arc::new(JumpingClock::new(noon()));
    let api = Retried::new(recorded(inner, &ledger), clock, RetryPolicy::at_most(3));
    api.unblock(pair()).await.expect_err("refused the second time");
    let done = operations(&ledger, pair()).await;
    let may_have: Vec<_> = done.iter().map(Operation::may_have_unblocked).collect();
    assert_eq!(may_have, [true, false]);
}

#[tokio::test]
async fn the_answer_is_in_the_mirror_at_once() {
    let kept = Kept::of(world(5));
    kept.read().await;
    let (ledger, mirror) = (Arc::new(kept.ledger.clone()), Arc::new(kept.mirror.clone()));
    let clock = Arc::new(kept.clock.clone());
    let api = Recorded::new(kept.api.clone(), ledger, mirror, clock);
    let pair = stranger(&kept.world, 0);

    api.block(pair).await.expect("an answer");
    assert!(kept.mirrored().await.contains(&pair.target()));
    api.unblock(pair).await.expect("an answer");
    assert!(!kept.mirrored().await.contains(&pair.target()));
    let told = blocks_domain::Absence::Unblocked(Witness::Operation);
    assert_eq!(kept.absences().await, [(pair.target(), told)]);
    let page = api.blocking(kept.world.owner(), &pages_of(10)).await.expect("reads pass through");
    assert_eq!(page.value.users().len(), 5);
}

#[tokio::test]
async fn the_mirror_takes_what_x_answers_and_not_what_was_asked() {
    let mut journal = MockMirrorJournal::new();
    journal
        .expect_amend()
        .withf(|account, amendment| {
            *account == id(1)
                && amendment.user.id == id(2)
                && amendment.blocked
                && amendment.witness == Witness::Operation
                && amendment.event.is_none()
        })
        .once()
        .returning(|_, _| Ok(Amended::Unchanged));
    let mut inner = MockBlocksApi::new();
    inner.expect_unblock().returning(|_| Ok(Reply::new(BlockState::new(true))));
    let (ledger, clock) = (MemoryLedger::default(), JumpingClock::new(noon()));
    let api = Recorded::new(inner, Arc::new(ledger.clone()), Arc::new(journal), Arc::new(clock));
    api.unblock(pair()).await.expect("an answer");
    assert!(!operations(&ledger, pair()).await[0].may_have_unblocked());
}

/// An API that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait::async_trait]
impl BlocksApi for Silent {
    async fn blocking(
        &self,
        _: blocks_domain::UserId,
        _: &blocks_domain::BlockingQuery,
    ) -> Result<Reply<blocks_domain::BlockingPage>, ApiError> {
        std::future::pending().await
    }

    async fn block(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        std::future::pending().await
    }

    async fn unblock(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        std::future::pending().await
    }
}
