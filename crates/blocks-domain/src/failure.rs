//! What can go wrong with a call, what it means, and what to do about it.

use std::fmt;

use crate::ProblemType;

/// The kind of a failed call.
///
/// Each kind knows its meaning, its remedy, and whether the same call can succeed later, so that
/// error texts, advice and references agree.
///
/// ```
/// use blocks_domain::{Failure, ForbiddenReason, ProblemType};
///
/// let app_only = ProblemType::from_uri("https://api.x.com/2/problems/unsupported-authentication");
/// let failure = Failure::of_status(403, [&app_only]);
/// assert_eq!(failure, Some(Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication)));
/// assert!(failure.unwrap().remedy().contains("on behalf of a user"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The request is wrong (400, 413), or went to a wrong address (3xx).
    InvalidRequest,
    /// The access token is missing, wrong or expired (401).
    Unauthenticated,
    /// The credits are used up (402).
    OutOfCredits,
    /// The call is understood and not allowed (403).
    Forbidden(ForbiddenReason),
    /// There is no such user (404).
    NotFound,
    /// The window of 15 minutes is spent (429).
    RateLimited,
    /// The month's cap is reached (429).
    Capped,
    /// Trouble on X's side (5xx).
    Unavailable,
    /// No connection, or one that broke.
    Transport,
    /// No answer within the time allowed.
    Timeout,
    /// An answer that is not what the API promises.
    Malformed,
    /// A budget set by the caller does not allow it.
    OverBudget,
    /// This backend cannot do it.
    Unsupported,
    /// The backend itself failed.
    Backend,
}

/// Why a call is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForbiddenReason {
    /// The token is an app's where a user has to sign in, or a user's where the app has to.
    UnsupportedAuthentication,
    /// The app is not enrolled for the API.
    NotEnrolled,
    /// A scope is missing, or the plan: X answers both alike.
    ScopeOrPlan,
    /// The OAuth 1.0a app lacks the permission.
    OAuth1Permissions,
    /// X names another reason.
    Other,
}

