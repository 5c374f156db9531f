//! Users in an order that can grow at both ends.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use blocks_domain::{User, UserId};
use blocks_ports::{MirrorEntry, MirrorPage};
use jiff::Timestamp;

/// The users of a list, newest block first.
///
/// A user keeps the place that was given first, so those who come and go move nobody else. The
/// `position` in the entries says nothing: what is shown counts from the newest block on, see
/// [`shown`](Self::shown). A clone shares the entries.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    /// By place; whoever is put before all others has a place below zero.
    entries: BTreeMap<i64, Arc<MirrorEntry>>,
    places: HashMap<UserId, i64>,
    /// Those whom no read has met: somebody told of them.
    unmet: HashSet<UserId>,
}

impl List {
    pub(super) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(super) fn get(&self, user: UserId) -> Option<&Arc<MirrorEntry>> {
        self.entries.get(self.places.get(&user)?)
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.places.contains_key(&user)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<MirrorEntry>> {
        self.entries.values()
    }

    /// Where a user stands, counted from the newest block on; those who left leave gaps.
    pub(super) fn position(&self, user: UserId) -> Option<u64> {
        self.entries.first_key_value()?.0.abs_diff(*self.places.get(&user)?).into()
    }

    /// The same, of those alone whom a read has met: of others nobody knows who stands before
    /// them.
    pub(super) fn place(&self, user: UserId) -> Option<u64> {
        self.position(user).filter(|_| !self.is_unmet(user))
    }

    pub(super) fn is_unmet(&self, user: UserId) -> bool {
        self.unmet.contains(&user)
    }

    /// A user as it is shown.
    pub(super) fn shown(&self, user: UserId) -> Option<MirrorEntry> {
        let mut entry = MirrorEntry::clone(self.get(user)?);
        entry.position = self.position(user)?;
        Some(entry)
    }

    /// Puts a user behind all others; one who is there already stays where it is.
    pub(super) fn push(&mut self, entry: Arc<MirrorEntry>) {
        let behind = self.entries.last_key_value().map_or(0, |(last, _)| last + 1);
        self.put(behind, entry);
    }

    /// Puts a user behind all others whom no read has met.
    pub(super) fn push_unmet(&mut self, entry: Arc<MirrorEntry>) {
        self.unmet.insert(entry.user.id);
        self.push(entry);
    }

    /// Puts a user before all others whom no read has met; one who is there already stays where
    /// it is.
    pub(super) fn push_front(&mut self, entry: Arc<MirrorEntry>) {
        let before = self.entries.first_key_value().map_or(0, |(first, _)| first - 1);
        self.unmet.insert(entry.user.id);
        self.put(before, entry);
    }

    /// Puts the users of a page behind all others, and takes over their profiles.
    pub(super) fn push_page(&mut self, page: &MirrorPage) {
        for user in &page.users {
            self.push(Arc::new(MirrorEntry::new(0, user.clone(), page.received_at)));
        }
    }

    pub(super) fn remove(&mut self, user: UserId) -> Option<Arc<MirrorEntry>> {
        self.unmet.remove(&user);
        self.entries.remove(&self.places.remove(&user)?)
    }

    /// Forgets the profiles that were received before a moment, all of them without it; answers
    /// how many there were.
    pub(super) fn forget(&mut self, before: Option<Timestamp>) -> u64 {
        let mut forgotten = 0;
        for entry in self.entries.values_mut() {
            let is_old = before.is_none_or(|moment| entry.received_at < moment);
            if is_old && tells_more_than_an_id(&entry.user) {
                Arc::make_mut(entry).user = User::new(entry.user.id);
                forgotten += 1;
            }
        }
        forgotten
    }

    fn put(&mut self, place: i64, entry: Arc<MirrorEntry>) {
        let place = *self.places.entry(entry.user.id).or_insert(place);
        self.entries.insert(place, entry);
    }
}

pub(super) fn tells_more_than_an_id(user: &User) -> bool {
    *user != User::new(user.id)
}
