//! [`explain`]: each removal is asked about once, and only a finding is one.

use std::sync::Arc;

use blocks_app::{Budgeted, ExplainStop, Explained, Metered, explain, unexplained};
use blocks_domain::{
    Absence, Failure, Problem, ProblemType, ResourceType, User, UserId, UsersPage, Whereabouts,
};
use blocks_ports::{
    ApiError, ChangeQuery, MockMirrorJournal, MockUsersApi, Reply, StoreFailure, UsersApi,
};
use futures_util::StreamExt;

use crate::support::{Kept, id, pair, store_failed, world};

async fn run(kept: &Kept, users: &dyn UsersApi) -> Result<Explained, blocks_app::ExplainError> {
    let (owner, query) = (kept.world.owner(), ChangeQuery::default());
    explain(users, &kept.mirror, &kept.ledger, &kept.clock, owner, query).await
}

/// A mirror from which the users that `lose` is given have gone, and these users.
async fn without(count: usize, lose: impl Fn(&Kept, usize, UserId)) -> (Kept, Vec<UserId>) {
    let kept = Kept::of(world(400));
    kept.read().await;
    let gone = kept.world.blocks(kept.world.owner(), count);
    for (number, user) in gone.iter().enumerate() {
        lose(&kept, number, *user);
    }
    kept.read().await;
    (kept, gone)
}

fn suspend(kept: &Kept, _: usize, user: UserId) {
    kept.world.suspend(user).expect("they exist");
}

#[tokio::test]
async fn the_three_ways_to_be_missing_are_told_apart_and_asked_about_once() {
    let (kept, gone) = without(3, |kept, number, user| {
        match number {
            0 => kept.world.suspend(user),
            1 => kept.world.deactivate(user),
            _ => kept.world.unblock(pair(&kept.world, user)).map(drop),
        }
        .expect("they exist");
    })
    .await;
    let found = run(&kept, &kept.api).await.expect("answers");
    let counts = (found.asked, found.suspended, found.not_found, found.present, found.billed);
    assert_eq!(counts, (3, 1, 1, 1, 1));
    let mut absences = kept.absences().await;
    absences.sort_by_key(|(user, _)| gone.iter().position(|one| one == user));
    let reasons = [
        Absence::Gone(Whereabouts::Suspended),
        Absence::Gone(Whereabouts::NotFound),
        Absence::Unknown,
    ];
    assert_eq!(absences.iter().map(|(_, absence)| *absence).collect::<Vec<_>>(), reasons);

    // The one who is there was paid for; that nobody knows why they are missing stays so.
    let again = run(&kept, &MockUsersApi::new()).await.expect("nobody is asked for");
    assert_eq!(again, Explained::default());
}

#[tokio::test]
async fn a_removal_after_a_return_is_asked_about_again() {
    let (kept, gone) = without(1, suspend).await;
    run(&kept, &kept.api).await.expect("answers");
    kept.world.reinstate(gone[0]).expect("they exist");
    kept.read().await;
    assert_eq!(run(&kept, &kept.api).await.expect("answers").asked, 0, "they are back");
    kept.world.deactivate(gone[0]).expect("they exist");
    kept.read().await;
    assert_eq!(run(&kept, &kept.api).await.expect("answers").not_found, 1);
    let last = kept.absences().await.pop();
    assert_eq!(last, Some((gone[0], Absence::Gone(Whereabouts::NotFound))));
}

