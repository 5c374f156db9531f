//! What happened to the users of a mirror.

use std::collections::{BTreeMap, HashSet};

use blocks_domain::{UserId, Whereabouts};
use blocks_ports::{ChangeKind, ChangeQuery, MirrorChange, Names, Source};
use jiff::Timestamp;

use super::list::List;
use super::reading::Finished;

/// The changes of one account, and the events that were told of it.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// By user, so that those of one moment come in the order of ids; of each in the order in
    /// which they were noticed.
    changes: BTreeMap<UserId, Vec<MirrorChange>>,
    events: HashSet<String>,
}

impl Journal {
    pub(super) fn note(&mut self, change: MirrorChange) {
        self.changes.entry(change.user).or_default().push(change);
    }

    /// Notes what a read has changed since the snapshot before.
    pub(super) fn compare(&mut self, old: &List, after: &Finished) {
        let (new, at) = (&after.list, after.snapshot.finished_at);
        let by = Source::Read(after.snapshot.id);
        for entry in new.iter() {
            let names = Names::of(&entry.user);
            let kind = match old.get(entry.user.id).map(|known| Names::of(&known.user)) {
                None => ChangeKind::Added(by),
                Some(before) if names.differ_from(&before) => ChangeKind::Renamed { before },
                Some(_) => continue,
            };
            self.note(MirrorChange::new(entry.user.id, at, names, kind));
        }
        for entry in old.iter().filter(|entry| !new.has(entry.user.id)) {
            let kind = ChangeKind::Removed { by, found: None };
            self.note(MirrorChange::new(entry.user.id, at, Names::of(&entry.user), kind));
        }
    }

    /// Notes the name of an event; answers whether it is new.
    pub(super) fn hear(&mut self, event: &str) -> bool {
        self.events.insert(event.to_owned())
    }

    /// Notes what a lookup said, on each removal since the user was last added.
    pub(super) fn find(&mut self, user: UserId, whereabouts: Whereabouts, now: Timestamp) {
        for change in self.changes.get_mut(&user).into_iter().flatten().rev() {
            match &mut change.kind {
                ChangeKind::Added(_) => break,
                ChangeKind::Removed { found, .. } => *found = Some((whereabouts, now)),
                _ => {}
            }
        }
    }

    pub(super) fn changes(&self, query: &ChangeQuery) -> Vec<MirrorChange> {
        let asked = |change: &&MirrorChange| {
            query.user.is_none_or(|user| change.user == user)
                && query.since.is_none_or(|since| change.at >= since)
        };
        let mut changes: Vec<_> = self.changes.values().flatten().filter(asked).cloned().collect();
        // The sort is stable, so those of one moment stay in the order of ids.
        changes.sort_by_key(|change| change.at);
        changes
    }

    /// Forgets the names that were noted before a moment, all of them without it; answers how many
    /// changes told any.
    pub(super) fn forget_names(&mut self, before: Option<Timestamp>) -> u64 {
        let mut forgotten = 0;
        let old = |change: &&mut MirrorChange| before.is_none_or(|moment| change.at < moment);
        for change in self.changes.values_mut().flatten().filter(old) {
            let mut names = std::mem::take(&mut change.names) != Names::default();
            if let ChangeKind::Renamed { before } = &mut change.kind {
                names |= std::mem::take(before) != Names::default();
            }
            forgotten += u64::from(names);
        }
        forgotten
    }
}
