//! Everything that is refused, in X's words.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Content};
use super::encode;
use crate::world::{Absence, Denial, Denied};

/// A call that is answered with an error.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Parameters, path or body are wrong.
    Invalid(Vec<Violation>),
    /// The body is too long.
    TooLarge,
    /// The call is not let in.
    Denied(Denied),
    /// The user that the call is about is not there.
    Absent { id: String, why: Absence },
    /// The caller has no such subscription.
    NoSuchSubscription { id: String },
    /// As many streams are open as the app may have.
    TooManyStreams,
    /// The path does not take the method.
    WrongMethod { allowed: String },
    /// There is no such path.
    Nowhere,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    parameters: Vec<(String, String)>,
    message: String,
}

impl Violation {
    /// Something about the whole request.
    pub(super) fn of_request(message: impl Into<String>) -> Self {
        Self { parameters: Vec::new(), message: message.into() }
    }

    /// A value that a parameter does not take; `why` ends the sentence.
    pub(super) fn of_value(name: &str, value: &str, why: &str) -> Self {
        let message = format!("The `{name}` query parameter value [{value}] {why}");
        Self { parameters: vec![(name.to_owned(), value.to_owned())], message }
    }

    pub(super) fn not_valid(name: &str, value: &str) -> Self {
        Self::of_value(name, value, "is not valid")
    }

    pub(super) fn not_a_token(value: &str) -> Self {
        Self::of_value("pagination_token", value, "is not a valid token.")
    }

    pub(super) fn not_between(name: &str, value: &str, low: usize, high: usize) -> Self {
        Self::of_value(name, value, &format!("is not between {low} and {high}"))
    }

    pub(super) fn not_one_of(name: &str, value: &str, words: &[&str]) -> Self {
        Self::of_value(name, value, &format!("is not one of [{}]", words.join(",")))
    }

    pub(super) fn not_the_caller(name: &str, value: &str, caller: &str) -> Self {
        let why = format!("must be the same as the authenticating user [{caller}]");
        Self::of_value(name, value, &why)
    }

    pub(super) fn the_caller(name: &str, value: &str) -> Self {
        Self::of_value(name, value, "must not be the authenticating user")
    }

    pub(super) fn given_twice(name: &str, value: &str) -> Self {
        Self::of_value(name, value, "is given more than once")
    }

    pub(super) fn too_many(name: &str, value: &str, count: usize, most: usize) -> Self {
        let message = format!(
            "The number of values in the `{name}` query parameter list [{count}] is not between 1 and {most}"
        );
        Self { parameters: vec![(name.to_owned(), value.to_owned())], message }
    }

    pub(super) fn empty(name: &str) -> Self {
        let message = format!("The `{name}` query parameter can not be empty");
        Self { parameters: vec![(name.to_owned(), String::new())], message }
    }

    pub(super) fn unknown_parameter(name: &str, value: &str, names: &[&str]) -> Self {
        let known = names.join(",");
        let message = format!("The query parameter [{name}] is not one of [{known}]");
        Self { parameters: vec![(name.to_owned(), value.to_owned())], message }
    }

    fn json(self) -> Value {
        let mut parameters = Map::new();
        for (name, value) in self.parameters {
            parameters.insert(name, json!([value]));
        }
        json!({ "parameters": parameters, "message": self.message })
    }
}

impl Refusal {
    /// The answer that tells it.
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Invalid(violations) => Answer::new(400, Content::Problem(invalid(violations))),
            Self::TooLarge => Answer::new(413, Content::Problem(blank(413, "Payload Too Large"))),
            Self::Denied(denied) => refused(denied),
            Self::Absent { id, why } => {
                let errors = [encode::absent("id", &id, why)];
                Answer::new(404, Content::Json(json!({ "errors": errors })))
            }
            Self::NoSuchSubscription { id } => {
                Answer::new(404, Content::Json(json!({ "errors": [no_such_subscription(&id)] })))
            }
            Self::TooManyStreams => Answer::new(429, Content::Problem(too_many_streams())),
            Self::WrongMethod { allowed } => {
                Answer::new(405, Content::Problem(blank(405, "Method Not Allowed")))
                    .with_header("allow", allowed)
            }
            Self::Nowhere => Answer::new(404, Content::Problem(blank(404, "Not Found"))),
        }
    }
}

