//! What is counted of refreshes, and what can go wrong with one on purpose.

use serde::{Deserialize, Serialize};

/// What became of the refreshes so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuerTally {
    /// Refresh tokens traded for new tokens.
    pub exchanges: u64,
    /// Refresh tokens sent again after they were spent.
    pub reuses: u64,
    /// Calls for a refresh, whatever came of them.
    pub calls: u64,
}

/// What can go wrong with a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerFault {
    /// The call never arrives: the refresh token is not spent.
    Unreachable,
    /// The refresh token is spent, and the answer is lost on its way.
    AnswerLost,
    /// The app is refused; the refresh token is not spent.
    AppRefused,
}
