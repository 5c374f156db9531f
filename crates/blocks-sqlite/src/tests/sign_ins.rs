//! Sign-ins whose account goes or gets another name.

use blocks_ports::{Account, AccountName, AccountStore, Credential, Renamed, Revision, TokenStore};

use super::*;

#[tokio::test]
async fn sign_ins_stay_with_their_name_until_the_caller_moves_or_erases_them() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let [work, job] = ["work", "job"].map(|name| name.parse::<AccountName>().expect("a name"));
    let sign_in = Some(Credential::bearer("s3cret"));
    store.put_account(&Account::new(work.clone(), id(7))).await.expect("put");
    store.swap(&work, Revision::NONE, sign_in.clone()).await.expect("stored");

    assert_eq!(store.rename_account(&work, &job).await.expect("an answer"), Renamed::Done);
    assert_eq!(store.load(&job).await.expect("an answer").value, None);
    assert!(store.remove_account(&job).await.expect("an answer"));
    assert_eq!(store.load(&work).await.expect("an answer").value, sign_in);
}