impl Failure {
    /// All kinds, in the order of their statuses.
    pub const ALL: [Self; 18] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::OutOfCredits,
        Self::Forbidden(ForbiddenReason::UnsupportedAuthentication),
        Self::Forbidden(ForbiddenReason::NotEnrolled),
        Self::Forbidden(ForbiddenReason::ScopeOrPlan),
        Self::Forbidden(ForbiddenReason::OAuth1Permissions),
        Self::Forbidden(ForbiddenReason::Other),
        Self::NotFound,
        Self::RateLimited,
        Self::Capped,
        Self::Unavailable,
        Self::Transport,
        Self::Timeout,
        Self::Malformed,
        Self::OverBudget,
        Self::Unsupported,
        Self::Backend,
    ];

    /// The kind that an answer's status and problem types name; `None` for a status below 300.
    #[must_use]
    pub fn of_status<'a>(
        status: u16,
        problems: impl IntoIterator<Item = &'a ProblemType>,
    ) -> Option<Self> {
        let mut problems = problems.into_iter();
        Some(match status {
            0..=299 => return None,
            401 => Self::Unauthenticated,
            402 => Self::OutOfCredits,
            403 => Self::Forbidden(
                problems.find_map(ForbiddenReason::of).unwrap_or(ForbiddenReason::ScopeOrPlan),
            ),
            404 => Self::NotFound,
            408 => Self::Timeout,
            429 if problems.any(|problem| *problem == ProblemType::UsageCapped) => Self::Capped,
            429 => Self::RateLimited,
            // A redirect comes again, however often the same address is asked.
            300..=499 => Self::InvalidRequest,
            500..=599 => Self::Unavailable,
            _ => Self::Malformed,
        })
    }

    /// The kind that a problem names by itself, for answers that carry problems under status 200.
    #[must_use]
    pub fn of_problem(problem: &ProblemType) -> Option<Self> {
        Some(match problem {
            ProblemType::ResourceNotFound => Self::NotFound,
            ProblemType::InvalidRequest => Self::InvalidRequest,
            ProblemType::UsageCapped => Self::Capped,
            ProblemType::Credits => Self::OutOfCredits,
            ProblemType::RateLimitExceeded => Self::RateLimited,
            ProblemType::InternalError => Self::Unavailable,
            other => Self::Forbidden(ForbiddenReason::of(other)?),
        })
    }

    /// The statuses under which X answers so; empty where no answer came.
    #[must_use]
    pub const fn statuses(self) -> &'static [u16] {
        match self {
            Self::InvalidRequest => &[400, 413],
            Self::Unauthenticated => &[401],
            Self::OutOfCredits => &[402],
            Self::Forbidden(_) => &[403],
            Self::NotFound => &[404],
            Self::RateLimited | Self::Capped => &[429],
            Self::Unavailable => &[500, 502, 503, 504],
            Self::Transport
            | Self::Timeout
            | Self::Malformed
            | Self::OverBudget
            | Self::Unsupported
            | Self::Backend => &[],
        }
    }

    /// A stable name for programs, such as `rate-limited`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Unauthenticated => "unauthenticated",
            Self::OutOfCredits => "out-of-credits",
            Self::Forbidden(ForbiddenReason::UnsupportedAuthentication) => {
                "forbidden-unsupported-authentication"
            }
            Self::Forbidden(ForbiddenReason::NotEnrolled) => "forbidden-not-enrolled",
            Self::Forbidden(ForbiddenReason::ScopeOrPlan) => "forbidden-scope-or-plan",
            Self::Forbidden(ForbiddenReason::OAuth1Permissions) => "forbidden-oauth1-permissions",
            Self::Forbidden(ForbiddenReason::Other) => "forbidden",
            Self::NotFound => "not-found",
            Self::RateLimited => "rate-limited",
            Self::Capped => "capped",
            Self::Unavailable => "unavailable",
            Self::Transport => "transport",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::OverBudget => "over-budget",
            Self::Unsupported => "unsupported",
            Self::Backend => "backend",
        }
    }

    /// What it means: a sentence without its full stop.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::InvalidRequest => "X does not accept the request as it is",
            Self::Unauthenticated => "X does not accept the access token",
            Self::OutOfCredits => "the account's API credits are used up",
            Self::Forbidden(ForbiddenReason::UnsupportedAuthentication) => {
                "this call does not accept this kind of token"
            }
            Self::Forbidden(ForbiddenReason::NotEnrolled) => {
                "this app is not enrolled for the X API"
            }
            Self::Forbidden(ForbiddenReason::ScopeOrPlan) => {
                "this sign-in lacks a scope, or its plan does not include the call"
            }
            Self::Forbidden(ForbiddenReason::OAuth1Permissions) => {
                "this app's OAuth 1.0a permission does not include the call"
            }
            Self::Forbidden(ForbiddenReason::Other) => "X does not allow this call",
            Self::NotFound => "there is no such user",
            Self::RateLimited => "the calls of this 15-minute window are spent",
            Self::Capped => "the usage cap of this app or account is reached",
            Self::Unavailable => "X has trouble of its own",
            Self::Transport => "X could not be reached, or the connection broke",
            Self::Timeout => "X did not answer in time",
            Self::Malformed => "the answer is not what the API promises",
            Self::OverBudget => "the budget does not allow the call",
            Self::Unsupported => "this backend cannot do that",
            Self::Backend => "the backend failed",
        }
    }

    /// What to do about it: a sentence with its full stop.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::InvalidRequest => {
                "Correct what the message names; the same request will fail again."
            }
            Self::Unauthenticated => {
                "Sign in again, or check that the access token is whole and not expired."
            }
            Self::OutOfCredits => {
                "Buy credits in X's developer portal, or wait for the next billing period."
            }
            Self::Forbidden(ForbiddenReason::UnsupportedAuthentication) => {
                "Sign in on behalf of a user for block lists, with OAuth 2.0 or OAuth 1.0a; for the \
                 stream of events, give the app's own bearer token."
            }
            Self::Forbidden(ForbiddenReason::NotEnrolled) => {
                "Attach the app to a project and enrol it in X's developer portal."
            }
            Self::Forbidden(ForbiddenReason::ScopeOrPlan) => {
                "Check the token's scopes (block.read to read, block.write to write, both with \
                 users.read and tweet.read); blocking and unblocking need the Enterprise plan."
            }
            Self::Forbidden(ForbiddenReason::OAuth1Permissions) => {
                "Set the app's permission to read and write in X's developer portal, then sign in again."
            }
            Self::Forbidden(ForbiddenReason::Other) => {
                "Read the reason that X names; trying again will not help."
            }
            Self::NotFound => {
                "Check the id or handle; the account may be renamed, suspended or gone."
            }
            Self::RateLimited => "Wait until the window resets, then go on.",
            Self::Capped => {
                "Raise the cap in X's developer portal, or wait for the next period; the window's reset does not help."
            }
            Self::Unavailable => "Try again in a little while.",
            Self::Transport => "Check the network and the address, then try again.",
            Self::Timeout => "Try again; if it stays so, allow more time.",
            Self::Malformed => {
                "Try again; if it stays so, something between here and X, or X itself, changed its answers."
            }
            Self::OverBudget => "Allow more money, or stop here; what was read is kept.",
            Self::Unsupported => "Use a backend that can.",
            Self::Backend => "See the cause that the error carries.",
        }
    }

    /// Whether the same call can succeed later without anybody's doing.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Unavailable
                | Self::Transport
                | Self::Timeout
                | Self::Malformed
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())
    }
}

