//! The lease of a sign-in: taken before it is ended or moved, and given back.

use std::time::Duration;

use blocks_app::{KeeperPolicy, SignIns};
use blocks_ports::{Claim, Clock, MockTokenStore, Renamed, StoreError, StoreFailure, TokenStore};

use crate::support::{Home, account, office, sign_in_of, work};

/// What needs the lease.
const OPERATIONS: [&str; 4] = ["sign out", "forget", "rename", "remove"];

async fn perform(operation: &str, sign_ins: &SignIns<'_>) -> Result<(), StoreError> {
    match operation {
        "sign out" => sign_ins.sign_out(&work(), async |_| Ok(())).await.map(drop),
        "forget" => sign_ins.forget(&work()).await.map(drop),
        "rename" => sign_ins.rename(&work(), &office()).await.map(drop),
        "remove" => sign_ins.remove(&work()).await.map(drop),
        other => panic!("no such operation: {other}"),
    }
}

#[tokio::test]
async fn what_another_process_is_refreshing_is_waited_for() {
    let KeeperPolicy { lease, poll, .. } = KeeperPolicy::default();
    for operation in OPERATIONS {
        let home = Home::new().await;
        home.take_lease(&work()).await;
        let begun = home.clock.now();
        perform(operation, &home.sign_ins()).await.expect("the lease ends");
        let waited = home.clock.now().duration_since(begun).unsigned_abs();
        assert!(waited >= lease && waited <= lease + poll, "{operation}: {waited:?}");
    }
}

#[tokio::test]
async fn others_who_never_finish_are_not_waited_for_without_end() {
    for operation in OPERATIONS {
        let home = Home::new().await;
        let before = home.stores.load(&work()).await.expect("it loads");
        let mut tokens = MockTokenStore::new();
        let stored = before.clone();
        tokens.expect_load().returning(move |_| Ok(stored.clone()));
        let busy = || Claim::Busy { retry_in: Duration::from_secs(60) };
        tokens.expect_claim().returning(move |_, _, _, _| Ok(busy()));
        let sign_ins = SignIns::new(&home.stores, &tokens, &home.clock);
        let error = perform(operation, &sign_ins).await.expect_err("no turn");
        assert_eq!(error.kind, StoreFailure::Busy, "{operation}");
        assert!(home.account(&work()).await.is_some());
    }
}

#[tokio::test]
async fn leases_are_given_back() {
    for operation in OPERATIONS {
        let home = Home::new().await;
        perform(operation, &home.sign_ins()).await.expect("nothing fails");
        for name in [work(), office()] {
            home.take_lease(&name).await;
        }
    }
    let home = Home::new().await;
    let revoke = async |_| Err(StoreError::new(StoreFailure::Other, "no connection"));
    home.sign_ins().sign_out(&work(), revoke).await.expect_err("not revoked");
    home.take_lease(&work()).await;
}

#[tokio::test]
async fn nobody_waits_for_a_lease_to_sign_in() {
    let home = Home::new().await;
    home.take_lease(&work()).await;
    let begun = home.clock.now();
    let account = account(work(), 7);
    let new = sign_in_of(&account, "new");
    home.sign_ins().sign_in(&account, new).await.expect("nothing fails");
    assert_eq!(home.clock.now(), begun);
}

#[tokio::test]
async fn a_name_that_nobody_has_or_that_is_taken_costs_no_lease() {
    let home = Home::new().await;
    home.take_lease(&work()).await;
    let begun = home.clock.now();
    let sign_ins = home.sign_ins();
    let nobody = "nobody".parse().expect("a name");
    assert_eq!(sign_ins.rename(&nobody, &office()).await.expect("asked"), Renamed::NotFound);
    assert_eq!(sign_ins.rename(&work(), &work()).await.expect("asked"), Renamed::Done);
    let second = account("second".parse().expect("a name"), 8);
    sign_ins.sign_in(&second, sign_in_of(&second, "theirs")).await.expect("nothing fails");
    assert_eq!(sign_ins.rename(&work(), &second.name).await.expect("asked"), Renamed::Taken);
    assert_eq!(home.clock.now(), begun);
}
