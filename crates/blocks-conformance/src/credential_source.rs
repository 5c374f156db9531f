//! The rules of [`CredentialSource`].

use std::future::Future;
use std::sync::Arc;

use blocks_ports::{AccountName, CredentialError, CredentialSource, Revision};

/// Makes credential sources for the suite.
pub trait CredentialSourceHarness: Sized + 'static {
    /// A source of its own, at which [`account`](Self::account) is signed in.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the source.
    fn handle(&self) -> Arc<dyn CredentialSource>;

    /// An account that is signed in.
    fn account(&self) -> AccountName;

    /// An account that is not signed in; `None` if the source serves whatever account is named.
    fn stranger(&self) -> Option<AccountName>;
}

suite! {
    ($) credential_source_suite, credential_source::CredentialSourceHarness:
    a_credential_has_a_revision,
    the_same_credential_has_the_same_revision,
    nobody_else_is_signed_in,
    a_rejected_credential_is_not_handed_out_again,
    rejecting_an_older_revision_changes_nothing,
}

/// What is handed out was stored once: its revision is not that of nothing.
pub async fn a_credential_has_a_revision<H: CredentialSourceHarness>(h: H) {
    let found = h.handle().current(&h.account()).await.expect("the account is signed in");
    assert!(found.revision > Revision::NONE, "{:?}", found.revision);
}

/// As long as nothing happens, the same credential comes at the same revision, on every handle.
pub async fn the_same_credential_has_the_same_revision<H: CredentialSourceHarness>(h: H) {
    let one = h.handle().current(&h.account()).await.expect("the account is signed in");
    let two = h.handle().current(&h.account()).await.expect("the account is signed in");
    assert!(one == two, "{:?} and {:?}", one.revision, two.revision);
}

/// An account that is not signed in has no credential, and the error names the account.
pub async fn nobody_else_is_signed_in<H: CredentialSourceHarness>(h: H) {
    let Some(stranger) = h.stranger() else {
        let anybody = "anybody-at-all".parse().expect("a valid name");
        let found = h.handle().current(&anybody).await;
        assert!(found.is_ok(), "a source without strangers serves everybody: {found:?}");
        return;
    };
    match h.handle().current(&stranger).await {
        Err(CredentialError::NotSignedIn { account }) => assert_eq!(account, stranger),
        other => panic!("`{stranger}` is not signed in, and: {other:?}"),
    }
}

/// A rejected credential is not handed out again: there is a newer one, or none.
pub async fn a_rejected_credential_is_not_handed_out_again<H: CredentialSourceHarness>(h: H) {
    let (source, account) = (h.handle(), h.account());
    let refused = source.current(&account).await.expect("the account is signed in");
    source.rejected(&account, refused.revision).await.expect("`rejected` failed");
    for source in [source, h.handle()] {
        if let Ok(next) = source.current(&account).await {
            assert!(next.revision > refused.revision, "the same revision comes again");
            assert!(next.value != refused.value, "the same credential comes again");
        }
    }
}

/// Saying that an older revision was rejected changes nothing.
pub async fn rejecting_an_older_revision_changes_nothing<H: CredentialSourceHarness>(h: H) {
    let (source, account) = (h.handle(), h.account());
    let before = source.current(&account).await.expect("the account is signed in");
    let older = Revision::new(before.revision.get() - 1);
    source.rejected(&account, older).await.expect("`rejected` failed");
    let after = source.current(&account).await.expect("the account is still signed in");
    assert!(after == before, "{:?} became {:?}", before.revision, after.revision);
}
