//! Lists that change while they are read, and between reads.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{NoProgress, Pull, PullError, PullPolicy, Wanted};
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, User, UserId, Witness,
};
use blocks_ports::{Amendment, ApiError, BlocksApi, MirrorJournal, Reply};
use proptest::prelude::*;
use proptest::sample::Index;

use super::bench::{Bench, at_once};
use crate::support::pages_of;

/// Somebody is blocked, or unblocked.
#[derive(Debug, Clone)]
struct Change {
    /// Of all who are ever blocked in a test.
    user: Index,
    blocks: bool,
    /// Whether the journal is told of it.
    is_told: bool,
}

/// What happens behind a page.
#[derive(Debug, Clone)]
struct Meanwhile {
    changes: Vec<Change>,
    /// Whether the page is lost on its way.
    is_lost: bool,
}

fn any_changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = any::<(Index, bool, bool)>().prop_map(|(user, blocks, is_told)| Change {
        user,
        blocks,
        is_told,
    });
    prop::collection::vec(change, 0..most)
}

fn any_meanwhile() -> impl Strategy<Value = Vec<Meanwhile>> {
    let meanwhile = (any_changes(6), prop::bool::weighted(0.2));
    let meanwhile = meanwhile.prop_map(|(changes, is_lost)| Meanwhile { changes, is_lost });
    prop::collection::vec(meanwhile, 0..12)
}

/// A bench, and everybody who is blocked at the beginning or may come to be.
#[derive(Debug)]
struct Changing {
    bench: Bench,
    everybody: Vec<UserId>,
    /// Whether the journal is told of anything at all.
    tells: bool,
}

impl Changing {
    fn of(blocks: u32, strangers: u32, tells: bool) -> Self {
        let bench = Bench::of(blocks);
        let mut everybody = bench.list();
        everybody.extend((0..strangers).map(|number| bench.world.stranger(number)));
        Self { bench, everybody, tells }
    }

    /// Makes a change; answers whom it was about, and whether they are blocked now.
    fn make(&self, change: &Change) -> (UserId, bool) {
        let bench = &self.bench;
        let user = *change.user.get(&self.everybody);
        bench.world.advance(Duration::from_secs(1));
        if change.blocks {
            bench.block(user);
        } else {
            bench.unblock(user);
        }
        if change.is_told && self.tells {
            let (witness, now) = (Witness::Operation, bench.world.now());
            let told = Amendment::new(User::new(user), change.blocks, witness, now);
            at_once(bench.mirror.amend(bench.me(), &told)).expect("a journal");
        }
        (user, change.blocks)
    }
}

/// An API of a list that somebody changes behind each page, on a line that loses some.
#[derive(Debug)]
struct Restless {
    changing: Arc<Changing>,
    plan: Mutex<VecDeque<Meanwhile>>,
    seen: Mutex<Seen>,
}

/// Who was blocked since a read began.
#[derive(Debug, Clone)]
struct Seen {
    ever: BTreeSet<UserId>,
    always: BTreeSet<UserId>,
}

impl Restless {
    fn new(changing: Arc<Changing>, plan: Vec<Meanwhile>) -> Self {
        let now: BTreeSet<_> = changing.bench.list().into_iter().collect();
        let seen = Seen { ever: now.clone(), always: now };
        Self { changing, plan: Mutex::new(plan.into()), seen: Mutex::new(seen) }
    }
}

#[async_trait]
impl BlocksApi for Restless {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let reply = self.changing.bench.api.blocking(source, query).await?;
        let meanwhile = self.plan.lock().expect("one thread").pop_front();
        let Some(Meanwhile { changes, is_lost }) = meanwhile else { return Ok(reply) };
        for change in &changes {
            let (user, is_blocked) = self.changing.make(change);
            let mut seen = self.seen.lock().expect("one thread");
            if is_blocked {
                seen.ever.insert(user);
            } else {
                seen.always.remove(&user);
            }
        }
        if is_lost { Err(ApiError::new(Failure::Transport)) } else { Ok(reply) }
    }

    async fn block(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        unreachable!("a pull only reads")
    }

    async fn unblock(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        unreachable!("a pull only reads")
    }
}

