//! Signing out: the server forgets first.

use blocks_ports::{Credential, StoreError, StoreFailure, TokenStore};

use crate::support::{Home, account, sign_in_of, work};

#[tokio::test]
async fn a_sign_in_is_revoked_before_it_is_forgotten() {
    let home = Home::new().await;
    let old = sign_in_of(&account(work(), 7), "old");
    let mut revoked = Vec::new();
    let revoke = async |credential: Credential| {
        assert_eq!(home.stored(&work()).await.as_ref(), Some(&credential), "still there");
        revoked.push(credential);
        Ok::<_, StoreError>(())
    };
    assert!(home.sign_ins().sign_out(&work(), revoke).await.expect("nothing fails"));
    assert_eq!(revoked, [old]);
    assert_eq!(home.stored(&work()).await, None);
    assert!(home.account(&work()).await.is_some(), "the account stays");
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_revoked_stays() {
    let home = Home::new().await;
    let before = home.stores.load(&work()).await.expect("it loads");
    let revoke = async |_| Err(StoreError::new(StoreFailure::Other, "no connection"));
    let error = home.sign_ins().sign_out(&work(), revoke).await.expect_err("not revoked");
    assert_eq!(error.message, "no connection");
    assert_eq!(home.stores.load(&work()).await.expect("it loads"), before);
}

#[tokio::test]
async fn what_a_late_refresh_stores_meanwhile_is_revoked_as_well() {
    let home = Home::new().await;
    let [old, late] = ["old", "late"].map(|which| sign_in_of(&account(work(), 7), which));
    let base = home.stores.load(&work()).await.expect("it loads").revision;
    let mut revoked = Vec::new();
    let revoke = async |credential| {
        revoked.push(credential);
        // The second time this is a conflict.
        home.stores.swap(&work(), base, Some(late.clone())).await?;
        Ok::<_, StoreError>(())
    };
    assert!(home.sign_ins().sign_out(&work(), revoke).await.expect("nothing fails"));
    assert_eq!(revoked, [old, late.clone()]);
    assert_eq!(home.stored(&work()).await, None);
}

#[tokio::test]
async fn nobody_is_signed_out_twice() {
    let home = Home::new().await;
    home.sign_ins().forget(&work()).await.expect("nothing fails");
    let revoke = async |_| -> Result<(), StoreError> { panic!("there is nothing to revoke") };
    assert!(!home.sign_ins().sign_out(&work(), revoke).await.expect("nothing fails"));
}
