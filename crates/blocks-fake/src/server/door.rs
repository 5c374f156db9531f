//! The pages and endpoints of signing in.

use jiff::Timestamp;

use super::Incoming;
use super::answer::Answer;
use super::connection::Peer;
use super::oauth1::{self, Signed};
use super::oauth2;
use super::refusal::Refusal;
use crate::World;

/// A place where somebody signs in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The authorize page of OAuth 2.0, and its form.
    Authorize,
    Decide,
    /// The token endpoints of OAuth 2.0.
    Token,
    Revoke,
    /// The authorize page of OAuth 1.0a, and its form.
    AuthorizeRequest,
    DecideRequest,
    /// The token endpoints of OAuth 1.0a.
    RequestToken,
    AccessToken,
    Invalidate,
}

impl Door {
    /// All of them, with their methods and paths.
    pub(super) const ALL: [(&str, &str, Self); 9] = [
        ("GET", oauth2::authorize::PATH, Self::Authorize),
        ("POST", oauth2::authorize::PATH, Self::Decide),
        ("POST", "/2/oauth2/token", Self::Token),
        ("POST", "/2/oauth2/revoke", Self::Revoke),
        ("GET", oauth1::authorize::PATH, Self::AuthorizeRequest),
        ("POST", oauth1::authorize::PATH, Self::DecideRequest),
        ("POST", "/oauth/request_token", Self::RequestToken),
        ("POST", "/oauth/access_token", Self::AccessToken),
        ("POST", "/1.1/oauth/invalidate_token", Self::Invalidate),
    ];

    /// Whether requests are signed, and so judged by the real time.
    pub(super) const fn is_signed(self) -> bool {
        matches!(self, Self::RequestToken | Self::AccessToken | Self::Invalidate)
    }

    /// Answers a request; `now` is the real time, which signatures are held against.
    pub(super) fn answer(
        self,
        world: &World,
        incoming: &Incoming,
        peer: &Peer,
        now: Timestamp,
    ) -> Answer {
        if incoming.is_too_long {
            return Refusal::TooLarge.answer();
        }
        let signed = || Signed::read(incoming);
        match self {
            Self::Authorize => oauth2::authorize::show(world, incoming.query()),
            Self::Decide => oauth2::authorize::decide(world, incoming),
            Self::Token => oauth2::token::token(world, incoming, peer),
            Self::Revoke => oauth2::token::revoke(world, incoming, peer),
            Self::AuthorizeRequest => oauth1::authorize::show(world, incoming.query()),
            Self::DecideRequest => oauth1::authorize::decide(world, incoming),
            Self::RequestToken => oauth1::request_token(world, signed().as_ref(), now),
            Self::AccessToken => oauth1::access_token(world, signed().as_ref(), now),
            Self::Invalidate => oauth1::invalidate(world, signed().as_ref(), now),
        }
    }
}