/// Whatever is read is believed: these lists are short, and much of them changes.
fn trusting() -> PullPolicy {
    PullPolicy::default().with_loss_limit("100".parse().expect("a percentage"))
}

/// Reads the whole list while it changes, again and again until the line has held.
fn read_whole(api: &Restless, page: u32) {
    let bench = &api.changing.bench;
    loop {
        let pull = Pull::new(api, &bench.mirror, &bench.clock);
        let pull = pull.wanting(Wanted::Full).with_policy(trusting());
        match at_once(pull.run(bench.me(), pages_of(page), &NoProgress)) {
            Ok(_) => return,
            Err(PullError::Api { error, .. }) if error.kind() == Failure::Transport => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_full_read_shows_who_was_blocked_throughout_and_nobody_who_never_was(
        blocks in 0..40_u32,
        page in 1..12_u32,
        tells: bool,
        before in prop::option::of(any_changes(20)),
        meanwhile in any_meanwhile(),
    ) {
        let changing = Arc::new(Changing::of(blocks, 15, tells));
        if let Some(changes) = before {
            let quiet = Restless::new(Arc::clone(&changing), Vec::new());
            read_whole(&quiet, page);
            for change in &changes {
                changing.make(change);
            }
        }
        let api = Restless::new(Arc::clone(&changing), meanwhile);
        read_whole(&api, page);

        let shown = at_once(changing.bench.shown());
        let distinct: BTreeSet<_> = shown.iter().copied().collect();
        prop_assert_eq!(distinct.len(), shown.len(), "each user once");
        let Seen { ever, always } = api.seen.lock().expect("one thread").clone();
        let missing: Vec<_> = always.difference(&distinct).collect();
        prop_assert!(missing.is_empty(), "blocked throughout, and not shown: {missing:?}");
        let never: Vec<_> = distinct.difference(&ever).collect();
        prop_assert!(never.is_empty(), "shown, and never blocked: {never:?}");
    }

    #[test]
    fn heads_show_everybody_on_the_list_in_its_order_at_the_price_of_the_new_ones(
        blocks in 0..150_u32,
        overlap in 1..25_u32,
        page in 1..120_u32,
        rounds in prop::collection::vec(any_changes(60), 1..5),
    ) {
        let changing = Changing::of(blocks, 80, false);
        let bench = &changing.bench;
        let policy = trusting().with_overlap(NonZeroU32::new(overlap).expect("not zero"));
        let pull = bench.pull().with_policy(policy);
        at_once(pull.run(bench.me(), pages_of(100), &NoProgress)).expect("complete");
        let mut ever: BTreeSet<_> = bench.list().into_iter().collect();

        for changes in rounds {
            let known: BTreeSet<_> = at_once(bench.shown()).into_iter().collect();
            let mut on_top = BTreeSet::new();
            for change in &changes {
                let user = *change.user.get(&changing.everybody);
                // As many known users in a row as are known ground look like it, wherever they are.
                let again = on_top.intersection(&known).count() as u32 + 1;
                let is_listed = bench.list().contains(&user);
                if change.blocks && !is_listed && (!known.contains(&user) || again < overlap) {
                    changing.make(change);
                    on_top.insert(user);
                } else if !change.blocks {
                    changing.make(change);
                    on_top.remove(&user);
                }
            }
            let head = pull.wanting(Wanted::Head);
            let report = at_once(head.run(bench.me(), pages_of(page), &NoProgress));
            let report = report.expect("complete");

            let (list, shown) = (bench.list(), at_once(bench.shown()));
            ever.extend(list.iter().copied());
            let in_order: Vec<_> = shown.iter().filter(|user| list.contains(user)).collect();
            prop_assert_eq!(in_order, list.iter().collect::<Vec<_>>());
            prop_assert!(shown.iter().all(|user| ever.contains(user)), "nobody else");
            let new = on_top.len() as u64;
            let most = new + new / 4 + 2 * u64::from(overlap.max(5));
            let reads = report.progress.reads;
            prop_assert!(reads <= most, "{reads} reads for {new} on top, and {overlap} known");
        }
    }
}
