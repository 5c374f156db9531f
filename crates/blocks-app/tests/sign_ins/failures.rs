//! A store that fails at any call: no account gets the sign-in of another, and none is lost.

use std::sync::Mutex;

use blocks_app::SignIns;
use blocks_ports::{Account, AccountStore, Renamed, StoreError};

use crate::stores::Event;
use crate::support::{Home, account, office, sign_in_of, work};

/// Does something while each call in turn fails, before its work and after it; looks at what is
/// left each time; and does it again, which has to go through.
async fn at_each_failure(
    operation: impl AsyncFn(&SignIns<'_>) -> Result<(), StoreError>,
    left: impl AsyncFn(&Home),
    at_last: impl AsyncFn(&Home),
) {
    let undisturbed = Home::new().await;
    operation(&undisturbed.sign_ins()).await.expect("nothing fails");
    for call in 0..undisturbed.stores.calls() {
        for event in [Event::Fails, Event::FailsAfterwards] {
            let home = Home::new().await;
            home.stores.at(call, event);
            let failed = operation(&home.sign_ins()).await.is_err();
            home.stores.calm_down();
            home.check_owners().await;
            if failed {
                left(&home).await;
            }
            operation(&home.sign_ins()).await.expect("the second try");
            home.check_owners().await;
            at_last(&home).await;
        }
    }
}

/// Signs this account in, with trouble, over what is there.
async fn sign_in(account: &Account, left: impl AsyncFn(&Home)) {
    let new = sign_in_of(account, "new");
    at_each_failure(
        async |sign_ins| sign_ins.sign_in(account, new.clone()).await.map(drop),
        left,
        async |home| {
            assert_eq!(home.account(&account.name).await.as_ref(), Some(account));
            assert_eq!(home.stored(&account.name).await.as_ref(), Some(&new));
        },
    )
    .await;
}

#[tokio::test]
async fn a_new_account_inherits_no_remains() {
    sign_in(&account(office(), 7), async |_| {}).await;
}

#[tokio::test]
async fn who_signs_in_again_keeps_the_old_sign_in_until_the_new_one_is_stored() {
    sign_in(&account(work(), 7), async |home| {
        assert!(home.stored(&work()).await.is_some(), "the sign-in is lost");
    })
    .await;
}

#[tokio::test]
async fn another_user_or_another_server_under_the_same_name_gets_nothing_of_the_old_one() {
    sign_in(&account(work(), 8), async |_| {}).await;
    let mut elsewhere = account(work(), 7);
    elsewhere.api_url = Some("https://x.example".to_owned());
    sign_in(&elsewhere, async |_| {}).await;
}

#[tokio::test]
async fn a_sign_in_is_never_lost_on_renaming() {
    let signed_in = async |home: &Home| {
        let names = [work(), office()];
        let mut found = 0;
        for name in &names {
            if let Some(account) = home.account(name).await {
                let old = sign_in_of(&account, "old");
                assert_eq!(home.stored(name).await, Some(old), "`{name}` has lost its sign-in");
                found += 1;
            }
        }
        assert_eq!(found, 1, "one account");
    };
    let rename = async |sign_ins: &SignIns<'_>| {
        // The second try finds nothing to rename where the first one came so far.
        match sign_ins.rename(&work(), &office()).await? {
            Renamed::Done | Renamed::NotFound => Ok(()),
            other => panic!("{other:?}"),
        }
    };
    at_each_failure(rename, signed_in, async |home| {
        signed_in(home).await;
        assert!(home.account(&office()).await.is_some());
        assert_eq!(home.stores.default_account().await.expect("a default"), Some(office()));
    })
    .await;
}

#[tokio::test]
async fn renaming_leaves_nothing_under_the_old_name() {
    let home = Home::new().await;
    let renamed = home.sign_ins().rename(&work(), &office()).await;
    assert_eq!(renamed.expect("nothing fails"), Renamed::Done);
    assert_eq!(home.stored(&work()).await, None);
}

#[tokio::test]
async fn removing_leaves_no_sign_in_without_an_account() {
    let none_without_account = async |home: &Home| {
        let is_there = home.account(&work()).await.is_some();
        assert!(is_there || home.stored(&work()).await.is_none());
    };
    let remove = async |sign_ins: &SignIns<'_>| sign_ins.remove(&work()).await.map(drop);
    at_each_failure(remove, none_without_account, async |home| {
        assert_eq!(home.account(&work()).await, None);
        assert_eq!(home.stored(&work()).await, None);
    })
    .await;
}

#[tokio::test]
async fn forgetting_keeps_the_account() {
    let forget = async |sign_ins: &SignIns<'_>| sign_ins.forget(&work()).await.map(drop);
    at_each_failure(
        forget,
        async |_| {},
        async |home| {
            assert!(home.account(&work()).await.is_some());
            assert_eq!(home.stored(&work()).await, None);
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_gone_after_signing_out_was_revoked() {
    let old = sign_in_of(&account(work(), 7), "old");
    let revoked = Mutex::new(Vec::new());
    let sign_out = async |sign_ins: &SignIns<'_>| {
        revoked.lock().expect("a list").clear();
        let revoke = async |credential| {
            revoked.lock().expect("a list").push(credential);
            Ok::<_, StoreError>(())
        };
        sign_ins.sign_out(&work(), revoke).await.map(drop)
    };
    let left = async |home: &Home| {
        let is_gone = home.stored(&work()).await.is_none();
        assert!(!is_gone || *revoked.lock().expect("a list") == [old.clone()]);
    };
    at_each_failure(sign_out, left, async |home| {
        assert_eq!(home.stored(&work()).await, None);
    })
    .await;
}
