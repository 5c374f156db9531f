//! What there is to say of a sign-in without its secrets.

use blocks_domain::Scope;
use blocks_ports::Credential;
use jiff::Timestamp;
use serde::Serialize;

use crate::output::minute;

/// What a sign-in is and may do.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// `oauth2`, `oauth1` or `bearer`.
    pub(crate) kind: &'static str,
    /// The scopes that X granted; `None` where it did not say.
    pub(crate) scopes: Option<Vec<String>>,
    /// When the access token ends, if that is known.
    pub(crate) expires_at: Option<String>,
    /// Whether a refresh token keeps it alive.
    pub(crate) refreshable: bool,
    /// `file` or `keychain`.
    pub(crate) kept_in: &'static str,
    #[serde(skip)]
    ends: Option<Timestamp>,
}

impl Summary {
    /// What a credential says, and where the store has put it.
    pub(crate) fn of(credential: &Credential, stored: Option<&Credential>) -> Self {
        let (kind, oauth2) = match credential {
            Credential::OAuth2(oauth2) => ("oauth2", Some(oauth2)),
            Credential::OAuth1(_) => ("oauth1", None),
            _ => ("bearer", None),
        };
        let scopes = oauth2.and_then(|oauth2| oauth2.scopes.as_ref());
        let ends = oauth2.and_then(|oauth2| oauth2.expires_at);
        let in_keychain = matches!(stored, Some(Credential::Reference(_)));
        Self {
            kind,
            scopes: scopes.map(|scopes| scopes.iter().cloned().collect()),
            expires_at: ends.map(|ends| format!("{ends:.3}")),
            refreshable: oauth2.is_some_and(|oauth2| oauth2.refresh_token.is_some()),
            kept_in: if in_keychain { "keychain" } else { "file" },
            ends,
        }
    }

    /// Whether it was granted a scope; `None` where X did not say.
    pub(crate) fn grants(&self, scope: Scope) -> Option<bool> {
        Some(self.scopes.as_ref()?.iter().any(|word| word == scope.word()))
    }

    /// What kind of sign-in it is, for people.
    pub(crate) fn kind_in_words(&self) -> &'static str {
        match self.kind {
            "oauth2" => "OAuth 2.0",
            "oauth1" => "OAuth 1.0a",
            _ => "access token",
        }
    }

    /// What it is, where it is and how long it lasts, in a few words.
    pub(crate) fn in_words(&self, now: Timestamp) -> String {
        let place = if self.kept_in == "keychain" { " in the keychain" } else { "" };
        format!("{}{place}, {}", self.kind_in_words(), self.lasts(now))
    }

    /// Whether the access token has ended.
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// How long it lasts, as part of a sentence.
    pub(crate) fn lasts(&self, now: Timestamp) -> String {
        match (self.refreshable, self.ends) {
            (true, _) => "renews itself".to_owned(),
            (false, Some(ends)) if ends <= now => format!("ended at {}", minute(ends)),
            (false, Some(ends)) => format!("ends at {}", minute(ends)),
            (false, None) => "lasts until X refuses it".to_owned(),
        }
    }

    /// What it may do and how long it lasts.
    pub(crate) fn sentence(&self, now: Timestamp) -> String {
        let rights = match (self.grants(Scope::BlockRead), self.grants(Scope::BlockWrite)) {
            (Some(false), Some(false)) => "may neither read nor change the block list",
            (Some(false), _) => "may change the block list but not read it",
            (_, Some(false)) => {
                "may read the block list and not change it (`blocks login --write` asks for that)"
            }
            (_, Some(true)) => {
                "may read the block list, and change it if X sells that to your app (Enterprise)"
            }
            (_, None) => "may do what your app may do",
        };
        format!("This sign-in {rights}; it {}.", self.lasts(now))
    }
}
