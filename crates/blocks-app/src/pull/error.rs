//! Why a pull does not finish.

use blocks_domain::PageToken;
use blocks_ports::{ApiError, OpenRead, Snapshot, StoreError};

use super::PullProgress;

/// Why a pull did not finish. What it had read is stored, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// The API stopped answering with pages.
    #[error("the read stopped before its end")]
    Api {
        /// Why.
        #[source]
        error: ApiError,
        /// The token of the page that failed; `None` is the first page.
        resume_from: Option<PageToken>,
        /// Where it stopped.
        progress: PullProgress,
    },
    /// The list was read to its end, and too much of it is gone to be believed. The read was set
    /// aside, and the snapshot before it stays.
    #[error(
        "of {} accounts mirrored, {lost} are missing from this read, more than is believed without \
         a word from you; it was set aside, and the mirror stays as it was: accept the read if so \
         many were unblocked, or read again",
        before.users
    )]
    SetAside {
        /// The read that was set aside.
        read: Box<OpenRead>,
        /// The snapshot that stays.
        before: Box<Snapshot>,
        /// How many users of it are missing from the read.
        lost: u64,
        /// What the read took.
        progress: PullProgress,
    },
    /// There is no snapshot that the wanted read could go on from.
    #[error("nothing of this block list is mirrored yet: read the whole list first")]
    NothingToGoOnFrom,
    /// Something else is to be read by now than was [expected](super::Pull::expecting).
    #[error("the mirror has changed, so that something else is to be read now")]
    Otherwise,
    /// Somebody else is reading this list.
    #[error("another pull of this account is under way{}", holder.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    Busy {
        /// Who, as far as is known.
        holder: Option<String>,
    },
    /// Somebody else took the read over.
    #[error("another pull of this account took over")]
    LostHold {
        /// Where it stopped.
        progress: PullProgress,
    },
    /// The mirror failed.
    #[error("the mirror failed")]
    Mirror {
        /// Why.
        source: StoreError,
        /// Where it stopped.
        progress: PullProgress,
    },
}

impl PullError {
    /// Where the pull stopped.
    #[must_use]
    pub fn progress(&self) -> PullProgress {
        match self {
            Self::Api { progress, .. }
            | Self::SetAside { progress, .. }
            | Self::LostHold { progress }
            | Self::Mirror { progress, .. } => *progress,
            Self::Busy { .. } | Self::NothingToGoOnFrom | Self::Otherwise => {
                PullProgress::default()
            }
        }
    }

    /// The mirror failed before anything was read.
    pub(crate) fn before(source: StoreError) -> Self {
        Self::Mirror { source, progress: PullProgress::default() }
    }
}
