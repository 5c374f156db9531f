//! Which read a pull makes, and why.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use blocks_domain::{LossLimit, UserId};
use blocks_ports::{MirrorStore, OpenRead, ReadKind, Snapshot, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::PullError;

/// The read that a pull makes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// How much of the list it sets out to cover.
    pub kind: ReadKind,
    /// Why it is this kind.
    pub reason: Reason,
    /// The unfinished read that it goes on with, if there is one.
    pub resumes: Option<OpenRead>,
    /// The unfinished read that it gives up, because it is of the other kind or because that was
    /// asked for. What was read of it is lost.
    pub gives_up: Option<OpenRead>,
}

impl Choice {
    /// Whether it reads, and gives up, the same as another one, for whatever reason.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        let id = |read: &Option<OpenRead>| read.as_ref().map(|read| read.id);
        self.kind == other.kind
            && id(&self.resumes) == id(&other.resumes)
            && id(&self.gives_up) == id(&other.gives_up)
    }
}

/// What somebody wants a pull to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// What is unfinished, else whatever brings the mirror up to date at the lowest price that the
    /// [policy](PullPolicy) allows.
    #[default]
    Whichever,
    /// The whole list.
    Full,
    /// The new blocks alone.
    Head,
}

/// Why a pull reads what it reads. It is shown as the end of a sentence: "because …".
///
/// ```
/// use blocks_app::Reason;
///
/// let since = "2026-07-01T09:30:00Z".parse()?;
/// assert_eq!(
///     Reason::FullIsOld { since }.to_string(),
///     "because the whole list was last read on 2026-07-01"
/// );
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Somebody asked for it.
    Asked,
    /// There is no snapshot yet.
    NothingMirrored,
    /// An earlier read was cut off.
    Unfinished,
    /// A read of the whole list was set aside, so that the snapshot is in doubt.
    SetAside,
    /// The whole list was last read longer ago than the policy allows.
    FullIsOld {
        /// When that read began.
        since: Timestamp,
    },
    /// The whole list was read not long ago, so its head is enough.
    FullIsRecent {
        /// When that read began.
        since: Timestamp,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("because that was asked for"),
            Self::NothingMirrored => f.write_str("because nothing is mirrored yet"),
            Self::Unfinished => f.write_str("because an earlier read was cut off"),
            Self::SetAside => f.write_str("because a read of the whole list was set aside"),
            Self::FullIsOld { since } => {
                write!(f, "because the whole list was last read on {}", day(*since))
            }
            Self::FullIsRecent { since } => {
                write!(f, "because the whole list was read on {}", day(*since))
            }
        }
    }
}

fn day(at: Timestamp) -> jiff::civil::Date {
    jiff::tz::Offset::UTC.to_datetime(at).date()
}

/// When a pull reads the whole list, how it finds known ground, and what it believes.
///
/// ```
/// use std::time::Duration;
///
/// use blocks_app::PullPolicy;
///
/// let weekly = PullPolicy::default().with_full_every(Duration::from_secs(7 * 24 * 60 * 60));
/// assert_eq!(weekly.overlap, PullPolicy::default().overlap);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullPolicy {
    /// After how long the whole list is read again: who was unblocked elsewhere is shown until
    /// then. 30 days unless told otherwise.
    pub full_every: Duration,
    /// How old profiles may become, if that is bounded; a read of the whole list renews them.
    pub max_age: Option<Duration>,
    /// How many known users in a row, in their order, are known ground. 20 unless told otherwise.
    pub overlap: NonZeroU32,
    /// How much of the list may be gone before a read is set aside.
    pub loss_limit: LossLimit,
}

impl Default for PullPolicy {
    fn default() -> Self {
        const OVERLAP: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
        Self {
            full_every: Duration::from_secs(30 * 24 * 60 * 60),
            max_age: None,
            overlap: OVERLAP,
            loss_limit: LossLimit::default(),
        }
    }
}

impl PullPolicy {
    /// The same, with the whole list read again after so long.
    #[must_use]
    pub const fn with_full_every(mut self, full_every: Duration) -> Self {
        self.full_every = full_every;
        self
    }

    /// The same, with profiles that may become so old, or as old as they will.
    #[must_use]
    pub const fn with_max_age(mut self, max_age: Option<Duration>) -> Self {
        self.max_age = max_age;
        self
    }

    /// The same, with known ground behind so many known users in a row.
    #[must_use]
    pub const fn with_overlap(mut self, overlap: NonZeroU32) -> Self {
        self.overlap = overlap;
        self
    }

