//! Holding the mirror against the list.

use blocks_app::{NoProgress, Pull, PullError, Verified, Verify, Wanted, accept};
use blocks_domain::User;
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{Difference, MirrorStore, MockBlocksApi, ReadKind};
use futures_util::TryStreamExt;

use super::bench::{Bench, CutOff};
use crate::support::{jumping, me, pages_of};

impl Bench {
    fn verify(&self) -> Verify<'_> {
        Verify::new(&self.api, &self.mirror, &self.clock)
    }
}

#[tokio::test]
async fn a_mirror_that_is_right_becomes_as_new_as_the_read() {
    let bench = Bench::of(250).mirrored().await;
    bench.world.advance(std::time::Duration::from_secs(3600));
    let verification = bench.verify().run(bench.me(), pages_of(100), &NoProgress).await;
    let verification = verification.expect("complete");
    let Verified::Same(snapshot) = verification.outcome else { panic!("{verification:?}") };
    assert!(snapshot.full_at > verification.before.full_at);
    assert_eq!((verification.progress.requests, verification.progress.reads), (3, 250));
    let now = bench.mirror.snapshot(bench.me()).await.expect("a mirror");
    assert_eq!(now, Some(snapshot));
}

#[tokio::test]
async fn a_mirror_that_is_wrong_stays_and_the_read_is_kept_beside_it() {
    let bench = Bench::of(250).mirrored().await;
    let before = bench.list();
    bench.unblock(before[30]);
    bench.block_strangers(0..2);
    let verification = bench.verify().run(bench.me(), pages_of(100), &NoProgress).await;
    let verification = verification.expect("complete");
    let Verified::Differs { read, added, removed } = verification.outcome else { panic!() };
    assert_eq!((added, removed, read.users), (2, 1, 251));
    assert_eq!(bench.shown().await, before);

    let differences: Vec<Difference> =
        bench.mirror.differences(read.id).try_collect().await.expect("a mirror");
    let gone = Difference::new(User::new(before[30]), false);
    let is_gone = |known: &Difference| known.user.id == gone.user.id && !known.added;
    assert_eq!((differences.len(), differences.iter().filter(|d| is_gone(d)).count()), (3, 1));

    let accepted = accept(&bench.mirror, &bench.clock, bench.me())
        .await
        .expect("a mirror")
        .expect("it is there");
    assert_eq!((accepted.added, accepted.removed), (2, 1));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn a_single_difference_is_not_believed_without_a_word() {
    let bench = Bench::of(50).mirrored().await;
    bench.block_strangers(0..1);
    let verification = bench.verify().run(bench.me(), pages_of(100), &NoProgress).await;
    let outcome = verification.expect("complete").outcome;
    assert!(matches!(outcome, Verified::Differs { added: 1, removed: 0, .. }), "{outcome:?}");
}

#[tokio::test]
async fn where_nothing_is_mirrored_nothing_is_asked_for() {
    let (silent, mirror, clock) = (MockBlocksApi::new(), MemoryMirrorStore::default(), jumping());
    let verify = Verify::new(&silent, &mirror, &clock);
    let error = verify.run(me(), pages_of(100), &NoProgress).await.expect_err("nothing there");
    assert!(matches!(error, PullError::NothingToGoOnFrom), "{error:?}");
    let error = verify.choose(me()).await.expect_err("nothing there");
    assert!(matches!(error, PullError::NothingToGoOnFrom), "{error:?}");
}

#[tokio::test]
async fn a_verification_that_was_cut_off_goes_on() {
    let bench = Bench::of(250).mirrored().await;
    let api = CutOff::behind(2, bench.api.clone());
    let verify = Verify::new(&api, &bench.mirror, &bench.clock);
    verify.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("cut off");
    let choice = bench.verify().choose(bench.me()).await.expect("a choice");
    assert_eq!(choice.resumes.map(|read| read.users), Some(200));
    let verification = bench.verify().run(bench.me(), pages_of(100), &NoProgress).await;
    let verification = verification.expect("complete");
    assert!(matches!(verification.outcome, Verified::Same(_)), "{verification:?}");
    assert_eq!((verification.progress.reads, verification.progress.resumed), (50, true));
}

#[tokio::test]
async fn an_unfinished_head_proves_nothing_and_one_can_start_over() {
    let bench = Bench::of(250).mirrored().await;
    bench.block_strangers(0..30);
    let api = CutOff::behind(1, bench.api.clone());
    let pull = Pull::new(&api, &bench.mirror, &bench.clock).wanting(Wanted::Head);
    pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("cut off");
    let choice = bench.verify().choose(bench.me()).await.expect("a choice");
    assert_eq!((choice.kind, choice.resumes), (ReadKind::Full, None));

    let api = CutOff::behind(1, bench.api.clone());
    let verify = Verify::new(&api, &bench.mirror, &bench.clock);
    verify.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("cut off");
    let verify = bench.verify().starting_over();
    let verification = verify.run(bench.me(), pages_of(100), &NoProgress).await.expect("complete");
    assert_eq!(verification.progress.reads, 280);
}
