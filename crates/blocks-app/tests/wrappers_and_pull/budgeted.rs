//! [`Budgeted`]: never a user more than was allowed.

use std::sync::{Arc, Mutex};

use blocks_app::Budgeted;
use blocks_domain::{Failure, Price, Selection, Usd, User, UserReply, UsersPage};
use blocks_ports::{ApiError, BlocksApi, MockBlocksApi, MockUsersApi, Reply, UsersApi};
use proptest::prelude::*;

use crate::support::{answer, failure, me, page, pages_of, scripted};

fn usd(text: &str) -> Usd {
    text.parse().expect("an amount")
}

#[tokio::test]
async fn what_was_not_returned_is_given_back() {
    let api = Budgeted::new(scripted([answer(page(0..30, None))]), usd("0.1"));
    api.blocking(me(), &pages_of(100)).await.expect("a page");
    assert_eq!(api.left(), usd("0.07"));
}

#[tokio::test]
async fn a_small_rest_shrinks_the_page_and_then_ends_it() {
    let mut inner = MockBlocksApi::new();
    inner
        .expect_blocking()
        .withf(|_, query| query.max_results().get() == 25)
        .once()
        .returning(|_, _| answer(page(0..25, None)));
    let api = Budgeted::new(inner, usd("0.025"));
    api.blocking(me(), &pages_of(100)).await.expect("a smaller page");
    let error = api.blocking(me(), &pages_of(100)).await.expect_err("nothing is left");
    assert_eq!(error.kind(), Failure::OverBudget);
    assert!(error.to_string().contains("USD 0.00 is left"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_not_paid_for_and_a_lost_answer_may_be() {
    let refused = Err(ApiError::new(Failure::Unavailable).with_status(503));
    let api = Budgeted::new(scripted([refused, failure(Failure::Timeout)]), usd("0.15"));
    let _ = api.blocking(me(), &pages_of(100)).await;
    assert_eq!(api.left(), usd("0.15"));
    let _ = api.blocking(me(), &pages_of(100)).await;
    assert_eq!(api.left(), usd("0.05"));
}

#[tokio::test]
async fn a_page_longer_than_asked_is_paid_from_what_is_left() {
    let answers = [answer(page(0..15, None)), answer(page(0..1000, None))];
    let api = Budgeted::new(scripted(answers), usd("0.03"));
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    assert_eq!(api.left(), usd("0.015"));
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    assert_eq!(api.left(), Usd::ZERO, "there is no debt");
}

#[tokio::test]
async fn a_call_that_was_never_sent_costs_nothing() {
    let not_sent = Err(ApiError::new(Failure::Unauthenticated).not_sent());
    let api = Budgeted::new(scripted([not_sent]), usd("0.15"));
    api.blocking(me(), &pages_of(100)).await.expect_err("not sent");
    assert_eq!(api.left(), usd("0.15"));
}

#[tokio::test]
async fn a_lookup_is_charged_for_each_user_found() {
    let mut inner = MockUsersApi::new();
    inner.expect_me().returning(|_| Ok(Reply::new(UserReply::new(User::new(me())))));
    inner.expect_by_ids().returning(|_, _| Ok(Reply::new(UsersPage::new(vec![User::new(me())]))));
    let api = Budgeted::new(inner, usd("0.035"));
    api.me(&Selection::default()).await.expect("an answer");
    assert_eq!(api.left(), usd("0.025"));
    api.by_ids(&[me(), me()], &Selection::default()).await.expect("one of two is found");
    assert_eq!(api.left(), usd("0.015"));
}

#[tokio::test]
async fn a_lookup_that_cannot_be_paid_whole_is_not_made() {
    let api = Budgeted::new(MockUsersApi::new(), usd("0.015"));
    let names = ["ada", "bob"].map(|name| name.parse().expect("a handle"));
    let error = api.by_usernames(&names, &Selection::default()).await.expect_err("one can be paid");
    assert_eq!((error.kind(), error.was_sent()), (Failure::OverBudget, false));
    assert_eq!(api.left(), usd("0.015"));
}

proptest! {
    /// A server that returns as many users as it likes, up to the page asked for.
    #[test]
    fn no_more_users_are_read_than_the_budget_pays(
        budget in 0..500_u64,
        pages in prop::collection::vec((1..200_u32, 0..100_u64), 0..12),
    ) {
        let read = Arc::new(Mutex::new(0_u64));
        let counted = Arc::clone(&read);
        let shares: Vec<_> = pages.iter().map(|(_, share)| *share).collect();
        let mut calls = 0;
        let mut inner = MockBlocksApi::new();
        inner.expect_blocking().returning(move |_, query| {
            let users = u64::from(query.max_results().get()) * shares[calls] / 100;
            calls += 1;
            *counted.lock().expect("one thread") += users;
            answer(page(0..users, None))
        });
        let budget = Price::BLOCK_READ.cost_of(budget);
        let api = Budgeted::new(inner, budget);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (size, _) in &pages {
            let _ = runtime.block_on(api.blocking(me(), &pages_of(*size)));
        }
        let spent = Price::BLOCK_READ.cost_of(*read.lock().expect("one thread"));
        prop_assert!(spent <= budget);
        prop_assert_eq!(api.left().checked_add(spent), Some(budget));
    }
}
