//! The mirror: complete copies of block lists, and reads that are under way.

use std::any::Any;
use std::fmt;

use async_trait::async_trait;
use blocks_domain::{PageToken, User, UserId};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::StoreError;
use crate::number::number;

/// Keeps the last complete copy of each account's block list, and the read that is under way.
///
/// A read is made of pages. Each page is stored together with the checkpoint behind it, so that a
/// read that was cut off goes on where it stopped. A finished read becomes the snapshot at once;
/// an unfinished one is never shown. A whole read that is not believed can be set aside.
///
/// # Contract
/// - At most one holder reads an account at a time, over all handles and processes; `hold`
///   answers `Busy` to everybody else. The hold ends when the [`Hold::Held`] guard is dropped or
///   its process dies, never by a timeout alone. Each hold has a greater fence than all before.
/// - `begin` gives up an unfinished read of the account; there is at most one. A fence that is
///   not that of the last hold is an error, and changes nothing.
/// - `append` stores a page and moves the checkpoint, both or neither. It is `Stale`, and stores
///   nothing, when the fence is not that of the last hold, when the checkpoint is not the expected
///   one or is at the end already, or when the read is no longer open.
/// - A user who comes again within one read keeps the first place; the newer profile stands.
/// - `finish` makes the read the snapshot, in one step, and says what was added and removed since
///   the snapshot before. Only a read whose checkpoint is at the end can be finished.
/// - A read whose last page [meets known ground](MirrorPage::meets_known) covers the head of the
///   list: its users come first, in their order, and behind them those of the snapshot before whom
///   it has not met, in theirs; nobody is removed. Without a snapshot before it is not whole, and
///   `Incomplete`. Every other read covers the whole list: its users are the snapshot, whatever
///   kind it began as.
/// - What the journal has [amended](crate::MirrorJournal::amend) since the read began stands, the
///   last word on each user: who was unblocked then is not in the new snapshot, and who was blocked
///   then is. If the read has not met them, they come before its users, the last told first, as the
///   snapshot before shows them; without one, as the journal was told. If it had met them before,
///   the profile that was told of them stands.
/// - `set_aside` keeps a whole read from becoming the snapshot; it is no longer unfinished, and
///   cannot be set aside again. There is at most one aside: another one replaces it, and so does a
///   snapshot of the whole list; a finished head does not, nor a read that begins. It can be
///   finished like an unfinished one, under the fence of the last hold.
/// - When a head is finished, the read aside is told of its users as if the journal had been: they
///   were blocked, the newest block last. So they stand when the read aside is finished, though it
///   is older, and are none of those whom it would remove.
/// - `differences` compares a whole read, unfinished or aside, with the last snapshot, as `finish`
///   would: each user who would be added or removed comes once. Without a snapshot, all are added.
/// - `places` are those of the last snapshot, and grow from the newest block to the oldest. So do
///   the positions of its entries, of which the first is 0; there are gaps where somebody left. A
///   user of whom the journal was told and whom no read has met since has a position but no place:
///   whoever was blocked just before them may be unknown, so they are no
///   [known ground](blocks_domain::KnownGround).
/// - `entries` and `entry` show the last snapshot alone, and go on showing it to those who began
///   to read it before a newer one replaced it, or fail; they never mix two snapshots.
/// - Profiles come back as they were stored, unknown fields included. `first_seen_at` stays from
///   snapshot to snapshot, as long as a user is in each.
/// - Accounts do not touch each other.
///
/// `MemoryMirrorStore` in the crate `blocks-fake` is the shortest implementation, and its example
/// walks through a read: hold, begin, append, finish.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MirrorStore: fmt::Debug + Send + Sync + 'static {
    /// Takes hold of an account's list, to read it from the API.
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError>;

    /// Begins a read, at `now`.
    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError>;

    /// The unfinished read of an account, if there is one.
    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError>;

    /// Stores the page behind the checkpoint `expected`.
    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError>;

    /// Makes a read the snapshot, at `now`.
    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError>;

    /// Keeps a whole read aside instead of making it the snapshot.
    async fn set_aside(&self, read: ReadId, fence: Fence) -> Result<SetAside, StoreError>;

    /// The read that was set aside, if there is one.
    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError>;

    /// What the snapshot would gain and lose if a whole read were finished now: first those added,
    /// newest block first, then those removed, likewise. Of any other read there is nothing to
    /// say, so there are none.
    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>>;

    /// The last snapshot of an account.
    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError>;

    /// Where reads have met users of the last snapshot: one answer for each, `None` for whoever is
    /// not in it or was met by no read. Places need not be without gaps.
    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError>;

    /// The users of the last snapshot that a query asks for, in its order.
    ///
    /// An account without a snapshot has none.
    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>>;

    /// One user of the last snapshot.
    async fn entry(&self, account: UserId, user: UserId)
    -> Result<Option<MirrorEntry>, StoreError>;
}

