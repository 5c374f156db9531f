//! Whatever fails, no sign-in that a person needs is lost, and nothing is left behind for long.

use std::sync::Arc;

use blocks_fake::stores::MemoryTokenStore;
use blocks_keyring::Keychain;
use blocks_ports::{Credential, Revision, StoreError, StoreFailure, Swap, TokenStore, Versioned};

use crate::flaky::{Fate, Flaky};
use crate::vault::{How, Trouble, Vault};
use crate::{SERVICE, bearer, over, put, stored, work};

type Swapped = Result<Swap, StoreError>;

/// Does a swap on the current revision with a keychain that goes wrong at every call in turn, and
/// has what came of it judged; the keychain works again by then.
async fn with_every_call_failing<J>(credential: Option<Credential>, judge: impl Fn(Scene, How) -> J)
where
    J: Future<Output = ()>,
{
    for how in [How::Refuses, How::LosesTheAnswer, How::Panics] {
        for at_call in 0.. {
            let (revisions, vault) = (MemoryTokenStore::default(), Vault::default());
            let store = over(revisions, &vault);
            let base = put(&store, bearer("old")).await;
            vault.expect(Some(Trouble { at_call, how }));
            let answer = store.swap(&work(), base, credential.clone()).await;
            let went_wrong = vault.went_wrong();
            vault.expect(None);
            if !went_wrong {
                assert!(at_call > 1, "a swap makes several calls to the keychain");
                break;
            }
            judge(Scene { store: Box::new(store), vault, answer }, how).await;
        }
    }
}

struct Scene {
    store: Box<dyn TokenStore>,
    vault: Vault,
    answer: Swapped,
}

#[tokio::test]
async fn a_write_that_the_keychain_spoils_leaves_the_old_sign_in_or_the_new_one() {
    with_every_call_failing(bearer("new"), async |Scene { store, vault, answer }: Scene, how| {
        let there = stored(&*store).await;
        match answer {
            Ok(Swap::Done(_)) => assert_eq!(there, bearer("new")),
            Ok(other) => panic!("nobody else writes, and: {other:?}"),
            Err(error) => {
                assert_eq!((error.kind, there), (StoreFailure::Other, bearer("old")), "{how:?}");
            }
        }
        put(&*store, bearer("next")).await;
        assert_eq!(vault.users().len(), 1, "the next write leaves nothing else: {vault:?}");
        assert_eq!(stored(&*store).await, bearer("next"));
    })
    .await;
}

#[tokio::test]
async fn a_sign_out_that_the_keychain_spoils_stands_and_says_what_is_left() {
    with_every_call_failing(None, async |Scene { store, vault, answer }: Scene, _| {
        assert_eq!(stored(&*store).await, None, "signed out all the same");
        let error = answer.expect_err("the secret may still be there");
        assert!(error.to_string().contains(SERVICE), "it tells where to look: {error}");
        assert_ne!(error.kind, StoreFailure::Damaged, "there is nothing to heal");
        put(&*store, None).await;
        assert_eq!(vault.users(), Vec::<String>::new(), "a second try erases it");
    })
    .await;
}

#[tokio::test]
async fn a_keychain_that_cannot_be_read_is_no_damage() {
    let vault = Vault::default();
    let store = over(MemoryTokenStore::default(), &vault);
    put(&store, bearer("s3cret")).await;
    for how in [How::Refuses, How::LosesTheAnswer, How::Panics] {
        vault.expect(Some(Trouble { at_call: 0, how }));
        let error = store.load(&work()).await.expect_err("the keychain fails");
        assert_eq!((error.kind, error.revision), (StoreFailure::Other, None), "{how:?}");
        assert_eq!(stored(&store).await, bearer("s3cret"), "and it is there the next time");
    }
}

#[tokio::test]
async fn a_swap_within_that_fails_leaves_what_stood() {
    let (inner, vault) = (Flaky::default(), Vault::default());
    let store = over(inner.clone(), &vault);
    let base = put(&store, bearer("old")).await;
    inner.decide(Fate::Fails);
    store.swap(&work(), base, bearer("new")).await.expect_err("the store within fails");
    assert_eq!(stored(&store).await, bearer("old"));
    put(&store, bearer("next")).await;
    assert_eq!(vault.users().len(), 1, "{vault:?}");
}

#[tokio::test]
async fn a_swap_within_whose_answer_is_lost_is_found_to_stand() {
    let (inner, vault) = (Flaky::default(), Vault::default());
    let store = over(inner.clone(), &vault);
    let base = put(&store, bearer("old")).await;
    inner.decide(Fate::LosesTheAnswer);
    let answer = store.swap(&work(), base, bearer("new")).await.expect("it stands");
    assert_eq!(answer, Swap::Done(base.next()));
    assert_eq!(stored(&store).await, bearer("new"));
    assert_eq!(vault.users().len(), 1, "{vault:?}");
}

