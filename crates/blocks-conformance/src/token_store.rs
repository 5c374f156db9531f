//! The rules of [`TokenStore`].

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use blocks_ports::{
    AccountName, Claim, Credential, CredentialReference, Lease, OAuth1Credential, OAuth2Credential,
    Revision, StoreFailure, Swap, TokenStore, Versioned,
};
use jiff::Timestamp;

use crate::support::{ROUNDS, at, name, race};

/// Makes token stores for the suite.
pub trait TokenStoreHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage: another connection, another open file, as another program
    /// would have it.
    fn handle(&self) -> Arc<dyn TokenStore>;

    /// Makes the credential stored for an account unreadable, as a broken disk or a newer version
    /// would, and answers whether this storage can hold such a thing; memory cannot.
    fn damage(&self, _account: &AccountName) -> impl Future<Output = bool> {
        std::future::ready(false)
    }

    /// The storage after the program has ended and begun anew.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) token_store_suite, token_store::TokenStoreHarness:
    what_was_never_written_is_nothing_at_revision_none,
    every_credential_comes_back_as_it_was,
    every_swap_raises_the_revision,
    a_stale_swap_conflicts_and_changes_nothing,
    a_conflict_shows_what_is_there,
    a_forgotten_credential_is_gone,
    no_revision_is_used_again_after_deletion,
    a_damaged_credential_is_told_without_its_text,
    a_damaged_credential_can_be_replaced_or_forgotten,
    a_claim_on_the_current_revision_is_granted,
    a_lease_makes_others_busy_until_it_ends,
    a_claim_on_another_revision_is_moved,
    moved_wins_over_busy,
    a_lease_ends_when_its_time_is_up,
    a_lease_of_a_clock_that_was_ahead_keeps_nobody_out,
    a_released_lease_is_free,
    releasing_an_ended_lease_spares_the_next_holder,
    releasing_twice_does_nothing,
    lease_ids_differ,
    a_swap_asks_for_no_lease,
    a_swap_ends_no_lease,
    accounts_do_not_touch_each_other,
    handles_share_one_storage,
    one_of_many_swaps_wins,
    one_of_many_claims_is_granted,
    a_credential_outlasts_reopening,
    a_deletion_outlasts_reopening,
    a_lease_outlasts_reopening,
}

const TTL: Duration = Duration::from_secs(30);

async fn load(store: &Arc<dyn TokenStore>, who: &AccountName) -> Versioned<Option<Credential>> {
    store.load(who).await.expect("`load` failed")
}

async fn swap(
    store: &Arc<dyn TokenStore>,
    who: &AccountName,
    expected: Revision,
    credential: Option<Credential>,
) -> Swap {
    store.swap(who, expected, credential).await.expect("`swap` failed")
}

/// Stores, whatever the revision, and answers the new one.
async fn put(
    store: &Arc<dyn TokenStore>,
    who: &AccountName,
    credential: Option<Credential>,
) -> Revision {
    let current = load(store, who).await.revision;
    match swap(store, who, current, credential).await {
        Swap::Done(revision) => revision,
        other => panic!("a swap on the revision just loaded, {current:?}, answered {other:?}"),
    }
}

async fn claim(
    store: &Arc<dyn TokenStore>,
    who: &AccountName,
    base: Revision,
    now: Timestamp,
) -> Claim {
    store.claim(who, base, TTL, now).await.expect("`claim` failed")
}

async fn granted(
    store: &Arc<dyn TokenStore>,
    who: &AccountName,
    base: Revision,
    now: Timestamp,
) -> Lease {
    match claim(store, who, base, now).await {
        Claim::Granted(lease) => lease,
        other => panic!("a claim that nothing stands against answered {other:?}"),
    }
}

async fn release(store: &Arc<dyn TokenStore>, lease: &Lease) {
    store.release(lease).await.expect("`release` failed");
}

fn bearer(token: &str) -> Option<Credential> {
    Some(Credential::bearer(token))
}

/// What was never written loads as `None` at [`Revision::NONE`].
pub async fn what_was_never_written_is_nothing_at_revision_none<H: TokenStoreHarness>(h: H) {
    let found = load(&h.handle(), &name("nobody")).await;
    assert_eq!(found, Versioned::new(Revision::NONE, None), "nothing was ever written");
}

