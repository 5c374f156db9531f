//! Asking where those are who are missing.

use std::collections::{BTreeSet, HashSet};

use blocks_domain::{Absence, LOOKUP_MAX, Problem, Selection, UserId, UsersPage, Whereabouts};
use blocks_ports::{
    ApiError, ChangeKind, ChangeQuery, Clock, Ledger, MirrorJournal, StoreError, UsersApi,
};
use futures_util::TryStreamExt;

use super::changes;

/// What lookups said of users who are missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// How many users were asked for.
    pub asked: u64,
    /// How many of them are there; X charges for these, unless they were looked up today already.
    pub present: u64,
    /// How many are suspended.
    pub suspended: u64,
    /// How many do not exist: they were deactivated or deleted.
    pub not_found: u64,
    /// How many X charged for, where a ledger knows; else all who are there.
    pub billed: u64,
}

impl Explained {
    /// How many were asked for of whom the answers say nothing that is understood.
    ///
    /// ```
    /// use blocks_app::Explained;
    ///
    /// let mut explained = Explained::default();
    /// (explained.asked, explained.present, explained.suspended) = (10, 6, 3);
    /// assert_eq!(explained.unanswered(), 1);
    /// ```
    #[must_use]
    pub const fn unanswered(&self) -> u64 {
        self.asked.saturating_sub(self.present + self.suspended + self.not_found)
    }

    const fn count(&mut self, found: Whereabouts) {
        match found {
            Whereabouts::Present => self.present += 1,
            Whereabouts::Suspended => self.suspended += 1,
            Whereabouts::NotFound => self.not_found += 1,
            _ => {}
        }
    }
}

/// Asking stopped before everybody was asked for; what was found until then is noted.
#[derive(Debug, thiserror::Error)]
#[error("looking up who is missing stopped after {} users", explained.asked)]
#[non_exhaustive]
pub struct ExplainError {
    /// Why.
    #[source]
    pub stop: ExplainStop,
    /// What was found until then.
    pub explained: Explained,
}

/// Why asking stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainStop {
    /// X did not answer a lookup. That says nothing of whoever was asked for.
    #[error("X did not answer a lookup")]
    Api(#[from] ApiError),
    /// The journal or the ledger failed.
    #[error("what was found could not be noted")]
    Store(#[from] StoreError),
}

/// Who is missing without a reason, and was not looked up since: whom [`explain`] would ask for.
///
/// The worst that asking costs is [`Charge::UserLookup`](blocks_domain::Charge::UserLookup) for
/// each.
///
/// # Errors
/// The journal or the ledger failed.
pub async fn unexplained(
    journal: &dyn MirrorJournal,
    ledger: &dyn Ledger,
    account: UserId,
    query: ChangeQuery,
) -> Result<BTreeSet<UserId>, StoreError> {
    let mut missing = BTreeSet::new();
    let mut seen = changes(journal, ledger, account, query);
    while let Some(one) = seen.try_next().await? {
        match &one.change.kind {
            ChangeKind::Removed { found: None, .. } if one.absence == Some(Absence::Unknown) => {
                missing.insert(one.change.user);
            }
            // Who is on the list again, or whose last removal has a reason, is not missing.
            ChangeKind::Added(_) | ChangeKind::Removed { .. } => {
                missing.remove(&one.change.user);
            }
            _ => {}
        }
    }
    Ok(missing)
}

/// Looks up everybody who is missing without a reason, and notes what is found in the journal.
///
/// Each removal is asked about once: whoever was found, wherever it was, is not asked for again.
/// What one lookup said is noted before the next is made, so that nothing is paid for twice.
/// `users` should keep to the budget, see [`Budgeted`](crate::Budgeted).
///
/// # Errors
/// What stopped it, and what was found until then. A lookup that fails is an error and no finding.
///
/// ```
/// use blocks_app::explain;
/// use blocks_domain::{BlockingQuery, UserId};
/// use blocks_fake::stores::{JumpingClock, MemoryLedger, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
/// use blocks_ports::ChangeQuery;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), blocks_app::ExplainError> {
/// let world = World::builder().build();
/// let (users, clock) = (FakeApi::new(world.clone()), JumpingClock::new(world.now()));
/// let (journal, ledger) = (MemoryMirrorStore::default(), MemoryLedger::default());
/// let query = ChangeQuery::default();
/// let explained = explain(&users, &journal, &ledger, &clock, world.owner(), query).await?;
/// assert_eq!(explained.asked, 0, "nobody is missing");
/// # Ok(())
/// # }
/// ```
pub async fn explain(
    users: &dyn UsersApi,
    journal: &dyn MirrorJournal,
    ledger: &dyn Ledger,
    clock: &dyn Clock,
    account: UserId,
    query: ChangeQuery,
) -> Result<Explained, ExplainError> {
    let mut explained = Explained::default();
    let stopped = |explained, stop| ExplainError { stop, explained };
    let missing = unexplained(journal, ledger, account, query).await;
    let missing = missing.map_err(|error| stopped(explained, error.into()))?;
    let missing: Vec<_> = missing.into_iter().collect();
    for batch in missing.chunks(LOOKUP_MAX) {
        let reply = users.by_ids(batch, &Selection::default()).await;
        let reply = reply.map_err(|error| stopped(explained, error.into()))?;
        let findings = findings(batch, &reply.value);
        explained.asked += batch.len() as u64;
        explained.billed += reply.meta.billed.unwrap_or(reply.value.users().len() as u64);
        for (user, found) in findings {
            let noted = journal.find(account, user, found, clock.now()).await;
            noted.map_err(|error| stopped(explained, error.into()))?;
            explained.count(found);
        }
    }
    Ok(explained)
}

/// What an answer says of those who were asked for.
fn findings(asked: &[UserId], page: &UsersPage) -> Vec<(UserId, Whereabouts)> {
    let mut open: HashSet<_> = asked.iter().copied().collect();
    let present = page.users().iter().map(|user| (user.id, Whereabouts::Present));
    let told = |problem: &Problem| {
        let user = problem.resource_id.as_ref().or(problem.value.as_ref())?.parse().ok()?;
        Some((user, Whereabouts::told_by(problem)?))
    };
    let absent = page.problems().iter().filter_map(told);
    // A user who is there is there, whatever a problem beside them says.
    present.chain(absent).filter(|(user, _)| open.remove(user)).collect()
}
