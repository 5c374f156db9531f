//! The errors that the API documents, as faults.

use blocks_domain::{Endpoint, RateWindow};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Place;
use crate::server::answer::{Answer, Content};
use crate::server::refusal::{Refusal, Violation};
use crate::world::{Absence, Denial, Denied};

/// An error that the API documents, with its status, body and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Documented {
    /// 400: a parameter is wrong.
    InvalidRequest,
    /// 401: the token is missing, unknown or has ended.
    Unauthorized,
    /// 402: the credits are used up.
    CreditsDepleted,
    /// 403: a scope is missing, or the plan.
    Forbidden,
    /// 403: the token speaks for no user.
    UnsupportedAuthentication,
    /// 403: the app is not enrolled.
    ClientForbidden,
    /// 403: the app may not write for those who signed in by OAuth 1.0a.
    OAuth1Permissions,
    /// 404: the user does not exist.
    NotFound,
    /// 413: the body is too long.
    PayloadTooLarge,
    /// 429: the window is spent.
    TooManyRequests,
    /// 429: the month's cap is reached.
    UsageCapped,
    /// 500: trouble on the server's side.
    InternalError,
    /// 502: trouble between servers.
    BadGateway,
    /// 503: the server cannot answer now.
    ServiceUnavailable,
    /// 504: a server behind it was too slow.
    GatewayTimeout,
}

impl Documented {
    /// All of them; of those with the same status, the plain one comes first.
    pub const ALL: [Self; 15] = [
        Self::InvalidRequest,
        Self::Unauthorized,
        Self::CreditsDepleted,
        Self::Forbidden,
        Self::UnsupportedAuthentication,
        Self::ClientForbidden,
        Self::OAuth1Permissions,
        Self::NotFound,
        Self::PayloadTooLarge,
        Self::TooManyRequests,
        Self::UsageCapped,
        Self::InternalError,
        Self::BadGateway,
        Self::ServiceUnavailable,
        Self::GatewayTimeout,
    ];

