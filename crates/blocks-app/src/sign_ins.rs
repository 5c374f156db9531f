//! Accounts and their sign-ins, kept in step.

use std::fmt;
use std::time::Duration;

use blocks_ports::{
    Account, AccountName, AccountStore, Claim, Clock, Credential, Lease, Renamed, Revision,
    StoreError, StoreFailure, Swap, TokenStore, Versioned,
};
use jiff::Timestamp;

use crate::KeeperPolicy;

/// The accounts of a person together with their sign-ins.
///
/// The two are kept in stores that know nothing of each other, and may lie in different places.
/// This sees to the order in which they are written, so that whatever is cut off in between
/// leaves no sign-in under the wrong name: at worst an account that has to sign in anew. What it
/// removes or moves, it removes or moves under the lease that a [`Keeper`](crate::Keeper) takes
/// for a refresh, so that nobody spends the refresh token meanwhile.
///
/// ```
/// use blocks_app::SignIns;
/// use blocks_fake::stores::{JumpingClock, MemoryAccountStore, MemoryTokenStore};
/// use blocks_ports::{Account, Credential, Renamed, TokenStore};
/// use jiff::Timestamp;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (accounts, tokens) = (MemoryAccountStore::default(), MemoryTokenStore::default());
/// let clock = JumpingClock::new(Timestamp::UNIX_EPOCH);
/// let sign_ins = SignIns::new(&accounts, &tokens, &clock);
///
/// let (work, office) = ("work".parse()?, "office".parse()?);
/// let account = Account::new(work, "7".parse()?);
/// sign_ins.sign_in(&account, Credential::bearer("s3cret")).await?;
/// assert_eq!(sign_ins.rename(&account.name, &office).await?, Renamed::Done);
/// assert_eq!(tokens.load(&office).await?.value, Some(Credential::bearer("s3cret")));
///
/// assert!(sign_ins.remove(&office).await?);
/// assert_eq!(tokens.load(&office).await?.value, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct SignIns<'a> {
    accounts: &'a dyn AccountStore,
    tokens: &'a dyn TokenStore,
    clock: &'a dyn Clock,
    policy: KeeperPolicy,
}

impl<'a> SignIns<'a> {
    /// The accounts and sign-ins of these stores.
    #[must_use]
    pub fn new(
        accounts: &'a dyn AccountStore,
        tokens: &'a dyn TokenStore,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { accounts, tokens, clock, policy: KeeperPolicy::default() }
    }

    /// Adds an account, or replaces the one of its name, and stores its sign-in over an earlier
    /// one. Where there is no default account, it becomes the default.
    ///
    /// It waits for no lease: a refresh under way finds the new sign-in, and adopts it.
    ///
    /// # Errors
    /// A store failed; the account may be there without its sign-in, or with the earlier one if
    /// that is of the same user, app and server.
    pub async fn sign_in(
        &self,
        account: &Account,
        credential: Credential,
    ) -> Result<Revision, StoreError> {
        let known = self.account(&account.name).await?;
        if !known.is_some_and(|known| shares_sign_in(&known, account)) {
            // What stands there is not this account's, and must not be for a moment.
            self.overwrite(&account.name, None).await?;
        }
        self.accounts.put_account(account).await?;
        if self.accounts.default_account().await?.is_none() {
            self.accounts.set_default_account(&account.name).await?;
        }
        self.overwrite(&account.name, Some(credential)).await
    }

    /// Ends the sign-in of an account and forgets it; answers whether there was one. The account
    /// stays.
    ///
    /// `revoke` makes the server forget what is stored, before it is forgotten here.
    ///
    /// # Errors
    /// `revoke` failed, and the sign-in stands as before; or the store failed.
    pub async fn sign_out<E: From<StoreError>>(
        &self,
        account: &AccountName,
        mut revoke: impl AsyncFnMut(Credential) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut was_signed_in = false;
        loop {
            let held = self.hold(account).await?;
            let ended = self.end(account, &mut revoke).await;
            self.release(&held).await;
            let (was_there, swap) = ended?;
            was_signed_in |= was_there;
            // Otherwise a late refresh has stored another sign-in, which has to end as well.
            if let Swap::Done(_) = swap {
                return Ok(was_signed_in);
            }
        }
    }