#[tokio::test]
async fn a_lookup_that_fails_is_no_finding_and_what_came_before_it_is_kept() {
    let (kept, gone) = without(250, suspend).await;
    let mut calls = 0;
    let mut users = MockUsersApi::new();
    let real = kept.api.clone();
    users.expect_by_ids().times(2).returning(move |ids, selection| {
        calls += 1;
        assert!(ids.len() <= 100, "a batch is what one lookup takes");
        if calls == 2 {
            return Err(ApiError::new(Failure::NotFound).with_status(404));
        }
        futures_util::FutureExt::now_or_never(real.by_ids(ids, selection)).expect("at once")
    });
    let error = run(&kept, &users).await.expect_err("the second lookup fails");
    assert!(matches!(&error.stop, ExplainStop::Api(error) if error.kind() == Failure::NotFound));
    assert_eq!((error.explained.asked, error.explained.suspended), (100, 100));
    assert!(error.to_string().contains("after 100 users"), "{error}");

    let left = unexplained(&kept.mirror, &kept.ledger, kept.world.owner(), ChangeQuery::default());
    assert_eq!(left.await.expect("in memory").len(), 150);
    let again = run(&kept, &kept.api).await.expect("answers");
    assert_eq!(again.suspended, 150);
    assert_eq!(kept.absences().await.len(), gone.len());
}

#[tokio::test]
async fn asking_keeps_to_the_budget() {
    let (kept, _) = without(150, |kept, _, user| {
        kept.world.unblock(pair(&kept.world, user)).map(drop).expect("they exist");
    })
    .await;
    let (ledger, clock) = (Arc::new(kept.ledger.clone()), Arc::new(kept.clock.clone()));
    let metered = Metered::new(kept.api.clone(), ledger, clock).for_user(kept.world.owner());
    let users = Budgeted::new(metered, "1.20".parse().expect("an amount"));
    let error = run(&kept, &users).await.expect_err("a second batch of 50 costs 0.50");
    assert!(matches!(&error.stop, ExplainStop::Api(error) if error.kind() == Failure::OverBudget));
    assert_eq!((error.explained.present, error.explained.billed), (100, 100));
    assert_eq!(kept.world.meter().user_lookups, 100);
}

#[tokio::test]
async fn what_an_answer_leaves_out_or_says_in_other_words_is_no_finding() {
    let (kept, gone) = without(4, suspend).await;
    let about = |user: UserId, text: &str| {
        let mut problem = Problem::new(ProblemType::ResourceNotFound, "Forbidden");
        problem.detail = Some(format!("{text}: [{user}]."));
        problem.resource_type = Some(ResourceType::User);
        problem.resource_id = Some(user.to_string());
        problem
    };
    let mut page = UsersPage::new(vec![User::new(gone[0])]);
    page.errors = Some(vec![
        about(gone[0], "User has been suspended"),
        about(gone[1], "User is on holiday"),
        about(gone[2], "User has been suspended"),
        about(gone[2], "Could not find user with ids"),
        about(id(99), "User has been suspended"),
    ]);
    let mut users = MockUsersApi::new();
    users.expect_by_ids().once().returning(move |_, _| Ok(Reply::new(page.clone())));
    let found = run(&kept, &users).await.expect("an answer");
    assert_eq!((found.present, found.suspended, found.not_found), (1, 1, 0));
    assert_eq!((found.asked, found.unanswered(), found.billed), (4, 2, 1));
    let left = unexplained(&kept.mirror, &kept.ledger, kept.world.owner(), ChangeQuery::default());
    let left: Vec<_> = left.await.expect("in memory").into_iter().collect();
    let mut open = vec![gone[1], gone[3]];
    open.sort();
    assert_eq!(left, open);
}

#[tokio::test]
async fn a_finding_that_cannot_be_noted_ends_it() {
    let (kept, _) = without(2, suspend).await;
    let mut journal = MockMirrorJournal::new();
    let real = kept.mirror.clone();
    journal.expect_changes().returning(move |account, query| {
        blocks_ports::MirrorJournal::changes(&real, account, query).boxed()
    });
    journal.expect_find().once().returning(|_, _, _, _| Err(store_failed(StoreFailure::Full)));
    let (owner, query) = (kept.world.owner(), ChangeQuery::default());
    let ended = explain(&kept.api, &journal, &kept.ledger, &kept.clock, owner, query).await;
    let error = ended.expect_err("the journal is full");
    assert!(matches!(error.stop, ExplainStop::Store(_)));
    assert_eq!(error.explained.suspended, 0);
}