    /// The status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthorized => 401,
            Self::CreditsDepleted => 402,
            Self::Forbidden
            | Self::UnsupportedAuthentication
            | Self::ClientForbidden
            | Self::OAuth1Permissions => 403,
            Self::NotFound => 404,
            Self::PayloadTooLarge => 413,
            Self::TooManyRequests | Self::UsageCapped => 429,
            Self::InternalError => 500,
            Self::BadGateway => 502,
            Self::ServiceUnavailable => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// The name of the problem, by which a file of faults tells those with the same status apart.
    #[must_use]
    pub const fn problem(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Unauthorized => "unauthorized",
            Self::CreditsDepleted => "credits",
            Self::Forbidden => "forbidden",
            Self::UnsupportedAuthentication => "unsupported-authentication",
            Self::ClientForbidden => "client-forbidden",
            Self::OAuth1Permissions => "oauth1-permissions",
            Self::NotFound => "resource-not-found",
            Self::PayloadTooLarge => "payload-too-large",
            Self::TooManyRequests => "too-many-requests",
            Self::UsageCapped => "usage-capped",
            Self::InternalError => "internal-error",
            Self::BadGateway => "bad-gateway",
            Self::ServiceUnavailable => "service-unavailable",
            Self::GatewayTimeout => "gateway-timeout",
        }
    }

    /// What a person reads who is told the status alone.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::CreditsDepleted => "Payment Required",
            Self::Forbidden
            | Self::UnsupportedAuthentication
            | Self::ClientForbidden
            | Self::OAuth1Permissions => "Forbidden",
            Self::NotFound => "Not Found",
            Self::PayloadTooLarge => "Payload Too Large",
            Self::TooManyRequests | Self::UsageCapped => "Too Many Requests",
            Self::InternalError => "Internal Server Error",
            Self::BadGateway => "Bad Gateway",
            Self::ServiceUnavailable => "Service Unavailable",
            Self::GatewayTimeout => "Gateway Timeout",
        }
    }

    /// The plain error of a status.
    pub(super) fn of_status(status: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|documented| documented.status() == status)
    }

    /// The answer at a place, at a time of the world.
    pub(super) fn answer(self, place: Place, now: Timestamp) -> Answer {
        let limit = match place {
            Place::Call(endpoint) => endpoint.spec().limit,
            Place::TokenEndpoint | Place::Anywhere => return self.at_token_endpoint(),
        };
        let reset = now.saturating_add(SignedDuration::from_mins(15)).unwrap_or(Timestamp::MAX);
        let limit = limit.requests().get();
        let window = |remaining| Some(RateWindow::new(limit, remaining, reset, Some(now)));
        let denied = |reason, rate| Refusal::Denied(Denied { reason, rate }).answer();
        let left = limit - 1;
        match self {
            Self::InvalidRequest => {
                let violation = Violation::of_request("The request is not valid.");
                Refusal::Invalid(vec![violation]).answer().with_rate(window(left))
            }
            Self::Unauthorized => denied(Denial::Unauthenticated, None),
            Self::CreditsDepleted => denied(Denial::OutOfCredits, window(left)),
            Self::Forbidden => denied(Denial::Forbidden, window(left)),
            Self::UnsupportedAuthentication => denied(
                match place {
                    Place::Call(endpoint) if endpoint.spec().is_for_app() => Denial::UserContext,
                    _ => Denial::AppOnly,
                },
                None,
            ),
            Self::ClientForbidden => denied(Denial::NotEnrolled, window(left)),
            Self::OAuth1Permissions => denied(Denial::OAuth1Permissions, window(left)),
            Self::NotFound => {
                let absent = Refusal::Absent { id: "1".to_owned(), why: Absence::NotFound };
                absent.answer().with_rate(window(left))
            }
            Self::PayloadTooLarge => Refusal::TooLarge.answer(),
            Self::TooManyRequests => denied(Denial::RateLimited, window(0)),
            Self::UsageCapped => denied(Denial::Capped, window(left)),
            Self::InternalError
            | Self::BadGateway
            | Self::ServiceUnavailable
            | Self::GatewayTimeout => self.trouble(),
        }
    }

    /// The answer of the token endpoint, which has words of its own for what a client did wrong.
    fn at_token_endpoint(self) -> Answer {
        let (error, description) = match self {
            Self::InvalidRequest => ("invalid_request", "Value passed for the token was invalid."),
            Self::Unauthorized => ("unauthorized_client", "Missing valid authorization header"),
            _ => return self.trouble(),
        };
        let body = json!({ "error": error, "error_description": description });
        Answer::new(self.status(), Content::Json(body)).not_to_be_stored()
    }

    /// A problem that says no more than its status.
    fn trouble(self) -> Answer {
        let (status, title) = (self.status(), self.title());
        let body =
            json!({ "title": title, "detail": title, "type": "about:blank", "status": status });
        Answer::new(status, Content::Problem(body))
    }
}

/// Where a fault can strike, from how the reference spells it.
pub(super) fn place(text: &str) -> Option<Place> {
    let places = Endpoint::ALL.map(Place::Call).into_iter();
    let mut places = places.chain([Place::Anywhere, Place::TokenEndpoint]);
    places.find(|place| place.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_error_is_answered_with_its_status() {
        for documented in Documented::ALL {
            for place in [Place::Call(Endpoint::GetBlocking), Place::TokenEndpoint] {
                let answer = documented.answer(place, Timestamp::UNIX_EPOCH);
                assert_eq!(answer.status, documented.status(), "{documented:?} at {place}");
            }
        }
    }

    #[test]
    fn a_spent_window_has_nothing_left_and_a_cap_leaves_the_window_alone() {
        let remaining = |documented: Documented| {
            let answer =
                documented.answer(Place::Call(Endpoint::GetBlocking), Timestamp::UNIX_EPOCH);
            answer.rate.map(RateWindow::remaining)
        };
        assert_eq!(remaining(Documented::TooManyRequests), Some(0));
        assert_eq!(remaining(Documented::UsageCapped), Some(14));
        assert_eq!(remaining(Documented::Unauthorized), None);
    }
}
