//! What a mirror of a million blocks costs.
//!
//! `cargo bench -p blocks-sqlite` takes minutes and about 4 GiB of disk, with `-- --users 100000` a
//! tenth of it. Only the memory has a bound: how long a page takes is up to the disk, which must
//! have stored it before it is acknowledged.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use blocks_domain::{PageToken, User, UserId, UserMetrics, Witness};
use blocks_ports::{
    Amendment, Append, Fence, Finish, Forget, Hold, HoldGuard, MirrorJournal, MirrorPage,
    MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, Snapshot,
};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use jiff::Timestamp;

const PAGE: u64 = 1_000;
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let asked = std::env::args().skip_while(|arg| arg != "--users").nth(1);
    let users = asked.map_or(1_000_000, |count| count.parse().expect("a number"));
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("blocks.db");
    let store = SqliteStore::open(&path).expect("open");
    let mut figures = Figures { bounds_kept: true };

    let (mut appends, snapshot) =
        full(&store, "finish of the first read", 0..users, &mut figures).await;
    assert_eq!(snapshot.users, users);
    figures.note_appends("the first read", &mut appends);
    // One in a hundred goes, as many come.
    let gone = users / 100;
    let (mut appends, snapshot) =
        full(&store, "finish of the second read", gone..users + gone, &mut figures).await;
    assert_eq!((snapshot.added, snapshot.removed), (gone, gone));
    figures.note_appends("the second read", &mut appends);

    head(&store, users + gone, &mut figures).await;
    amend(&store, &mut figures).await;
    look(&store, users, &mut figures).await;
    figures.note("file", size(&path) >> 20, "MiB", None);
    let begun = Instant::now();
    let all = Forget::Profiles { before: None };
    store.forget(me(), all).await.expect("forgotten");
    figures.time("forgetting all profiles", begun.elapsed());
    figures.note("file afterwards", size(&path) >> 20, "MiB", None);
    figures.note("peak of the resident memory", peak_kib() >> 10, "MiB", Some(64));
    figures.judge()
}

fn me() -> UserId {
    UserId::new(12).expect("in range")
}

/// Somebody, whose id is nowhere near that of the next.
fn user(number: u64) -> User {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 4;
    let mut user = User::new(UserId::new(mixed).expect("in range"));
    user.username = Some(format!("user{:x}", mixed >> 8));
    user.name = Some(format!("User {number}"));
    user.description = Some("Tells much about nothing, at length. ".repeat(10));
    let mut metrics = UserMetrics::default();
    metrics.followers_count = Some(mixed % 10_000);
    user.public_metrics = Some(metrics);
    user
}

/// Reads the users of these numbers, the greatest first, and finishes.
async fn full(
    store: &SqliteStore,
    what: &'static str,
    numbers: std::ops::Range<u64>,
    figures: &mut Figures,
) -> (Vec<Duration>, Snapshot) {
    let (read, fence, _guard) = begin(store, ReadKind::Full).await;
    let (mut checkpoint, mut appends) = (read.checkpoint.clone(), Vec::new());
    let mut end = numbers.end;
    while end > numbers.start {
        let start = end.saturating_sub(PAGE).max(numbers.start);
        let users = (start..end).rev().map(user).collect();
        let token = PageToken::new(&format!("the-page-before-{start:012}")).expect("a token");
        let page = MirrorPage::new(users, (start > numbers.start).then_some(token), NOW);
        let begun = Instant::now();
        let append = store.append(read.id, fence, &checkpoint, &page).await.expect("stored");
        appends.push(begun.elapsed());
        let Append::Appended(behind) = append else { panic!("{append:?}") };
        (checkpoint, end) = (behind, start);
    }
    if what.contains("second") {
        let begun = Instant::now();
        let count =
            store.differences(read.id).try_fold(0_u64, async |count, _| Ok(count + 1)).await;
        figures.time("differences of the second read", begun.elapsed());
        assert!(count.expect("differences") > 0);
    }
    let waiting = other_writer(store.path());
    let seen = seen(store.path(), read.id);
    let begun = Instant::now();
    let finish = store.finish(read.id, fence, NOW).await.expect("finished");
    let finished = begun.elapsed();
    let shown = seen.await.expect("it was seen").duration_since(begun);
    figures.time(what, shown);
    figures.time("the sweep after it", finished.saturating_sub(shown));
    let longest = waiting.stop().await;
    figures.time("longest wait of another writer meanwhile", longest);
    let Finish::Finished(snapshot) = finish else { panic!("{finish:?}") };
    (appends, snapshot)
}

async fn begin(store: &SqliteStore, kind: ReadKind) -> (OpenRead, Fence, HoldGuard) {
    let Hold::Held { fence, guard } = store.hold(me()).await.expect("held") else { panic!("busy") };
    let read = store.begin(me(), fence, kind, NOW).await.expect("begun");
    (read, fence, guard)
}

