//! Somebody else at the same time: whatever they do between two calls of a renaming, no account
//! gets the sign-in of another, and the newest one of each is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blocks_app::SignIns;
use blocks_ports::{Account, Credential, Renamed, Swap, TokenStore};

use crate::stores::Event;
use crate::support::{Home, account, office, sign_in_of, work};

/// Renames while somebody else does something before each call in turn; looks at what comes of it.
async fn rename_while(
    theirs: impl AsyncFn(&Home) -> Event,
    afterwards: impl AsyncFn(&Home, Renamed),
) {
    let undisturbed = Home::new().await;
    undisturbed.sign_ins().rename(&work(), &office()).await.expect("nothing fails");
    for call in 0..undisturbed.stores.calls() {
        let home = Home::new().await;
        let event = theirs(&home).await;
        home.stores.at(call, event);
        let renamed = home.sign_ins().rename(&work(), &office()).await.expect("nothing fails");
        home.stores.calm_down();
        home.check_owners().await;
        afterwards(&home, renamed).await;
    }
}

/// Somebody who signs an account in.
async fn signing_in(home: &Home, account: Account, credential: Credential) -> Event {
    let (stores, clock) = (home.stores.clone(), home.clock.clone());
    Event::meanwhile(async move {
        let sign_ins = SignIns::new(&stores, &stores, &clock);
        sign_ins.sign_in(&account, credential).await.expect("nothing fails");
    })
}

#[tokio::test]
async fn somebody_signs_in_under_the_new_name() {
    let theirs = account(office(), 8);
    let their_sign_in = sign_in_of(&theirs, "theirs");
    rename_while(
        async |home| signing_in(home, theirs.clone(), their_sign_in.clone()).await,
        async |home, renamed| {
            assert_eq!(home.stored(&office()).await.as_ref(), Some(&their_sign_in));
            let ours = home.stored(&work()).await;
            assert_eq!(ours.is_some(), renamed == Renamed::Taken, "{renamed:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn somebody_signs_in_anew_under_the_old_name() {
    let again = account(work(), 7);
    let newest = sign_in_of(&again, "newest");
    rename_while(
        async |home| signing_in(home, again.clone(), newest.clone()).await,
        async |home, renamed| {
            assert_eq!(renamed, Renamed::Done);
            let name = if home.account(&work()).await.is_some() { work() } else { office() };
            assert_eq!(home.stored(&name).await.as_ref(), Some(&newest), "`{name}`");
        },
    )
    .await;
}

#[tokio::test]
async fn somebody_renames_the_same_account_to_the_same_name() {
    rename_while(
        async |home| {
            let (stores, clock) = (home.stores.clone(), home.clock.clone());
            Event::meanwhile(async move {
                let sign_ins = SignIns::new(&stores, &stores, &clock);
                sign_ins.rename(&work(), &office()).await.expect("nothing fails");
            })
        },
        async |home, _| {
            let old = sign_in_of(&account(office(), 7), "old");
            assert_eq!(home.stored(&office()).await, Some(old), "the sign-in is lost");
            assert_eq!(home.stored(&work()).await, None);
        },
    )
    .await;
}

#[tokio::test]
async fn a_refresh_that_outlived_its_lease_is_moved_as_well() {
    let late = sign_in_of(&account(work(), 7), "late");
    let in_time = Arc::new(AtomicBool::new(false));
    rename_while(
        async |home| {
            let base = home.stores.load(&work()).await.expect("it loads").revision;
            let (stores, late) = (home.stores.clone(), late.clone());
            let in_time = Arc::clone(&in_time);
            Event::meanwhile(async move {
                let swap = stores.swap(&work(), base, Some(late)).await.expect("nothing fails");
                in_time.store(matches!(swap, Swap::Done(_)), Ordering::Relaxed);
            })
        },
        async |home, renamed| {
            assert_eq!(renamed, Renamed::Done);
            let old = sign_in_of(&account(work(), 7), "old");
            let newest = if in_time.load(Ordering::Relaxed) { &late } else { &old };
            assert_eq!(home.stored(&office()).await.as_ref(), Some(newest));
            assert_eq!(home.stored(&work()).await, None);
        },
    )
    .await;
}
