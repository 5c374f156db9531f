//! What every test plays in: a served world, a database file, and an account that is signed in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use blocks_app::{SignIns, oauth2_credential};
use blocks_domain::Scope;
use blocks_fake::stores::JumpingClock;
use blocks_fake::{Sandbox, World};
use blocks_http::{HttpTokenIssuer, Timeouts};
use blocks_ports::{
    Account, AccountName, App, Credential, OAuth2Credential, TokenStore, Versioned,
};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;
use tempfile::TempDir;

/// The account of every test.
pub(crate) fn work() -> AccountName {
    "work".parse().expect("a name")
}

/// The app that it signed in through; all worlds of one seed know the same.
pub(crate) fn app() -> App {
    World::builder().build().app()
}

/// A world that is served, and a folder with the database of the account.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) place: Place,
    _sandbox: Sandbox,
    _folder: TempDir,
}

impl Scene {
    /// The account signed in a moment ago, and time stands still.
    pub(crate) async fn new() -> Self {
        let start: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
        let world = World::builder().limits(false).still_at(start).build();
        let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("blocks.db");
        let place = Place { url: sandbox.url(), database };
        let scene = Self { world, place, _sandbox: sandbox, _folder: folder };
        scene.sign_in().await;
        scene
    }

    /// Signs in, over what is stored.
    pub(crate) async fn sign_in(&self) {
        let (store, now) = (self.place.store(), self.world.now());
        let scopes = Scope::FOR_READING.into_iter().chain([Scope::OfflineAccess]);
        let tokens = self.world.sign_in(self.world.owner(), &app(), scopes).expect("tokens");
        let credential = Credential::OAuth2(oauth2_credential(tokens, now));
        let account = Account::new(work(), self.world.owner());
        let clock = JumpingClock::new(now);
        let sign_ins = SignIns::new(&store, &store, &clock);
        sign_ins.sign_in(&account, credential).await.expect("a sign-in");
    }

    /// The tokens that are stored.
    pub(crate) async fn stored(&self) -> OAuth2Credential {
        let stored = self.place.store().load(&work()).await.expect("it loads");
        let credential = stored.value.expect("signed in");
        oauth2(&Versioned::new(stored.revision, credential)).clone()
    }
}

pub(crate) fn oauth2(credential: &Versioned<Credential>) -> &OAuth2Credential {
    match &credential.value {
        Credential::OAuth2(oauth2) => oauth2,
        other => panic!("no OAuth 2.0 sign-in: {other:?}"),
    }
}

/// Where the sandbox and the database are; a process is told by its environment.
pub(crate) struct Place {
    pub(crate) url: String,
    database: PathBuf,
}

impl Place {
    const URL: &str = "BLOCKS_TESTS_URL";
    const DATABASE: &str = "BLOCKS_TESTS_DATABASE";

    pub(crate) fn environment(&self) -> [(&str, String); 2] {
        let database = self.database.to_str().expect("a path of ours");
        [(Self::URL, self.url.clone()), (Self::DATABASE, database.to_owned())]
    }

    /// What the environment tells; nothing where no other test has started this process.
    pub(crate) fn of_this_process() -> Option<Self> {
        let database = std::env::var(Self::DATABASE).ok()?.into();
        Some(Self { url: std::env::var(Self::URL).ok()?, database })
    }

    /// The database, through a handle of its own.
    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.database).expect("a database")
    }

    /// The token endpoint, which gives up before a keeper's lease ends.
    pub(crate) fn issuer(&self) -> Arc<HttpTokenIssuer> {
        let [connect, idle, total] = [5, 10, 30].map(Duration::from_secs);
        let issuer = HttpTokenIssuer::builder()
            .api_url(&self.url)
            .timeouts(Timeouts::new(connect, idle, total))
            .build();
        Arc::new(issuer.expect("an issuer"))
    }
}
