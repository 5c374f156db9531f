//! The errors of the ports.

use std::error::Error;
use std::fmt;

use blocks_domain::{Failure, Problem, RateWindow, excerpt};

use crate::Revision;

/// Any error, as the source of one of ours.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A call that failed: what kind of failure, and everything that is known about it.
///
/// ```
/// use blocks_domain::Failure;
/// use blocks_ports::ApiError;
///
/// let error = ApiError::new(Failure::Unavailable).with_status(503);
/// assert_eq!(error.to_string(), "X has trouble of its own (status 503)");
/// assert!(error.kind().is_retryable());
/// ```
pub struct ApiError(Box<Details>);

struct Details {
    kind: Failure,
    detail: Option<String>,
    status: Option<u16>,
    problems: Vec<Problem>,
    rate: Option<RateWindow>,
    transaction_id: Option<String>,
    was_sent: bool,
    source: Option<BoxError>,
}

impl ApiError {
    /// A failure of which nothing more is known.
    #[must_use]
    pub fn new(kind: Failure) -> Self {
        Self(Box::new(Details {
            kind,
            detail: None,
            status: None,
            problems: Vec::new(),
            rate: None,
            transaction_id: None,
            was_sent: true,
            source: None,
        }))
    }

    /// Adds what happened, in words, without a full stop.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the problems that the answer named.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<Problem>) -> Self {
        self.0.problems = problems;
        self
    }

    /// Adds the rate window that the answer told.
    #[must_use]
    pub fn with_rate(mut self, rate: Option<RateWindow>) -> Self {
        self.0.rate = rate;
        self
    }

    /// Adds the id under which X's support finds the call.
    #[must_use]
    pub fn with_transaction_id(mut self, id: Option<String>) -> Self {
        self.0.transaction_id = id;
        self
    }

    /// Says that no request was sent, so that nothing was counted and nothing is billed.
    ///
    /// ```
    /// use blocks_domain::Failure;
    /// use blocks_ports::ApiError;
    ///
    /// assert!(ApiError::new(Failure::Timeout).was_sent(), "or may have been");
    /// assert!(!ApiError::new(Failure::Unauthenticated).not_sent().was_sent());
    /// ```
    #[must_use]
    pub fn not_sent(mut self) -> Self {
        self.0.was_sent = false;
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of failure, which knows its meaning and its remedy.
    #[must_use]
    pub fn kind(&self) -> Failure {
        self.0.kind
    }

    /// What happened, in words.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The problems that the answer named.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// The rate window that the answer told.
    #[must_use]
    pub fn rate(&self) -> Option<&RateWindow> {
        self.0.rate.as_ref()
    }

    /// The id under which X's support finds the call.
    #[must_use]
    pub fn transaction_id(&self) -> Option<&str> {
        self.0.transaction_id.as_deref()
    }

    /// Whether a request was sent, or may have been; see [`ApiError::not_sent`].
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.0.was_sent
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.kind)?;
        if let Some(detail) = &self.0.detail {
            write!(f, ": {detail}")?;
        } else if let Some(said) = self.0.problems.iter().find_map(Problem::message) {
            // A detail is the adapter's; this is X's own text, which anybody can have a hand in.
            write!(f, ": {}", excerpt(said))?;
        }
        match self.0.status {
            Some(status) => write!(f, " (status {status})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.0;
        f.debug_struct("ApiError")
            .field("kind", &details.kind)
            .field("detail", &details.detail)
            .field("status", &details.status)
            .field("problems", &details.problems)
            .field("rate", &details.rate)
            .field("transaction_id", &details.transaction_id)
            .field("was_sent", &details.was_sent)
            .field("source", &details.source)
            .finish()
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A store that failed.
///
/// `Display` says what happened; [`StoreFailure::remedy`] says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct StoreError {
    /// The kind of failure.
    pub kind: StoreFailure,
    /// What happened, in words, without a full stop.
    pub message: String,
    /// The revision of a sign-in that is there and cannot be read; with it a swap can replace or
    /// erase what is damaged.
    pub revision: Option<Revision>,
    /// The error that caused this one.
    pub source: Option<BoxError>,
}

impl StoreError {
    /// A failure in words.
    #[must_use]
    pub fn new(kind: StoreFailure, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), revision: None, source: None }
    }

    /// Adds the revision of what cannot be read.
    #[must_use]
    pub const fn with_revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Why a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreFailure {
    /// Somebody else keeps it busy.
    Busy,
    /// There is no room left.
    Full,
    /// It may not be read or written, or others may read what they must not.
    Permission,
    /// What it holds is damaged.
    Damaged,
    /// A newer version wrote it.
    Newer,
    /// This backend cannot do it.
    Unsupported,
    /// Anything else.
    Other,
}

impl StoreFailure {
    /// What to do about it: a sentence with its full stop.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Busy => "Wait for the other program, or end it, then try again.",
            Self::Full => "Make room on the disk, then try again; nothing that was stored is lost.",
            Self::Permission => "Give yourself, and only yourself, the right to read and write it.",
            Self::Damaged => "Move it aside, keep it, and start anew; a pull brings the list back.",
            Self::Newer => "Update this program, or use the one that wrote it.",
            Self::Unsupported => "Use a backend that can.",
            Self::Other => "See the cause that the error carries.",
        }
    }
}

#[cfg(test)]
mod tests {
    use blocks_domain::ProblemType;

    use super::*;

    #[test]
    fn what_x_says_is_shown_on_one_short_line_without_hidden_characters() {
        let title = format!("a\u{1b}[2J\r\nb\u{202e}c\u{200b} {}", "x".repeat(500));
        let problem = Problem::new(ProblemType::Blank, title);
        let error = ApiError::new(Failure::Unavailable).with_problems(vec![problem]);
        let shown = error.to_string();
        assert!(shown.starts_with("X has trouble of its own: a [2J b c xxx"), "{shown}");
        assert!(shown.ends_with("x…"), "{shown}");
        assert!(shown.chars().count() < 250, "{shown}");
    }
}