/// The answer to [`MirrorStore::hold`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Hold {
    /// The caller holds the list until the guard is dropped.
    Held {
        /// The number of this hold; later writes show it.
        fence: Fence,
        /// What ends the hold when it is dropped.
        guard: HoldGuard,
    },
    /// Somebody else holds it.
    Busy {
        /// Who, as far as is known, such as `process 4711`.
        holder: Option<String>,
    },
}

/// Ends a hold when it is dropped.
pub struct HoldGuard {
    _held: Box<dyn Any + Send + Sync>,
}

impl HoldGuard {
    /// Wraps whatever ends the hold when it is dropped.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl fmt::Debug for HoldGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HoldGuard")
    }
}

number! {
    /// The number of a hold: it grows with each hold of an account.
    #[derive(Default)]
    Fence
}

number! {
    /// The number of a read, over all accounts; it is also the number of the snapshot it becomes.
    ReadId
}

impl fmt::Display for ReadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much of the list a read covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadKind {
    /// From the newest block to the oldest.
    Full,
    /// From the newest block to known ground: what is behind it stands as it was known.
    Head,
}

impl ReadKind {
    /// The word for it: `full`, `head`.
    ///
    /// ```
    /// use blocks_ports::ReadKind;
    ///
    /// assert_eq!(ReadKind::of_word(ReadKind::Head.word()), Some(ReadKind::Head));
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Head => "head",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Full, Self::Head].into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for ReadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A read that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenRead {
    /// Its number.
    pub id: ReadId,
    /// Whose list it reads.
    pub account: UserId,
    /// How much of the list it set out to cover.
    pub kind: ReadKind,
    /// When it began.
    pub started_at: Timestamp,
    /// How many users are stored so far.
    pub users: u64,
    /// Where it stands.
    pub checkpoint: Checkpoint,
    /// Whether its last page met known ground, so that it covers the head of the list alone.
    pub meets_known: bool,
}

impl OpenRead {
    /// A read that has just begun.
    #[must_use]
    pub fn new(id: ReadId, account: UserId, kind: ReadKind, started_at: Timestamp) -> Self {
        let checkpoint = Checkpoint::default();
        Self { id, account, kind, started_at, users: 0, checkpoint, meets_known: false }
    }

    /// How much of the list it covers when it is whole.
    #[must_use]
    pub const fn covers(&self) -> ReadKind {
        if self.meets_known { ReadKind::Head } else { ReadKind::Full }
    }
}

/// Where a read stands: behind how many pages, and what comes next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// How many pages are stored.
    pub pages: u64,
    /// The token of the next page. `None` before the first page, and behind the last.
    pub next_token: Option<PageToken>,
}

impl Checkpoint {
    /// The checkpoint behind `pages` pages.
    #[must_use]
    pub const fn new(pages: u64, next_token: Option<PageToken>) -> Self {
        Self { pages, next_token }
    }

