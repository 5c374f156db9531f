//! What the journal was told, and what a head then takes for known ground.

use blocks_app::{NoProgress, Pull, Wanted};
use blocks_domain::{User, UserId, Witness};
use blocks_ports::{Amendment, MirrorJournal};

use super::bench::{Bench, CutOff};
use crate::support::pages_of;

impl Bench {
    /// Blocks strangers and tells the journal.
    async fn block_and_tell(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let user: UserId = self.world.stranger(number);
            self.block(user);
            let told = Amendment::new(User::new(user), true, Witness::Operation, self.world.now());
            self.mirror.amend(self.me(), &told).await.expect("a journal");
        }
    }
}

#[tokio::test]
async fn users_whom_no_read_has_met_are_no_known_ground() {
    let bench = Bench::of(500).mirrored().await;
    // Three were blocked elsewhere, and then many here.
    bench.block_strangers(0..3);
    bench.block_and_tell(3..63).await;
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!(bench.shown().await, bench.list(), "also those three, behind the sixty");
    assert_eq!(report.snapshot.added, 3);

    bench.block_and_tell(63..64).await;
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.progress.reads, report.snapshot.added), (40, 0), "now they are ground");
}

#[tokio::test]
async fn users_told_of_during_a_read_that_did_not_meet_them_are_no_known_ground() {
    let bench = Bench::of(500);
    let api = CutOff::behind(2, bench.api.clone());
    let pull = Pull::new(&api, &bench.mirror, &bench.clock);
    pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("cut off");
    bench.block_strangers(0..3);
    bench.block_and_tell(3..63).await;
    bench.run(Wanted::Whichever).await.expect("the rest");
    bench.run(Wanted::Head).await.expect("complete");
    assert_eq!(bench.shown().await, bench.list(), "also those three, behind the sixty");
}
