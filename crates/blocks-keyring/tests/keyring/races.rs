//! Two processes at once: one file, one keychain, and one handle each.

use blocks_keyring::KeyringTokenStore;
use blocks_ports::{Swap, TokenStore};
use blocks_sqlite::SqliteStore;

use crate::vault::Vault;
use crate::{bearer, over, put, stored, work};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_writers_one_wins_and_the_other_leaves_nothing() {
    const ROUNDS: usize = 100;
    let folder = tempfile::tempdir().expect("a directory");
    let vault = Vault::default();
    let open = || {
        let file = SqliteStore::open(folder.path().join("blocks.db")).expect("the file opens");
        over(file, &vault)
    };
    let (one, two) = (open(), open());
    let mut base = put(&one, bearer("the first")).await;
    for round in 0..ROUNDS {
        let write = |store: &KeyringTokenStore, token| {
            let store = store.clone();
            tokio::spawn(async move { store.swap(&work(), base, bearer(token)).await })
        };
        let (of_one, of_two) = (write(&one, "of one"), write(&two, "of two"));
        let answers = [of_one.await, of_two.await].map(|ended| ended.expect("no panic"));
        let [of_one, of_two] = answers.map(|answer| answer.expect("no failure"));
        let (revision, winner) = match (of_one, of_two) {
            (Swap::Done(revision), Swap::Conflict(there)) => {
                assert_eq!((there.revision, there.value), (revision, bearer("of one")));
                (revision, "of one")
            }
            (Swap::Conflict(there), Swap::Done(revision)) => {
                assert_eq!((there.revision, there.value), (revision, bearer("of two")));
                (revision, "of two")
            }
            others => panic!("round {round}: {others:?}"),
        };
        assert_eq!(stored(&one).await, bearer(winner), "round {round}");
        assert_eq!(vault.users().len(), 1, "round {round}: {vault:?}");
        base = revision;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_never_meets_a_gap() {
    const WRITES: usize = 200;
    let folder = tempfile::tempdir().expect("a directory");
    let file = SqliteStore::open(folder.path().join("blocks.db")).expect("the file opens");
    let vault = Vault::default();
    let (writer, reader) = (over(file.clone(), &vault), over(file, &vault));
    put(&writer, bearer("s3cret")).await;
    let writing = tokio::spawn(async move {
        for _ in 0..WRITES {
            put(&writer, bearer("s3cret")).await;
        }
    });
    while !writing.is_finished() {
        assert_eq!(stored(&reader).await, bearer("s3cret"));
    }
    writing.await.expect("no write fails");
}
