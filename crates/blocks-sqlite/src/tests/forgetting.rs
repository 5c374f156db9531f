//! What is forgotten leaves the file, and a file from which nothing is to be erased stays as it is.

use std::fs;

use blocks_domain::{BillingDay, BlockPair, Charge, Witness};
use blocks_ports::{
    Amendment, Forget, Forgotten, Ledger, MirrorJournal, MirrorQuery, OperationKind,
    OperationOutcome, OperationQuery, StoreFailure,
};
use futures_util::{StreamExt, TryStreamExt};

use super::*;

const PROFILES: Forget = Forget::Profiles { before: None };
/// Profiles that are older than all that these tests receive.
const OLD: Forget = Forget::Profiles { before: Some(NOW) };

/// How many pages of the file hold nothing; none as soon as it is written anew.
async fn free_pages(store: &SqliteStore) -> i64 {
    let free =
        store.read(|tx| Ok(tx.pragma_query_value(None, "freelist_count", |row| row.get(0))?));
    free.await.expect("a count")
}

/// A file with a snapshot, and free pages from the one before.
async fn with_free_pages() -> (TempDir, SqliteStore) {
    let (dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..1_000)).await;
    mirror(&store, id(1), users(0..10)).await;
    assert!(free_pages(&store).await > 0, "the former snapshot has left some");
    (dir, store)
}

/// Whether the bytes stand in the file, or in one beside it.
fn holds(dir: &TempDir, bytes: &[u8]) -> bool {
    let files = fs::read_dir(dir.path()).expect("readable");
    files.into_iter().any(|file| {
        let file = fs::read(file.expect("a file").path()).expect("readable");
        file.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn a_file_of_which_nothing_is_forgotten_is_not_written_anew() {
    let (_dir, store) = with_free_pages().await;
    let mut reader = store.entries(id(1), MirrorQuery::default());
    reader.next().await.expect("one").expect("an entry");
    for (account, what) in [(1, OLD), (2, PROFILES), (2, Forget::Everything)] {
        let forgotten = store.forget(id(account), what).await;
        assert_eq!(forgotten.expect("nobody is in the way"), Forgotten::default(), "{what:?}");
    }
    assert!(free_pages(&store).await > 0, "nothing was to be erased");
    drop(reader);

    let forgotten = store.forget(id(1), PROFILES).await.expect("forgotten");
    assert_eq!((forgotten.profiles, free_pages(&store).await), (10, 0));
}

#[tokio::test]
async fn what_could_not_be_erased_is_erased_by_the_next_who_forgets() {
    let (dir, store) = with_free_pages().await;
    let mut reader = store.entries(id(1), MirrorQuery::default());
    reader.next().await.expect("one").expect("an entry");
    let error = store.forget(id(1), PROFILES).await.expect_err("somebody reads it");
    assert_eq!(error.kind, StoreFailure::Busy, "{error}");
    assert!(holds(&dir, b"Tells much"));
    drop(reader);
    let path = store.path().to_owned();
    drop(store);

    let store = SqliteStore::open(path).expect("open");
    let forgotten = store.forget(id(2), OLD).await.expect("erased");
    assert_eq!(forgotten, Forgotten::default());
    assert!(!holds(&dir, b"Tells much"));

    // That was the last time: nobody finds anything left to be done.
    mirror(&store, id(2), users(0..1_000)).await;
    mirror(&store, id(2), users(0..10)).await;
    assert_eq!(store.forget(id(2), OLD).await.expect("nothing"), Forgotten::default());
    assert!(free_pages(&store).await > 0);
}

#[tokio::test]
async fn a_body_that_has_ended_is_erased_with_its_traces() {
    let (dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users([1])).await;
    let ended = store.write(|tx| Ok(tx.execute("UPDATE read SET state = 'ended'", [])?)).await;
    assert_eq!(ended.expect("ended"), 1);
    assert!(holds(&dir, b"Tells much"));
    assert_eq!(store.forget(id(2), OLD).await.expect("erased"), Forgotten::default());
    assert!(!holds(&dir, b"Tells much"));
}

/// The id of a user as no other number in the file looks.
fn odd(number: u64) -> UserId {
    id(0x1122_3344_5566_7700 + number)
}

/// Whether an id stands in the file, as a number or as text.
fn holds_id(dir: &TempDir, user: UserId) -> bool {
    holds(dir, &user.get().to_be_bytes()) || holds(dir, user.to_string().as_bytes())
}

#[tokio::test]
async fn no_id_of_a_list_is_left_when_everything_is_forgotten() {
    const OPEN: u64 = 40;
    let (dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let me = id(7);
    let list = |numbers: std::ops::Range<u64>| numbers.map(|number| user(odd(number).get()));
    mirror(&store, me, list(1..30).collect()).await;
    mirror(&store, me, list(5..20).collect()).await;
    let reading = begin(&store, me).await;
    let told = Amendment::new(user(odd(30).get()), true, Witness::Event, NOW).by_event("e-1");
    store.amend(me, &told).await.expect("amended");
    for (number, kind) in [(31, OperationKind::Block), (32, OperationKind::Unblock)] {
        let pair = BlockPair::new(me, odd(number)).expect("two users");
        let entered = store.enter(pair, kind, NOW).await.expect("entered");
        let settled = store.settle(entered, OperationOutcome::Refused, NOW).await;
        assert!(settled.expect("settled"), "it was open");
    }
    let open = BlockPair::new(me, odd(OPEN)).expect("two users");
    let open = store.enter(open, OperationKind::Block, NOW).await.expect("entered");
    let paid: Vec<_> = (1..35).map(odd).collect();
    for account in [me, id(8)] {
        let billed = store.bill(account, Charge::BlockRead, &paid[..30], NOW).await;
        assert_eq!(billed.expect("billed"), 30);
    }
    let billed = store.bill(me, Charge::UserLookup, &paid[30..], NOW).await;
    assert_eq!(billed.expect("billed"), 4);
    for user in &paid {
        assert!(holds_id(&dir, *user), "{user} is stored, and this test finds it not");
    }
    drop(reading);

    store.forget(me, Forget::Everything).await.expect("forgotten");
    let again = store.bill(id(8), Charge::BlockRead, &paid[..30], NOW).await;
    assert_eq!(again.expect("billed"), 0, "another account has paid for them");
    store.forget(id(8), Forget::Everything).await.expect("forgotten");
    for user in &paid {
        assert!(!holds_id(&dir, *user), "{user} is left");
    }

    let left: Vec<_> =
        store.operations(me, OperationQuery::default()).try_collect().await.expect("operations");
    assert!(holds_id(&dir, odd(OPEN)) && left.len() == 1, "nobody knows yet what came of it");
    assert_eq!((left[0].id, left[0].outcome), (open, None));
    let spent = store.spent(me, BillingDay::of(NOW)).await.expect("spent");
    assert_eq!((spent.block_reads, spent.user_lookups), (30, 4), "that was spent all the same");
    let once_more = store.bill(me, Charge::BlockRead, &paid[..2], NOW).await;
    assert_eq!(once_more.expect("billed"), 2, "too much rather than too little");
}

#[tokio::test]
async fn operations_that_were_forgotten_do_not_lend_their_numbers() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let pair = BlockPair::new(id(7), id(8)).expect("two users");
    let first = store.enter(pair, OperationKind::Block, NOW).await.expect("entered");
    store.settle(first, OperationOutcome::Lost, NOW).await.expect("settled");
    store.forget(id(7), Forget::Everything).await.expect("forgotten");
    let next = store.enter(pair, OperationKind::Block, NOW).await.expect("entered");
    assert!(next > first, "{next} comes after {first}");
}
