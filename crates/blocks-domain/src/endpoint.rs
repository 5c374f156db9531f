//! The endpoints as data: what each needs, who may call it, how often, and at what price.

use std::fmt;
use std::str::FromStr;

use crate::{Price, RateLimit};

/// A call that this project makes.
///
/// ```
/// use blocks_domain::{Availability, Endpoint, Scope};
///
/// let read = Endpoint::GetBlocking.spec();
/// assert_eq!((read.method, read.path), ("GET", "/2/users/:id/blocking"));
/// assert!(read.scopes.contains(&Scope::BlockRead));
/// assert_eq!(Endpoint::PostBlocking.spec().availability, [Availability::Enterprise]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Reads a page of whom an account blocks.
    GetBlocking,
    /// Blocks an account.
    PostBlocking,
    /// Unblocks an account.
    DeleteBlocking,
    /// Looks up the signed-in user.
    GetMe,
    /// Looks up users by handle.
    GetUsersBy,
    /// Looks up users by id.
    GetUsers,
    /// Reads a page of the subscriptions to activity.
    GetSubscriptions,
    /// Subscribes to a user's activity.
    PostSubscription,
    /// Changes the tag of a subscription.
    PutSubscription,
    /// Deletes a subscription.
    DeleteSubscription,
    /// Follows the activity that is subscribed to, for as long as the connection lasts.
    GetActivityStream,
}

/// What is known of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EndpointSpec {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with `:name` for its parameters.
    pub path: &'static str,
    /// What it does, as part of a sentence.
    pub does: &'static str,
    /// The sign-ins that it accepts: those of a user, or that of an app.
    pub accepts: &'static [AuthKind],
    /// The OAuth 2.0 scopes that the token of a user needs, all of them; none where the call is the
    /// app's.
    pub scopes: &'static [Scope],
    /// The plans that include it.
    pub availability: &'static [Availability],
    /// How often a user may call it, or the app; see [`EndpointSpec::limit_is_published`].
    pub limit: RateLimit,
    /// Whether X publishes the limit; where it does not, the limit is a guess.
    pub limit_is_published: bool,
    /// What X charges for each user or event returned; `None` where it is free or by contract.
    pub price: Option<Price>,
}

/// The scopes to read blocks.
///
/// The reference names `block.read` and `users.read`; the official OpenAPI files add `tweet.read`.
const READ: &[Scope] = &[Scope::BlockRead, Scope::UsersRead, Scope::TweetRead];
const WRITE: &[Scope] = &[Scope::BlockWrite, Scope::UsersRead, Scope::TweetRead];
const LOOKUP: &[Scope] = &[Scope::UsersRead, Scope::TweetRead];

const BOTH: &[Availability] = &[Availability::PayPerUse, Availability::Enterprise];
const ENTERPRISE: &[Availability] = &[Availability::Enterprise];

const USER: &[AuthKind] = &[AuthKind::OAuth2Pkce, AuthKind::OAuth1User];
const APP: &[AuthKind] = &[AuthKind::AppOnly];

impl EndpointSpec {
    /// Whether the app calls it, and no user.
    ///
    /// ```
    /// use blocks_domain::Endpoint;
    ///
    /// assert!(Endpoint::GetActivityStream.spec().is_for_app());
    /// assert!(!Endpoint::PostSubscription.spec().is_for_app());
    /// ```
    #[must_use]
    pub fn is_for_app(&self) -> bool {
        self.accepts.contains(&AuthKind::AppOnly)
    }