/// Finds a hundred new blocks on top of the list, and known ground.
async fn head(store: &SqliteStore, next: u64, figures: &mut Figures) {
    let (read, fence, _guard) = begin(store, ReadKind::Head).await;
    let users = (next - 100..next + 100).rev().map(user).collect();
    let page = MirrorPage::new(users, None, NOW).on_known_ground();
    let begun = Instant::now();
    store.append(read.id, fence, &read.checkpoint, &page).await.expect("stored");
    let finish = store.finish(read.id, fence, NOW).await.expect("finished");
    figures.time("append and finish of a head of 100 new", begun.elapsed());
    let Finish::Finished(snapshot) = finish else { panic!("{finish:?}") };
    assert_eq!((snapshot.added, snapshot.removed), (100, 0));
}

async fn amend(store: &SqliteStore, figures: &mut Figures) {
    let begun = Instant::now();
    for number in 0..100 {
        let told = Amendment::new(user(number), number % 2 == 0, Witness::Event, NOW);
        store.amend(me(), &told.by_event(format!("event {number}"))).await.expect("amended");
    }
    figures.time("100 amendments", begun.elapsed());
}

async fn look(store: &SqliteStore, number: u64, figures: &mut Figures) {
    let begun = Instant::now();
    store.entry(me(), user(number / 2).id).await.expect("an answer").expect("there");
    figures.time("one entry in the middle", begun.elapsed());
    let page: Vec<_> = (number / 2..number / 2 + PAGE).map(|number| user(number).id).collect();
    let begun = Instant::now();
    let places = store.places(me(), &page).await.expect("places");
    figures.time("places of a page of 1,000", begun.elapsed());
    assert!(places.iter().all(Option::is_some), "all are mirrored");
    let mut query = MirrorQuery::default();
    query.username = user(number / 2).username;
    let begun = Instant::now();
    let found: Vec<_> = store.entries(me(), query).try_collect().await.expect("entries");
    figures.time("one entry by handle", begun.elapsed());
    assert_eq!(found.len(), 1);
    let mut query = MirrorQuery::default();
    query.limit = Some(20);
    let begun = Instant::now();
    let _: Vec<_> = store.entries(me(), query.clone()).try_collect().await.expect("entries");
    figures.time("the newest 20", begun.elapsed());
    query.order = blocks_ports::MirrorOrder::Followers;
    let begun = Instant::now();
    let _: Vec<_> = store.entries(me(), query).try_collect().await.expect("entries");
    figures.time("the 20 with the most followers", begun.elapsed());
    let begun = Instant::now();
    let all = store.entries(me(), MirrorQuery::default());
    let count = all.try_fold(0_u64, async |count, _| Ok(count + 1)).await.expect("entries");
    figures.time("all entries", begun.elapsed());
    assert!(count > 0);
}

/// Waits until a read is shown, and says when that was; what is deleted then is nobody's.
fn seen(path: &Path, read: ReadId) -> tokio::task::JoinHandle<Instant> {
    let store = SqliteStore::open(path).expect("open");
    tokio::spawn(async move {
        while store.snapshot(me()).await.expect("an answer").is_none_or(|shown| shown.id != read) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Instant::now()
    })
}

/// Somebody else who writes all the time, and how long that took at most.
struct OtherWriter {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    task: tokio::task::JoinHandle<Duration>,
}

fn other_writer(path: &Path) -> OtherWriter {
    let store = SqliteStore::open(path).expect("open");
    let stop = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
    let stopped = std::sync::Arc::clone(&stop);
    let task = tokio::spawn(async move {
        let other = UserId::new(99).expect("in range");
        let mut longest = Duration::ZERO;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let begun = Instant::now();
            let told = Amendment::new(user(0), true, Witness::Event, NOW).by_event("again");
            store.amend(other, &told).await.expect("written");
            longest = longest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest
    });
    OtherWriter { stop, task }
}

impl OtherWriter {
    async fn stop(self) -> Duration {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        self.task.await.expect("it ended")
    }
}

struct Figures {
    bounds_kept: bool,
}

impl Figures {
    fn note(&mut self, what: &str, seen: u64, unit: &str, bound: Option<u64>) {
        let told = bound.map(|bound| format!(", bound {bound}")).unwrap_or_default();
        println!("{what}: {seen} {unit}{told}");
        self.bounds_kept &= bound.is_none_or(|bound| seen <= bound);
    }

    fn time(&self, what: &str, took: Duration) {
        println!("{what}: {took:.1?}");
    }

    fn note_appends(&self, what: &str, appends: &mut [Duration]) {
        appends.sort_unstable();
        let (middle, last) = (appends.len() / 2, appends.len() - 1);
        self.time(&format!("a page of {what}, median"), appends[middle]);
        self.time(&format!("the slowest page of {what}"), appends[last]);
    }

    fn judge(self) -> ExitCode {
        if self.bounds_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("there").len()
}

/// What the kernel keeps as the most that was resident; 0 where it keeps nothing.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