/// Every kind of credential comes back as it was stored, whatever its texts hold.
pub async fn every_credential_comes_back_as_it_was<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let awkward = "quotes \"'` back\\slash\nnew\r\nlines\ttab \u{0} %00 {json} Ünïcödé 🙈 مرحبا";
    let long = "0123456789".repeat(1000);
    for secret in [awkward, long.as_str(), ""] {
        for credential in every_kind(secret) {
            put(&store, &who, Some(credential.clone())).await;
            let found = load(&store, &who).await.value;
            // No `assert_eq`: a failing test should not have to trust `Debug` with secrets.
            assert!(found == Some(credential), "a credential came back otherwise than stored");
        }
    }
}

fn every_kind(secret: &str) -> Vec<Credential> {
    let mut full = OAuth2Credential::new(secret);
    full.refresh_token = Some(format!("refresh {secret}").into());
    full.expires_at = Some(at(0) + Duration::from_nanos(1_234_567));
    full.scopes = Some(BTreeSet::from([secret.to_owned(), "block.read".to_owned()]));
    let mut without_scopes = OAuth2Credential::new(secret);
    without_scopes.scopes = Some(BTreeSet::new());
    vec![
        Credential::OAuth2(OAuth2Credential::new(secret)),
        Credential::OAuth2(full),
        Credential::OAuth2(without_scopes),
        Credential::OAuth1(OAuth1Credential::new(secret, secret, secret, secret)),
        Credential::bearer(secret),
        Credential::Reference(CredentialReference::new(secret, secret)),
    ]
}

/// A swap on the current revision answers `Done` with a greater one, which then is loaded.
pub async fn every_swap_raises_the_revision<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let mut last = Revision::NONE;
    for write in 0..5 {
        let revision = put(&store, &who, bearer("always the same")).await;
        assert!(revision > last, "write {write} went from {last:?} to {revision:?}");
        assert_eq!(load(&store, &who).await.revision, revision, "`Done` and `load` differ");
        last = revision;
    }
}

/// A swap that expects any other revision than the current one changes nothing.
pub async fn a_stale_swap_conflicts_and_changes_nothing<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let old = put(&store, &who, bearer("first")).await;
    let current = put(&store, &who, bearer("second")).await;
    for expected in [Revision::NONE, old, current.next()] {
        for credential in [bearer("late"), None] {
            let answer = swap(&store, &who, expected, credential).await;
            assert!(
                matches!(answer, Swap::Conflict(_)),
                "a swap expecting {expected:?} at {current:?} answered {answer:?}"
            );
            let found = load(&store, &who).await;
            assert_eq!(found, Versioned::new(current, bearer("second")), "it changed something");
        }
    }
}

/// A conflict carries what is stored, and its revision.
pub async fn a_conflict_shows_what_is_there<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let current = put(&store, &who, bearer("theirs")).await;
    let answer = swap(&store, &who, Revision::NONE, bearer("mine")).await;
    assert_eq!(answer, Swap::Conflict(Versioned::new(current, bearer("theirs"))));

    let emptied = put(&store, &who, None).await;
    let answer = swap(&store, &who, current, bearer("mine")).await;
    assert_eq!(answer, Swap::Conflict(Versioned::new(emptied, None)));
}

/// Swapping in `None` forgets the credential.
pub async fn a_forgotten_credential_is_gone<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    put(&store, &who, bearer("s3cret")).await;
    put(&store, &who, None).await;
    assert_eq!(load(&store, &who).await.value, None, "the credential is still there");
}

/// No revision is ever used again, not even after deletion.
pub async fn no_revision_is_used_again_after_deletion<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let mut used = vec![Revision::NONE];
    for credential in [bearer("a"), None, bearer("a"), None, None, bearer("a")] {
        let revision = put(&store, &who, credential).await;
        assert!(used.iter().all(|old| *old < revision), "{revision:?} comes after {used:?}");
        assert_eq!(load(&store, &who).await.revision, revision, "`Done` and `load` differ");
        used.push(revision);
    }
}

