//! What the tests share.

use blocks_app::SignIns;
use blocks_fake::stores::JumpingClock;
use blocks_ports::{
    Account, AccountName, AccountStore, Claim, Clock, Credential, Lease, Revision, TokenStore,
};
use jiff::Timestamp;

use crate::stores::Stores;

/// The account that is signed in, of user 7.
pub(crate) fn work() -> AccountName {
    "work".parse().expect("a name")
}

/// A name that no account has, with the remains of a move that was cut off: a sign-in of user 9.
pub(crate) fn office() -> AccountName {
    "office".parse().expect("a name")
}

/// An account of a user.
pub(crate) fn account(name: AccountName, user: u64) -> Account {
    Account::new(name, user.to_string().parse().expect("an id"))
}

/// A sign-in that says whose it is.
pub(crate) fn sign_in_of(account: &Account, which: &str) -> Credential {
    Credential::bearer(format!("{}|{which}", owner(account)))
}

/// Whom a sign-in belongs to: the user, and the server that it is good at.
fn owner(account: &Account) -> String {
    format!("{} at {}", account.user_id, account.api_url.as_deref().unwrap_or("X"))
}

/// The stores of a person.
pub(crate) struct Home {
    pub(crate) stores: Stores,
    pub(crate) clock: JumpingClock,
}

impl Home {
    pub(crate) async fn new() -> Self {
        let clock = JumpingClock::new(Timestamp::UNIX_EPOCH);
        let home = Self { stores: Stores::default(), clock };
        let remains = sign_in_of(&account(office(), 9), "remains");
        home.stores.swap(&office(), Revision::NONE, Some(remains)).await.expect("a write");
        let signed_in = account(work(), 7);
        let credential = sign_in_of(&signed_in, "old");
        home.sign_ins().sign_in(&signed_in, credential).await.expect("a sign-in");
        home.stores.calm_down();
        home
    }

    pub(crate) fn sign_ins(&self) -> SignIns<'_> {
        SignIns::new(&self.stores, &self.stores, &self.clock)
    }

    pub(crate) async fn account(&self, name: &AccountName) -> Option<Account> {
        let accounts = self.stores.accounts().await.expect("accounts");
        accounts.into_iter().find(|account| account.name == *name)
    }

    pub(crate) async fn stored(&self, name: &AccountName) -> Option<Credential> {
        self.stores.load(name).await.expect("it loads").value
    }

    /// Makes sure that no account has a sign-in of somebody else.
    pub(crate) async fn check_owners(&self) {
        for account in self.stores.accounts().await.expect("accounts") {
            if let Some(credential) = self.stored(&account.name).await {
                let Credential::Bearer(token) = credential else { panic!("{credential:?}") };
                let (whose, _) = token.expose().split_once('|').expect("an owner");
                assert_eq!(whose, owner(&account), "`{}` has another's sign-in", account.name);
            }
        }
    }

    /// The lease of a sign-in, taken by another process.
    pub(crate) async fn take_lease(&self, name: &AccountName) -> Lease {
        let base = self.stores.load(name).await.expect("it loads").revision;
        let (ttl, now) = (blocks_app::KeeperPolicy::default().lease, self.clock.now());
        match self.stores.claim(name, base, ttl, now).await.expect("a claim") {
            Claim::Granted(lease) => lease,
            other => panic!("the lease of `{name}` is not free: {other:?}"),
        }
    }
}
