//! Files of every earlier version are brought up to date, with what they hold.

use std::path::Path;

use blocks_domain::{BillingDay, CallOutcome, Charge, Endpoint, Ticket, Whereabouts, Witness};
use blocks_ports::{
    AccountName, AccountStore, Amended, Amendment, ChangeKind, ChangeQuery, Credential, Forget,
    Ledger, MirrorChange, MirrorEntry, MirrorJournal, MirrorQuery, Names, OperationOutcome, ReadId,
    Reservation, Revision, Source, TokenStore, Versioned, WindowStore,
};
use futures_util::TryStreamExt;
use rusqlite::Connection;

use super::*;
use crate::migrations::{MIGRATIONS, mark};

/// What a file of each version can hold that one of the version before could not.
const FIXTURES: &[&str] = &[
    include_str!("fixtures/01.sql"),
    include_str!("fixtures/02.sql"),
    include_str!("fixtures/03.sql"),
    include_str!("fixtures/04.sql"),
    include_str!("fixtures/05.sql"),
    include_str!("fixtures/06.sql"),
    include_str!("fixtures/07.sql"),
    include_str!("fixtures/08.sql"),
    include_str!("fixtures/09.sql"),
];

/// A file as the version wrote it that knew so many steps.
fn file_of_version(path: &Path, version: usize) {
    drop(crate::permissions::create_private_file(path, true).expect("created"));
    let file = Connection::open(path).expect("open");
    // As where the steps are taken.
    file.pragma_update(None, "foreign_keys", false).expect("set");
    for (step, fixture) in MIGRATIONS.iter().zip(FIXTURES).take(version) {
        file.execute_batch(step).expect("a step");
        file.execute_batch(fixture).expect("its fixture");
    }
    if version > 0 {
        mark(&file, version).expect("marked");
    }
}

fn schema(path: &Path) -> (i64, Vec<(String, Option<String>)>) {
    let file = Connection::open(path).expect("open");
    let version = file.pragma_query_value(None, "user_version", |row| row.get(0)).expect("version");
    let mut parts =
        file.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").expect("schema");
    let parts = parts.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("schema");
    (version, parts.collect::<Result<_, _>>().expect("schema"))
}

#[test]
fn every_step_has_a_fixture() {
    assert_eq!(MIGRATIONS.len(), FIXTURES.len(), "write `fixtures/NN.sql` for the new step");
}

#[tokio::test]
async fn every_earlier_version_becomes_the_present_one() {
    let (dir, new) = place();
    SqliteStore::open(&new).expect("open");
    let present = schema(&new);
    for version in 0..=MIGRATIONS.len() {
        let path = dir.path().join(format!("version-{version}.db"));
        file_of_version(&path, version);
        let store = SqliteStore::open(&path).expect("brought up to date");
        for (step, holds) in CHECKS.iter().enumerate().take(version) {
            assert!(holds(&store).await, "version {version} lost what step {} brought", step + 1);
        }
        drop(store);
        assert_eq!(schema(&path), present, "from version {version}");
    }
}

#[test]
fn a_step_that_fails_leaves_the_file_as_it_was() {
    let (_dir, path) = place();
    file_of_version(&path, 1);
    let file = Connection::open(&path).expect("open");
    file.execute_batch("CREATE TABLE member (in_the_way TEXT)").expect("in the way");
    drop(file);
    let before = schema(&path);

    SqliteStore::open(&path).expect_err("a step failed");
    assert_eq!(schema(&path), before);
}

type Check = for<'a> fn(&'a SqliteStore) -> futures_util::future::BoxFuture<'a, bool>;

/// For each fixture, whether the ports still tell what it wrote.
const CHECKS: &[Check] = &[
    |store| Box::pin(sign_ins(store)),
    |store| Box::pin(rate_windows(store)),
    |store| Box::pin(snapshot(store)),
    |store| Box::pin(handles(store)),
    |store| Box::pin(window_numbers(store)),
    |store| Box::pin(servers(store)),
    |store| Box::pin(bodies(store)),
    |store| Box::pin(journal(store)),
    |store| Box::pin(ledger(store)),
];

