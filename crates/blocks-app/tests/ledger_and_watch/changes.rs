//! [`changes`](blocks_app::changes): why somebody is on a list no longer.

use blocks_domain::{Absence, User, UserId, Whereabouts, Witness};
use blocks_ports::{
    Amendment, ChangeKind, ChangeQuery, Clock, Ledger, MirrorJournal, OperationKind,
    OperationOutcome, Source,
};

use crate::support::{Kept, pair, stranger, world};

/// A mirror in step with its world, and one of those whom its owner blocks.
async fn mirrored() -> (Kept, UserId) {
    let kept = Kept::of(world(50));
    kept.read().await;
    let user = kept.world.blocks(kept.world.owner(), 10)[9];
    (kept, user)
}

/// Enters an operation a minute later, with what came of it.
async fn entered(
    kept: &Kept,
    user: UserId,
    kind: OperationKind,
    outcome: Option<OperationOutcome>,
) {
    kept.world.advance(std::time::Duration::from_secs(60));
    let now = kept.clock.now();
    let id = kept.ledger.enter(pair(&kept.world, user), kind, now).await.expect("in memory");
    if let Some(outcome) = outcome {
        assert!(kept.ledger.settle(id, outcome, now).await.expect("in memory"));
    }
}

const DONE: Option<OperationOutcome> = Some(OperationOutcome::Answered { blocking: false });
const STANDS: Option<OperationOutcome> = Some(OperationOutcome::Answered { blocking: true });
const LOST: Option<OperationOutcome> = Some(OperationOutcome::Lost);
const REFUSED: Option<OperationOutcome> = Some(OperationOutcome::Refused);

#[tokio::test]
async fn a_removal_is_an_unblock_of_ours_where_one_may_have_been_carried_out() {
    use OperationKind::{Block, Unblock};
    let ours = Absence::Unblocked(Witness::Operation);
    let cases: [(&[_], _); 8] = [
        (&[], Absence::Unknown),
        (&[(Unblock, LOST)], ours),
        (&[(Unblock, None)], ours),
        (&[(Unblock, DONE)], ours),
        (&[(Unblock, REFUSED)], Absence::Unknown),
        (&[(Unblock, STANDS)], Absence::Unknown),
        (&[(Unblock, LOST), (Block, STANDS)], Absence::Unknown),
        (&[(Unblock, LOST), (Block, LOST), (Unblock, REFUSED)], ours),
    ];
    for (operations, absence) in cases {
        let (kept, user) = mirrored().await;
        for (kind, outcome) in operations {
            entered(&kept, user, *kind, *outcome).await;
        }
        kept.world.suspend(user).expect("they exist");
        kept.read().await;
        assert_eq!(kept.absences().await, [(user, absence)], "{operations:?}");
    }
}

#[tokio::test]
async fn an_operation_on_somebody_else_or_of_somebody_else_explains_nothing() {
    let (kept, user) = mirrored().await;
    let now = kept.clock.now();
    let other = kept.world.stranger(0);
    let theirs = blocks_domain::BlockPair::new(other, user).expect("two users");
    for pair in [stranger(&kept.world, 0), theirs] {
        kept.ledger.enter(pair, OperationKind::Unblock, now).await.expect("in memory");
    }
    kept.world.suspend(user).expect("they exist");
    kept.read().await;
    assert_eq!(kept.absences().await, [(user, Absence::Unknown)]);
}

#[tokio::test]
async fn an_operation_from_before_the_user_was_seen_on_the_list_explains_nothing() {
    let (kept, _) = mirrored().await;
    let pair = stranger(&kept.world, 0);
    entered(&kept, pair.target(), OperationKind::Unblock, DONE).await;
    kept.world.block(pair).expect("they exist");
    kept.read().await;
    kept.world.suspend(pair.target()).expect("they exist");
    kept.read().await;
    assert_eq!(kept.absences().await, [(pair.target(), Absence::Unknown)]);
}

#[tokio::test]
async fn each_removal_of_the_same_user_has_its_own_reason() {
    let (kept, user) = mirrored().await;
    let (owner, pair) = (kept.world.owner(), pair(&kept.world, user));
    // Ours, unheard.
    entered(&kept, user, OperationKind::Unblock, LOST).await;
    kept.world.unblock(pair).expect("they exist");
    kept.read().await;
    // Back, and gone again.
    kept.world.block(pair).expect("they exist");
    kept.read().await;
    kept.world.suspend(user).expect("they exist");
    kept.read().await;
    let found = Whereabouts::Suspended;
    kept.mirror.find(owner, user, found, kept.clock.now()).await.expect("in memory");
    // Back, and an event tells.
    kept.world.reinstate(user).expect("they exist");
    kept.read().await;
    let told = Amendment::new(User::new(user), false, Witness::Event, kept.clock.now());
    kept.mirror.amend(owner, &told).await.expect("in memory");
    let reasons = [
        Absence::Unblocked(Witness::Operation),
        Absence::Gone(Whereabouts::Suspended),
        Absence::Unblocked(Witness::Event),
    ];
    assert_eq!(kept.absences().await, reasons.map(|absence| (user, absence)));
}

#[tokio::test]
async fn a_query_that_begins_late_knows_what_came_before() {
    let (kept, _) = mirrored().await;
    let pair = stranger(&kept.world, 0);
    entered(&kept, pair.target(), OperationKind::Unblock, LOST).await;
    kept.world.block(pair).expect("they exist");
    kept.read().await;
    let since = kept.clock.now() + std::time::Duration::from_secs(1);
    kept.world.suspend(pair.target()).expect("they exist");
    kept.read().await;

    let mut late = ChangeQuery::default();
    late.since = Some(since);
    let late = kept.changes(late).await;
    assert_eq!(late.len(), 1, "the addition is not asked for");
    assert_eq!(late[0].absence, Some(Absence::Unknown), "the unblock was before the block");

    let mut of_one = ChangeQuery::default();
    of_one.user = Some(pair.target());
    assert_eq!(kept.changes(of_one).await.len(), 2);
}

#[tokio::test]
async fn what_is_no_removal_has_no_reason() {
    let (kept, _) = mirrored().await;
    kept.world.block(stranger(&kept.world, 0)).expect("they exist");
    kept.read().await;
    let seen = kept.changes(ChangeQuery::default()).await;
    assert!(matches!(seen[0].change.kind, ChangeKind::Added(Source::Read(_))), "{seen:?}");
    assert_eq!(seen[0].absence, None);
}
