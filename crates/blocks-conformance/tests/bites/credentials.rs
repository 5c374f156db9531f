//! Credential sources: the fixed one, which is sound, and others with one fault each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use blocks_conformance::credential_source::{CredentialSourceHarness, rules};
use blocks_ports::{
    AccountName, Credential, CredentialError, CredentialSource, FixedCredential, Revision,
    Versioned,
};

use crate::{Broken, assert_bites};

struct Fixed(Arc<FixedCredential>);

impl CredentialSourceHarness for Fixed {
    async fn fresh() -> Self {
        Self(Arc::new(FixedCredential::new(Credential::bearer("s3cret"))))
    }

    fn handle(&self) -> Arc<dyn CredentialSource> {
        Arc::clone(&self.0) as _
    }

    fn account(&self) -> AccountName {
        work()
    }

    fn stranger(&self) -> Option<AccountName> {
        None
    }
}

blocks_conformance::credential_source_suite!(fixed_credential, Fixed);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    HasNoRevision,
    CountsCalls,
    ServesStrangers,
    ForgetsRejections,
    MindsOldRejections,
}

const FAULTS: &[(&str, Fault)] = &[
    ("a_credential_has_a_revision", Fault::HasNoRevision),
    ("the_same_credential_has_the_same_revision", Fault::CountsCalls),
    ("nobody_else_is_signed_in", Fault::ServesStrangers),
    ("a_rejected_credential_is_not_handed_out_again", Fault::ForgetsRejections),
    ("rejecting_an_older_revision_changes_nothing", Fault::MindsOldRejections),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/credential_source.rs")];
    assert_bites(&rules(), FAULTS, &sources, storage);
}

type Storage = Arc<(FixedCredential, AtomicU64)>;

fn storage() -> Storage {
    Arc::new((FixedCredential::new(Credential::bearer("s3cret")), AtomicU64::new(0)))
}

fn work() -> AccountName {
    "work".parse().expect("a name")
}

impl CredentialSourceHarness for Broken<Storage, Fault> {
    async fn fresh() -> Self {
        Self { store: storage(), fault: None }
    }

    fn handle(&self) -> Arc<dyn CredentialSource> {
        Arc::new(Source { storage: Arc::clone(&self.store), fault: self.fault })
    }

    fn account(&self) -> AccountName {
        work()
    }

    fn stranger(&self) -> Option<AccountName> {
        "somebody".parse().ok()
    }
}

#[derive(Debug)]
struct Source {
    storage: Storage,
    fault: Option<Fault>,
}

#[async_trait]
impl CredentialSource for Source {
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError> {
        let (fixed, calls) = &*self.storage;
        if *account != work() && self.fault != Some(Fault::ServesStrangers) {
            return Err(CredentialError::NotSignedIn { account: account.clone() });
        }
        let mut found = fixed.current(account).await?;
        match self.fault {
            Some(Fault::HasNoRevision) => found.revision = Revision::NONE,
            Some(Fault::CountsCalls) => {
                found.revision = Revision::new(calls.fetch_add(1, Ordering::Relaxed) + 1);
            }
            _ => {}
        }
        Ok(found)
    }

    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError> {
        match self.fault {
            Some(Fault::ForgetsRejections) => Ok(()),
            Some(Fault::MindsOldRejections) => {
                self.storage.0.rejected(account, revision.next()).await
            }
            _ => self.storage.0.rejected(account, revision).await,
        }
    }
}