    /// Who calls it: `user` or `app`.
    #[must_use]
    pub fn caller(&self) -> &'static str {
        self.accepts.first().map_or("", |kind| kind.caller())
    }
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::GetBlocking,
        Self::PostBlocking,
        Self::DeleteBlocking,
        Self::GetMe,
        Self::GetUsersBy,
        Self::GetUsers,
        Self::GetSubscriptions,
        Self::PostSubscription,
        Self::PutSubscription,
        Self::DeleteSubscription,
        Self::GetActivityStream,
    ];

    /// What is known of it.
    #[must_use]
    pub const fn spec(self) -> EndpointSpec {
        match self {
            Self::GetBlocking => EndpointSpec {
                method: "GET",
                path: "/2/users/:id/blocking",
                does: "reads a page of the accounts that a user blocks",
                accepts: USER,
                scopes: READ,
                availability: BOTH,
                limit: RateLimit::per_window(15),
                limit_is_published: true,
                price: Some(Price::BLOCK_READ),
            },
            Self::PostBlocking => EndpointSpec {
                method: "POST",
                path: "/2/users/:id/blocking",
                does: "blocks an account",
                accepts: USER,
                scopes: WRITE,
                availability: ENTERPRISE,
                limit: RateLimit::per_window(50),
                limit_is_published: false,
                price: None,
            },
            Self::DeleteBlocking => EndpointSpec {
                method: "DELETE",
                path: "/2/users/:source_user_id/blocking/:target_user_id",
                does: "unblocks an account",
                accepts: USER,
                scopes: WRITE,
                availability: ENTERPRISE,
                limit: RateLimit::per_window(50),
                limit_is_published: false,
                price: None,
            },
            Self::GetMe => EndpointSpec {
                method: "GET",
                path: "/2/users/me",
                does: "looks up the signed-in user",
                accepts: USER,
                scopes: LOOKUP,
                availability: BOTH,
                limit: RateLimit::per_window(75),
                limit_is_published: true,
                price: Some(Price::USER_LOOKUP),
            },
            Self::GetUsersBy => EndpointSpec {
                method: "GET",
                path: "/2/users/by",
                does: "looks up users by handle, 100 at most",
                accepts: USER,
                scopes: LOOKUP,
                availability: BOTH,
                limit: RateLimit::per_window(900),
                limit_is_published: true,
                price: Some(Price::USER_LOOKUP),
            },
            Self::GetUsers => EndpointSpec {
                method: "GET",
                path: "/2/users",
                does: "looks up users by id, 100 at most",
                accepts: USER,
                scopes: LOOKUP,
                availability: BOTH,
                limit: RateLimit::per_window(900),
                limit_is_published: true,
                price: Some(Price::USER_LOOKUP),
            },
            Self::GetSubscriptions => {
                activity("GET", SUBSCRIPTIONS, "reads a page of the subscriptions")
            }
            // What somebody blocks is private: the app alone may not ask for it.
            Self::PostSubscription => EndpointSpec {
                accepts: USER,
                scopes: READ,
                ..activity("POST", SUBSCRIPTIONS, "subscribes to the block events of a user")
            },
            Self::PutSubscription => {
                activity("PUT", SUBSCRIPTION, "changes the tag of a subscription")
            }
            Self::DeleteSubscription => activity("DELETE", SUBSCRIPTION, "deletes a subscription"),
            Self::GetActivityStream => EndpointSpec {
                limit: RateLimit::per_window(450),
                price: Some(Price::BLOCK_EVENT),
                ..activity("GET", "/2/activity/stream", "follows the events subscribed to")
            },
        }
    }
}

const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";
const SUBSCRIPTION: &str = "/2/activity/subscriptions/:subscription_id";

/// What the endpoints of the X Activity API have in common.
///
/// The official OpenAPI file names the app's bearer token for them, and the sign-in of a user for
/// the one that subscribes; X publishes how often an app may call them.
const fn activity(method: &'static str, path: &'static str, does: &'static str) -> EndpointSpec {
    EndpointSpec {
        method,
        path,
        does,
        accepts: APP,
        scopes: &[],
        availability: BOTH,
        limit: RateLimit::per_window(500),
        limit_is_published: true,
        price: None,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = self.spec();
        write!(f, "{} {}", spec.method, spec.path)
    }
}

/// How many users one lookup may name.
pub const LOOKUP_MAX: usize = 100;

/// An OAuth 2.0 scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// `block.read`
    BlockRead,
    /// `block.write`
    BlockWrite,
    /// `users.read`
    UsersRead,
    /// `tweet.read`
    TweetRead,
    /// `offline.access`
    OfflineAccess,
}

impl Scope {
    /// The least that a sign-in needs to read block lists.
    pub const FOR_READING: [Self; 3] = [Self::BlockRead, Self::UsersRead, Self::TweetRead];

