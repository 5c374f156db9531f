//! How a watch goes on after trouble, and when it does not.

use std::sync::{Arc, Mutex};

use blocks_app::WatchError;
use blocks_domain::{Failure, ForbiddenReason, Problem, ProblemType, RateWindow};
use blocks_fake::World;
use blocks_ports::{ApiError, Clock, ReadKind};
use jiff::{SignedDuration, Timestamp};

use super::script::{Notes, Opened, Script, is_end_of_script, seconds};
use crate::support::{Kept, noon, stranger, world};

/// Watches streams, noting when each was opened.
async fn openings(world: &World, streams: Vec<Opened>) -> (Vec<Timestamp>, Notes, WatchError) {
    let kept = Kept::of(world.clone());
    let times = Arc::new(Mutex::new(Vec::new()));
    let (noted, clock) = (Arc::clone(&times), kept.clock.clone());
    let feed = Script::of(streams).opening(move || {
        noted.lock().expect("one thread").push(clock.now());
    });
    let notes = Notes::default();
    let end = kept.watch(&feed, &notes).await;
    let times = times.lock().expect("one thread").clone();
    (times, notes, end)
}

fn gaps(times: &[Timestamp]) -> Vec<SignedDuration> {
    times.windows(2).map(|two| two[1].duration_since(two[0])).collect()
}

#[tokio::test]
async fn the_wait_doubles_up_to_the_longest_with_jitter() {
    let failures = || Err(ApiError::new(Failure::Unavailable));
    let (times, notes, end) =
        openings(&world(3), std::iter::repeat_with(failures).take(14).collect()).await;
    assert!(is_end_of_script(&end));
    for (attempt, gap) in gaps(&times).into_iter().enumerate() {
        let least = seconds(1 << attempt).min(seconds(300));
        assert!((least..=(least * 2).min(seconds(300))).contains(&gap), "{attempt}: {gap}");
    }
    assert_eq!(notes.waits().len(), 14);
    assert_eq!(notes.waits()[0].1, times[1], "the watcher was told of it");
    assert_eq!(*notes.connected.lock().expect("one thread"), 0);
}

#[tokio::test]
async fn an_end_without_trouble_is_waited_after_as_well() {
    let quiet = || Ok(Vec::new());
    let (times, notes, _) = openings(&world(3), vec![quiet(), quiet(), quiet()]).await;
    let gaps = gaps(&times);
    assert!(gaps[0] >= seconds(1) && gaps[2] >= seconds(4), "{gaps:?}");
    assert!(notes.waits()[0].0.contains("the server ended the stream"), "{:?}", notes.waits());
    assert_eq!(*notes.connected.lock().expect("one thread"), 3);
}

#[tokio::test]
async fn a_while_without_trouble_resets_the_wait() {
    for (well, resets) in [(59, false), (60, true)] {
        let kept = Kept::of(world(3));
        let times = Arc::new(Mutex::new(Vec::new()));
        let (noted, clock) = (Arc::clone(&times), kept.clock.clone());
        let failure = || Err(ApiError::new(Failure::Transport));
        let lasting = Lasting { world: kept.world.clone(), seconds: well };
        let feed = Script::of([failure(), failure(), failure(), failure(), Ok(Vec::new())])
            .opening(move || noted.lock().expect("one thread").push(clock.now()));
        let feed = LastingFeed { feed, lasting };
        kept.watch(&feed, &Notes::default()).await;
        let times = times.lock().expect("one thread").clone();
        let last = times[5].duration_since(times[4]) - seconds(well);
        assert_eq!(last <= seconds(2), resets, "{well} s: {last}");
    }
}

#[tokio::test]
async fn a_spent_window_is_waited_for() {
    let spent = |remaining| {
        let window = RateWindow::new(15, remaining, noon() + seconds(600), Some(noon()));
        Err(ApiError::new(Failure::RateLimited).with_status(429).with_rate(Some(window)))
    };
    let (times, _, _) = openings(&world(3), vec![spent(0)]).await;
    assert_eq!(gaps(&times), [seconds(600)]);
    let (times, _, _) = openings(&world(3), vec![spent(3)]).await;
    assert!(gaps(&times)[0] <= seconds(2), "too many streams, and calls are left");
}

#[tokio::test]
async fn a_429_without_a_window_is_waited_out_unless_it_is_about_streams() {
    let limited = || ApiError::new(Failure::RateLimited).with_status(429);
    let (times, _, _) = openings(&world(3), vec![Err(limited())]).await;
    assert_eq!(gaps(&times), [seconds(15 * 60)]);
    let streams = Problem::new(ProblemType::StreamingConnection, "ConnectionException");
    let (times, _, _) =
        openings(&world(3), vec![Err(limited().with_problems(vec![streams]))]).await;
    assert!(gaps(&times)[0] <= seconds(2), "no window is spent");
}

