//! A read that is not finished, and what it becomes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use blocks_domain::{User, UserId};
use blocks_ports::{Amendment, Difference, MirrorEntry, MirrorPage, OpenRead, ReadKind, Snapshot};
use jiff::Timestamp;

use super::list::{List, tells_more_than_an_id};

/// A read that is unfinished or aside.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) read: OpenRead,
    pub(super) list: List,
    told: Told,
}

/// The last snapshot.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) snapshot: Snapshot,
    pub(super) list: List,
}

impl Reading {
    pub(super) fn new(read: OpenRead) -> Self {
        Self { read, list: List::default(), told: Told::default() }
    }

    pub(super) fn append(&mut self, page: &MirrorPage) {
        self.list.push_page(page);
        self.read.users = self.list.len();
        self.read.checkpoint = self.read.checkpoint.behind(page);
        self.read.meets_known = page.meets_known && page.next_token.is_none();
    }

    /// Notes a block or an unblock that was told while the read was not finished.
    pub(super) fn tell(&mut self, amendment: &Amendment) {
        let Amendment { user, blocked, at, .. } = amendment;
        self.told.note(user, *blocked, *at);
    }

    /// Notes of the users of a head, which was finished while this read was aside, that they are
    /// blocked. The newest block is told last, as it happened.
    pub(super) fn tell_of_head(&mut self, users: &[UserId], at: Timestamp) {
        for user in users.iter().rev() {
            self.told.note(&User::new(*user), true, at);
        }
    }

    /// Those of the list that it has become who are its own, and not of the snapshot before: whom
    /// it has met, and who was blocked meanwhile.
    pub(super) fn own_users(&self, after: &List) -> Vec<UserId> {
        let users = after.iter().map(|entry| entry.user.id);
        users.filter(|user| self.list.has(*user) || self.told.words.contains_key(user)).collect()
    }

    /// Whether its last page is stored, and what it continues is there.
    pub(super) fn is_whole(&self, before: Option<&Finished>) -> bool {
        let stands_alone = self.read.covers() == ReadKind::Full;
        self.read.checkpoint.is_at_end() && (stands_alone || before.is_some())
    }

    /// The snapshot that it becomes.
    pub(super) fn finish(&self, before: Option<&Finished>, now: Timestamp) -> Finished {
        let (list, nobody) = (self.list_after(before), List::default());
        let old = before.map_or(&nobody, |before| &before.list);
        let mut snapshot = Snapshot::of(&self.read, now);
        if let Some(before) = before.filter(|_| snapshot.kind == ReadKind::Head) {
            snapshot.full_at = before.snapshot.full_at;
        }
        snapshot.users = list.len();
        snapshot.added = missing_from(old, &list).count() as u64;
        snapshot.removed = missing_from(&list, old).count() as u64;
        Finished { snapshot, list }
    }

    /// Whom the snapshot would gain, and then whom it would lose.
    pub(super) fn differences(&self, before: Option<&Finished>) -> Vec<Difference> {
        let (list, nobody) = (self.list_after(before), List::default());
        let old = before.map_or(&nobody, |before| &before.list);
        let difference =
            |added| move |entry: &MirrorEntry| Difference::new(entry.user.clone(), added);
        let added = missing_from(old, &list).map(difference(true));
        added.chain(missing_from(&list, old).map(difference(false))).collect()
    }

    pub(super) fn forget(&mut self, before: Option<Timestamp>) -> u64 {
        self.told.forget(before);
        self.list.forget(before)
    }

    /// The users of the snapshot that it becomes: those of whom was told that they were blocked
    /// and whom it has not met; then those it has met; and if it covers the head alone, the others
    /// of the snapshot before.
    fn list_after(&self, before: Option<&Finished>) -> List {
        let nobody = List::default();
        let old = before.map_or(&nobody, |before| &before.list);
        let mut after = List::default();
        for (user, told) in self.told.blocked() {
            if !self.list.has(user) {
                let known = old.get(user).map(Arc::clone);
                after.push_unmet(known.unwrap_or_else(|| Arc::new(told.entry.clone())));
            }
        }
        for entry in self.list.iter().filter(|entry| !self.told.is_unblocked(entry.user.id)) {
            after.push(match old.get(entry.user.id) {
                Some(known) if self.told.has_told_later(known, entry) => Arc::clone(known),
                Some(known) => {
                    let entry = MirrorEntry::clone(entry);
                    Arc::new(entry.first_seen_at(known.first_seen_at))
                }
                None => Arc::clone(entry),
            });
        }
        if self.read.covers() == ReadKind::Head {
            let others = old.iter().filter(|entry| !self.told.is_unblocked(entry.user.id));
            for entry in others {
                match (after.has(entry.user.id), old.is_unmet(entry.user.id)) {
                    (true, _) => {}
                    (false, true) => after.push_unmet(Arc::clone(entry)),
                    (false, false) => after.push(Arc::clone(entry)),
                }
            }
        }
        after
    }
}

/// The users of `list` who are not in `other`.
fn missing_from<'a>(other: &'a List, list: &'a List) -> impl Iterator<Item = &'a MirrorEntry> {
    list.iter().filter(|entry| !other.has(entry.user.id)).map(|entry| &**entry)
}

/// What the journal was told of each user since the read began; the last word counts.
#[derive(Debug, Default)]
struct Told {
    words: HashMap<UserId, Word>,
    last: u64,
}

#[derive(Debug)]
struct Word {
    /// It grows with every word, so that they stay in their order.
    number: u64,
    blocked: bool,
    /// What the user looks like if nobody else knows more.
    entry: MirrorEntry,
}

impl Told {
    fn note(&mut self, user: &User, blocked: bool, at: Timestamp) {
        self.last += 1;
        let fuller = self
            .words
            .remove(&user.id)
            .map(|word| word.entry)
            .filter(|known| !tells_more_than_an_id(user) && tells_more_than_an_id(&known.user));
        let entry = fuller.unwrap_or_else(|| MirrorEntry::new(0, user.clone(), at));
        self.words.insert(user.id, Word { number: self.last, blocked, entry });
    }

    /// Whether a profile of the snapshot was told after the read has met the user.
    fn has_told_later(&self, known: &MirrorEntry, met: &MirrorEntry) -> bool {
        self.words.contains_key(&met.user.id)
            && known.received_at > met.received_at
            && tells_more_than_an_id(&known.user)
    }

    /// Who was blocked, the last told first.
    fn blocked(&self) -> Vec<(UserId, &Word)> {
        let blocked = self.words.iter().filter(|(_, word)| word.blocked);
        let mut blocked: Vec<_> = blocked.map(|(user, word)| (*user, word)).collect();
        blocked.sort_by_key(|(_, word)| Reverse(word.number));
        blocked
    }

    fn is_unblocked(&self, user: UserId) -> bool {
        self.words.get(&user).is_some_and(|word| !word.blocked)
    }

    fn forget(&mut self, before: Option<Timestamp>) {
        for word in self.words.values_mut() {
            if before.is_none_or(|moment| word.entry.received_at < moment) {
                word.entry.user = User::new(word.entry.user.id);
            }
        }
    }
}
