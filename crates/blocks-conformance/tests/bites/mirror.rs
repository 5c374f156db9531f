//! Mirror stores, each with one fault.

mod faults;
mod twisted;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::mirror_store::{MirrorStoreHarness, rules};
use blocks_domain::{User, UserId, Witness};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Amendment, Append, Checkpoint, Difference, Fence, Finish, Hold, HoldGuard, MirrorEntry,
    MirrorJournal, MirrorPage, MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, SetAside,
    Snapshot, StoreError, StoreFailure,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use jiff::Timestamp;

use self::faults::{FAULTS, Fault};
use crate::{Broken, Shared, assert_bites, dawdle};

#[test]
fn every_rule_bites() {
    let sources = [
        include_str!("../../src/mirror_store/asides.rs"),
        include_str!("../../src/mirror_store/heads.rs"),
        include_str!("../../src/mirror_store/holds.rs"),
        include_str!("../../src/mirror_store/queries.rs"),
        include_str!("../../src/mirror_store/reads.rs"),
        include_str!("../../src/mirror_store/snapshots.rs"),
    ];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    mirror: MemoryMirrorStore,
    notes: Shared<Notes>,
}

/// What the faults remember besides.
#[derive(Debug, Default)]
struct Notes {
    fence: Fence,
    account: Option<UserId>,
    read: Option<ReadId>,
    held: bool,
    received: u64,
    profiles: HashMap<UserId, User>,
    met_known: bool,
    aside: Option<OpenRead>,
    /// The users of the heads since it was set aside.
    heads: Vec<User>,
    differences: Vec<Difference>,
}

faulty_store!(MirrorStoreHarness, MirrorStore);

/// Takes the mark of a hold off when it is dropped.
struct Unmark(Shared<Notes>);

impl Drop for Unmark {
    fn drop(&mut self) {
        self.0.with(|notes| notes.held = false);
    }
}

impl Store {
    fn inner(&self) -> &MemoryMirrorStore {
        &self.storage.mirror
    }

    fn note<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        self.storage.notes.with(f)
    }

    fn slot(&self, account: UserId) -> UserId {
        if self.has(Fault::OneMirrorForAll) { "1".parse().expect("an id") } else { account }
    }

    fn fence(&self, given: Fence, fault: Fault) -> Fence {
        if self.has(fault) { self.note(|notes| notes.fence) } else { given }
    }

    fn read(&self, given: ReadId) -> ReadId {
        let any = self.has(Fault::ReadIdsRepeat) || self.has(Fault::AppendTakesAnyRead);
        self.note(|notes| notes.read).filter(|_| any).unwrap_or(given)
    }

    /// The unfinished read of the account that was begun last.
    async fn open(&self) -> Result<Option<OpenRead>, StoreError> {
        match self.note(|notes| notes.account) {
            Some(account) => self.inner().unfinished(account).await,
            None => Ok(None),
        }
    }

    /// A page as the fault stores it.
    fn stored(&self, page: &MirrorPage) -> MirrorPage {
        let mut page = page.clone();
        for user in &mut page.users {
            if self.has(Fault::LosesUnknownFields) {
                user.extra = User::new(user.id).extra;
            }
            let older =
                self.note(|notes| notes.profiles.entry(user.id).or_insert(user.clone()).clone());
            if self.has(Fault::KeepsTheOlderProfile) {
                *user = older;
            }
        }
        self.note(|notes| {
            notes.received += page.users.len() as u64;
            notes.met_known |= page.meets_known;
            if page.meets_known {
                notes.heads.extend(page.users.iter().cloned());
            }
        });
        if self.has(Fault::HeadsAreWholeLists) {
            page.meets_known = false;
        }
        page
    }

    fn told(&self, mut snapshot: Snapshot) -> Snapshot {
        match self.fault {
            Some(Fault::MiscountsPages) => snapshot.pages += 1,
            Some(Fault::CountsAllAsAdded) => snapshot.added = snapshot.users,
            Some(Fault::EveryReadIsFull) => snapshot.full_at = snapshot.started_at,
            _ => {}
        }
        snapshot
    }
}