    /// Whether the last page is stored.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.pages > 0 && self.next_token.is_none()
    }

    /// The checkpoint behind one page more.
    #[must_use]
    pub fn behind(&self, page: &MirrorPage) -> Self {
        Self { pages: self.pages + 1, next_token: page.next_token.clone() }
    }
}

/// A page as the mirror keeps it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MirrorPage {
    /// The users, newest block first.
    pub users: Vec<User>,
    /// The token of the next page; `None` says that this is the last.
    pub next_token: Option<PageToken>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether it is the last because known ground begins behind it, and not because the list
    /// ends. It counts on a page without a token alone.
    pub meets_known: bool,
}

impl MirrorPage {
    /// A page received at a time.
    #[must_use]
    pub const fn new(
        users: Vec<User>,
        next_token: Option<PageToken>,
        received_at: Timestamp,
    ) -> Self {
        Self { users, next_token, received_at, meets_known: false }
    }

    /// The same page as the last of the head of a list, behind which all is known.
    #[must_use]
    pub fn on_known_ground(self) -> Self {
        Self { next_token: None, meets_known: true, ..self }
    }
}

/// The answer to an append.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Append {
    /// The page is stored; here is the checkpoint behind it.
    Appended(Checkpoint),
    /// Somebody else holds the read now or has moved it on, or it has its last page already;
    /// nothing was stored.
    Stale,
}

/// The answer to a finish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finish {
    /// The read is the snapshot now.
    Finished(Snapshot),
    /// The checkpoint is not at the end: pages are missing.
    Incomplete,
    /// Somebody else holds the read now, or has ended it.
    Stale,
}

/// The answer to setting a read aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetAside {
    /// It is aside now.
    Aside(OpenRead),
    /// The checkpoint is not at the end: pages are missing.
    Incomplete,
    /// Somebody else holds the read now, or has ended it.
    Stale,
}

/// A user by whom a read and the snapshot differ.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The profile as the one of the two has it that has the user; perhaps no more than the id.
    pub user: User,
    /// Whether the read has the user, and the snapshot has not; otherwise it is the other way
    /// round.
    pub added: bool,
}

impl Difference {
    /// A user whom the read adds, or removes.
    #[must_use]
    pub const fn new(user: User, added: bool) -> Self {
        Self { user, added }
    }
}

/// A complete copy of a block list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its number.
    pub id: ReadId,
    /// Whose list it is.
    pub account: UserId,
    /// How much of the list was read.
    pub kind: ReadKind,
    /// When the read began.
    pub started_at: Timestamp,
    /// When the read was finished.
    pub finished_at: Timestamp,
    /// When the last read of the whole list began: who was unblocked since then may still be
    /// shown. Of a full read it is `started_at`.
    pub full_at: Timestamp,
    /// When the journal was last told of a block or an unblock that changed it, if it was since it
    /// was finished.
    pub amended_at: Option<Timestamp>,
    /// How many users it holds, as amended.
    pub users: u64,
    /// How many pages the read had.
    pub pages: u64,
    /// How many users the snapshot before did not hold.
    pub added: u64,
    /// How many users only the snapshot before held.
    pub removed: u64,
}

impl Snapshot {
    /// The snapshot that a read becomes, before it is compared with the one before.
    #[must_use]
    pub fn of(read: &OpenRead, finished_at: Timestamp) -> Self {
        Self {
            id: read.id,
            account: read.account,
            kind: read.covers(),
            started_at: read.started_at,
            finished_at,
            full_at: read.started_at,
            amended_at: None,
            users: read.users,
            pages: read.checkpoint.pages,
            added: 0,
            removed: 0,
        }
    }
}

/// One user of a snapshot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MirrorEntry {
    /// The place in the list: 0 is the newest block. Where somebody left a gap, it counts.
    pub position: u64,
    /// The profile as it was received; only the id where it was
    /// [forgotten](crate::MirrorJournal::forget).
    pub user: User,
    /// When it was received.
    pub received_at: Timestamp,
    /// Since when the user was in every snapshot: when the first of those profiles was received.
    pub first_seen_at: Timestamp,
}

