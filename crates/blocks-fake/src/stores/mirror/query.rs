//! Which users a query asks for, and in which order.

use std::cmp::Reverse;
use std::sync::Arc;

use blocks_domain::User;
use blocks_ports::{MirrorEntry, MirrorOrder, MirrorQuery};

use super::list::List;

/// An entry, and where it is shown.
pub(super) type Placed = (u64, Arc<MirrorEntry>);

/// The users of a list that a query asks for, in its order.
pub(super) fn chosen(list: &List, query: &MirrorQuery) -> Vec<Placed> {
    let admitted = list.iter().filter(|entry| query.admits(&entry.user));
    let placed =
        |entry: &Arc<MirrorEntry>| Some((list.position(entry.user.id)?, Arc::clone(entry)));
    let mut chosen: Vec<Placed> = admitted.filter_map(placed).collect();
    let (users, reverse) = (&mut chosen, query.reverse);
    match query.order {
        MirrorOrder::Username => sort(users, reverse, |user| lower(user.username.as_ref())),
        MirrorOrder::Name => sort(users, reverse, |user| lower(user.name.as_ref())),
        MirrorOrder::Followers => sort(users, reverse, |user| followers(user).map(Reverse)),
        MirrorOrder::Created => sort(users, reverse, |user| user.created_at),
        _ if reverse => users.reverse(),
        _ => {}
    }
    if let Some(limit) = query.limit {
        chosen.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    chosen
}

fn lower(text: Option<&String>) -> Option<String> {
    text.map(|text| text.to_lowercase())
}

fn followers(user: &User) -> Option<u64> {
    user.public_metrics.as_ref()?.followers_count
}

/// Sorts those of whom the value is known, and puts the others behind them.
///
/// The sort is stable, so users who are equal in it stay in the order of the list.
fn sort<K: Ord>(chosen: &mut Vec<Placed>, reverse: bool, value: impl Fn(&User) -> Option<K>) {
    let valued = chosen.drain(..).map(|placed| (value(&placed.1.user), placed));
    let (mut known, unknown): (Vec<_>, Vec<_>) = valued.partition(|(value, _)| value.is_some());
    known.sort_by(|(a, _), (b, _)| if reverse { b.cmp(a) } else { a.cmp(b) });
    chosen.extend(known.into_iter().chain(unknown).map(|(_, placed)| placed));
}
