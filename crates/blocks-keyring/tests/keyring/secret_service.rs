//! The Secret Service of a running system.
//!
//! The tests are ignored, since most machines that build have no keychain. With GNOME Keyring and a
//! D-Bus daemon installed, this gives them a keychain of their own, in an empty folder:
//!
//! ```text
//! XDG_DATA_HOME=$(mktemp -d) dbus-run-session -- sh -c '
//!     printf pw | gnome-keyring-daemon --unlock --components=secrets
//!     cargo test -p blocks-keyring -- --ignored'
//! ```

use std::io;
use std::sync::{Arc, Mutex};

use blocks_conformance::run;
use blocks_conformance::token_store::{TokenStoreHarness, rules};
use blocks_fake::stores::MemoryTokenStore;
use blocks_keyring::{Keychain, KeyringTokenStore};
use blocks_ports::{StoreFailure, TokenStore};

use crate::{SERVICE, bearer, put, stored, work};

/// Revisions in memory, and secrets in the keychain of this system.
struct OnThisSystem {
    revisions: MemoryTokenStore,
    keychain: Keychain,
}

impl TokenStoreHarness for OnThisSystem {
    const DURABLE: bool = false;

    async fn fresh() -> Self {
        let keychain = Keychain::system("blocks: every rule").await;
        let keychain = keychain.expect("a Secret Service is running");
        Self { revisions: MemoryTokenStore::default(), keychain }
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        let revisions = Arc::new(self.revisions.clone());
        Arc::new(KeyringTokenStore::new(revisions, self.keychain.clone()))
    }

    async fn reopen(self) -> Self {
        Self::fresh().await
    }
}

#[test]
#[ignore = "needs a Secret Service; the module says how to run one"]
fn every_rule_holds_in_the_secret_service() {
    for rule in rules::<OnThisSystem>() {
        run(async move { rule.check(OnThisSystem::fresh().await).await });
    }
}

/// Everything that is logged, at the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics under this lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
#[ignore = "needs a Secret Service; the module says how to run one"]
async fn a_sign_in_lives_in_the_secret_service_and_no_log_shows_it() {
    let log = Log::default();
    let (writer, everything) = (log.clone(), tracing_subscriber::filter::LevelFilter::TRACE);
    let subscriber = tracing_subscriber::fmt().with_max_level(everything).with_ansi(false);
    subscriber.with_writer(move || writer.clone()).init();

    let keychain = Keychain::system(SERVICE).await.expect("a Secret Service is running");
    keychain.probe().await.expect("it is unlocked, and keeps what it is given");
    let revisions = MemoryTokenStore::default();
    let store = KeyringTokenStore::new(Arc::new(revisions.clone()), keychain.clone());
    for token in ["s3cret one", "s3cret two"] {
        put(&store, bearer(token)).await;
        // Another connection, as another process has one.
        let keychain = Keychain::system(SERVICE).await.expect("it is still running");
        let another = KeyringTokenStore::new(Arc::new(revisions.clone()), keychain);
        assert_eq!(stored(&another).await, bearer(token));
    }
    let reference = stored(&revisions).await;
    put(&store, None).await;
    assert_eq!(stored(&store).await, None);
    let revision = put(&revisions, reference).await;
    let error = store.load(&work()).await.expect_err("the entry was erased");
    assert_eq!((error.kind, error.revision), (StoreFailure::Damaged, Some(revision)));

    let log = String::from_utf8(log.0.lock().expect("nobody logs any more").clone());
    let log = log.expect("a log is text");
    assert!(log.contains(SERVICE), "the log is that of the keychain");
    assert!(!log.contains("s3cret"), "a secret is in the log");
}