/// A credential that cannot be read is `Damaged` to all who would be shown it; the error names the
/// account and tells the revision, and quotes nothing.
pub async fn a_damaged_credential_is_told_without_its_text<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let current = put(&store, &who, bearer("s3cret")).await;
    if !h.damage(&who).await {
        return;
    }
    let loaded = store.load(&who).await.map(drop);
    let conflict = store.swap(&who, Revision::NONE, None).await.map(drop);
    let moved = store.claim(&who, Revision::NONE, TTL, at(0)).await.map(drop);
    for (what, answer) in [("load", loaded), ("swap", conflict), ("claim", moved)] {
        let Err(error) = answer else { panic!("`{what}` showed what cannot be read") };
        assert_eq!(error.kind, StoreFailure::Damaged, "`{what}`: {error}");
        assert_eq!(error.revision, Some(current), "`{what}` tells where the damage is");
        assert!(error.to_string().contains("work"), "`{what}` names no account: {error}");
        let quotes = format!("{error} {error:?}").contains("s3cret");
        assert!(!quotes, "`{what}` shows the secret");
    }
}

/// A claim and a swap on the revision of a credential that cannot be read go through, so that a
/// new sign-in or a sign-out heals it.
pub async fn a_damaged_credential_can_be_replaced_or_forgotten<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    for healing in [bearer("new"), None] {
        let damaged = put(&store, &who, bearer("s3cret")).await;
        if !h.damage(&who).await {
            return;
        }
        let lease = granted(&store, &who, damaged, at(0)).await;
        let answer = swap(&store, &who, damaged, healing.clone()).await;
        let Swap::Done(healed) = answer else {
            panic!("a swap on the revision of what is damaged answered {answer:?}");
        };
        assert_eq!(load(&store, &who).await, Versioned::new(healed, healing));
        release(&store, &lease).await;
    }
}

/// A claim on the current revision is granted, for the account and the time asked for.
pub async fn a_claim_on_the_current_revision_is_granted<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    for credential in [bearer("a"), None] {
        let base = put(&store, &who, credential).await;
        let lease = granted(&store, &who, base, at(0)).await;
        assert_eq!(lease.account, who, "a lease of another account");
        assert_eq!(lease.expires_at, at(30), "a lease of another length");
        release(&store, &lease).await;
    }
    granted(&store, &name("never-written"), Revision::NONE, at(0)).await;
}

/// While a lease stands every other claim is busy, and says how long the lease still lasts.
pub async fn a_lease_makes_others_busy_until_it_ends<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    granted(&store, &who, base, at(0)).await;
    for passed in [0, 1, 29] {
        match claim(&h.handle(), &who, base, at(passed)).await {
            Claim::Busy { retry_in } => {
                let left = TTL - Duration::from_secs(passed.unsigned_abs());
                assert_eq!(retry_in, left, "the lease lasts another {left:?}");
            }
            other => panic!("a claim on a leased account answered {other:?}"),
        }
    }
}

/// A claim on any other revision than the current one is moved, and carries what is stored.
pub async fn a_claim_on_another_revision_is_moved<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let old = put(&store, &who, bearer("old")).await;
    let current = put(&store, &who, bearer("new")).await;
    for base in [Revision::NONE, old, current.next()] {
        let answer = claim(&store, &who, base, at(0)).await;
        assert_eq!(answer, Claim::Moved(Versioned::new(current, bearer("new"))));
    }
    granted(&store, &who, current, at(0)).await;
}

/// A claim on another revision is moved even while somebody holds a lease.
pub async fn moved_wins_over_busy<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let old = put(&store, &who, bearer("old")).await;
    granted(&store, &who, old, at(0)).await;
    let current = put(&store, &who, bearer("new")).await;
    let answer = claim(&store, &who, old, at(1)).await;
    assert_eq!(answer, Claim::Moved(Versioned::new(current, bearer("new"))));
}

/// A lease whose time is up is free for the next.
pub async fn a_lease_ends_when_its_time_is_up<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    granted(&store, &who, base, at(0)).await;
    let next = granted(&store, &who, base, at(30)).await;
    assert_eq!(next.expires_at, at(60), "the next lease has its own length");
}

