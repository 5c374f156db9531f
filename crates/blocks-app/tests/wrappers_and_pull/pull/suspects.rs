//! Reads that are not to be believed without a word.

use async_trait::async_trait;
use blocks_app::{NoProgress, Pull, PullError, PullPolicy, Reason, Wanted, accept};
use blocks_domain::UserId;
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Append, Checkpoint, Difference, Fence, Finish, Hold, MirrorEntry, MirrorPage, MirrorQuery,
    MirrorStore, MockBlocksApi, OpenRead, ReadId, ReadKind, SetAside, Snapshot, StoreError,
    StoreFailure,
};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::bench::Bench;
use crate::support::{answer, page, pages_of, scripted};

impl Bench {
    /// The same after so many of the oldest blocks were lifted elsewhere.
    fn without_oldest(self, count: usize) -> Self {
        let list = self.list();
        list.iter().rev().take(count).for_each(|user| self.unblock(*user));
        self
    }
}

#[tokio::test]
async fn a_read_that_has_lost_too_much_is_set_aside_and_the_mirror_stays() {
    let bench = Bench::of(200).mirrored().await;
    let before = bench.list();
    let bench = bench.without_oldest(21);
    let error = bench.run(Wanted::Full).await.expect_err("too much is gone");
    let said = error.to_string();
    assert!(said.contains("of 200 accounts mirrored, 21 are missing"), "{said}");
    let PullError::SetAside { read, before: stays, lost, progress } = error else { panic!() };
    assert_eq!((read.users, stays.users, lost, progress.reads), (179, 200, 21, 179));
    assert_eq!(bench.shown().await, before);
    assert_eq!(bench.mirror.aside(bench.me()).await.expect("a mirror"), Some(*read));

    let choice = bench.pull().choose(bench.me()).await.expect("a choice");
    assert_eq!((choice.kind, choice.reason), (ReadKind::Full, Reason::SetAside));
}

#[tokio::test]
async fn a_read_that_was_set_aside_can_be_accepted_once() {
    let bench = Bench::of(200).mirrored().await.without_oldest(21);
    bench.run(Wanted::Full).await.expect_err("too much is gone");
    let accepted = || accept(&bench.mirror, &bench.clock, bench.me());
    let snapshot = accepted().await.expect("a mirror").expect("it is there");
    assert_eq!((snapshot.users, snapshot.removed), (179, 21));
    assert_eq!(bench.shown().await, bench.list());
    assert_eq!(accepted().await.expect("a mirror"), None);
    let choice = bench.pull().choose(bench.me()).await.expect("a choice");
    assert_eq!(choice.kind, ReadKind::Head, "the mirror is no longer in doubt");
}

#[tokio::test]
async fn a_better_read_replaces_the_one_that_was_set_aside() {
    let bench = Bench::of(200).mirrored().await.without_oldest(21);
    bench.run(Wanted::Full).await.expect_err("too much is gone");
    bench.block_strangers(0..1);
    let everything = PullPolicy::default().with_loss_limit("100".parse().expect("a percentage"));
    let pull = bench.pull().with_policy(everything);
    let report = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect("believed");
    assert_eq!((report.snapshot.added, report.snapshot.removed), (1, 21));
    assert_eq!(bench.mirror.aside(bench.me()).await.expect("a mirror"), None);
}

#[tokio::test]
async fn a_read_that_has_lost_little_is_believed() {
    let bench = Bench::of(200).mirrored().await.without_oldest(20);
    let report = bench.run(Wanted::Full).await.expect("a tenth may be gone");
    assert_eq!(report.snapshot.removed, 20);
    let strict = PullPolicy::default().with_loss_limit("0".parse().expect("a percentage"));
    let bench = bench.without_oldest(11);
    let pull = bench.pull().wanting(Wanted::Full).with_policy(strict);
    let error = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("not at all");
    assert!(matches!(error, PullError::SetAside { lost: 11, .. }), "{error:?}");
}

#[tokio::test]
async fn a_head_that_has_lost_its_token_is_not_the_end_of_the_list() {
    let bench = Bench::of(200).mirrored().await;
    let broken = scripted([answer(page(9_000_000..9_000_020, None))]);
    let pull = Pull::new(&broken, &bench.mirror, &bench.clock);
    let error = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("not believed");
    assert!(matches!(error, PullError::SetAside { lost: 200, .. }), "{error:?}");
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn a_whole_read_that_was_cut_off_at_its_end_is_judged_all_the_same() {
    let bench = Bench::of(200).mirrored().await.without_oldest(50);
    let dying = FailingFinish::of(&bench);
    let pull = Pull::new(&bench.api, &dying, &bench.clock).wanting(Wanted::Full);
    let error = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("no verdict");
    assert!(matches!(error, PullError::Mirror { .. }), "{error:?}");

    let silent = MockBlocksApi::new();
    let pull = Pull::new(&silent, &bench.mirror, &bench.clock);
    let error = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("not believed");
    assert!(matches!(error, PullError::SetAside { lost: 50, .. }), "{error:?}");
}

/// A mirror that fails when a read has come to its end.
#[derive(Debug)]
pub(super) struct FailingFinish(MemoryMirrorStore);

impl FailingFinish {
    pub(super) fn of(bench: &Bench) -> Self {
        Self(bench.mirror.clone())
    }
}

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreFailure::Full, "the disk is full"))
}

#[async_trait]
impl MirrorStore for FailingFinish {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        self.0.hold(account).await
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        self.0.begin(account, fence, kind, now).await
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.0.unfinished(account).await
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        self.0.append(read, fence, expected, page).await
    }

    async fn finish(&self, _: ReadId, _: Fence, _: Timestamp) -> Result<Finish, StoreError> {
        broken()
    }

    async fn set_aside(&self, _: ReadId, _: Fence) -> Result<SetAside, StoreError> {
        broken()
    }

    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.0.aside(account).await
    }

    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>> {
        self.0.differences(read)
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        self.0.snapshot(account).await
    }

    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
        self.0.places(account, users).await
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        self.0.entries(account, query)
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        self.0.entry(account, user).await
    }
}
