//! [`Metered`] and [`Budgeted`]: the ledger says what X charges, and the budget pays no more.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::{Budgeted, Metered};
use blocks_domain::{
    BillingDay, BlockingPage, Charge, Meta, PageToken, Selection, Usd, User, UserReply, UsersPage,
};
use blocks_fake::stores::{JumpingClock, MemoryLedger};
use blocks_fake::{FakeApi, World};
use blocks_ports::{
    BlocksApi, Ledger, MockBlocksApi, MockLedger, MockUsersApi, Reply, StoreFailure, UsersApi,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::support::{Kept, OffClock, id, noon, pages_of, store_failed, stranger, world};

fn metered<A>(inner: A, ledger: &MemoryLedger) -> Metered<A> {
    Metered::new(inner, Arc::new(ledger.clone()), Arc::new(JumpingClock::new(noon())))
}

/// An API whose every page holds these users, and is of that date.
fn pages(users: &'static [u64], date: Option<Timestamp>) -> MockBlocksApi {
    let mut api = MockBlocksApi::new();
    api.expect_blocking().returning(move |_, _| {
        let users: Vec<_> = users.iter().map(|user| User::new(id(*user))).collect();
        let meta = Meta::new(users.len() as u32);
        let mut reply = Reply::new(BlockingPage::new(users, meta));
        reply.meta.date = date;
        Ok(reply)
    });
    api
}

#[tokio::test]
async fn the_same_page_is_free_until_midnight_of_the_server() {
    let before = "2026-08-07T23:59:59Z".parse().expect("a time");
    let after = "2026-08-08T00:00:00Z".parse().expect("a time");
    let ledger = MemoryLedger::default();
    for (date, billed) in [(before, 3), (before, 0), (after, 3), (before, 0)] {
        let api = metered(pages(&[2, 3, 4], Some(date)), &ledger);
        let reply = api.blocking(id(1), &pages_of(10)).await.expect("a page");
        assert_eq!(reply.meta.billed, Some(billed), "{date}");
    }
}

#[tokio::test]
async fn a_date_that_nobody_can_believe_is_not_believed() {
    let ledger = MemoryLedger::default();
    for date in [None, Some(Timestamp::UNIX_EPOCH), Some(noon() + SignedDuration::from_hours(25))] {
        let api = metered(pages(&[2], date), &ledger);
        api.blocking(id(1), &pages_of(10)).await.expect("a page");
    }
    let spent = ledger.spent(id(1), BillingDay::of(noon())).await.expect("in memory");
    assert_eq!(spent.block_reads, 1, "all three are of today by the own clock");
    let epoch = BillingDay::of(Timestamp::UNIX_EPOCH);
    assert_eq!(ledger.spent(id(1), epoch).await.expect("in memory").block_reads, 0);
}

#[tokio::test]
async fn a_ledger_that_fails_takes_no_answer_away() {
    let mut ledger = MockLedger::new();
    ledger.expect_bill().returning(|_, _, _, _| Err(store_failed(StoreFailure::Full)));
    let clock = Arc::new(JumpingClock::new(noon()));
    let api = Metered::new(pages(&[2, 3], None), Arc::new(ledger), clock);
    let reply = api.blocking(id(1), &pages_of(10)).await.expect("the page is paid");
    assert_eq!((reply.value.users().len(), reply.meta.billed), (2, None));
}

#[tokio::test]
async fn lookups_are_billed_to_whoever_is_signed_in() {
    let users = || {
        let mut users = MockUsersApi::new();
        users.expect_me().returning(|_| Ok(Reply::new(UserReply::new(User::new(id(1))))));
        let found = || Ok(Reply::new(UsersPage::new(vec![User::new(id(7))])));
        users.expect_by_ids().returning(move |_, _| found());
        users.expect_by_usernames().returning(move |_, _| found());
        users
    };
    let nothing = Selection::default();
    let names = ["ada".parse().expect("a handle")];

    let ledger = MemoryLedger::default();
    let api = metered(users(), &ledger);
    let unknown = api.by_ids(&[id(7)], &nothing).await.expect("an answer");
    assert_eq!(unknown.meta.billed, None, "nobody knows whose it is");
    assert_eq!(api.me(&nothing).await.expect("an answer").meta.billed, Some(1));

    let api = api.for_user(id(1));
    assert_eq!(api.me(&nothing).await.expect("an answer").meta.billed, Some(0));
    assert_eq!(api.by_ids(&[id(7)], &nothing).await.expect("an answer").meta.billed, Some(1));
    assert_eq!(api.by_usernames(&names, &nothing).await.expect("an answer").meta.billed, Some(0));
    let spent = ledger.spent(id(1), BillingDay::of(noon())).await.expect("in memory");
    assert_eq!((spent.user_lookups, spent.block_reads), (2, 0));
}

#[tokio::test]
async fn what_was_paid_today_costs_the_budget_nothing_and_is_reserved_all_the_same() {
    let ledger = MemoryLedger::default();
    let budget = "0.1".parse().expect("an amount");
    let api = Budgeted::new(metered(pages(&[2, 3, 4], None), &ledger), budget);
    let left = |api: &Budgeted<_>| api.left().to_string();
    api.blocking(id(1), &pages_of(100)).await.expect("a page");
    assert_eq!(left(&api), "USD 0.097");
    api.blocking(id(1), &pages_of(97)).await.expect("a page");
    assert_eq!(left(&api), "USD 0.097", "all three were paid for");

    let mut inner = MockBlocksApi::new();
    inner
        .expect_blocking()
        .withf(|_, query| query.max_results().get() == 2)
        .once()
        .returning(|_, _| Ok(Reply::new(BlockingPage::new(Vec::new(), Meta::new(0)))));
    let api = Budgeted::new(metered(inner, &ledger), "0.002".parse().expect("an amount"));
    api.blocking(id(1), &pages_of(100)).await.expect("a page that can be paid at the worst");
}

#[tokio::test]
async fn writes_pass_through() {
    let kept = Kept::of(world(3));
    let api = Budgeted::new(metered(kept.api.clone(), &kept.ledger), Usd::ZERO);
    let pair = stranger(&kept.world, 0);
    assert!(api.block(pair).await.expect("no charge").value.blocking);
    assert!(!api.unblock(pair).await.expect("no charge").value.blocking);
}

/// Something that a program does, or that happens meanwhile.
#[derive(Debug, Clone)]
enum Step {
    /// A page of so many, from the top or behind the last one.
    Read {
        users: u32,
        on: bool,
    },
    LookUp(Vec<u32>),
    Names(Vec<u32>),
    Me,
    Block(u32),
    Suspend(u32),
    Later(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let people = || prop::collection::vec(0..12_u32, 1..6);
    prop_oneof![
        4 => (1..30_u32, any::<bool>()).prop_map(|(users, on)| Step::Read { users, on }),
        2 => people().prop_map(Step::LookUp),
        1 => people().prop_map(Step::Names),
        1 => Just(Step::Me),
        1 => (0..12_u32).prop_map(Step::Block),
        1 => (0..12_u32).prop_map(Step::Suspend),
        3 => (1..40_u64).prop_map(Step::Later),
    ]
}

async fn take(
    api: &Budgeted<Metered<FakeApi>>,
    world: &World,
    step: Step,
    next: &mut Option<PageToken>,
) {
    let nothing = Selection::default();
    match step {
        Step::Read { users, on } => {
            let query = pages_of(users);
            let query = match next.take().filter(|_| on) {
                Some(token) => query.with_pagination_token(token),
                None => query,
            };
            // A token may have expired, and the purse may be empty.
            if let Ok(reply) = api.blocking(world.owner(), &query).await {
                *next = reply.value.meta.next_token;
            }
        }
        Step::LookUp(people) => {
            let ids: Vec<_> = people.into_iter().map(|number| world.stranger(number)).collect();
            let _ = api.by_ids(&ids, &nothing).await;
        }
        Step::Names(people) => {
            let name = |number| world.profile(world.stranger(number))?.username.parse().ok();
            let names: Vec<_> = people.into_iter().filter_map(name).collect();
            let _ = api.by_usernames(&names, &nothing).await;
        }
        Step::Me => drop(api.me(&nothing).await),
        Step::Block(number) => drop(world.block(stranger(world, number))),
        Step::Suspend(number) => drop(world.suspend(world.stranger(number))),
        Step::Later(hours) => world.advance(Duration::from_secs(hours * 3600)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever is read over several days, by a machine whose clock is hours off.
    #[test]
    fn the_ledger_has_what_x_charges_and_the_budget_pays_just_that(
        steps in prop::collection::vec(step(), 1..40),
        ahead in -14..=14_i64,
        budget in 0..400_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let world = World::builder().seed(9).blocks(25).unavailable(150).limits(false);
        let kept = Kept::of(world.still_at(noon()).build());
        let world = &kept.world;
        let clock = OffClock { world: world.clone(), ahead: SignedDuration::from_hours(ahead) };
        let api = Metered::new(kept.api.clone(), Arc::new(kept.ledger.clone()), Arc::new(clock));
        let budget = Charge::BlockRead.price().cost_of(budget.into());
        let api = Budgeted::new(api.for_user(world.owner()), budget);
        let mut next = None;
        for step in steps {
            runtime.block_on(take(&api, world, step, &mut next));
            let (spent, charged) = (runtime.block_on(kept.spent_around(noon(), 70)), world.meter());
            prop_assert_eq!(spent.block_reads, charged.block_reads);
            prop_assert_eq!(spent.user_lookups, charged.user_lookups);
            prop_assert_eq!(spent.cost(), charged.cost);
            prop_assert!(charged.cost <= budget);
            prop_assert_eq!(api.left().checked_add(charged.cost), Some(budget));
        }
    }
}