    /// The same, with so much of the list that may be gone.
    #[must_use]
    pub const fn with_loss_limit(mut self, loss_limit: LossLimit) -> Self {
        self.loss_limit = loss_limit;
        self
    }

    /// Whether a full read that began at `full_at` no longer does at `now`.
    ///
    /// One in the future does: the clock was set back, which is no reason to pay.
    fn is_outdated(&self, full_at: Timestamp, now: Timestamp) -> bool {
        let longest = self.max_age.map_or(self.full_every, |age| age.min(self.full_every));
        let longest = SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX);
        now.duration_since(full_at) > longest
    }
}

impl Choice {
    /// What a pull of `account` would read at `now`.
    ///
    /// # Errors
    /// [`PullError::NothingToGoOnFrom`] where the new blocks alone are wanted and nothing is
    /// mirrored yet; [`PullError::Mirror`].
    ///
    /// ```
    /// use blocks_app::{Choice, PullPolicy, Reason, Wanted};
    /// use blocks_domain::UserId;
    /// use blocks_fake::stores::MemoryMirrorStore;
    /// use blocks_ports::ReadKind;
    /// use jiff::Timestamp;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), blocks_app::PullError> {
    /// let (mirror, policy) = (MemoryMirrorStore::default(), PullPolicy::default());
    /// let (me, now) = (UserId::MAX, Timestamp::UNIX_EPOCH);
    /// let choice = Choice::of(&mirror, me, Wanted::Whichever, &policy, now).await?;
    /// assert_eq!((choice.kind, choice.reason), (ReadKind::Full, Reason::NothingMirrored));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn of(
        mirror: &dyn MirrorStore,
        account: UserId,
        wanted: Wanted,
        policy: &PullPolicy,
        now: Timestamp,
    ) -> Result<Self, PullError> {
        let known = Known::of(mirror, account).await.map_err(PullError::before)?;
        known.choose(wanted, policy, now).ok_or(PullError::NothingToGoOnFrom)
    }

    const fn new(kind: ReadKind, reason: Reason) -> Self {
        Self { kind, reason, resumes: None, gives_up: None }
    }
}

/// What a choice rests on.
#[derive(Debug)]
pub(crate) struct Known {
    /// The unfinished read. One without a page is none: nothing is won by going on with it.
    unfinished: Option<OpenRead>,
    snapshot: Option<Snapshot>,
    has_aside: bool,
    starts_over: bool,
}

impl Known {
    pub(crate) async fn of(mirror: &dyn MirrorStore, account: UserId) -> Result<Self, StoreError> {
        let unfinished = mirror.unfinished(account).await?;
        Ok(Self {
            unfinished: unfinished.filter(|read| read.checkpoint.pages > 0),
            snapshot: mirror.snapshot(account).await?,
            has_aside: mirror.aside(account).await?.is_some(),
            starts_over: false,
        })
    }

    /// The same, where nobody wants to go on with what is unfinished.
    pub(crate) const fn starting_over(mut self, starts_over: bool) -> Self {
        self.starts_over = starts_over;
        self
    }

    /// The read to make; none where there is nothing that the wanted one could go on from.
    pub(crate) fn choose(
        self,
        wanted: Wanted,
        policy: &PullPolicy,
        now: Timestamp,
    ) -> Option<Choice> {
        let goes_on = self.unfinished.as_ref().filter(|_| !self.starts_over);
        let (kind, reason) = match (wanted, goes_on, &self.snapshot) {
            (Wanted::Full, ..) => (ReadKind::Full, Reason::Asked),
            (Wanted::Head, _, None) => return None,
            (Wanted::Head, _, Some(_)) => (ReadKind::Head, Reason::Asked),
            (Wanted::Whichever, Some(read), _) => (read.kind, Reason::Unfinished),
            (Wanted::Whichever, None, None) => (ReadKind::Full, Reason::NothingMirrored),
            (Wanted::Whichever, None, Some(_)) if self.has_aside => {
                (ReadKind::Full, Reason::SetAside)
            }
            (Wanted::Whichever, None, Some(Snapshot { full_at: since, .. })) => {
                let since = *since;
                if policy.is_outdated(since, now) {
                    (ReadKind::Full, Reason::FullIsOld { since })
                } else {
                    (ReadKind::Head, Reason::FullIsRecent { since })
                }
            }
        };
        let fits = |read: &OpenRead| !self.starts_over && read.kind == kind;
        let (resumes, gives_up) = match self.unfinished {
            Some(read) if fits(&read) => (Some(read), None),
            other => (None, other),
        };
        Some(Choice { resumes, gives_up, ..Choice::new(kind, reason) })
    }
}