impl ForbiddenReason {
    /// The reason that a problem type names, if it names one.
    #[must_use]
    pub fn of(problem: &ProblemType) -> Option<Self> {
        Some(match problem {
            ProblemType::UnsupportedAuthentication => Self::UnsupportedAuthentication,
            ProblemType::ClientForbidden => Self::NotEnrolled,
            ProblemType::OAuth1Permissions => Self::OAuth1Permissions,
            ProblemType::NotAuthorizedForResource
            | ProblemType::NotAuthorizedForField
            | ProblemType::FieldUnauthorized
            | ProblemType::DisallowedResource
            | ProblemType::ResourceUnavailable => Self::Other,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_failure_has_a_name_of_its_own_and_says_what_to_do() {
        let names: BTreeSet<_> = Failure::ALL.iter().map(|failure| failure.name()).collect();
        assert_eq!(names.len(), Failure::ALL.len());
        for failure in Failure::ALL {
            assert!(!failure.meaning().ends_with('.'), "{failure:?}");
            assert!(failure.remedy().ends_with('.'), "{failure:?}");
        }
    }

    #[test]
    fn every_status_maps_to_a_failure_that_lists_it() {
        for failure in Failure::ALL {
            for status in failure.statuses() {
                let found = Failure::of_status(*status, []).expect("a failure");
                assert!(found.statuses().contains(status), "{status}: {found:?}");
            }
        }
        assert_eq!(Failure::of_status(200, []), None);
    }

    #[test]
    fn a_redirect_is_not_worth_repeating() {
        for status in [300, 301, 304, 308, 399] {
            let failure = Failure::of_status(status, []).expect("a failure");
            assert!(!failure.is_retryable(), "{status}");
        }
    }

    #[test]
    fn only_the_usage_cap_makes_a_429_a_cap() {
        assert_eq!(Failure::of_status(429, [&ProblemType::Blank]), Some(Failure::RateLimited));
        assert_eq!(Failure::of_status(429, [&ProblemType::UsageCapped]), Some(Failure::Capped));
        assert!(!Failure::Capped.is_retryable());
    }
}
