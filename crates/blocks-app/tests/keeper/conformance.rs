//! The rules of a credential source.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::Keeper;
use blocks_conformance::credential_source::CredentialSourceHarness;
use blocks_ports::{AccountName, CredentialSource};

use crate::support::{Home, work};

struct Kept(Keeper);

impl CredentialSourceHarness for Kept {
    async fn fresh() -> Self {
        Self(Home::with_delay(Duration::ZERO).await.keeper())
    }

    fn handle(&self) -> Arc<dyn CredentialSource> {
        Arc::new(self.0.clone())
    }

    fn account(&self) -> AccountName {
        work()
    }

    fn stranger(&self) -> Option<AccountName> {
        Some("somebody".parse().expect("a name"))
    }
}

blocks_conformance::credential_source_suite!(keeper, Kept);
