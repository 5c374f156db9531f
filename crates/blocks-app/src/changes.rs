//! What happened to a block list, and why somebody is on it no longer.

mod explain;
mod unblocks;

use blocks_domain::{Absence, UserId, Witness};
use blocks_ports::{
    ChangeKind, ChangeQuery, Ledger, MirrorChange, MirrorJournal, Source, StoreError,
};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

pub use explain::{ExplainError, ExplainStop, Explained, explain, unexplained};
use unblocks::Unblocks;

/// Something that happened to a block list, with what is known of why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListChange {
    /// What happened.
    pub change: MirrorChange,
    /// Of a removal, why the user is on the list no longer; `None` of all else.
    pub absence: Option<Absence>,
}

impl ListChange {
    /// A change, and why the user is missing if it is a removal.
    #[must_use]
    pub const fn new(change: MirrorChange, absence: Option<Absence>) -> Self {
        Self { change, absence }
    }
}

/// What happened to the list of `account`, oldest first, and why whoever is missing is.
///
/// A removal that an event or an operation told of is an unblock. One that a read came upon is
/// one as well if the ledger knows of an unblock of ours, since the user came onto the list or was
/// last seen to change on it, that X has carried out or may have: sent, and never answered.
/// Otherwise it is what a lookup has said, or unknown.
///
/// # Errors
/// An item is an error where the journal or the ledger fails; nothing comes after it.
///
/// ```
/// use blocks_app::changes;
/// use blocks_domain::{Absence, User, Witness};
/// use blocks_fake::stores::{MemoryLedger, MemoryMirrorStore};
/// use blocks_fake::{FakeApi, World};
/// use blocks_app::{NoProgress, Pull};
/// use blocks_domain::BlockingQuery;
/// use blocks_fake::stores::JumpingClock;
/// use blocks_ports::{Amendment, ChangeQuery, MirrorJournal};
/// use futures_util::TryStreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::builder().blocks(3).build();
/// let (mirror, ledger) = (MemoryMirrorStore::default(), MemoryLedger::default());
/// let (api, clock) = (FakeApi::new(world.clone()), JumpingClock::new(world.now()));
/// let me = world.owner();
/// Pull::new(&api, &mirror, &clock).run(me, BlockingQuery::default(), &NoProgress).await?;
///
/// let freed = User::new(world.blocks(me, 1)[0]);
/// mirror.amend(me, &Amendment::new(freed, false, Witness::Event, world.now())).await?;
/// let seen: Vec<_> = changes(&mirror, &ledger, me, ChangeQuery::default()).try_collect().await?;
/// assert_eq!(seen[0].absence, Some(Absence::Unblocked(Witness::Event)));
/// # Ok(())
/// # }
/// ```
pub fn changes<'a>(
    journal: &'a dyn MirrorJournal,
    ledger: &'a dyn Ledger,
    account: UserId,
    query: ChangeQuery,
) -> BoxStream<'a, Result<ListChange, StoreError>> {
    let begin = async move {
        let unblocks = Unblocks::read(journal, ledger, account, query.user).await?;
        let found = journal.changes(account, query);
        Ok(stream::try_unfold((found, unblocks), |(mut found, unblocks)| async move {
            let Some(change) = found.try_next().await? else { return Ok(None) };
            let absence = absence_of(&change, &unblocks).await?;
            Ok(Some((ListChange::new(change, absence), (found, unblocks))))
        }))
    };
    stream::once(begin).try_flatten().boxed()
}

async fn absence_of(
    change: &MirrorChange,
    unblocks: &Unblocks<'_>,
) -> Result<Option<Absence>, StoreError> {
    let ChangeKind::Removed { by, found } = &change.kind else { return Ok(None) };
    let witness = match by {
        Source::Told(witness) => Some(*witness),
        Source::Read(_) => unblocks.explain(change).await?.then_some(Witness::Operation),
    };
    Ok(Some(Absence::of(witness, found.map(|(whereabouts, _)| whereabouts))))
}
