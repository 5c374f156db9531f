//! What is read: from where, and what is shown to whom.

use std::collections::HashMap;
use std::sync::Arc;

use blocks_fake::stores::MemoryTokenStore;
use blocks_keyring::keyring_core::api::CredentialStoreApi;
use blocks_keyring::keyring_core::{Error, mock};
use blocks_keyring::{Keychain, KeyringTokenStore};
use blocks_ports::{
    Credential, CredentialReference, MockTokenStore, Revision, StoreFailure, Swap, TokenStore,
    Versioned,
};
use blocks_sqlite::SqliteStore;

use crate::vault::Vault;
use crate::{SERVICE, bearer, over, put, stored, work};

#[tokio::test]
async fn no_secret_is_in_the_file_of_the_store_within() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = SqliteStore::open(folder.path().join("blocks.db")).expect("the file opens");
    let shown = |secret: &str| {
        let files = std::fs::read_dir(folder.path()).expect("a directory");
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.expect("an entry").path()).expect("a file");
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        })
    };
    let store = over(file.clone(), &Vault::default());
    put(&store, bearer("in the keychain")).await;
    assert!(!shown("in the keychain"));

    put(&file, bearer("in the file")).await;
    assert!(shown("in the file"), "the search finds what is there");
}

#[tokio::test]
async fn a_sign_in_from_before_is_handed_out_and_moves_with_the_next_write() {
    let (revisions, vault) = (MemoryTokenStore::default(), Vault::default());
    put(&revisions, bearer("from before")).await;
    let store = over(revisions.clone(), &vault);
    assert_eq!(stored(&store).await, bearer("from before"));
    assert_eq!(vault.users(), Vec::<String>::new(), "reading moves nothing");

    put(&store, bearer("next")).await;
    assert_eq!(stored(&store).await, bearer("next"));
    let beneath = stored(&revisions).await;
    assert!(matches!(beneath, Some(Credential::Reference(_))), "{beneath:?}");
}

#[tokio::test]
async fn a_reference_to_another_place_is_handed_out_as_it_is() {
    let revisions = MemoryTokenStore::default();
    let elsewhere = Credential::Reference(CredentialReference::new("vault", "blocks/work/0/a"));
    put(&revisions, Some(elsewhere.clone())).await;
    assert_eq!(stored(&over(revisions, &Vault::default())).await, Some(elsewhere));
}

#[tokio::test]
async fn a_reference_that_names_no_entry_is_damage_that_heals() {
    let revisions = MemoryTokenStore::default();
    let nowhere = Credential::Reference(CredentialReference::new("keychain", "work"));
    let damaged = put(&revisions, Some(nowhere)).await;
    let store = over(revisions, &Vault::default());
    let error = store.load(&work()).await.expect_err("it leads nowhere");
    assert_eq!((error.kind, error.revision), (StoreFailure::Damaged, Some(damaged)));

    store.swap(&work(), damaged, bearer("new")).await.expect("it heals");
    assert_eq!(stored(&store).await, bearer("new"));
}

#[tokio::test]
async fn what_the_store_within_cannot_read_can_be_replaced_and_forgotten() {
    let damaged = Revision::new(7);
    let mut within = MockTokenStore::new();
    within
        .expect_load()
        .returning(move |account| Versioned::from_secret_json(account, damaged, Some(&"{".into())));
    within.expect_swap().returning(|_, expected, _| Ok(Swap::Done(expected.next())));
    let store = over(within, &Vault::default());
    let error = store.load(&work()).await.expect_err("it cannot be read");
    assert_eq!((error.kind, error.revision), (StoreFailure::Damaged, Some(damaged)));
    for healing in [bearer("new"), None] {
        let healed = store.swap(&work(), damaged, healing).await.expect("it heals");
        assert_eq!(healed, Swap::Done(damaged.next()));
    }
}

#[tokio::test]
async fn an_entry_that_is_no_text_is_damage() {
    let vault = Vault::default();
    let store = over(MemoryTokenStore::default(), &vault);
    let damaged = put(&store, bearer("s3cret")).await;
    vault.overwrite("work", Some(b"{\xFF"));
    let error = store.load(&work()).await.expect_err("it is no text");
    assert_eq!((error.kind, error.revision), (StoreFailure::Damaged, Some(damaged)));
}