fn invalid(violations: Vec<Violation>) -> Value {
    json!({
        "errors": violations.into_iter().map(Violation::json).collect::<Vec<_>>(),
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    })
}

fn refused(denied: Denied) -> Answer {
    let (status, body) = match denied.reason {
        Denial::Unauthenticated => (401, blank(401, "Unauthorized")),
        Denial::Forbidden => (403, blank(403, "Forbidden")),
        Denial::RateLimited => (429, blank(429, "Too Many Requests")),
        Denial::AppOnly => {
            let supported = "[OAuth 1.0a User Context, OAuth 2.0 User Context]";
            (403, unsupported_authentication("OAuth 2.0 Application-Only", supported))
        }
        Denial::UserContext => {
            let supported = "[OAuth 2.0 Application-Only]";
            (403, unsupported_authentication("OAuth 2.0 User Context", supported))
        }
        Denial::OAuth1Permissions => (403, oauth1_permissions()),
        Denial::NotEnrolled => (403, not_enrolled()),
        Denial::OutOfCredits => (402, out_of_credits()),
        Denial::Capped => (429, capped()),
    };
    Answer::new(status, Content::Problem(body)).with_rate(denied.rate)
}

/// A problem that says no more than its status.
fn blank(status: u16, title: &str) -> Value {
    json!({ "title": title, "detail": title, "type": "about:blank", "status": status })
}

fn unsupported_authentication(given: &str, supported: &str) -> Value {
    json!({
        "title": "Unsupported Authentication",
        "detail": format!("Authenticating with {given} is forbidden for this endpoint.  Supported authentication types are {supported}."),
        "type": "https://api.x.com/2/problems/unsupported-authentication",
        "status": 403,
    })
}

fn oauth1_permissions() -> Value {
    json!({
        "title": "Forbidden",
        "detail": "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
        "type": "https://api.x.com/2/problems/oauth1-permissions",
        "status": 403,
    })
}

fn not_enrolled() -> Value {
    json!({
        "client_id": CLIENT_ID,
        "detail": "This app is not enrolled in the API; it has to be attached to a project first.",
        "registration_url": "https://developer.x.com/en/docs/projects/overview",
        "title": "Client Forbidden",
        "required_enrollment": "Appropriate Level of API Access",
        "reason": "client-not-enrolled",
        "type": "https://api.x.com/2/problems/client-forbidden",
        "status": 403,
    })
}

fn out_of_credits() -> Value {
    json!({
        "account_id": ACCOUNT_ID,
        "title": "CreditsDepleted",
        "detail": "The account has no credits left for this request.",
        "type": "https://api.x.com/2/problems/credits",
        "status": 402,
    })
}

fn capped() -> Value {
    json!({
        "account_id": ACCOUNT_ID,
        "product_name": "sandbox",
        "title": "UsageCapExceeded",
        "period": "Monthly",
        "scope": "Product",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": "https://api.x.com/2/problems/usage-capped",
        "status": 429,
    })
}

/// Inferred from how other things are that are not there.
fn no_such_subscription(id: &str) -> Value {
    json!({
        "value": id,
        "detail": format!("Could not find subscription with subscription_id: [{id}]."),
        "title": "Not Found Error",
        "resource_type": "subscription",
        "parameter": "subscription_id",
        "resource_id": id,
        "type": "https://api.x.com/2/problems/resource-not-found",
    })
}

fn too_many_streams() -> Value {
    json!({
        "title": "ConnectionException",
        "detail": "This stream is currently at the maximum allowed connection limit.",
        "connection_issue": "TooManyConnections",
        "type": "https://api.x.com/2/problems/streaming-connection",
        "status": 429,
    })
}

/// The app that every token of the sandbox belongs to.
const CLIENT_ID: &str = "30000001";
/// The developer account that pays.
const ACCOUNT_ID: &str = "1800000000000000001";
