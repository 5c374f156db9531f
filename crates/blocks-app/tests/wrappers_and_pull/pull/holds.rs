//! One pull of an account at a time.

use std::sync::Mutex;

use async_trait::async_trait;
use blocks_app::{NoProgress, Pull, PullError, accept};
use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
use blocks_ports::{Clock, Hold, HoldGuard, MirrorStore, MockBlocksApi};
use jiff::{SignedDuration, Timestamp};

use super::bench::{Heard, noon};
use crate::support::{answer, jumping, me, page, pages_of, scripted};

async fn held(mirror: &MemoryMirrorStore) -> HoldGuard {
    let Hold::Held { guard, .. } = mirror.hold(me()).await.expect("a mirror") else { panic!() };
    guard
}

#[tokio::test]
async fn a_second_pull_of_the_account_is_told_so() {
    let (mirror, api, clock) = (MemoryMirrorStore::default(), MockBlocksApi::new(), jumping());
    let _held = held(&mirror).await;
    let pull = Pull::new(&api, &mirror, &clock);
    let error = pull.run(me(), pages_of(10), &NoProgress).await.expect_err("held");
    assert!(matches!(error, PullError::Busy { holder: Some(_) }), "{error:?}");
    let error = accept(&mirror, &clock, me()).await.expect_err("held");
    assert!(matches!(error, PullError::Busy { .. }), "{error:?}");
}

/// A clock by which somebody else lets go of the list at a time.
#[derive(Debug)]
struct LettingGo {
    clock: JumpingClock,
    at: Timestamp,
    guard: Mutex<Option<HoldGuard>>,
}

#[async_trait]
impl Clock for LettingGo {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        self.clock.sleep_until(until).await;
        if self.now() >= self.at {
            self.guard.lock().expect("one thread").take();
        }
    }
}

#[tokio::test]
async fn a_pull_that_waits_says_so_once_and_goes_on_within_a_second() {
    let mirror = MemoryMirrorStore::default();
    let guard = Mutex::new(Some(held(&mirror).await));
    let at = noon() + SignedDuration::from_millis(90_500);
    let clock = LettingGo { clock: jumping(), at, guard };
    let (api, heard) = (scripted([answer(page(0..3, None))]), Heard::default());
    let pull = Pull::new(&api, &mirror, &clock).waiting();
    let report = pull.run(me(), pages_of(10), &heard).await.expect("complete");
    assert_eq!(report.snapshot.started_at, noon() + SignedDuration::from_secs(91));
    let words = heard.words();
    assert!(words[0].starts_with("held by "), "{words:?}");
    assert_eq!(words[1..], ["full because nothing is mirrored yet", "page 1, 3 users"]);
}
