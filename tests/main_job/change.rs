//! A list that changes while it is read.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;

use blocks_app::{Progress, Pull, PullProgress};
use blocks_domain::{BlockPair, UserId};
use blocks_fake::World;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::{Scene, Wrappers, mirrored_ids, pages_of};

/// How many users are blocked at first; as many again are not.
const BLOCKS: u32 = 24;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whoever is blocked throughout is in the snapshot, whoever is blocked at no time is not,
    /// and nobody is in it twice.
    #[test]
    fn nobody_is_lost_nobody_invented(
        seed: u64,
        page in 1..9_u32,
        changes in vec(vec(0..2 * BLOCKS, 0..6), 0..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let world = World::builder().seed(seed).blocks(BLOCKS).limits(false);
            let scene = Scene::of(world).await;
            let meddler = Meddler::of(&scene.world, changes);
            let (store, clock) = (scene.store(), scene.clock());
            let api = scene.wrapped(&scene.client(), Wrappers::PATIENT, &store);
            let pull = Pull::new(&api, &store, &clock);
            let report = pull.run(scene.owner(), pages_of(page), &meddler).await;

            let listed = mirrored_ids(&store, scene.owner()).await;
            let snapshot: BTreeSet<_> = listed.iter().copied().collect();
            prop_assert_eq!(report.expect("the list").snapshot.users, listed.len() as u64);
            prop_assert_eq!(snapshot.len(), listed.len(), "somebody is there twice");
            let seen = meddler.seen.into_inner().expect("one thread");
            prop_assert!(seen.throughout.is_subset(&snapshot), "somebody is missing");
            prop_assert!(snapshot.is_subset(&seen.at_some_time), "somebody was never blocked");
            Ok(())
        })?;
    }
}

/// Changes the list each time that a page has been stored.
#[derive(Debug)]
struct Meddler {
    world: World,
    people: Vec<UserId>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    changes: VecDeque<Vec<u32>>,
    blocked: BTreeSet<UserId>,
    throughout: BTreeSet<UserId>,
    at_some_time: BTreeSet<UserId>,
}

impl Meddler {
    /// Toggles the people of these numbers after each page: first those who are blocked at the
    /// beginning, then strangers.
    fn of(world: &World, changes: Vec<Vec<u32>>) -> Self {
        let blocked = world.blocks(world.owner(), usize::MAX);
        let strangers = (0..BLOCKS).map(|number| world.stranger(number));
        let people = blocked.iter().copied().chain(strangers).collect();
        let blocked: BTreeSet<_> = blocked.into_iter().collect();
        let seen = Seen {
            changes: changes.into(),
            throughout: blocked.clone(),
            at_some_time: blocked.clone(),
            blocked,
        };
        Self { world: world.clone(), people, seen: Mutex::new(seen) }
    }
}

impl Progress for Meddler {
    fn page(&self, _: &PullProgress) {
        let mut seen = self.seen.lock().expect("one thread");
        for number in seen.changes.pop_front().unwrap_or_default() {
            let person = self.people[number as usize];
            let pair = BlockPair::new(self.world.owner(), person).expect("two users");
            if seen.blocked.remove(&person) {
                seen.throughout.remove(&person);
                self.world.unblock(pair).expect("somebody of this world");
            } else {
                seen.blocked.insert(person);
                seen.at_some_time.insert(person);
                self.world.block(pair).expect("somebody of this world");
            }
        }
    }

    fn token_expired(&self, _: &PullProgress) {
        unreachable!("nothing was read before");
    }
}