impl MirrorEntry {
    /// A user at a place of the list, who was not seen before.
    #[must_use]
    pub const fn new(position: u64, user: User, received_at: Timestamp) -> Self {
        Self { position, user, received_at, first_seen_at: received_at }
    }

    /// The same, first seen at another time.
    #[must_use]
    pub fn first_seen_at(self, first_seen_at: Timestamp) -> Self {
        Self { first_seen_at, ..self }
    }
}

/// Which users of a snapshot to show, and in which order.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct MirrorQuery {
    /// Only the user of this handle, the whole of it, without regard to case and without the `@`.
    pub username: Option<String>,
    /// Only users whose name, handle or bio contains this text, without regard to case.
    pub text: Option<String>,
    /// Only users who are verified, or who are not.
    pub verified: Option<bool>,
    /// Only users whose posts are private, or public.
    pub protected: Option<bool>,
    /// Only users with at least so many followers.
    pub min_followers: Option<u64>,
    /// Only users with at most so many followers.
    pub max_followers: Option<u64>,
    /// The order.
    pub order: MirrorOrder,
    /// The order the other way round.
    pub reverse: bool,
    /// At most so many users.
    pub limit: Option<u64>,
}

/// An order of the users of a snapshot.
///
/// Users who are equal in it, or of whom the value is not known, stand in the order of the list;
/// those of whom it is not known stand last, also the other way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MirrorOrder {
    /// The order of the list: the newest block first.
    #[default]
    Newest,
    /// By handle, without regard to case.
    Username,
    /// By name, without regard to case.
    Name,
    /// The most followers first.
    Followers,
    /// The oldest account first.
    Created,
}

impl MirrorQuery {
    /// Whether the filters let a user through; order and limit play no part.
    ///
    /// A user of whom the asked value is not known does not pass.
    ///
    /// ```
    /// use blocks_domain::{User, UserId};
    /// use blocks_ports::MirrorQuery;
    ///
    /// let mut user = User::new("7".parse::<UserId>()?);
    /// user.name = Some("Ärger & Söhne".into());
    ///
    /// let mut query = MirrorQuery::default();
    /// query.text = Some("ärger".into());
    /// assert!(query.admits(&user));
    /// query.verified = Some(false);
    /// assert!(!query.admits(&user), "nothing is known of its verification");
    ///
    /// let mut query = MirrorQuery::default();
    /// query.username = Some("Soehne".into());
    /// assert!(!query.admits(&user), "nothing is known of its handle");
    /// user.username = Some("soehne".into());
    /// assert!(query.admits(&user));
    /// # Ok::<(), blocks_domain::InvalidId>(())
    /// ```
    #[must_use]
    pub fn admits(&self, user: &User) -> bool {
        let followers = || user.public_metrics.as_ref().and_then(|m| m.followers_count);
        let is = |asked: Option<bool>, known: Option<bool>| asked.is_none() || asked == known;
        self.username.as_deref().is_none_or(|handle| has_handle(user, handle))
            && is(self.verified, user.verified)
            && is(self.protected, user.protected)
            && self.min_followers.is_none_or(|least| followers().is_some_and(|n| n >= least))
            && self.max_followers.is_none_or(|most| followers().is_some_and(|n| n <= most))
            && self.text.as_deref().is_none_or(|text| mentions(user, text))
    }
}

fn has_handle(user: &User, handle: &str) -> bool {
    user.username.as_ref().is_some_and(|known| known.to_lowercase() == handle.to_lowercase())
}

fn mentions(user: &User, text: &str) -> bool {
    let text = text.to_lowercase();
    [&user.name, &user.username, &user.description]
        .into_iter()
        .flatten()
        .any(|place| place.to_lowercase().contains(&text))
}
