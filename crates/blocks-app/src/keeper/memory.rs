//! What a keeper remembers of one account, beside what is stored.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blocks_ports::{Credential, Lease, Revision, StoreError, StoreFailure, Versioned};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use jiff::Timestamp;
use secrecy::SecretString;

use super::trouble::Trouble;

/// What a refresh comes to.
pub(super) type Outcome = Result<Versioned<Credential>, Trouble>;

/// A refresh under way, for any number of callers to wait for.
pub(super) type Flight = Shared<BoxFuture<'static, Outcome>>;

/// What the server said about stored revisions, and the refresh that is under way.
#[derive(Default)]
pub(super) struct Memory(Mutex<Facts>);

#[derive(Default)]
struct Facts {
    /// The newest revision whose access token the server refused.
    refused: Revision,
    /// The newest revision whose refresh token the server refused.
    spent: Revision,
    /// Until when a token that still works is used rather than refreshed.
    rests_until: Option<Timestamp>,
    /// What was granted and could not be stored yet.
    unsaved: Option<Unsaved>,
    flight: Option<Flight>,
}

/// A granted sign-in that is not stored yet.
#[derive(Clone)]
pub(super) struct Unsaved {
    /// The revision whose refresh token was spent on it.
    pub(super) base: Revision,
    pub(super) credential: Credential,
    /// It is kept until the sign-in is stored, so that nobody spends the old token again.
    pub(super) lease: Lease,
}

/// What a stored sign-in is good for.
pub(super) enum Verdict {
    /// It is worth sending.
    Use(Versioned<Credential>),
    /// It has to be refreshed by spending this token of this revision.
    Refresh(Versioned<SecretString>),
    /// It is good for nothing.
    Useless(Trouble),
}

impl Memory {
    /// Judges what is stored. A token is due for a refresh `margin` before it expires.
    pub(super) fn judge(
        &self,
        stored: Versioned<Option<Credential>>,
        now: Timestamp,
        margin: Duration,
    ) -> Verdict {
        let revision = stored.revision;
        let Some(credential) = stored.value else { return Verdict::Useless(Trouble::NotSignedIn) };
        let facts = self.lock();
        let refused = facts.refused == revision;
        let Credential::OAuth2(oauth2) = &credential else {
            return if refused {
                Verdict::Useless(Trouble::Ended)
            } else {
                Verdict::Use(Versioned::new(revision, credential))
            };
        };
        let refresh_token = oauth2.refresh_token.clone();
        let expires_within = |span: Duration| {
            let horizon = now.saturating_add(span).unwrap_or(Timestamp::MAX);
            oauth2.expires_at.is_some_and(|expiry| expiry <= horizon)
        };
        let rests = facts.rests_until.is_some_and(|until| now < until);
        let due = expires_within(margin) && !rests && refresh_token.is_some();
        let works = !refused && !expires_within(Duration::ZERO);
        match refresh_token {
            _ if works && !due => Verdict::Use(Versioned::new(revision, credential)),
            Some(token) if facts.spent != revision => {
                Verdict::Refresh(Versioned::new(revision, token))
            }
            _ => Verdict::Useless(Trouble::Ended),
        }
    }

    /// Waits for the refresh under way, or begins one in a task of its own.
    pub(super) fn join<F>(&self, refresh: impl FnOnce() -> F) -> Flight
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut facts = self.lock();
        if let Some(flight) = facts.flight.as_ref().filter(|flight| flight.peek().is_none()) {
            return flight.clone();
        }
        let task = tokio::spawn(refresh());
        let flight = task.map(|end| end.unwrap_or_else(|cut_off| Err(interrupted(cut_off))));
        facts.flight.insert(flight.boxed().shared()).clone()
    }

    /// The last refresh, which may have ended.
    pub(super) fn flight(&self) -> Option<Flight> {
        self.lock().flight.clone()
    }

    /// Takes note that the server refused the access token of this revision.
    pub(super) fn refuse(&self, revision: Revision) {
        let mut facts = self.lock();
        facts.refused = facts.refused.max(revision);
    }

    pub(super) fn is_refused(&self, revision: Revision) -> bool {
        self.lock().refused == revision
    }

    /// Takes note that the server refused the refresh token of this revision.
    pub(super) fn mark_spent(&self, revision: Revision) {
        self.lock().spent = revision;
    }

    /// Uses what still works until then.
    pub(super) fn rest(&self, until: Timestamp) {
        self.lock().rests_until = Some(until);
    }

    pub(super) fn keep(&self, unsaved: Unsaved) {
        self.lock().unsaved = Some(unsaved);
    }

    pub(super) fn unsaved(&self) -> Option<Unsaved> {
        self.lock().unsaved.clone()
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.lock().unsaved.is_some()
    }

    pub(super) fn forget_unsaved(&self) {
        self.lock().unsaved = None;
    }

    /// Nothing that is done under this lock can stop half-way, so a poisoned value is whole.
    fn lock(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn interrupted(cut_off: tokio::task::JoinError) -> Trouble {
    let message = "the refresh of a sign-in was cut off before its end";
    let error = StoreError::new(StoreFailure::Other, message).with_source(cut_off);
    Trouble::Store(Arc::new(error))
}
