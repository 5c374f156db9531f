//! A watch over a world in which people block and unblock, with gaps, cuts and cancellations.

use std::pin::pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blocks_app::{Pull, Told, Watch};
use blocks_domain::{BlockPair, BlockState, BlockingPage, BlockingQuery, UserId};
use blocks_fake::{FakeApi, World};
use blocks_ports::{ApiError, BlocksApi, Reply};
use futures_util::FutureExt;
use proptest::prelude::*;

use super::script::Notes;
use crate::support::{Kept, blocked, goes_on, noon, pages_of, stranger, trusting, world};

#[derive(Debug, Clone, Copy)]
enum Act {
    Block(u32),
    Unblock(u32),
}

impl Act {
    fn take(self, world: &World) {
        match self {
            Self::Block(number) => world.block(stranger(world, number)),
            Self::Unblock(number) => world.unblock(stranger(world, number)),
        }
        .expect("they exist");
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![(0..60_u32).prop_map(Act::Block), (0..60_u32).prop_map(Act::Unblock)]
}

/// What happens while somebody watches, what while nobody does, and after how many steps the
/// watch is dropped.
fn stretches() -> impl Strategy<Value = Vec<(Vec<Act>, Vec<u32>)>> {
    let watched = prop::collection::vec(act(), 0..30);
    let gap = prop::collection::vec(0..90_u32, 0..30);
    prop::collection::vec((watched, gap), 1..6)
}

/// An API in which people act while a list is read, before each of its pages.
#[derive(Debug)]
struct Busy {
    inner: FakeApi,
    world: World,
    acts: Mutex<Vec<Vec<Act>>>,
}

#[async_trait]
impl BlocksApi for Busy {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let acts = self.acts.lock().expect("one thread").pop().unwrap_or_default();
        acts.into_iter().for_each(|act| act.take(&self.world));
        tokio::task::yield_now().await;
        self.inner.blocking(source, query).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Blocks alone happen in the gaps, since an unblock there cannot be seen.
    #[test]
    fn the_mirror_follows_the_list_through_gaps(stretches in stretches()) {
        let kept = Kept::of(world(60));
        let owner = kept.world.owner();
        runtime().block_on(async {
            for (watched, gap) in stretches {
                let (notes, pull) = (Notes::default(), kept.pull());
                let watch = Watch::new(&kept.api, pull, &kept.mirror, &kept.ledger, &kept.clock);
                let mut run = pin!(watch.run(owner, pages_of(1000), &notes));
                for act in watched {
                    prop_assert!(goes_on(run.as_mut()).await);
                    act.take(&kept.world);
                }
                prop_assert!(goes_on(run.as_mut()).await);
                prop_assert_eq!(kept.mirrored().await, blocked(&kept.world));
                let charged = kept.world.meter().block_events;
                prop_assert_eq!(kept.spent_around(noon(), 2).await.block_events, charged);
                prop_assert!(!notes.told().contains(&Told::Repeated));
                for number in gap {
                    Act::Block(number).take(&kept.world);
                }
                kept.world.advance(std::time::Duration::from_secs(60));
            }
            Ok(())
        })?;
    }

    /// The first read is of the whole list, in small pages, and everybody acts meanwhile.
    #[test]
    fn a_read_of_the_whole_list_and_what_is_told_meanwhile_make_one_mirror(
        acts in prop::collection::vec(prop::collection::vec(act(), 0..8), 0..16),
        size in 5..30_u32,
        before in prop::collection::vec(0..60_u32, 0..40),
    ) {
        let kept = Kept::of(world(100));
        before.into_iter().for_each(|number| Act::Block(number).take(&kept.world));
        let api = Busy {
            inner: kept.api.clone(),
            world: kept.world.clone(),
            acts: Mutex::new(acts),
        };
        let pull = Pull::new(&api, &kept.mirror, &kept.clock).with_policy(trusting());
        let watch = Watch::new(&kept.api, pull, &kept.mirror, &kept.ledger, &kept.clock);
        let notes = Notes::default();
        runtime().block_on(async {
            let mut run = pin!(watch.run(kept.world.owner(), pages_of(size), &notes));
            for _ in 0..60 {
                prop_assert!(goes_on(run.as_mut()).await);
            }
            prop_assert!(!notes.reports.lock().expect("one thread").is_empty());
            prop_assert_eq!(kept.mirrored().await, blocked(&kept.world));
            Ok(())
        })?;
    }

    /// Dropped after any number of steps: what was told as taken in is in the mirror, and the next
    /// watch finds what is new.
    #[test]
    fn a_watch_can_be_dropped_at_any_time(
        acts in prop::collection::vec(prop::collection::vec(act(), 0..8), 0..8),
        polls in 0..20_usize,
        size in 5..60_u32,
    ) {
        let kept = Kept::of(world(60));
        runtime().block_on(kept.read());
        let api = Arc::new(Busy {
            inner: kept.api.clone(),
            world: kept.world.clone(),
            acts: Mutex::new(acts),
        });
        let pull = Pull::new(&api, &kept.mirror, &kept.clock).with_policy(trusting());
        let watch = Watch::new(&kept.api, pull, &kept.mirror, &kept.ledger, &kept.clock);
        let (owner, notes) = (kept.world.owner(), Notes::default());
        runtime().block_on(async {
            let mut run = Box::pin(watch.run(owner, pages_of(size), &notes));
            for _ in 0..polls {
                prop_assert!(goes_on(run.as_mut()).await);
            }
            drop(run);
            let told = notes.told().iter().filter(|told| **told == Told::Changed).count();
            let by_event = kept.changes(Default::default()).await.into_iter().filter(|one| {
                use blocks_domain::Witness::Event;
                use blocks_ports::{ChangeKind, Source::Told};
                matches!(
                    one.change.kind,
                    ChangeKind::Added(Told(Event)) | ChangeKind::Removed { by: Told(Event), .. }
                )
            });
            prop_assert_eq!(by_event.count(), told);
            let spent = kept.spent_around(noon(), 2).await.block_events;
            prop_assert_eq!(spent, notes.told().len() as u64);

            // Who was blocked is found again; an unblock in the gap stays unseen.
            let again = watch.run(owner, pages_of(1000), &notes).now_or_never();
            prop_assert!(again.is_none());
            let mut again = pin!(watch.run(owner, pages_of(1000), &notes));
            for _ in 0..20 {
                prop_assert!(goes_on(again.as_mut()).await);
            }
            let (mirrored, blocked) = (kept.mirrored().await, blocked(&kept.world));
            prop_assert!(mirrored.is_superset(&blocked), "{:?}", blocked.difference(&mirrored));
            Ok(())
        })?;
    }
}