#[tokio::test]
async fn what_does_not_pass_ends_the_watch() {
    for kind in [
        Failure::Unauthenticated,
        Failure::OutOfCredits,
        Failure::Forbidden(ForbiddenReason::ScopeOrPlan),
        Failure::InvalidRequest,
        Failure::Capped,
        Failure::Unsupported,
        Failure::Backend,
    ] {
        for stream in [Err(ApiError::new(kind)), Ok(vec![Err(ApiError::new(kind))])] {
            let (times, notes, end) = openings(&world(3), vec![stream]).await;
            assert!(matches!(&end, WatchError::Feed(error) if error.kind() == kind), "{end:?}");
            assert_eq!((times.len(), notes.waits().len()), (1, 0));
        }
    }
}

#[tokio::test]
async fn after_a_gap_the_new_blocks_alone_are_read() {
    let kept = Kept::of(world(500));
    let broken = ApiError::new(Failure::Transport);
    let feed = Script::of([Ok(vec![Err(broken)]), Ok(Vec::new())]);
    let (world, opened) = (kept.world.clone(), Mutex::new(0_u32));
    // Whenever the stream is opened, somebody has been blocked while it was not.
    let feed = feed.opening(move || {
        let mut opened = opened.lock().expect("one thread");
        world.block(stranger(&world, *opened)).expect("they exist");
        *opened += 1;
    });
    let notes = Notes::default();
    assert!(is_end_of_script(&kept.watch(&feed, &notes).await));
    let reports = notes.reports.lock().expect("one thread");
    let kinds: Vec<_> = reports.iter().map(|report| report.snapshot.kind).collect();
    assert_eq!(kinds, [ReadKind::Full, ReadKind::Head]);
    assert_eq!((reports[1].snapshot.added, reports[1].progress.reads < 50), (1, true));
}

#[tokio::test]
async fn an_unblock_in_a_gap_is_not_seen_until_the_whole_list_is_read() {
    let kept = Kept::of(world(100));
    let freed = kept.world.blocks(kept.world.owner(), 50)[49];
    let (world, opened) = (kept.world.clone(), Mutex::new(0_u32));
    let feed = Script::of([Ok(Vec::new()), Ok(Vec::new())]).opening(move || {
        let mut opened = opened.lock().expect("one thread");
        *opened += 1;
        if *opened == 2 {
            world.unblock(crate::support::pair(&world, freed)).expect("they exist");
        }
    });
    kept.watch(&feed, &Notes::default()).await;
    assert!(kept.mirrored().await.contains(&freed), "nobody could know");
    kept.read().await;
    assert!(!kept.mirrored().await.contains(&freed));
}

/// Lets time pass before a stream ends.
#[derive(Debug, Clone)]
struct Lasting {
    world: World,
    seconds: i64,
}

/// A script whose streams last for a while, and then end.
#[derive(Debug)]
struct LastingFeed {
    feed: Script,
    lasting: Lasting,
}

#[async_trait::async_trait]
impl blocks_ports::ActivityFeed for LastingFeed {
    async fn subscriptions(
        &self,
        page: Option<blocks_domain::PageToken>,
    ) -> Result<blocks_ports::Reply<blocks_domain::SubscriptionsPage>, ApiError> {
        self.feed.subscriptions(page).await
    }

    async fn subscribe(
        &self,
        request: &blocks_domain::SubscriptionRequest,
    ) -> Result<blocks_ports::Reply<blocks_domain::ActivitySubscription>, ApiError> {
        self.feed.subscribe(request).await
    }

    async fn unsubscribe(
        &self,
        id: blocks_domain::SubscriptionId,
    ) -> Result<blocks_ports::Reply<()>, ApiError> {
        self.feed.unsubscribe(id).await
    }

    async fn events(&self) -> Result<blocks_ports::Reply<blocks_ports::BlockEvents>, ApiError> {
        use futures_util::StreamExt;
        let Lasting { world, seconds } = self.lasting.clone();
        let passing = futures_util::stream::once(async move {
            world.advance(std::time::Duration::from_secs(seconds.unsigned_abs()));
        });
        let nothing = passing.filter_map(|()| async { None });
        let reply = self.feed.events().await?;
        Ok(reply.map(|events| events.chain(nothing).boxed()))
    }
}