    /// The least that a sign-in needs to read and change block lists.
    pub const FOR_WRITING: [Self; 4] =
        [Self::BlockRead, Self::BlockWrite, Self::UsersRead, Self::TweetRead];

    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::BlockRead, Self::BlockWrite, Self::UsersRead, Self::TweetRead, Self::OfflineAccess];

    /// The scope as a request spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BlockRead => "block.read",
            Self::BlockWrite => "block.write",
            Self::UsersRead => "users.read",
            Self::TweetRead => "tweet.read",
            Self::OfflineAccess => "offline.access",
        }
    }

    /// What it allows, as part of a sentence.
    #[must_use]
    pub const fn allows(self) -> &'static str {
        match self {
            Self::BlockRead => "see whom the account blocks",
            Self::BlockWrite => "block and unblock",
            Self::UsersRead => "see users; needed together with the block scopes",
            Self::TweetRead => "see posts; needed together with `users.read`",
            Self::OfflineAccess => "stay signed in with a refresh token",
        }
    }
}

/// Reads a scope as a token answer spells it.
///
/// ```
/// use blocks_domain::Scope;
///
/// assert_eq!("block.read".parse(), Ok(Scope::BlockRead));
/// assert!("dm.read".parse::<Scope>().is_err());
/// ```
impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.word() == word).ok_or(UnknownScope)
    }
}

/// A word that is no scope of this project; X has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no scope that the blocks endpoints know")]
#[non_exhaustive]
pub struct UnknownScope;

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A plan under which X sells an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Availability {
    /// Paid by the call, open to everybody.
    PayPerUse,
    /// By contract.
    Enterprise,
}

impl Availability {
    /// Both.
    pub const ALL: [Self; 2] = [Self::PayPerUse, Self::Enterprise];

    /// The plan's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PayPerUse => "Pay-per-use",
            Self::Enterprise => "Enterprise",
        }
    }
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A way to prove who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthKind {
    /// OAuth 2.0 Authorization Code with PKCE: on behalf of a user.
    OAuth2Pkce,
    /// OAuth 1.0a user context: on behalf of a user.
    OAuth1User,
    /// An app's own bearer token: on behalf of nobody.
    AppOnly,
}

impl AuthKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OAuth2Pkce, Self::OAuth1User, Self::AppOnly];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OAuth2Pkce => "OAuth 2.0 Authorization Code with PKCE",
            Self::OAuth1User => "OAuth 1.0a User Context",
            Self::AppOnly => "App-Only",
        }
    }

    /// Who calls with it: `user` or `app`.
    #[must_use]
    pub const fn caller(self) -> &'static str {
        match self {
            Self::OAuth2Pkce | Self::OAuth1User => "user",
            Self::AppOnly => "app",
        }
    }

    /// When to use it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::OAuth2Pkce => "recommended for new applications",
            Self::OAuth1User => "for applications that already have it",
            Self::AppOnly => "for the events of block lists; a list itself belongs to a user",
        }
    }
}

impl fmt::Display for AuthKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn writing_is_for_enterprise_alone() {
        for endpoint in Endpoint::ALL {
            let spec = endpoint.spec();
            assert_eq!(
                spec.scopes.contains(&Scope::BlockWrite),
                spec.availability == [Availability::Enterprise],
                "{endpoint}"
            );
        }
    }

    #[test]
    fn the_least_scopes_are_those_of_the_endpoints() {
        let needed = |writes: bool| {
            let used = Endpoint::ALL.into_iter().map(Endpoint::spec);
            let used = used.filter(move |spec| writes || !spec.scopes.contains(&Scope::BlockWrite));
            used.flat_map(|spec| spec.scopes.iter().copied()).collect::<BTreeSet<_>>()
        };
        assert_eq!(needed(false), Scope::FOR_READING.into());
        assert_eq!(needed(true), Scope::FOR_WRITING.into());
    }

    #[test]
    fn every_call_of_a_user_needs_to_see_users_and_those_of_the_app_need_no_scope() {
        for endpoint in Endpoint::ALL {
            let spec = endpoint.spec();
            assert_eq!(spec.scopes.contains(&Scope::UsersRead), !spec.is_for_app(), "{endpoint}");
            assert_eq!(spec.scopes.is_empty(), spec.is_for_app(), "{endpoint}");
            assert!(spec.accepts.iter().all(|kind| kind.caller() == spec.caller()), "{endpoint}");
        }
    }
}