async fn sign_ins(store: &SqliteStore) -> bool {
    let work: AccountName = "work".parse().expect("a name");
    let accounts = store.accounts().await.expect("accounts");
    let apps = store.apps().await.expect("apps");
    let stored = Versioned::new(Revision::new(4), Some(Credential::bearer("s3cret")));
    let account = accounts.iter().find(|account| account.name == work);
    account.is_some_and(|account| account.user_id == UserId::MAX && account.api_url.is_none())
        && store.default_account().await.expect("default") == Some(work.clone())
        && apps.iter().any(|app| app.client_id == "client" && app.api_url.is_none())
        && store.load(&work).await.expect("credential") == stored
}

async fn rate_windows(store: &SqliteStore) -> bool {
    let until = Timestamp::from_second(900).expect("a time");
    let reservation = store.reserve(id(7), Endpoint::GetBlocking, NOW).await.expect("an answer");
    reservation == Reservation::Wait { until }
}

async fn servers(store: &SqliteStore) -> bool {
    let accounts = store.accounts().await.expect("accounts");
    let apps = store.apps().await.expect("apps");
    accounts.iter().any(|account| account.api_url.as_deref() == Some("http://localhost:8080"))
        && apps.iter().any(|app| app.api_url.as_deref() == Some("http://localhost:8080"))
}

async fn window_numbers(store: &SqliteStore) -> bool {
    let (user, endpoint) = (id(7), Endpoint::PostBlocking);
    for (window, still_spent) in [(1, true), (2, false)] {
        let (ticket, outcome) = (Ticket::of_window(window), CallOutcome::Uncounted);
        WindowStore::settle(store, user, endpoint, ticket, outcome, NOW).await.expect("settled");
        let reservation = store.reserve(user, endpoint, NOW).await.expect("an answer");
        if matches!(reservation, Reservation::Wait { .. }) != still_spent {
            return false;
        }
    }
    true
}

async fn snapshot(store: &SqliteStore) -> bool {
    let snapshot = store.snapshot(id(7)).await.expect("an answer").expect("a snapshot");
    let entries: Vec<_> =
        store.entries(id(7), Default::default()).try_collect().await.expect("entries");
    let users: Vec<_> = entries.iter().map(|entry| entry.user.id).collect();
    (snapshot.users, snapshot.added) == (2, 2) && users == [id(20), UserId::MAX]
}

async fn handles(store: &SqliteStore) -> bool {
    let mut query = MirrorQuery::default();
    query.username = Some("TWENTY".into());
    let entries: Vec<_> = store.entries(id(7), query).try_collect().await.expect("entries");
    entries.iter().map(|entry| entry.user.id).eq([id(20)])
}

async fn bodies(store: &SqliteStore) -> bool {
    let snapshot = store.snapshot(id(70)).await.expect("an answer").expect("a snapshot");
    let aside = store.aside(id(70)).await.expect("an answer").expect("a read aside");
    let places = store.places(id(70), &[id(3), id(1), id(2)]).await.expect("places");
    let entries: Vec<_> =
        store.entries(id(70), Default::default()).try_collect().await.expect("entries");
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| (entry.position, entry.user.id.get(), entry.first_seen_at.as_second()))
        .collect();
    (snapshot.kind, snapshot.full_at.as_second()) == (ReadKind::Head, 60)
        && snapshot.amended_at == Some(NOW)
        && aside.covers() == ReadKind::Full
        && places[1] < places[2]
        && places[0].is_none()
        && shown == [(0, 1, 10), (1, 2, 30)]
}