/// A lease that lasts longer than any of its length can is not waited for: the clock that made it
/// was set back since.
pub async fn a_lease_of_a_clock_that_was_ahead_keeps_nobody_out<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    let ahead = granted(&store, &who, base, at(86_400)).await;
    let next = granted(&store, &who, base, at(0)).await;
    assert_eq!(next.expires_at, at(30), "it lasts by the clock that is right");
    release(&store, &ahead).await;
    let answer = claim(&store, &who, base, at(1)).await;
    assert!(matches!(answer, Claim::Busy { .. }), "the next lease stands, and: {answer:?}");
}

/// A released lease is free for the next.
pub async fn a_released_lease_is_free<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    let lease = granted(&store, &who, base, at(0)).await;
    release(&store, &lease).await;
    granted(&store, &who, base, at(1)).await;
}

/// Releasing a lease whose time is up does nothing to the lease of the next holder.
pub async fn releasing_an_ended_lease_spares_the_next_holder<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    let ended = granted(&store, &who, base, at(0)).await;
    granted(&store, &who, base, at(30)).await;
    release(&store, &ended).await;
    let third = claim(&store, &who, base, at(31)).await;
    assert!(matches!(third, Claim::Busy { .. }), "the second lease stands, and: {third:?}");
}

/// A lease released twice is released once; the second time spares the next holder.
pub async fn releasing_twice_does_nothing<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    let lease = granted(&store, &who, base, at(0)).await;
    release(&store, &lease).await;
    release(&store, &lease).await;
    granted(&store, &who, base, at(0)).await;
    release(&store, &lease).await;
    let third = claim(&store, &who, base, at(0)).await;
    assert!(matches!(third, Claim::Busy { .. }), "the second lease stands, and: {third:?}");
}

/// No two leases of an account have the same id, and later ones have greater ids.
pub async fn lease_ids_differ<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    let released = granted(&store, &who, base, at(0)).await;
    release(&store, &released).await;
    let expired = granted(&store, &who, base, at(0)).await;
    let last = granted(&store, &who, base, at(60)).await;
    assert!(released.id < expired.id && expired.id < last.id, "{released:?} {expired:?} {last:?}");
}

/// A swap stands by its revision alone: a late holder may carry the one token that still lives.
pub async fn a_swap_asks_for_no_lease<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    granted(&store, &who, base, at(0)).await;
    granted(&store, &who, base, at(30)).await;
    let late = swap(&store, &who, base, bearer("from the first holder")).await;
    assert!(matches!(late, Swap::Done(_)), "a swap on the current revision answered {late:?}");
}

/// A swap does not end a lease: only its release and its time do.
pub async fn a_swap_ends_no_lease<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    granted(&store, &who, base, at(0)).await;
    let current = put(&store, &who, bearer("b")).await;
    let answer = claim(&store, &who, current, at(1)).await;
    assert!(matches!(answer, Claim::Busy { .. }), "the lease stands, and: {answer:?}");
}

/// Neither credentials nor revisions nor leases of one account touch another.
pub async fn accounts_do_not_touch_each_other<H: TokenStoreHarness>(h: H) {
    let store = h.handle();
    let (mine, other, upper) = (name("work"), name("work2"), name("WORK"));
    let base = put(&store, &mine, bearer("mine")).await;
    let lease = granted(&store, &mine, base, at(0)).await;
    for stranger in [&other, &upper] {
        let found = load(&store, stranger).await;
        assert_eq!(found, Versioned::new(Revision::NONE, None), "`{stranger}` was never written");
        granted(&store, stranger, Revision::NONE, at(0)).await;
        put(&store, stranger, bearer("theirs")).await;
        put(&store, stranger, None).await;
    }
    assert_eq!(load(&store, &mine).await, Versioned::new(base, bearer("mine")));
    let mut forged = lease.clone();
    forged.account = other;
    release(&store, &forged).await;
    let answer = claim(&store, &mine, base, at(1)).await;
    assert!(matches!(answer, Claim::Busy { .. }), "`work` is leased, and: {answer:?}");
}