    /// Forgets the sign-in of an account, also one that cannot be read; answers whether there was
    /// one. The server is not told, and the account stays.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forget(&self, account: &AccountName) -> Result<bool, StoreError> {
        let held = self.hold(account).await?;
        let forgotten = self.erase(account).await;
        self.release(&held).await;
        forgotten
    }

    /// Gives an account another name, and takes its sign-in along.
    ///
    /// # Errors
    /// A store failed; the sign-in is still there under one of the names, that of the account.
    pub async fn rename(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError> {
        if let Some(known) = self.known_outcome(from, to).await? {
            return Ok(known);
        }
        let held = self.hold(from).await?;
        let renamed = self.move_to(from, to).await;
        self.release(&held).await;
        renamed
    }

    /// Forgets an account and its sign-in; answers whether there was such an account. The server
    /// is not told.
    ///
    /// # Errors
    /// A store failed; the account may be there without its sign-in.
    pub async fn remove(&self, account: &AccountName) -> Result<bool, StoreError> {
        self.forget(account).await?;
        self.accounts.remove_account(account).await
    }

    async fn end<E: From<StoreError>>(
        &self,
        account: &AccountName,
        revoke: &mut impl AsyncFnMut(Credential) -> Result<(), E>,
    ) -> Result<(bool, Swap), E> {
        let Versioned { revision, value, .. } = self.tokens.load(account).await?;
        let was_there = value.is_some();
        if let Some(credential) = value {
            revoke(credential).await?;
        }
        Ok((was_there, self.tokens.swap(account, revision, None).await?))
    }

    /// What renaming comes to, where there is nothing to do.
    async fn known_outcome(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Option<Renamed>, StoreError> {
        if self.account(from).await?.is_none() {
            return Ok(Some(Renamed::NotFound));
        }
        if from == to {
            return Ok(Some(Renamed::Done));
        }
        Ok(self.account(to).await?.map(|_| Renamed::Taken))
    }

    /// Renames an account under the lease of its old name.
    async fn move_to(&self, from: &AccountName, to: &AccountName) -> Result<Renamed, StoreError> {
        // Whoever signs in under the new name from here on makes the copy a conflict.
        let vacant = self.stored(to).await?.revision;
        // Somebody may have renamed either while this waited for the lease.
        if let Some(known) = self.known_outcome(from, to).await? {
            return Ok(known);
        }
        let Versioned { revision, value, .. } = self.tokens.load(from).await?;
        let Swap::Done(copy) = self.tokens.swap(to, vacant, value).await? else {
            return Ok(Renamed::Taken);
        };
        let renamed = self.accounts.rename_account(from, to).await?;
        if renamed == Renamed::Done {
            self.clear_out((from, revision), (to, copy)).await?;
        } else {
            // Somebody else was first. The copy is nobody's, unless they have replaced it.
            self.tokens.swap(to, copy, None).await?;
        }
        Ok(renamed)
    }

    /// Erases a sign-in that was copied to the new name of its account.
    ///
    /// A late refresh may have replaced it meanwhile: then the copy holds a spent token, and is
    /// replaced as well.
    async fn clear_out(
        &self,
        (from, mut revision): (&AccountName, Revision),
        (to, mut copy): (&AccountName, Revision),
    ) -> Result<(), StoreError> {
        while let Swap::Conflict(newer) = self.tokens.swap(from, revision, None).await? {
            // What belongs to a new account of the old name stays where it is.
            if newer.value.is_none() || self.account(from).await?.is_some() {
                break;
            }
            if let Swap::Done(replaced) = self.tokens.swap(to, copy, newer.value).await? {
                copy = replaced;
            }
            revision = newer.revision;
        }
        Ok(())
    }

    async fn account(&self, name: &AccountName) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts.accounts().await?.into_iter().find(|account| account.name == *name))
    }

    async fn erase(&self, account: &AccountName) -> Result<bool, StoreError> {
        let was_there = self.stored(account).await?.value;
        self.overwrite(account, None).await?;
        Ok(was_there)
    }

    /// Stores a sign-in, or none, over whatever stands there.
    async fn overwrite(
        &self,
        account: &AccountName,
        credential: Option<Credential>,
    ) -> Result<Revision, StoreError> {
        loop {
            let stored = self.stored(account).await?;
            if credential.is_none() && !stored.value {
                return Ok(stored.revision);
            }
            let swap = self.tokens.swap(account, stored.revision, credential.clone()).await;
            match swap {
                Ok(Swap::Done(revision)) => return Ok(revision),
                Ok(_) => {}
                Err(error) if is_unreadable(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether something is stored, readable or not, and its revision.
    async fn stored(&self, account: &AccountName) -> Result<Versioned<bool>, StoreError> {
        match self.tokens.load(account).await {
            Ok(stored) => Ok(Versioned::new(stored.revision, stored.value.is_some())),
            Err(error) => match error.revision {
                Some(revision) if is_unreadable(&error) => Ok(Versioned::new(revision, true)),
                _ => Err(error),
            },
        }
    }

    /// Takes the lease, once nobody else has it.
    async fn hold(&self, account: &AccountName) -> Result<Lease, StoreError> {
        let Self { tokens, clock, policy, .. } = self;
        let patience = self.after(policy.lease * 2);
        loop {
            let base = self.stored(account).await?.revision;
            let wait = match tokens.claim(account, base, policy.lease, clock.now()).await {
                Ok(Claim::Granted(lease)) => return Ok(lease),
                Ok(Claim::Busy { retry_in }) => retry_in.min(policy.poll),
                Ok(_) => Duration::ZERO,
                Err(error) if is_unreadable(&error) => Duration::ZERO,
                Err(error) => return Err(error),
            };
            if clock.now() >= patience {
                let message = format!(
                    "another process keeps the sign-in of the account `{account}` to itself"
                );
                return Err(StoreError::new(StoreFailure::Busy, message));
            }
            clock.sleep_until(self.after(wait)).await;
        }
    }

    /// A lease that cannot be released ends by itself.
    async fn release(&self, lease: &Lease) {
        if let Err(error) = self.tokens.release(lease).await {
            tracing::debug!(account = %lease.account, %error, "the lease was not released");
        }
    }

    fn after(&self, wait: Duration) -> Timestamp {
        self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Debug for SignIns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIns").finish_non_exhaustive()
    }
}

/// Whether a sign-in of the one account is one of the other.
fn shares_sign_in(one: &Account, other: &Account) -> bool {
    (one.user_id, &one.app, &one.api_url) == (other.user_id, &other.app, &other.api_url)
}

/// Whether a store says that what stands there cannot be read; it can be overwritten all the same.
fn is_unreadable(error: &StoreError) -> bool {
    error.kind == StoreFailure::Damaged && error.revision.is_some()
}
