//! What happened to the users of a mirror: who came and went, under which names, and why.

use std::fmt;

use async_trait::async_trait;
use blocks_domain::{User, UserId, Whereabouts, Witness};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::{ReadId, StoreError};

/// Keeps what happened to the users of each account's mirror, between its reads and through them.
///
/// It belongs to the [`MirrorStore`](crate::MirrorStore) of the same storage: finished reads write
/// into it, and what it is told changes the snapshot.
///
/// # Contract
/// - A finished read is a change for each user who was added or removed since the snapshot before,
///   and for each who has another handle or name than in it; the first snapshot is none. A profile
///   that does not tell a name, or told none before, is no change of it.
/// - `amend` takes a block or an unblock into the last snapshot at once: a user who was not in it
///   comes before all others, one who was leaves it. Where that changes who is in it, it is a
///   change, and answers `Changed`; otherwise `Unchanged`. A profile of a user of the snapshot that
///   tells more than an id is taken over, in place of the one before, and other names in it are a
///   change of their own, also where the answer is `Unchanged`, and before the one that tells that
///   the user left. Without a snapshot nothing is shown, nothing is a change, and it is
///   `Unchanged`.
/// - An event whose name was told of the account before is `Repeated`, and changes nothing.
/// - What was amended while a read was under way stands when it is finished, see
///   [`MirrorStore`](crate::MirrorStore). So does a profile that was told then of a user of the
///   snapshot, if the read has met the user before, so that no name comes and goes twice; and of
///   what was told without a snapshot, an id alone does not replace a profile.
/// - `find` notes what a lookup said of a user. It belongs to each removal of that user that was
///   noticed before it, until the user is added again; of several, the last counts.
/// - `changes` come oldest first, those of one moment in the order of user ids, and those of one
///   user then as they were noticed. They outlast the snapshots that they are between.
/// - `forget` erases profiles: what comes back of the users then is their ids and dates, here, in
///   the snapshot and in reads that are unfinished or aside. With `Everything` the account has no
///   snapshot, no read, no changes and no events that were told, as if it had never been mirrored;
///   a read that was under way is given up, and numbers are not used again. A hold goes on. If a
///   [`Ledger`](crate::Ledger) is kept in the same storage, the account has there nobody who was
///   paid for, and no operation that is settled; what was spent stays, and so do operations of
///   which nobody knows yet what came. A ledger that is kept elsewhere is not touched.
/// - What is forgotten is not left in the storage either, as far as the system allows. Where that
///   could not be done, because it failed or the program died, the next `forget` does it, whatever
///   it is to forget; where nothing is left to be done, it need not touch the storage.
/// - Accounts do not touch each other.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MirrorJournal: fmt::Debug + Send + Sync + 'static {
    /// Takes a block or an unblock into the snapshot of an account.
    async fn amend(&self, account: UserId, amendment: &Amendment) -> Result<Amended, StoreError>;

    /// Notes what a lookup said of a user at `now`.
    async fn find(
        &self,
        account: UserId,
        user: UserId,
        found: Whereabouts,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// What happened, oldest first.
    fn changes(
        &self,
        account: UserId,
        query: ChangeQuery,
    ) -> BoxStream<'static, Result<MirrorChange, StoreError>>;

    /// Erases what is no longer to be kept, and says how much that was.
    async fn forget(&self, account: UserId, what: Forget) -> Result<Forgotten, StoreError>;
}

/// A block or an unblock that somebody knows of without a read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Amendment {
    /// Whom it is about, with as much of the profile as is known.
    pub user: User,
    /// Whether the user is blocked now.
    pub blocked: bool,
    /// Who told.
    pub witness: Witness,
    /// The name of the event, by which one that comes twice is known.
    pub event: Option<String>,
    /// When it was told.
    pub at: Timestamp,
}

impl Amendment {
    /// Somebody was blocked, or unblocked.
    #[must_use]
    pub const fn new(user: User, blocked: bool, witness: Witness, at: Timestamp) -> Self {
        Self { user, blocked, witness, event: None, at }
    }

