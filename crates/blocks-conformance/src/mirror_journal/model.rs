//! What a mirror and its journal are, said as plainly as possible: lists, searched from end to end.

use std::collections::BTreeSet;

use blocks_domain::{User, UserId, Whereabouts, Witness};
use blocks_ports::{
    Amended, Amendment, Append, ChangeKind, Checkpoint, Difference, Fence, Finish, Forget,
    Forgotten, MirrorChange, MirrorEntry, MirrorPage, Names, OpenRead, ReadId, ReadKind, SetAside,
    Snapshot, Source,
};
use jiff::Timestamp;

/// One account. The numbers of holds and reads it takes from the store, and the positions of its
/// entries say nothing.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) fence: Fence,
    pub(super) open: Option<Read>,
    pub(super) aside: Option<Read>,
    pub(super) last: Option<(Snapshot, Vec<MirrorEntry>)>,
    changes: Vec<MirrorChange>,
    events: BTreeSet<String>,
}

/// A read, whom it has met, and what was told since it began.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) open: OpenRead,
    met: Vec<MirrorEntry>,
    told: Vec<Amendment>,
}

impl Read {
    /// Notes what was told; an id alone comes with the profile that was told before.
    fn tell(&mut self, mut word: Amendment) {
        let profile = |told: &&Amendment| told.user.id == word.user.id && !is_bare(&told.user);
        if let Some(told) = self.told.iter().rev().find(profile).filter(|_| is_bare(&word.user)) {
            (word.user, word.at) = (told.user.clone(), told.at);
        }
        self.told.push(word);
    }
}

impl Model {
    pub(super) fn begin(&mut self, open: OpenRead) {
        self.open = Some(Read { open, met: Vec::new(), told: Vec::new() });
    }

