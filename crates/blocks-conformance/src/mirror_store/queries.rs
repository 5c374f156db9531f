//! In which order, and whom, a mirror shows.

use blocks_domain::{User, UserMetrics};
use blocks_ports::{MirrorOrder, MirrorQuery};

use super::{MirrorStoreHarness, Store, ids, me, mirror, mirror_ids, query};
use crate::support::{at, user};

const ORDERS: [MirrorOrder; 4] =
    [MirrorOrder::Username, MirrorOrder::Name, MirrorOrder::Followers, MirrorOrder::Created];

fn with(number: u64, change: impl FnOnce(&mut User)) -> User {
    let mut user = user(number);
    change(&mut user);
    user
}

fn followers(number: u64, count: u64) -> User {
    with(number, |user| {
        let mut metrics = UserMetrics::default();
        metrics.followers_count = Some(count);
        user.public_metrics = Some(metrics);
    })
}

/// The ids in an order, and in the same order the other way round.
async fn both_ways(store: &Store, order: MirrorOrder) -> (Vec<u64>, Vec<u64>) {
    let mut asked = MirrorQuery::default();
    asked.order = order;
    let forward = ids(&query(store, me(), asked.clone()).await);
    asked.reverse = true;
    (forward, ids(&query(store, me(), asked).await))
}

async fn assert_order(store: &Store, order: MirrorOrder, expected: &[u64]) {
    let (forward, backward) = both_ways(store, order).await;
    assert_eq!(forward, expected, "{order:?}");
    let reversed: Vec<_> = expected.iter().rev().copied().collect();
    assert_eq!(backward, reversed, "{order:?}, the other way round");
}

/// Unasked, users stand in the order of the list, over all pages; the other way round, the oldest
/// block comes first.
pub async fn the_list_is_shown_newest_first<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let pages = vec![vec![user(5), user(9)], vec![], vec![user(1)], vec![user(7), user(3)]];
    mirror(&store, me(), pages).await;
    assert_order(&store, MirrorOrder::Newest, &[5, 9, 1, 7, 3]).await;
}

/// By handle, without regard to case.
pub async fn users_are_ordered_by_handle<H: MirrorStoreHarness>(h: H) {
    let handle = |number, text: &str| with(number, |user| user.username = Some(text.into()));
    let store = h.handle();
    let users = vec![handle(1, "bea"), handle(2, "Cid"), handle(3, "_x"), handle(4, "Ann")];
    mirror(&store, me(), vec![users]).await;
    assert_order(&store, MirrorOrder::Username, &[3, 4, 1, 2]).await;
}

/// By name, without regard to case, letters beyond ASCII included.
pub async fn users_are_ordered_by_name<H: MirrorStoreHarness>(h: H) {
    let named = |number, text: &str| with(number, |user| user.name = Some(text.into()));
    let store = h.handle();
    let users =
        vec![named(1, "Öl"), named(2, "bob"), named(3, "Cy"), named(4, "ÖL 2"), named(5, "öa")];
    mirror(&store, me(), vec![users]).await;
    assert_order(&store, MirrorOrder::Name, &[2, 3, 5, 1, 4]).await;
}

/// By followers, the most first, as numbers and not as texts.
pub async fn users_are_ordered_by_followers<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let users = vec![followers(1, 9), followers(2, 1_000_000), followers(3, 0), followers(4, 80)];
    mirror(&store, me(), vec![users]).await;
    assert_order(&store, MirrorOrder::Followers, &[2, 4, 1, 3]).await;
}

/// By the time when the account was made, the oldest first, before 1970 included.
pub async fn users_are_ordered_by_age<H: MirrorStoreHarness>(h: H) {
    let made = |number, seconds| with(number, |user| user.created_at = Some(at(seconds)));
    let store = h.handle();
    let users = vec![made(1, 5), made(2, -9_000_000_000), made(3, 1), made(4, 40)];
    mirror(&store, me(), vec![users]).await;
    assert_order(&store, MirrorOrder::Created, &[2, 3, 1, 4]).await;
}

/// Users of whom the value is not known stand last in every order, also the other way round, and
/// among themselves in the order of the list.
pub async fn the_unknown_stand_last_either_way<H: MirrorStoreHarness>(h: H) {
    let unknown = |number| {
        with(number, |user| {
            (user.username, user.name) = (None, None);
            user.public_metrics = Some(UserMetrics::default());
        })
    };
    let known = |number, count| {
        let mut user = followers(number, count);
        user.created_at = Some(at(0));
        (user.username, user.name) = (Some("same".into()), Some("same".into()));
        user
    };
    let store = h.handle();
    mirror(&store, me(), vec![vec![unknown(9), known(1, 7), unknown(2), known(5, 7)]]).await;
    for order in ORDERS {
        let (forward, backward) = both_ways(&store, order).await;
        assert_eq!(forward[2..], [9, 2], "{order:?} in {forward:?}");
        assert_eq!(backward[2..], [9, 2], "{order:?}, the other way round, in {backward:?}");
    }
}

