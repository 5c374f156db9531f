//! What is kept for one account, and each step that changes it.

use blocks_ports::{
    Amended, Amendment, ChangeKind, Fence, Finish, Forget, Forgotten, MirrorChange, MirrorEntry,
    Names, ReadId, ReadKind, SetAside, Source, StoreError, StoreFailure,
};
use jiff::Timestamp;

use super::journal::Journal;
use super::list::{List, tells_more_than_an_id};
use super::reading::{Finished, Reading};

/// What is kept for one account.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    pub(super) fence: Fence,
    pub(super) held: bool,
    pub(super) open: Option<Reading>,
    pub(super) aside: Option<Reading>,
    pub(super) last: Option<Finished>,
    pub(super) journal: Journal,
}

impl Mirror {
    /// The read of this number, unfinished or aside.
    pub(super) fn reading(&self, read: ReadId) -> Option<&Reading> {
        [&self.open, &self.aside].into_iter().flatten().find(|reading| reading.read.id == read)
    }

    pub(super) fn finish(&mut self, read: ReadId, now: Timestamp) -> Finish {
        let Some(reading) = self.reading(read) else { return Finish::Stale };
        if !reading.is_whole(self.last.as_ref()) {
            return Finish::Incomplete;
        }
        let finished = reading.finish(self.last.as_ref(), now);
        let users = reading.own_users(&finished.list);
        if let Some(before) = &self.last {
            self.journal.compare(&before.list, &finished);
        }
        let snapshot = finished.snapshot.clone();
        let is_head = snapshot.kind == ReadKind::Head;
        self.open.take_if(|open| open.read.id == read);
        self.aside.take_if(|aside| aside.read.id == read || !is_head);
        if let Some(aside) = &mut self.aside {
            aside.tell_of_head(&users, now);
        }
        self.last = Some(finished);
        Finish::Finished(snapshot)
    }

    pub(super) fn set_aside(&mut self, read: ReadId) -> SetAside {
        let Some(open) = self.open.as_ref().filter(|open| open.read.id == read) else {
            return SetAside::Stale;
        };
        if !open.is_whole(self.last.as_ref()) {
            return SetAside::Incomplete;
        }
        let answer = SetAside::Aside(open.read.clone());
        self.aside = self.open.take();
        answer
    }

    pub(super) fn amend(&mut self, amendment: &Amendment) -> Amended {
        if amendment.event.as_ref().is_some_and(|event| !self.journal.hear(event)) {
            return Amended::Repeated;
        }
        for reading in [&mut self.open, &mut self.aside].into_iter().flatten() {
            reading.tell(amendment);
        }
        let Some(last) = &mut self.last else { return Amended::Unchanged };
        if let Some(renamed) = rename(&mut last.list, amendment) {
            self.journal.note(renamed);
        }
        let Some(change) = amend(&mut last.list, amendment) else { return Amended::Unchanged };
        self.journal.note(change);
        last.snapshot.users = last.list.len();
        last.snapshot.amended_at = Some(amendment.at);
        Amended::Changed
    }

    pub(super) fn forget(&mut self, what: Forget) -> Result<Forgotten, StoreError> {
        let before = match what {
            Forget::Profiles { before } => before,
            Forget::Everything => None,
            _ => {
                let message = "this store does not know what to forget";
                return Err(StoreError::new(StoreFailure::Unsupported, message));
            }
        };
        let lists = self.last.iter_mut().map(|last| last.list.forget(before)).sum::<u64>();
        let reads = [&mut self.open, &mut self.aside].into_iter().flatten();
        let reads = reads.map(|reading| reading.forget(before)).sum::<u64>();
        let forgotten = Forgotten::new(lists + reads, self.journal.forget_names(before));
        if what == Forget::Everything {
            // Whoever holds the list goes on holding it, and no fence is used again.
            let (fence, held) = (self.fence, self.held);
            *self = Self { fence, held, ..Self::default() };
        }
        Ok(forgotten)
    }
}

/// Takes the profile of a user of the list over, if more than an id was told; answers the change,
/// if the names in it are others.
fn rename(list: &mut List, amendment: &Amendment) -> Option<MirrorChange> {
    let Amendment { user, at, .. } = amendment;
    let known = list.get(user.id).filter(|_| tells_more_than_an_id(user))?;
    let (before, names) = (Names::of(&known.user), Names::of(user));
    let told = MirrorEntry::new(0, user.clone(), *at).first_seen_at(known.first_seen_at);
    list.push(told.into());
    let differ = names.differ_from(&before);
    differ.then(|| MirrorChange::new(user.id, *at, names, ChangeKind::Renamed { before }))
}

/// Takes a block or an unblock into a list; answers the change, if that is one.
fn amend(list: &mut List, amendment: &Amendment) -> Option<MirrorChange> {
    let Amendment { user, at, .. } = amendment;
    let by = Source::Told(amendment.witness);
    let (names, kind) = if !amendment.blocked {
        let gone = list.remove(user.id)?;
        (Names::of(&gone.user), ChangeKind::Removed { by, found: None })
    } else if list.has(user.id) {
        return None;
    } else {
        list.push_front(MirrorEntry::new(0, user.clone(), *at).into());
        (Names::of(user), ChangeKind::Added(by))
    };
    Some(MirrorChange::new(user.id, *at, names, kind))
}
