//! Queries of a mirror, answered with a fault.

use blocks_domain::{User, UserId};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Difference, MirrorEntry, MirrorOrder, MirrorQuery, MirrorStore, ReadId, StoreError,
    StoreFailure,
};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use super::Fault;

pub(super) fn entries(
    mirror: MemoryMirrorStore,
    account: UserId,
    mut query: MirrorQuery,
    fault: Option<Fault>,
) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
    let order = query.order;
    let found = match fault {
        Some(Fault::MixesSnapshots) => return in_batches(mirror, account, query),
        Some(Fault::NoSnapshotIsAFailure) => {
            let known = mirror.snapshot(account).now_or_never().expect("memory does not wait");
            if known.is_ok_and(|snapshot| snapshot.is_none()) {
                let error = StoreError::new(StoreFailure::Other, "there is no snapshot");
                return stream::iter([Err(error)]).boxed();
            }
            fetched(&mirror, account, query)
        }
        Some(Fault::OldestFirst) if order == MirrorOrder::Newest => {
            query.reverse = !query.reverse;
            fetched(&mirror, account, query)
        }
        Some(Fault::YoungestFirst) if order == MirrorOrder::Created => {
            query.reverse = !query.reverse;
            fetched(&mirror, account, query)
        }
        Some(Fault::SortsByCase) => resorted(&mirror, account, query, move |user| match order {
            MirrorOrder::Name => user.name.clone(),
            _ => user.username.clone(),
        }),
        Some(Fault::SortsNumbersAsTexts) => resorted(&mirror, account, query, |user| {
            Some(user.public_metrics.as_ref()?.followers_count?.to_string())
        }),
        Some(Fault::FirstSeenIsNow) => {
            let mut found = fetched(&mirror, account, query);
            found.iter_mut().for_each(|entry| entry.first_seen_at = entry.received_at);
            found
        }
        Some(Fault::ReversesEverything) if query.reverse => {
            query.reverse = false;
            let mut found = fetched(&mirror, account, query);
            found.reverse();
            found
        }
        Some(Fault::IgnoresProtected) => {
            query.protected = None;
            fetched(&mirror, account, query)
        }
        Some(Fault::MatchesPartsOfHandles) => {
            query.text = query.text.or(query.username.take());
            fetched(&mirror, account, query)
        }
        Some(Fault::LimitsBeforeItFilters) => {
            let filter = query.clone();
            (query.min_followers, query.max_followers) = (None, None);
            let mut found = fetched(&mirror, account, query);
            found.retain(|entry| filter.admits(&entry.user));
            found
        }
        _ => fetched(&mirror, account, query),
    };
    stream::iter(found.into_iter().map(Ok)).boxed()
}

/// The differences of a read; none if the account given has no snapshot.
pub(super) fn differences(
    mirror: &MemoryMirrorStore,
    read: ReadId,
    account: Option<UserId>,
) -> Vec<Difference> {
    if let Some(account) = account {
        let last = mirror.snapshot(account).now_or_never().expect("memory does not wait");
        if last.is_ok_and(|last| last.is_none()) {
            return Vec::new();
        }
    }
    let all = mirror.differences(read).try_collect().now_or_never();
    all.expect("memory does not wait").expect("memory does not fail")
}

pub(super) fn sorted(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.sort_by_key(|difference| difference.user.id);
    differences
}

fn fetched(mirror: &MemoryMirrorStore, account: UserId, query: MirrorQuery) -> Vec<MirrorEntry> {
    let all = mirror.entries(account, query).try_collect().now_or_never();
    all.expect("memory does not wait").expect("memory does not fail")
}

fn resorted(
    mirror: &MemoryMirrorStore,
    account: UserId,
    query: MirrorQuery,
    key: impl Fn(&User) -> Option<String>,
) -> Vec<MirrorEntry> {
    let reverse = query.reverse;
    let mut found = fetched(mirror, account, query);
    found.sort_by_key(|entry| key(&entry.user));
    if reverse {
        found.reverse();
    }
    found
}

/// Asks anew for each hundred, whatever has happened since.
fn in_batches(
    mirror: MemoryMirrorStore,
    account: UserId,
    query: MirrorQuery,
) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
    const BATCH: usize = 100;
    stream::iter(0..)
        .map(move |batch| {
            let all = fetched(&mirror, account, query.clone());
            all.into_iter().skip(batch * BATCH).take(BATCH).collect::<Vec<_>>()
        })
        .take_while(|batch| std::future::ready(!batch.is_empty()))
        .flat_map(|batch| stream::iter(batch.into_iter().map(Ok)))
        .boxed()
}
