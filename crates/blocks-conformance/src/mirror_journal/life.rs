//! A long life at random, beside a model of it.

use blocks_domain::{User, UserId, Whereabouts, Witness};
use blocks_ports::{
    Amendment, ChangeQuery, Difference, Forget, HoldGuard, MirrorEntry, MirrorOrder, MirrorPage,
    MirrorQuery, OpenRead, ReadId, ReadKind,
};
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::amendments::assert_in_order;
use super::model::Model;
use super::{Journal, Mirror, MirrorJournalHarness, both, changes_of};
use crate::mirror_store::{aside, hold, query, snapshot, token, unfinished};
use crate::support::{at, id, user};

/// How many accounts live side by side.
const LIVES: u64 = 6;
/// How many steps each of them lives.
const STEPS: usize = 120;
/// The users who come and go: few, so that each goes through much.
const USERS: u64 = 8;

/// Whatever is done, in whatever order, the store answers and shows what the model of the contract
/// does.
pub async fn a_long_random_life_agrees_with_the_model<H: MirrorJournalHarness>(h: H) {
    let mut lives: Vec<_> = (0..LIVES).map(Life::new).collect();
    for step in 0..STEPS {
        for life in &mut lives {
            let (store, journal) = both(&h);
            life.now += jiff::SignedDuration::from_secs(life.dice.below(3) as i64);
            let what = life.step(&store, &journal).await;
            life.compare(&store, &journal, &format!("step {step} of {}: {what}", life.account))
                .await;
        }
    }
}

/// An account that is mirrored, and its model.
struct Life {
    account: UserId,
    model: Model,
    dice: Dice,
    now: Timestamp,
    guard: Option<HoldGuard>,
    /// The reads there were, so that some are asked for that have ended.
    reads: Vec<ReadId>,
}

impl Life {
    fn new(seed: u64) -> Self {
        let account = id(1000 + seed);
        let model = Model::default();
        Self { account, model, dice: Dice(seed), now: at(0), guard: None, reads: Vec::new() }
    }