/// What one handle writes, leases and releases, every other handle sees.
pub async fn handles_share_one_storage<H: TokenStoreHarness>(h: H) {
    let (one, two, who) = (h.handle(), h.handle(), name("work"));
    let base = put(&one, &who, bearer("a")).await;
    assert_eq!(load(&two, &who).await, Versioned::new(base, bearer("a")));
    let lease = granted(&two, &who, base, at(0)).await;
    let answer = claim(&one, &who, base, at(0)).await;
    assert!(matches!(answer, Claim::Busy { .. }), "the other handle leased it, and: {answer:?}");
    release(&one, &lease).await;
    granted(&one, &who, base, at(0)).await;
}

/// Of many swaps at once on one revision exactly one is done, and it is what is stored then.
pub async fn one_of_many_swaps_wins<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    for round in 0..ROUNDS {
        let base = put(&store, &who, bearer("before")).await;
        let answers = race(|racer| {
            let (store, who) = (h.handle(), who.clone());
            async move { swap(&store, &who, base, bearer(&format!("of racer {racer}"))).await }
        })
        .await;
        let winners: Vec<_> = (0..answers.len())
            .filter_map(|racer| match &answers[racer] {
                Swap::Done(revision) => Some((*revision, bearer(&format!("of racer {racer}")))),
                _ => None,
            })
            .collect();
        let [(revision, credential)] = &winners[..] else {
            panic!("{} of the swaps of round {round} were done, not one", winners.len());
        };
        let found = load(&store, &who).await;
        assert_eq!(found, Versioned::new(*revision, credential.clone()), "not the winner's");
    }
}

/// Of many claims at once exactly one is granted.
pub async fn one_of_many_claims_is_granted<H: TokenStoreHarness>(h: H) {
    let (store, who) = (h.handle(), name("work"));
    let base = put(&store, &who, bearer("a")).await;
    for round in 0..ROUNDS {
        let answers = race(|_| {
            let (store, who) = (h.handle(), who.clone());
            async move { claim(&store, &who, base, at(0)).await }
        })
        .await;
        let leases: Vec<_> = answers
            .iter()
            .filter_map(
                |answer| if let Claim::Granted(lease) = answer { Some(lease) } else { None },
            )
            .collect();
        let [lease] = leases[..] else {
            panic!("{} of the claims of round {round} were granted, not one", leases.len());
        };
        release(&store, lease).await;
    }
}

/// A credential and its revision outlast reopening; a store that does not last says so and is
/// empty then.
pub async fn a_credential_outlasts_reopening<H: TokenStoreHarness>(h: H) {
    let who = name("work");
    let revision = put(&h.handle(), &who, bearer("s3cret")).await;
    let found = load(&h.reopen().await.handle(), &who).await;
    let lasting = Versioned::new(revision, bearer("s3cret"));
    let expected = if H::DURABLE { lasting } else { Versioned::new(Revision::NONE, None) };
    assert_eq!(found, expected, "after reopening, with DURABLE = {}", H::DURABLE);
}

/// The revision of a deletion outlasts reopening, so that it is not used again.
pub async fn a_deletion_outlasts_reopening<H: TokenStoreHarness>(h: H) {
    let who = name("work");
    put(&h.handle(), &who, bearer("s3cret")).await;
    let deleted = put(&h.handle(), &who, None).await;
    let found = load(&h.reopen().await.handle(), &who).await;
    let expected = if H::DURABLE { deleted } else { Revision::NONE };
    assert_eq!(found, Versioned::new(expected, None), "after reopening, DURABLE = {}", H::DURABLE);
}

/// A lease outlasts reopening, and the next one still has a greater id.
pub async fn a_lease_outlasts_reopening<H: TokenStoreHarness>(h: H) {
    let who = name("work");
    let lease = granted(&h.handle(), &who, Revision::NONE, at(0)).await;
    let h = h.reopen().await;
    let store = h.handle();
    if H::DURABLE {
        let answer = claim(&store, &who, Revision::NONE, at(1)).await;
        assert!(matches!(answer, Claim::Busy { .. }), "the lease stands, and: {answer:?}");
        let next = granted(&store, &who, Revision::NONE, at(30)).await;
        assert!(next.id > lease.id, "{next:?} comes after {lease:?}");
    } else {
        granted(&store, &who, Revision::NONE, at(1)).await;
    }
}