    pub(super) fn append(
        &mut self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Append {
        let goes_on = |open: &&mut Read| {
            open.open.id == read && open.open.checkpoint == *expected && !expected.is_at_end()
        };
        let Some(read) = self.open.as_mut().filter(goes_on).filter(|_| fence == self.fence) else {
            return Append::Stale;
        };
        for user in &page.users {
            let entry = MirrorEntry::new(0, user.clone(), page.received_at);
            match read.met.iter_mut().find(|met| met.user.id == user.id) {
                Some(met) => *met = entry,
                None => read.met.push(entry),
            }
        }
        read.open.users = read.met.len() as u64;
        read.open.checkpoint = expected.behind(page);
        read.open.meets_known = page.meets_known && page.next_token.is_none();
        Append::Appended(read.open.checkpoint.clone())
    }

    pub(super) fn finish(&mut self, read: ReadId, fence: Fence, now: Timestamp) -> Finish {
        let Some(read) = self.read(read).filter(|_| fence == self.fence).cloned() else {
            return Finish::Stale;
        };
        if !self.is_whole(&read) {
            return Finish::Incomplete;
        }
        let after = self.after(&read);
        let mut made = Snapshot::of(&read.open, now);
        let (by, is_first) = (Source::Read(made.id), self.last.is_none());
        for difference in self.differences(read.open.id) {
            let Difference { user, added, .. } = difference;
            let count = if added { &mut made.added } else { &mut made.removed };
            *count += 1;
            let gone = ChangeKind::Removed { by, found: None };
            let kind = if added { ChangeKind::Added(by) } else { gone };
            if !is_first {
                self.changes.push(MirrorChange::new(user.id, now, Names::of(&user), kind));
            }
        }
        for entry in &after {
            let names = Names::of(&entry.user);
            let Some(before) = self.shown(entry.user.id) else { continue };
            let before = Names::of(&before.user);
            if names.differ_from(&before) {
                let kind = ChangeKind::Renamed { before };
                self.changes.push(MirrorChange::new(entry.user.id, now, names, kind));
            }
        }
        made.users = after.len() as u64;
        if let Some((before, _)) = self.last.as_ref().filter(|_| read.open.meets_known) {
            made.full_at = before.full_at;
        }
        self.open = self.open.take().filter(|open| open.open.id != made.id);
        let is_head = made.kind == ReadKind::Head;
        self.aside = self.aside.take().filter(|aside| is_head && aside.open.id != made.id);
        if let Some(aside) = &mut self.aside {
            let own =
                |user| has(&read.met, user) || read.told.iter().any(|told| told.user.id == user);
            for entry in after.iter().rev().filter(|entry| own(entry.user.id)) {
                let user = User::new(entry.user.id);
                aside.tell(Amendment::new(user, true, Witness::Operation, now));
            }
        }
        self.last = Some((made.clone(), after));
        Finish::Finished(made)
    }

    pub(super) fn set_aside(&mut self, read: ReadId, fence: Fence) -> SetAside {
        let Some(open) = self.open.clone().filter(|open| open.open.id == read) else {
            return SetAside::Stale;
        };
        if fence != self.fence {
            return SetAside::Stale;
        }
        if !self.is_whole(&open) {
            return SetAside::Incomplete;
        }
        self.open = None;
        self.aside = Some(open.clone());
        SetAside::Aside(open.open)
    }

    pub(super) fn differences(&self, read: ReadId) -> Vec<Difference> {
        let Some(read) = self.read(read).filter(|read| self.is_whole(read)) else {
            return Vec::new();
        };
        let (before, after) = (self.entries(), self.after(read));
        let missing = |from: &[MirrorEntry], of: &[MirrorEntry], added: bool| {
            let missing = of.iter().filter(|entry| !has(from, entry.user.id));
            missing.map(|entry| Difference::new(entry.user.clone(), added)).collect::<Vec<_>>()
        };
        [missing(before, &after, true), missing(&after, before, false)].concat()
    }

    pub(super) fn amend(&mut self, amendment: &Amendment) -> Amended {
        if amendment.event.as_ref().is_some_and(|event| !self.events.insert(event.clone())) {
            return Amended::Repeated;
        }
        for read in [&mut self.open, &mut self.aside].into_iter().flatten() {
            read.tell(amendment.clone());
        }
        let (user, at) = (&amendment.user, amendment.at);
        let by = Source::Told(amendment.witness);
        let mut note = |names, kind| {
            self.changes.push(MirrorChange::new(user.id, at, names, kind));
        };
        let Some((snapshot, entries)) = &mut self.last else { return Amended::Unchanged };
        let known = entries.iter_mut().find(|entry| entry.user.id == user.id);
        if let Some(known) = known.filter(|_| !is_bare(user)) {
            let (before, names) = (Names::of(&known.user), Names::of(user));
            (known.user, known.received_at) = (user.clone(), at);
            if names.differ_from(&before) {
                note(names, ChangeKind::Renamed { before });
            }
        }
        let known = entries.iter().position(|entry| entry.user.id == user.id);
        match (known, amendment.blocked) {
            (None, true) => {
                entries.insert(0, MirrorEntry::new(0, user.clone(), at));
                note(Names::of(user), ChangeKind::Added(by));
            }
            (Some(place), false) => {
                let gone = entries.remove(place);
                note(Names::of(&gone.user), ChangeKind::Removed { by, found: None });
            }
            _ => return Amended::Unchanged,
        }
        snapshot.users = entries.len() as u64;
        snapshot.amended_at = Some(at);
        Amended::Changed
    }

    pub(super) fn find(&mut self, user: UserId, whereabouts: Whereabouts, now: Timestamp) {
        let of_user = self.changes.iter_mut().rev().filter(|change| change.user == user);
        for change in of_user {
            match &mut change.kind {
                ChangeKind::Added(_) => break,
                ChangeKind::Removed { found, .. } => *found = Some((whereabouts, now)),
                _ => {}
            }
        }
    }

    pub(super) fn forget(&mut self, what: Forget) -> Forgotten {
        let before = if let Forget::Profiles { before } = what { before } else { None };
        let is_old = |time: Timestamp| before.is_none_or(|before| time < before);
        let mut forgotten = Forgotten::default();
        let last = self.last.iter_mut().flat_map(|(_, entries)| entries);
        let reads = [&mut self.open, &mut self.aside].into_iter().flatten();
        let (reads, told): (Vec<_>, Vec<_>) =
            reads.map(|read| (&mut read.met, &mut read.told)).unzip();
        for entry in last.chain(reads.into_iter().flatten()) {
            if is_old(entry.received_at) && !is_bare(&entry.user) {
                entry.user = User::new(entry.user.id);
                forgotten.profiles += 1;
            }
        }
        for told in told.into_iter().flatten().filter(|told| is_old(told.at)) {
            told.user = User::new(told.user.id);
        }
        for change in self.changes.iter_mut().filter(|change| is_old(change.at)) {
            let mut all = vec![&mut change.names];
            if let ChangeKind::Renamed { before } = &mut change.kind {
                all.push(before);
            }
            forgotten.names += u64::from(all.iter().any(|names| **names != Names::default()));
            all.into_iter().for_each(|names| *names = Names::default());
        }
        if what == Forget::Everything {
            *self = Self { fence: self.fence, ..Self::default() };
        }
        forgotten
    }

    pub(super) fn entries(&self) -> &[MirrorEntry] {
        self.last.as_ref().map_or(&[], |(_, entries)| entries)
    }

    pub(super) fn shown(&self, user: UserId) -> Option<&MirrorEntry> {
        self.entries().iter().find(|entry| entry.user.id == user)
    }

    /// The changes in the order in which they are told.
    pub(super) fn changes(&self) -> Vec<MirrorChange> {
        let mut changes = self.changes.clone();
        changes.sort_by_key(|change| (change.at, change.user));
        changes
    }

    fn read(&self, read: ReadId) -> Option<&Read> {
        [&self.open, &self.aside].into_iter().flatten().find(|kept| kept.open.id == read)
    }

    fn is_whole(&self, read: &Read) -> bool {
        read.open.checkpoint.is_at_end()
            && (read.open.covers() == ReadKind::Full || self.last.is_some())
    }

    /// The users of the snapshot that a whole read becomes.
    fn after(&self, read: &Read) -> Vec<MirrorEntry> {
        let mut after = read.met.clone();
        if read.open.covers() == ReadKind::Head {
            let others = self.entries().iter().filter(|entry| !has(&read.met, entry.user.id));
            after.extend(others.cloned());
        }
        for (number, told) in read.told.iter().enumerate() {
            let user = told.user.id;
            if read.told[number + 1..].iter().any(|later| later.user.id == user) {
                continue;
            }
            let told_later = |entry: &&mut MirrorEntry| {
                let known = self.shown(user).filter(|known| !is_bare(&known.user));
                entry.user.id == user
                    && known.is_some_and(|known| known.received_at > entry.received_at)
            };
            if let Some((met, known)) = after.iter_mut().find(told_later).zip(self.shown(user)) {
                *met = known.clone();
            }
            if !told.blocked {
                after.retain(|entry| entry.user.id != user);
            } else if !has(&read.met, user) {
                after.retain(|entry| entry.user.id != user);
                let told = MirrorEntry::new(0, told.user.clone(), told.at);
                after.insert(0, self.shown(user).cloned().unwrap_or(told));
            }
        }
        for entry in &mut after {
            if let Some(known) = self.shown(entry.user.id) {
                entry.first_seen_at = known.first_seen_at;
            }
        }
        after
    }
}

fn has(entries: &[MirrorEntry], user: UserId) -> bool {
    entries.iter().any(|entry| entry.user.id == user)
}

fn is_bare(user: &User) -> bool {
    *user == User::new(user.id)
}