    /// Does something, and asserts that the answer is the model's; says what it was.
    async fn step(&mut self, store: &Mirror, journal: &Journal) -> &'static str {
        match self.dice.below(100) {
            0..4 => self.hold(store).await,
            4..12 => self.begin(store).await,
            12..48 => self.append(store).await,
            48..62 => self.finish(store).await,
            62..68 => self.set_aside(store).await,
            68..84 => self.amend(journal).await,
            84..97 => self.find(journal).await,
            _ => self.forget(journal).await,
        }
    }

    async fn hold(&mut self, store: &Mirror) -> &'static str {
        drop(self.guard.take());
        let (fence, guard) = hold(store, self.account).await;
        (self.model.fence, self.guard) = (fence, Some(guard));
        "hold"
    }

    async fn begin(&mut self, store: &Mirror) -> &'static str {
        if self.guard.is_none() {
            self.hold(store).await;
        }
        let kind = if self.dice.chance(50) { ReadKind::Head } else { ReadKind::Full };
        let begun = store.begin(self.account, self.model.fence, kind, self.now).await;
        let begun = begun.expect("`begin` failed");
        assert_eq!(begun, OpenRead::new(begun.id, self.account, kind, self.now));
        self.reads.push(begun.id);
        self.model.begin(begun);
        "begin"
    }

    async fn append(&mut self, store: &Mirror) -> &'static str {
        let Some(open) = self.model.open.as_ref().map(|read| read.open.clone()) else {
            return self.begin(store).await;
        };
        let users = (0..self.dice.below(6)).map(|_| self.profile()).collect();
        let next = self.dice.chance(60).then(|| token(self.dice.below(1000)));
        let mut page = MirrorPage::new(users, next, self.now);
        page.meets_known = self.dice.chance(40);
        let mut expected = open.checkpoint;
        if self.dice.chance(5) {
            expected.pages += 1;
        }
        let other = self.read().filter(|_| self.dice.chance(10));
        let read = other.unwrap_or(open.id);
        let answer = store.append(read, self.model.fence, &expected, &page).await;
        let modelled = self.model.append(read, self.model.fence, &expected, &page);
        assert_eq!(answer.expect("`append` failed"), modelled, "`append` of {page:?}");
        "append"
    }

    /// The read aside, the unfinished one, or some other one.
    fn read(&mut self) -> Option<ReadId> {
        let kept = |read: &Option<super::model::Read>| read.as_ref().map(|read| read.open.id);
        let any = self.dice.below(self.reads.len().max(1) as u64) as usize;
        match self.dice.below(10) {
            0 => self.reads.get(any).copied(),
            1..4 => kept(&self.model.aside).or(kept(&self.model.open)),
            _ => kept(&self.model.open).or(kept(&self.model.aside)),
        }
    }

    async fn finish(&mut self, store: &Mirror) -> &'static str {
        let Some(read) = self.read() else { return self.begin(store).await };
        let answer = store.finish(read, self.model.fence, self.now).await;
        let modelled = self.model.finish(read, self.model.fence, self.now);
        assert_eq!(answer.expect("`finish` failed"), modelled, "`finish`");
        "finish"
    }

    async fn set_aside(&mut self, store: &Mirror) -> &'static str {
        let Some(read) = self.read() else { return self.begin(store).await };
        let answer = store.set_aside(read, self.model.fence).await;
        let modelled = self.model.set_aside(read, self.model.fence);
        assert_eq!(answer.expect("`set_aside` failed"), modelled, "`set_aside`");
        "set_aside"
    }

    async fn amend(&mut self, journal: &Journal) -> &'static str {
        let user = self.profile();
        let witness = if self.dice.chance(50) { Witness::Event } else { Witness::Operation };
        let mut amendment = Amendment::new(user, self.dice.chance(50), witness, self.now);
        if self.dice.chance(30) {
            amendment = amendment.by_event(format!("event {}", self.dice.below(20)));
        }
        let answer = journal.amend(self.account, &amendment).await.expect("`amend` failed");
        assert_eq!(answer, self.model.amend(&amendment), "{amendment:?}");
        "amend"
    }

    async fn find(&mut self, journal: &Journal) -> &'static str {
        let user = id(1 + self.dice.below(USERS));
        let found = Whereabouts::ALL[self.dice.below(3) as usize];
        journal.find(self.account, user, found, self.now).await.expect("`find` failed");
        self.model.find(user, found, self.now);
        "find"
    }

    async fn forget(&mut self, journal: &Journal) -> &'static str {
        let ago = jiff::SignedDuration::from_secs(self.dice.below(60) as i64);
        let what = match self.dice.below(5) {
            0 => Forget::Everything,
            1 => Forget::Profiles { before: None },
            _ => Forget::Profiles { before: Some(self.now - ago) },
        };
        let answer = journal.forget(self.account, what).await.expect("`forget` failed");
        assert_eq!(answer, self.model.forget(what), "{what:?}");
        "forget"
    }

    /// One of the users, of whom more or less is told.
    fn profile(&mut self) -> User {
        let number = 1 + self.dice.below(USERS);
        match self.dice.below(6) {
            0 => User::new(id(number)),
            1..3 => {
                let mut renamed = user(number);
                renamed.username = Some(format!("Other{}", self.dice.below(9)));
                renamed
            }
            3 => {
                let mut renamed = user(number);
                (renamed.name, renamed.verified) = (Some("Somebody".into()), Some(true));
                renamed
            }
            _ => user(number),
        }
    }

    /// Asserts that the store shows what the model does.
    async fn compare(&mut self, store: &Mirror, journal: &Journal, after: &str) {
        let (account, model) = (self.account, &self.model);
        let kept = |read: &Option<super::model::Read>| read.as_ref().map(|read| read.open.clone());
        assert_eq!(
            unfinished(store, account).await,
            kept(&model.open),
            "`unfinished` after {after}"
        );
        assert_eq!(aside(store, account).await, kept(&model.aside), "`aside` after {after}");
        let last = model.last.as_ref().map(|(snapshot, _)| snapshot.clone());
        assert_eq!(snapshot(store, account).await, last, "`snapshot` after {after}");
        let entries = placeless(query(store, account, MirrorQuery::default()).await);
        assert_eq!(entries, model.entries(), "`entries` after {after}");
        assert_in_order(store, account).await;
        let told = changes_of(journal, account, ChangeQuery::default()).await;
        assert_eq!(told, model.changes(), "`changes` after {after}");
        for read in [kept(&model.open), kept(&model.aside)].into_iter().flatten() {
            let differences: Vec<Difference> =
                store.differences(read.id).try_collect().await.expect("`differences` failed");
            assert_eq!(differences, model.differences(read.id), "`differences` after {after}");
        }
        let user = id(1 + self.dice.below(USERS));
        let one = store.entry(account, user).await.expect("`entry` failed");
        let one = placeless(one.into_iter().collect());
        let known: Vec<_> = model.shown(user).cloned().into_iter().collect();
        assert_eq!(one, known, "`entry` of {user} after {after}");
        self.ask(store, after).await;
    }

    /// Asks for some of the users, in the order of their handles.
    async fn ask(&mut self, store: &Mirror, after: &str) {
        let mut asked = MirrorQuery::default();
        asked.order = MirrorOrder::Username;
        match self.dice.below(4) {
            0 => asked.username = Some(format!("USER{}", 1 + self.dice.below(USERS))),
            1 => asked.text = Some("other".into()),
            2 => asked.verified = Some(true),
            _ => {}
        }
        let admitted = self.model.entries().iter().filter(|entry| asked.admits(&entry.user));
        let mut expected: Vec<_> = admitted.cloned().collect();
        expected.sort_by_key(|entry| {
            let key = entry.user.username.as_ref().map(|handle| handle.to_lowercase());
            (key.is_none(), key)
        });
        let found = placeless(query(store, self.account, asked.clone()).await);
        assert_eq!(found, expected, "{asked:?} after {after}");
    }
}

/// The entries without their positions, of which the model knows nothing.
fn placeless(entries: Vec<MirrorEntry>) -> Vec<MirrorEntry> {
    let placeless = |mut entry: MirrorEntry| {
        entry.position = 0;
        entry
    };
    entries.into_iter().map(placeless).collect()
}

/// Numbers that look like chance and are the same each time: `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
