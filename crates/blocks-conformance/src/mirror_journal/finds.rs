//! What lookups say of users who are gone.

use blocks_domain::Whereabouts;
use blocks_ports::ChangeKind;
use jiff::Timestamp;

use super::{Journal, MirrorJournalHarness, amended, block, both, changes, unblock};
use crate::mirror_store::{me, mirror_ids};
use crate::support::{at, id};

pub(super) async fn find(journal: &Journal, user: u64, found: Whereabouts, seconds: i64) {
    journal.find(me(), id(user), found, at(seconds)).await.expect("`find` failed");
}

/// What was found of each removal, in the order of the changes.
async fn found(journal: &Journal) -> Vec<(u64, Option<(Whereabouts, Timestamp)>)> {
    let changes = changes(journal).await;
    let found = changes.iter().filter_map(|change| match change.kind {
        ChangeKind::Removed { found, .. } => Some((change.user.get(), found)),
        _ => None,
    });
    found.collect()
}

/// A lookup is found on the removal of the user that came before it, whoever has seen it, and on
/// nobody else's; one that came before the removal is not.
pub async fn a_lookup_belongs_to_the_removal_before_it<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[4, 3, 2, 1]).await;
    find(&journal, 1, Whereabouts::Present, 12).await;
    find(&journal, 4, Whereabouts::Present, 12).await;
    find(&journal, 99, Whereabouts::Present, 12).await;
    amended(&journal, &unblock(1, 15)).await;
    mirror_ids(&store, me(), &[4]).await;
    let nothing = [(1, None), (2, None), (3, None)];
    assert_eq!(found(&journal).await, nothing, "nobody has asked since");
    find(&journal, 1, Whereabouts::Suspended, 30).await;
    find(&journal, 3, Whereabouts::NotFound, 31).await;
    let (suspended, lost) = (Whereabouts::Suspended, Whereabouts::NotFound);
    let told = [(1, Some((suspended, at(30)))), (2, None), (3, Some((lost, at(31))))];
    assert_eq!(found(&journal).await, told);
}

/// Of several lookups since a removal the last counts, whatever it says.
pub async fn of_several_lookups_the_last_counts<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    amended(&journal, &unblock(1, 15)).await;
    for (seconds, whereabouts) in (30..).zip(Whereabouts::ALL.into_iter().rev()) {
        find(&journal, 1, whereabouts, seconds).await;
        let told = Some((whereabouts, at(seconds)));
        assert_eq!(found(&journal).await, [(1, told)], "the last lookup");
    }
}

/// Lookups belong to a removal until the user is added again, and then to the next one.
pub async fn an_addition_ends_what_lookups_belong_to<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    amended(&journal, &unblock(1, 15)).await;
    find(&journal, 1, Whereabouts::Suspended, 16).await;
    amended(&journal, &block(1, 17)).await;
    find(&journal, 1, Whereabouts::Present, 18).await;
    let first = (1, Some((Whereabouts::Suspended, at(16))));
    assert_eq!(found(&journal).await, [first], "1 was added again, and looked up");
    amended(&journal, &unblock(1, 19)).await;
    assert_eq!(found(&journal).await, [first, (1, None)], "1 is gone again");
    find(&journal, 1, Whereabouts::NotFound, 20).await;
    let second = (1, Some((Whereabouts::NotFound, at(20))));
    assert_eq!(found(&journal).await, [first, second], "each has its own");
}
