//! Sign-ins that cannot be read.

use blocks_ports::{Renamed, StoreError, StoreFailure, TokenStore};

use crate::support::{Home, account, office, sign_in_of, work};

async fn damaged() -> Home {
    let home = Home::new().await;
    home.stores.damage(&work());
    home
}

#[tokio::test]
async fn forgetting_and_removing_heal() {
    let home = damaged().await;
    assert!(home.sign_ins().forget(&work()).await.expect("it needs not be read"));
    assert_eq!(home.stored(&work()).await, None);

    let home = damaged().await;
    assert!(home.sign_ins().remove(&work()).await.expect("it needs not be read"));
    assert_eq!(home.stored(&work()).await, None);
}

#[tokio::test]
async fn signing_in_heals() {
    for user in [7, 8] {
        let home = damaged().await;
        let account = account(work(), user);
        let new = sign_in_of(&account, "new");
        home.sign_ins().sign_in(&account, new.clone()).await.expect("it needs not be read");
        assert_eq!(home.stored(&work()).await, Some(new));
    }
}

#[tokio::test]
async fn remains_that_cannot_be_read_stop_no_renaming() {
    let home = Home::new().await;
    home.stores.damage(&office());
    let renamed = home.sign_ins().rename(&work(), &office()).await;
    assert_eq!(renamed.expect("they need not be read"), Renamed::Done);
    assert_eq!(home.stored(&office()).await, Some(sign_in_of(&account(office(), 7), "old")));
}

#[tokio::test]
async fn what_cannot_be_read_is_neither_signed_out_nor_moved() {
    let home = damaged().await;
    let revoke = async |_| -> Result<(), StoreError> { panic!("it cannot be read") };
    let signed_out = home.sign_ins().sign_out(&work(), revoke).await.map(drop);
    let renamed = home.sign_ins().rename(&work(), &office()).await.map(drop);
    for result in [signed_out, renamed] {
        assert_eq!(result.expect_err("damaged").kind, StoreFailure::Damaged);
    }
    assert!(home.stores.load(&work()).await.is_err(), "it is still there");
    assert!(home.account(&work()).await.is_some());
}