    /// The same, told by the event of this name.
    #[must_use]
    pub fn by_event(self, name: impl Into<String>) -> Self {
        Self { event: Some(name.into()), ..self }
    }
}

/// The answer to an amendment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amended {
    /// The snapshot has one user more, or less.
    Changed,
    /// It was so already, or there is no snapshot. The user may have other names all the same.
    Unchanged,
    /// This event was told before.
    Repeated,
}

/// Which changes to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeQuery {
    /// Only those at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those of this user.
    pub user: Option<UserId>,
}

/// Something that happened to a user of a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MirrorChange {
    /// To whom.
    pub user: UserId,
    /// When it was noticed: a read was finished, or somebody told.
    pub at: Timestamp,
    /// The names that the user had then, or last.
    pub names: Names,
    /// What it was.
    pub kind: ChangeKind,
}

impl MirrorChange {
    /// Something that happened to a user of these names.
    #[must_use]
    pub const fn new(user: UserId, at: Timestamp, names: Names, kind: ChangeKind) -> Self {
        Self { user, at, names, kind }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The user came into the snapshot.
    Added(Source),
    /// The user left it.
    Removed {
        /// What it was seen by.
        by: Source,
        /// What the last lookup since then said, and when; `None` where nobody asked.
        found: Option<(Whereabouts, Timestamp)>,
    },
    /// The user has another handle or name.
    Renamed {
        /// The names before.
        before: Names,
    },
}

/// What a change was seen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A read of the list; the number is that of the snapshot.
    Read(ReadId),
    /// Somebody who knows.
    Told(Witness),
}

/// What a user is called; each part may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Names {
    /// The handle, without `@`.
    pub username: Option<String>,
    /// The name beside it.
    pub name: Option<String>,
}

impl Names {
    /// These names.
    #[must_use]
    pub const fn new(username: Option<String>, name: Option<String>) -> Self {
        Self { username, name }
    }

    /// Those of a profile.
    ///
    /// ```
    /// use blocks_domain::{User, UserId};
    /// use blocks_ports::Names;
    ///
    /// let mut user = User::new(UserId::MAX);
    /// assert_eq!(Names::of(&user), Names::default());
    /// user.username = Some("spam".into());
    /// assert_eq!(Names::of(&user).username.as_deref(), Some("spam"));
    /// ```
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { username: user.username.clone(), name: user.name.clone() }
    }

    /// Whether these are other names than those before: one that both know is not the same.
    ///
    /// ```
    /// use blocks_ports::Names;
    ///
    /// let name = |handle: &str| Names::new(Some(handle.into()), None);
    /// assert!(name("new").differ_from(&name("old")));
    /// assert!(!name("new").differ_from(&Names::default()), "nothing was known before");
    /// ```
    #[must_use]
    pub fn differ_from(&self, before: &Self) -> bool {
        let differ = |now: &Option<String>, then: &Option<String>| {
            now.is_some() && then.is_some() && now != then
        };
        differ(&self.username, &before.username) || differ(&self.name, &before.name)
    }
}

/// What to erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forget {
    /// Profiles and names; ids and dates stay.
    Profiles {
        /// Only profiles that were received, and names that were noted, before this moment; all of
        /// them without it.
        before: Option<Timestamp>,
    },
    /// All that is kept for the account: snapshot, reads, changes, and the names of events; and in
    /// a ledger of the same storage who was paid for, and operations that are settled.
    Everything,
}

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgotten {
    /// Profiles of the snapshot, and of reads that are unfinished or aside, that told more than an
    /// id.
    pub profiles: u64,
    /// Changes that told a name.
    pub names: u64,
}

impl Forgotten {
    /// So many profiles and names.
    #[must_use]
    pub const fn new(profiles: u64, names: u64) -> Self {
        Self { profiles, names }
    }
}