#[tokio::test]
async fn a_swap_within_that_is_done_after_its_error_finds_its_secret() {
    let (inner, vault) = (Flaky::default(), Vault::default());
    let store = over(inner.clone(), &vault);
    let base = put(&store, bearer("old")).await;
    inner.decide(Fate::FinishesLate);
    store.swap(&work(), base, bearer("new")).await.expect_err("the answer is an error");
    assert_eq!(stored(&store).await, bearer("old"));
    inner.finish().await;
    assert_eq!(stored(&store).await, bearer("new"));
    put(&store, bearer("next")).await;
    assert_eq!(vault.users().len(), 1, "{vault:?}");
}

#[tokio::test]
async fn a_writer_who_comes_late_leaves_nothing() {
    let (inner, vault) = (Flaky::default(), Vault::unsearchable());
    let store = over(inner.clone(), &vault);
    inner.decide(Fate::LosesTheRace);
    let answer = store.swap(&work(), Revision::NONE, bearer("new")).await.expect("no failure");
    assert_eq!(answer, Swap::Conflict(Versioned::new(Revision::NONE.next(), None)));
    assert_eq!(vault.users(), Vec::<String>::new());
}

#[tokio::test]
async fn a_swap_within_that_came_late_and_lost_its_answer_leaves_nothing() {
    let (inner, vault) = (Flaky::default(), Vault::unsearchable());
    let store = over(inner.clone(), &vault);
    inner.decide(Fate::LosesTheRaceAndTheAnswer);
    let answer = store.swap(&work(), Revision::NONE, bearer("new")).await;
    answer.expect_err("nobody knows what became of it");
    assert_eq!(stored(&store).await, None);
    assert_eq!(vault.users(), Vec::<String>::new());
}

#[tokio::test]
async fn a_writer_that_is_stopped_leaves_a_sign_in_and_at_most_one_entry_too_many() {
    for (fate, standing) in [(Fate::NeverBegins, "old"), (Fate::NeverEnds, "new")] {
        let (inner, vault) = (Flaky::default(), Vault::default());
        let store = over(inner.clone(), &vault);
        let base = put(&store, bearer("old")).await;
        inner.decide(fate);
        let stopped = tokio::spawn({
            let store = store.clone();
            async move { store.swap(&work(), base, bearer("new")).await }
        });
        inner.stopped().await;
        stopped.abort();
        stopped.await.expect_err("it was aborted");

        assert_eq!(vault.users().len(), 2, "{fate:?}: {vault:?}");
        let another = over(inner, &vault);
        assert_eq!(stored(&another).await, bearer(standing), "{fate:?}");
        put(&another, bearer("next")).await;
        assert_eq!(vault.users().len(), 1, "{fate:?}: {vault:?}");
        put(&another, None).await;
        assert_eq!(vault.users(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_keychain_that_cannot_be_searched_keeps_no_more_than_it_needs() {
    let vault = Vault::unsearchable();
    let store = over(MemoryTokenStore::default(), &vault);
    for token in ["one", "two", "three"] {
        let base = put(&store, bearer(token)).await;
        let trouble = Trouble { at_call: 0, how: How::LosesTheAnswer };
        vault.expect(Some(trouble));
        store.swap(&work(), base, bearer("spoilt")).await.expect_err("the keychain fails");
        assert_eq!(vault.users().len(), 1, "{vault:?}");
        assert_eq!(stored(&store).await, bearer(token));
    }
    put(&store, None).await;
    assert_eq!(vault.users(), Vec::<String>::new());
}

#[tokio::test]
async fn a_probe_tells_that_a_keychain_cannot_be_used_and_leaves_nothing() {
    let vault = Vault::default();
    let keychain = Keychain::new(Arc::new(vault.clone()), SERVICE);
    keychain.probe().await.expect("it works");
    assert_eq!(vault.users(), Vec::<String>::new());
    for how in [How::Refuses, How::LosesTheAnswer, How::Panics] {
        for at_call in 0..3 {
            vault.expect(Some(Trouble { at_call, how }));
            let error = keychain.probe().await.expect_err("a call fails");
            assert_eq!(error.kind, StoreFailure::Unsupported, "{how:?} at call {at_call}");
            assert!(error.to_string().contains("the program's own file"), "{error}");
            assert!(error.source.is_some(), "it tells why");
        }
    }
}