async fn journal(store: &SqliteStore) -> bool {
    let changes: Vec<_> =
        store.changes(id(70), Default::default()).try_collect().await.expect("changes");
    let kinds: Vec<_> = changes.iter().map(|change| (change.user.get(), &change.kind)).collect();
    let removed = ChangeKind::Removed {
        by: Source::Told(Witness::Event),
        found: Some((Whereabouts::Suspended, NOW)),
    };
    let before = Names::new(Some("two".into()), None);
    let again = Amendment::new(User::new(id(9)), true, Witness::Event, NOW).by_event("e-1");
    kinds == [(3, &removed), (2, &ChangeKind::Renamed { before })]
        && changes[1].names == Names::new(Some("Two".into()), None)
        && store.amend(id(70), &again).await.expect("an answer") == Amended::Repeated
}

async fn ledger(store: &SqliteStore) -> bool {
    let operations: Vec<_> =
        store.operations(id(70), Default::default()).try_collect().await.expect("operations");
    let (today, users) = (BillingDay::of(NOW), [id(5), id(6)]);
    let charged = store.bill(id(70), Charge::UserLookup, &users, NOW).await.expect("billed");
    let outcomes: Vec<_> = operations.iter().map(|operation| operation.outcome).collect();
    let before = traces_of(store).await;
    MirrorJournal::forget(store, id(4711), Forget::Everything).await.expect("nothing to forget");
    (before, traces_of(store).await) == (1, 0)
        && outcomes == [Some((OperationOutcome::Answered { blocking: false }, NOW)), None]
        && charged == 1
        && store.spent(id(70), today).await.expect("spent").user_lookups == 2
}

/// How often something was forgotten of which traces may be left.
async fn traces_of(store: &SqliteStore) -> i64 {
    let left = "SELECT times - erased FROM forgotten";
    let left = store.read(move |tx| Ok(tx.query_row(left, [], |row| row.get(0))?)).await;
    left.expect("a number")
}

/// What the steps make of a file in which the mirror was kept by read, not by body.
#[tokio::test]
async fn an_old_mirror_gets_names_first_sights_and_changes() {
    let (dir, _) = place();
    let path = dir.path().join("old.db");
    file_of_version(&path, 6);
    let file = Connection::open(&path).expect("open");
    file.execute_batch(include_str!("fixtures/06_mirror.sql")).expect("an old mirror");
    drop(file);
    let store = SqliteStore::open(&path).expect("brought up to date");

    let entry = store.entry(id(8), id(3)).await.expect("an answer").expect("there");
    assert_eq!(entry.first_seen_at, "1970-01-02T00:00:30.25Z".parse().expect("a time"));
    let changes: Vec<_> =
        store.changes(id(8), Default::default()).try_collect().await.expect("changes");
    let at: Timestamp = "1970-01-02T00:01:00.5Z".parse().expect("a time");
    let by = Source::Read(ReadId::new(11));
    let three = Names::new(Some("Three".into()), Some("No. 3".into()));
    let expected = [
        MirrorChange::new(id(1), at, Names::default(), ChangeKind::Removed { by, found: None }),
        MirrorChange::new(id(3), at, three, ChangeKind::Added(by)),
    ];
    assert_eq!(changes, expected, "those of the first snapshot are none");

    // A read that was under way goes on, and is compared in full.
    let (fence, _guard) = hold(&store, id(8)).await;
    let open = store.unfinished(id(8)).await.expect("an answer").expect("under way");
    assert_eq!((open.id.get(), open.users), (12, 2));
    let page = MirrorPage::new(users([2]), None, NOW);
    store.append(open.id, fence, &open.checkpoint, &page).await.expect("stored");
    let Finish::Finished(snapshot) = store.finish(open.id, fence, NOW).await.expect("finished")
    else {
        panic!("not finished");
    };
    assert_eq!((snapshot.users, snapshot.added, snapshot.removed), (3, 1, 0));
    let seen = |entry: Option<MirrorEntry>| entry.expect("there").first_seen_at;
    assert_eq!(seen(store.entry(id(8), id(3)).await.expect("an answer")), entry.first_seen_at);
    let mut renamed = ChangeQuery::default();
    renamed.user = Some(id(3));
    let renamed: Vec<_> = store.changes(id(8), renamed).try_collect().await.expect("changes");
    assert!(renamed.iter().any(|change| matches!(change.kind, ChangeKind::Renamed { .. })));
}
