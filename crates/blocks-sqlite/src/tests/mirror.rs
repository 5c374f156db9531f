//! Snapshots under readers, orders, and what is deleted.

use blocks_domain::UserMetrics;
use blocks_ports::{MirrorEntry, MirrorOrder, MirrorQuery};
use futures_util::{StreamExt, TryStreamExt};

use super::*;

async fn entries(store: &SqliteStore, account: UserId, query: MirrorQuery) -> Vec<MirrorEntry> {
    store.entries(account, query).try_collect().await.expect("entries")
}

fn ids(entries: &[MirrorEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.user.id.get()).collect()
}

async fn count(store: &SqliteStore, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store.read(move |tx| Ok(tx.query_row(&sql, [], |row| row.get(0))?)).await.expect("a count")
}

#[tokio::test]
async fn a_reader_keeps_the_snapshot_that_it_began_with() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..1_000)).await;
    let mut reader = store.entries(id(1), MirrorQuery::default());
    let first = reader.next().await.expect("one").expect("an entry");

    // The reader holds nobody up, though the snapshot is replaced and its members deleted.
    let replaced = mirror(&store, id(1), users(500..600)).await;
    assert_eq!((replaced.added, replaced.removed), (0, 900));
    assert_eq!(count(&store, "profile").await, 100);

    let rest: Vec<_> = reader.try_collect().await.expect("the old snapshot");
    assert_eq!(first.user, user(0));
    assert_eq!(ids(&rest), Vec::from_iter(1..1_000));
    let new = entries(&store, id(1), MirrorQuery::default()).await;
    assert_eq!(ids(&new), Vec::from_iter(500..600));
}

#[tokio::test]
async fn a_stream_outlives_its_store() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..3)).await;
    let stream = store.entries(id(1), MirrorQuery::default());
    drop(store);
    let shown: Vec<_> = stream.try_collect().await.expect("entries");
    assert_eq!(ids(&shown), [0, 1, 2]);
}

#[tokio::test]
async fn orders_are_those_of_the_port() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let with = |number, name: Option<&str>, followers: Option<u64>| {
        let mut user = User::new(id(number));
        user.name = name.map(str::to_owned);
        user.public_metrics = followers.map(|count| {
            let mut metrics = UserMetrics::default();
            metrics.followers_count = Some(count);
            metrics
        });
        user
    };
    let list = vec![
        with(1, Some("zoe"), Some(5)),
        with(2, None, Some(u64::MAX)),
        with(3, Some("Ärger"), None),
        with(4, Some("Zoe"), Some(5)),
        with(5, Some("adam"), Some(0)),
    ];
    mirror(&store, id(9), list).await;
    let cases = [
        (MirrorOrder::Newest, false, [1, 2, 3, 4, 5]),
        (MirrorOrder::Newest, true, [5, 4, 3, 2, 1]),
        (MirrorOrder::Name, false, [5, 1, 4, 3, 2]),
        (MirrorOrder::Name, true, [3, 1, 4, 5, 2]),
        (MirrorOrder::Followers, false, [2, 1, 4, 5, 3]),
        (MirrorOrder::Followers, true, [5, 1, 4, 2, 3]),
    ];
    for (order, reverse, expected) in cases {
        let mut query = MirrorQuery::default();
        (query.order, query.reverse) = (order, reverse);
        let shown = entries(&store, id(9), query.clone()).await;
        assert_eq!(ids(&shown), expected, "{order:?}, reverse: {reverse}");
        query.limit = Some(2);
        assert_eq!(ids(&entries(&store, id(9), query).await), expected[..2]);
    }
}

#[tokio::test]
async fn a_filter_is_applied_before_the_limit() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..2_000)).await;
    let mut query = MirrorQuery::default();
    query.text = Some("USER19".into());
    query.limit = Some(3);
    query.reverse = true;
    assert_eq!(ids(&entries(&store, id(1), query).await), [1_999, 1_998, 1_997]);
}

#[tokio::test]
async fn a_handle_is_found_without_a_look_at_the_other_profiles() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..100)).await;
    let others = "UPDATE profile SET json = '{' WHERE json NOT LIKE '%\"user42\"%'";
    let broken = store.write(move |tx| Ok(tx.execute(others, [])?)).await;
    assert_eq!(broken.expect("broken"), 99);

    for order in [MirrorOrder::Newest, MirrorOrder::Followers] {
        let mut query = MirrorQuery::default();
        (query.username, query.order) = (Some("USER42".into()), order);
        assert_eq!(ids(&entries(&store, id(1), query).await), [42], "{order:?}");
    }
}

#[tokio::test]
async fn the_largest_id_and_unknown_fields_come_back() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let mut odd = user(UserId::MAX.get());
    odd.extra.insert("mood", r#"{"since":1e400,"n":123456789012345678901}"#).expect("JSON");
    let snapshot = mirror(&store, UserId::MAX, vec![odd.clone()]).await;
    assert_eq!(snapshot.account, UserId::MAX);

    let entry = store.entry(UserId::MAX, odd.id).await.expect("an answer").expect("there");
    assert_eq!(entry.user, odd);
    assert_eq!(store.snapshot(UserId::MAX).await.expect("an answer"), Some(snapshot));
}

#[tokio::test]
async fn members_of_ended_reads_are_deleted_even_after_a_death_before_it() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users(0..5_000)).await;
    let ended = store.write(|tx| Ok(tx.execute("UPDATE read SET state = 'ended'", [])?)).await;
    assert_eq!((ended.expect("ended"), count(&store, "member").await), (1, 5_000));

    begin(&store, id(2)).await;
    assert_eq!(count(&store, "member").await, 0);
    assert_eq!(count(&store, "profile").await, 0);
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_is_damage_and_not_an_absence() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    mirror(&store, id(1), users([7])).await;
    let broken = store.write(|tx| Ok(tx.execute("UPDATE profile SET json = '{'", [])?)).await;
    assert_eq!(broken.expect("broken"), 1);

    let error = store.entry(id(1), id(7)).await.expect_err("damaged");
    assert_eq!(error.kind, blocks_ports::StoreFailure::Damaged);
    let listed: Result<Vec<_>, _> =
        store.entries(id(1), MirrorQuery::default()).try_collect().await;
    assert_eq!(listed.expect_err("damaged").kind, blocks_ports::StoreFailure::Damaged);
}
