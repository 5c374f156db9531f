//! Who may read an account's list.

use std::sync::Arc;

use blocks_ports::{Fence, Hold};

use super::{MirrorStoreHarness, hold, me};
use crate::support::{ROUNDS, id, race};

/// While somebody holds an account, everybody else is answered `Busy`, on whichever handle.
pub async fn only_one_holds_an_account<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let _held = hold(&store, me()).await;
    for other in [store, h.handle()] {
        let answer = other.hold(me()).await.expect("`hold` failed");
        assert!(matches!(answer, Hold::Busy { .. }), "somebody holds it, and: {answer:?}");
    }
}

/// A hold ends when its guard is dropped.
pub async fn a_dropped_hold_is_free<H: MirrorStoreHarness>(h: H) {
    let (one, two) = (h.handle(), h.handle());
    drop(hold(&one, me()).await);
    drop(hold(&two, me()).await);
    hold(&one, me()).await;
}

/// Each hold of an account has a greater fence than all before, on whichever handle.
pub async fn fences_grow<H: MirrorStoreHarness>(h: H) {
    let (one, two) = (h.handle(), h.handle());
    let mut last = Fence::default();
    for store in [&one, &two, &one, &one] {
        let (fence, _guard) = hold(store, me()).await;
        assert!(fence > last, "{fence:?} comes after {last:?}");
        last = fence;
    }
}

/// Of many who take hold at once exactly one holds.
pub async fn one_of_many_holds_wins<H: MirrorStoreHarness>(h: H) {
    for round in 0..ROUNDS {
        let answers = race(|_| {
            let store = h.handle();
            async move { store.hold(me()).await.expect("`hold` failed") }
        })
        .await;
        let held = answers.iter().filter(|answer| matches!(answer, Hold::Held { .. })).count();
        assert_eq!(held, 1, "holders in round {round}");
    }
}

/// Holding one account leaves the others free.
pub async fn a_hold_is_of_one_account<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let _held = hold(&store, me()).await;
    drop(hold(&store, id(34)).await);
    let answer = Arc::clone(&store).hold(me()).await.expect("`hold` failed");
    assert!(matches!(answer, Hold::Busy { .. }), "another account's hold ended: {answer:?}");
}

/// A hold after reopening is free, and has a greater fence than all before; a store that does not
/// last says so and begins anew.
pub async fn fences_grow_over_reopening<H: MirrorStoreHarness>(h: H) {
    let mut last = Fence::default();
    for _ in 0..3 {
        last = hold(&h.handle(), me()).await.0;
    }
    let h = h.reopen().await;
    let (fence, _guard) = hold(&h.handle(), me()).await;
    assert_eq!(fence > last, H::DURABLE, "{fence:?} comes after {last:?}");
}