#[tokio::test]
async fn no_error_carries_the_bytes_of_an_entry() {
    let mock = mock::Store::new().expect("a mock");
    let keychain = Keychain::new(mock.clone(), SERVICE);
    let store = KeyringTokenStore::new(Arc::new(MemoryTokenStore::default()), keychain);
    let revision = put(&store, bearer("s3cret")).await;
    let spoil = || {
        let entries = mock.search(&HashMap::new()).expect("the mock can be searched");
        let entry: &mock::Cred = entries[0].as_any().downcast_ref().expect("of the mock");
        entry.set_error(Error::BadDataFormat(b"s3cret".to_vec(), "not as expected".into()));
    };
    spoil();
    let unread = store.load(&work()).await.expect_err("the entry is spoilt");
    assert_eq!((unread.kind, unread.revision), (StoreFailure::Damaged, Some(revision)));
    spoil();
    let unerased = store.swap(&work(), revision, None).await.expect_err("the entry is spoilt");
    let shown = format!("{unread:?} {unerased:?}");
    assert!(!shown.contains(&format!("{:?}", b"s3cret")), "{shown}");
}

#[tokio::test]
async fn a_sign_in_that_is_replaced_while_it_is_read_is_read_anew() {
    let (revisions, vault) = (MemoryTokenStore::default(), Vault::default());
    let store = over(revisions.clone(), &vault);
    put(&store, bearer("old")).await;
    let old = revisions.load(&work()).await.expect("in memory");
    put(&store, bearer("new")).await;
    let new = revisions.load(&work()).await.expect("in memory");

    let mut answers = [old, new.clone()].into_iter();
    let mut within = MockTokenStore::new();
    within.expect_load().times(2).returning(move |_| Ok(answers.next().expect("two answers")));
    let found = over(within, &vault).load(&work()).await.expect("the second look finds it");
    assert_eq!(found, Versioned::new(new.revision, bearer("new")));
}

#[tokio::test]
async fn a_sign_in_that_is_replaced_all_the_time_is_busy_in_the_end() {
    let mut revision = Revision::NONE;
    let mut within = MockTokenStore::new();
    within.expect_load().returning(move |_| {
        revision = revision.next();
        let gone = CredentialReference::new("keychain", format!("{SERVICE}/work/0/gone"));
        Ok(Versioned::new(revision, Some(Credential::Reference(gone))))
    });
    let error = over(within, &Vault::default()).load(&work()).await.expect_err("no end to it");
    assert_eq!(error.kind, StoreFailure::Busy);
}

#[tokio::test]
async fn a_storage_that_was_moved_reads_its_old_entries_and_erases_none_of_them() {
    let (revisions, vault) = (MemoryTokenStore::default(), Vault::default());
    put(&over(revisions.clone(), &vault), bearer("s3cret")).await;
    let before = vault.users();

    let moved = Keychain::new(Arc::new(vault.clone()), "blocks: elsewhere");
    let moved = KeyringTokenStore::new(Arc::new(revisions), moved);
    assert_eq!(stored(&moved).await, bearer("s3cret"));
    put(&moved, None).await;
    assert_eq!(vault.users(), before, "they could be the original's, and this the copy");
}

#[tokio::test]
async fn what_others_keep_in_the_keychain_stays() {
    let vault = Vault::default();
    let foreign = [
        (SERVICE, "home/0/00"),
        (SERVICE, "somebody"),
        ("blocks: another file", "work/0/00"),
        (SERVICE, "work/99/of a writer to come"),
    ];
    for (service, user) in foreign {
        vault.put(service, user, b"not ours");
    }
    let store = over(MemoryTokenStore::default(), &vault);
    put(&store, bearer("s3cret")).await;
    put(&store, None).await;
    assert_eq!(vault.users().len(), foreign.len(), "{vault:?}");
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let vault = Vault::default();
    let store = over(MemoryTokenStore::default(), &vault);
    put(&store, bearer("s3cret")).await;
    let shown = format!("{store:?}");
    assert!(shown.contains("a vault for tests") && !shown.contains("s3cret"), "{shown}");
}