#[async_trait]
impl MirrorStore for Store {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        let account = self.slot(account);
        let fence = self.note(|notes| notes.fence);
        if self.has(Fault::HoldsAreNotAtomic) {
            if self.note(|notes| notes.held) {
                return Ok(Hold::Busy { holder: None });
            }
            dawdle().await;
            self.note(|notes| notes.held = true);
            let guard = HoldGuard::new(Unmark(self.storage.notes.clone()));
            return Ok(Hold::Held { fence, guard });
        }
        let account =
            if self.has(Fault::OneHoldForAll) { "1".parse().expect("an id") } else { account };
        match self.inner().hold(account).await? {
            Hold::Held { fence, guard } => {
                self.note(|notes| notes.fence = fence);
                if self.has(Fault::HoldGivesUpTheRead)
                    && let Some(open) = self.inner().unfinished(account).await?
                {
                    self.inner().begin(account, fence, open.kind, open.started_at).await?;
                }
                match self.fault {
                    Some(Fault::FencesStandStill) => Ok(Hold::Held { fence: Fence::new(1), guard }),
                    Some(Fault::GuardsDoNothing) => {
                        std::mem::forget(guard);
                        Ok(Hold::Held { fence, guard: HoldGuard::new(()) })
                    }
                    _ => Ok(Hold::Held { fence, guard }),
                }
            }
            Hold::Busy { .. } if self.has(Fault::HoldsAreShared) => {
                Ok(Hold::Held { fence, guard: HoldGuard::new(()) })
            }
            busy => Ok(busy),
        }
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        let account = self.slot(account);
        if self.has(Fault::BeginGoesOn)
            && let Some(open) = self.inner().unfinished(account).await?
        {
            return Ok(open);
        }
        let fence = self.fence(fence, Fault::BeginTakesAnyFence);
        let mut read = self.inner().begin(account, fence, kind, now).await?;
        self.note(|notes| {
            (notes.account, notes.read, notes.received) = (Some(account), Some(read.id), 0);
            notes.met_known = false;
            notes.aside.take_if(|_| self.has(Fault::BeginGivesUpTheAside));
        });
        match self.fault {
            Some(Fault::BeginsWithAUser) => read.users = 1,
            Some(Fault::ReadIdsRepeat) => read.id = ReadId::new(1),
            _ => {}
        }
        Ok(read)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        let mut open = self.inner().unfinished(self.slot(account)).await?;
        if let Some(read) = open.as_mut().filter(|_| self.has(Fault::CountsUsersTwice)) {
            read.users = self.note(|notes| notes.received);
        }
        if let Some(read) = open.as_mut().filter(|_| self.has(Fault::KnownGroundCountsAnywhere)) {
            read.meets_known = self.note(|notes| notes.met_known);
        }
        Ok(open)
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        if self.has(Fault::SkipsEmptyPages) && page.users.is_empty() {
            return Ok(Append::Appended(expected.clone()));
        }
        if self.has(Fault::UnknownReadsFail) && Some(read) > self.note(|notes| notes.read) {
            return Err(StoreError::new(StoreFailure::Other, "there is no such read"));
        }
        let open = self.open().await?;
        let mut expected = expected.clone();
        if let Some(open) = open.as_ref().filter(|_| self.has(Fault::AppendTakesAnyCheckpoint)) {
            expected = open.checkpoint.clone();
        }
        if self.has(Fault::AppendsAreNotAtomic)
            && open.as_ref().is_some_and(|open| open.checkpoint == expected)
        {
            dawdle().await;
            expected = self.open().await?.expect("nobody finishes it").checkpoint;
        }
        if self.has(Fault::GoesOnBehindTheEnd) && expected.is_at_end() {
            return Ok(Append::Appended(expected.behind(page)));
        }
        let fence = self.fence(fence, Fault::AppendTakesAnyFence);
        let mut page = self.stored(page);
        if let Some(open) = open.as_ref().filter(|_| self.has(Fault::TheKindSaysWhatIsCovered)) {
            page.meets_known = open.kind == ReadKind::Head;
        }
        let answer = self.inner().append(self.read(read), fence, &expected, &page).await?;
        if self.has(Fault::PretendsToAppend) && open.is_none() {
            return Ok(Append::Appended(expected.behind(&page)));
        }
        Ok(answer)
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        let fence = self.fence(fence, Fault::FinishTakesAnyFence);
        let read = self.read(read);
        let open = self.open().await?;
        let is_open = open.as_ref().is_some_and(|open| open.id == read);
        if self.has(Fault::AsidesAreNeverFinished) && !is_open {
            return Ok(Finish::Stale);
        }
        if self.has(Fault::AsidesHearOfNoHead) && !is_open {
            let account = self.note(|notes| notes.account).expect("something was set aside");
            for user in self.note(|notes| std::mem::take(&mut notes.heads)) {
                let unheard = Amendment::new(user, false, Witness::Operation, now);
                self.inner().amend(account, &unheard).await?;
            }
        }
        if let Some(open) = open {
            if self.has(Fault::EmptyListsNeverEnd) && open.users == 0 {
                return Ok(Finish::Incomplete);
            }
            if self.has(Fault::FinishesEarly) {
                let end = MirrorPage::new(Vec::new(), None, now);
                self.inner().append(read, fence, &open.checkpoint, &end).await?;
            }
        } else if self.has(Fault::FinishesAgain)
            && let Some(account) = self.note(|notes| notes.account)
            && let Some(last) = self.inner().snapshot(account).await?
        {
            return Ok(Finish::Finished(last));
        }
        Ok(match self.inner().finish(read, fence, now).await? {
            Finish::Finished(snapshot) => Finish::Finished(self.told(snapshot)),
            other => other,
        })
    }

    async fn set_aside(&self, read: ReadId, fence: Fence) -> Result<SetAside, StoreError> {
        let fence = self.fence(fence, Fault::AsideTakesAnyFence);
        let open = self.open().await?.filter(|open| open.id == read);
        if let Some(open) = &open {
            let now = open.started_at;
            if self.has(Fault::SetsAsideByFinishing) {
                self.inner().finish(read, fence, now).await?;
                return Ok(SetAside::Aside(open.clone()));
            }
            if self.has(Fault::SetsAsideEarly) {
                let end = MirrorPage::new(Vec::new(), None, now);
                self.inner().append(read, fence, &open.checkpoint, &end).await?;
            }
        }
        let answer = self.inner().set_aside(read, fence).await?;
        if let SetAside::Aside(read) = &answer {
            self.note(|notes| {
                let first = notes.aside.take().filter(|_| self.has(Fault::KeepsTheFirstAside));
                notes.aside = Some(first.unwrap_or(read.clone()));
            });
        }
        let account = self.note(|notes| notes.account).filter(|_| self.has(Fault::SetsAsideAgain));
        match account {
            Some(account) if answer == SetAside::Stale => {
                Ok(self.inner().aside(account).await?.map_or(answer, SetAside::Aside))
            }
            _ => Ok(answer),
        }
    }

    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        let noted = self.note(|notes| notes.aside.clone());
        let aside = self.inner().aside(self.slot(account)).await?;
        Ok(match self.fault {
            Some(Fault::KeepsTheFirstAside | Fault::BeginGivesUpTheAside) => noted,
            Some(Fault::AsidesOutliveSnapshots) => aside.or(noted),
            Some(Fault::HeadsReplaceTheAside) => {
                aside.filter(|_| self.note(|notes| notes.heads.is_empty()))
            }
            _ => aside,
        })
    }

    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>> {
        let account = self.note(|notes| notes.account);
        let nothing = self.has(Fault::NothingDiffersFromNothing);
        let remembered = self.note(|notes| notes.differences.clone());
        let found = twisted::differences(self.inner(), read, account.filter(|_| nothing));
        let found = match self.fault {
            Some(Fault::DifferencesAreSorted) => twisted::sorted(found),
            Some(Fault::RemembersDifferences) if found.is_empty() => remembered,
            _ => found,
        };
        self.note(|notes| notes.differences.clone_from(&found));
        stream::iter(found.into_iter().map(Ok)).boxed()
    }

    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
        let mut places = self.inner().places(self.slot(account), users).await?;
        match self.fault {
            Some(Fault::PlacesShrink) => {
                places.iter_mut().flatten().for_each(|place| *place = u64::MAX - *place);
            }
            Some(Fault::TellsAThousandPlacesAtMost) => places.truncate(1000),
            _ => {}
        }
        Ok(places)
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        let last = self.inner().snapshot(self.slot(account)).await?;
        Ok(last.map(|snapshot| self.told(snapshot)))
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        twisted::entries(self.inner().clone(), self.slot(account), query, self.fault)
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        let mut found = self.inner().entry(self.slot(account), user).await?;
        if self.has(Fault::ShowsTheUnfinished) && found.is_none() {
            let profile = self.note(|notes| notes.profiles.get(&user).cloned());
            found = profile.map(|user| MirrorEntry::new(0, user, Timestamp::UNIX_EPOCH));
        }
        if let Some(entry) = found.as_mut().filter(|_| self.has(Fault::EveryoneStandsFirst)) {
            entry.position = 0;
        }
        if let Some(entry) = found.as_mut().filter(|_| self.has(Fault::FirstSeenIsNow)) {
            entry.first_seen_at = entry.received_at;
        }
        Ok(found)
    }
}