/// Users who are equal in an order stand in the order of the list, also the other way round.
pub async fn equal_users_stand_in_the_order_of_the_list<H: MirrorStoreHarness>(h: H) {
    let same = |number: u64| {
        let mut user = followers(number, 7);
        user.created_at = Some(at(0));
        (user.username, user.name) = (Some("Same".into()), Some("Same".into()));
        user
    };
    let lower = |number| {
        let mut user = same(number);
        (user.username, user.name) = (Some("same".into()), Some("same".into()));
        user
    };
    let store = h.handle();
    mirror(&store, me(), vec![vec![same(8), lower(2)], vec![same(5), lower(1)]]).await;
    for order in ORDERS {
        let (forward, backward) = both_ways(&store, order).await;
        assert_eq!(forward, [8, 2, 5, 1], "{order:?}");
        assert_eq!(backward, [8, 2, 5, 1], "{order:?}, the other way round");
    }
}

/// Filters let through whom [`MirrorQuery::admits`] admits, alone and together.
pub async fn filters_admit_as_the_query_says<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let users = vec![
        with(1, |user| user.description = Some("Ärger & SÖHNE 100% a_b".into())),
        with(2, |user| (user.verified, user.protected) = (Some(true), Some(false))),
        with(3, |user| (user.verified, user.protected) = (Some(false), Some(true))),
        followers(4, 0),
        followers(5, 100),
        with(6, |user| user.name = Some("100 axb".into())),
        with(7, |user| user.username = Some("Straße_7".into())),
        User::new(crate::support::id(8)),
    ];
    mirror(&store, me(), vec![users.clone()]).await;
    for asked in filters() {
        let admitted = users.iter().filter(|user| asked.admits(user));
        let expected: Vec<_> = admitted.map(|user| user.id.get()).collect();
        assert_eq!(ids(&query(&store, me(), asked.clone()).await), expected, "{asked:?}");
    }
}

fn filters() -> Vec<MirrorQuery> {
    let filter = |change: fn(&mut MirrorQuery)| {
        let mut query = MirrorQuery::default();
        change(&mut query);
        query
    };
    let mut filters: Vec<_> =
        ["ärger", "söhne", "USER3", "100%", "a_b", "STRASSE", "straße", "'", ""]
            .map(|text| {
                let mut query = MirrorQuery::default();
                query.text = Some(text.into());
                query
            })
            .into();
    filters.extend([
        filter(|query| query.verified = Some(true)),
        filter(|query| query.verified = Some(false)),
        filter(|query| query.protected = Some(true)),
        filter(|query| query.protected = Some(false)),
        filter(|query| query.min_followers = Some(0)),
        filter(|query| query.min_followers = Some(100)),
        filter(|query| query.min_followers = Some(u64::MAX)),
        filter(|query| query.max_followers = Some(0)),
        filter(|query| query.max_followers = Some(u64::MAX)),
        filter(|query| (query.verified, query.protected) = (Some(true), Some(false))),
        filter(|query| (query.verified, query.protected) = (Some(true), Some(true))),
        filter(|query| (query.text, query.min_followers) = (Some("user".into()), Some(1))),
    ]);
    filters
}

/// Asked for a handle, a mirror shows whoever has it, the whole of it, without regard to case, in
/// every order and together with other filters.
pub async fn a_handle_is_matched_whole_and_without_case<H: MirrorStoreHarness>(h: H) {
    let named = |number, handle: Option<&str>| {
        with(number, |user| {
            user.username = handle.map(str::to_owned);
            user.name = Some("Ann_Bee".into());
            user.verified = Some(number > 1);
        })
    };
    let store = h.handle();
    let list = [(1, "Ann_Bee"), (2, "ann_bees"), (3, "annXbee"), (4, "Ünn"), (6, "ANN_bee")];
    let mut users: Vec<_> = list.map(|(number, handle)| named(number, Some(handle))).into();
    users.insert(4, named(5, None));
    mirror(&store, me(), vec![users]).await;
    for order in ORDERS.into_iter().chain([MirrorOrder::Newest]) {
        let mut asked = MirrorQuery::default();
        asked.order = order;
        for (handle, expected) in
            [("aNN_bee", &[1, 6][..]), ("ANN", &[]), ("ünn", &[4]), ("%", &[]), ("", &[])]
        {
            asked.username = Some(handle.into());
            let found = ids(&query(&store, me(), asked.clone()).await);
            assert_eq!(found, expected, "`{handle}` by {order:?}");
        }
        (asked.username, asked.verified) = (Some("ann_bee".into()), Some(true));
        assert_eq!(ids(&query(&store, me(), asked).await), [6], "verified, by {order:?}");
    }
}

/// The limit cuts what filter and order have left, and 0 leaves nobody.
pub async fn the_limit_is_taken_after_filter_and_order<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let users = vec![followers(1, 5), followers(2, 50), followers(3, 500), followers(4, 5000)];
    mirror(&store, me(), vec![users]).await;
    for (limit, expected) in
        [(0, &[][..]), (1, &[3]), (2, &[3, 2]), (3, &[3, 2, 1]), (u64::MAX, &[3, 2, 1])]
    {
        let mut asked = MirrorQuery::default();
        asked.order = MirrorOrder::Followers;
        asked.max_followers = Some(500);
        asked.limit = Some(limit);
        assert_eq!(ids(&query(&store, me(), asked).await), expected, "a limit of {limit}");
    }
    mirror_ids(&store, me(), &[7, 8, 9]).await;
    let mut oldest = MirrorQuery::default();
    (oldest.reverse, oldest.limit) = (true, Some(1));
    assert_eq!(ids(&query(&store, me(), oldest).await), [9], "the oldest block alone");
}
