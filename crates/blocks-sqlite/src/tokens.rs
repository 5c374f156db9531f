//! The sign-ins.

use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, LeaseId, Revision, StoreError, Swap, TokenStore,
    Versioned,
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use crate::SqliteStore;
use crate::column::{Number, Time};
use crate::error::Fault;
use crate::store::Checkpoint;

#[async_trait]
impl TokenStore for SqliteStore {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        let account = account.clone();
        self.read(move |tx| Ok(Row::load(tx, &account)?.stored(&account)?)).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let account = account.clone();
        let claim = self.write(move |tx| claim(tx, account, base, ttl, now)).await?;
        if let Claim::Granted(_) = claim {
            // What comes back for the refresh token must find room, also on a disk that is full by
            // then: with the log copied into the file, its pages in the log are used again.
            self.checkpoint(Checkpoint::Passive).await;
        }
        Ok(claim)
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let account = account.clone();
        let forgets = credential.is_none();
        let swap = self.write(move |tx| swap(tx, &account, expected, credential.as_ref())).await?;
        if forgets {
            // What was forgotten does not stay behind in the log.
            self.checkpoint(Checkpoint::Truncate).await;
        }
        Ok(swap)
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |tx| {
            tx.execute(
                "UPDATE credential SET lease_ends_at = NULL WHERE account = ? AND lease = ?",
                params![lease.account.as_str(), Number(lease.id.get())],
            )?;
            Ok(())
        })
        .await
    }
}

/// What is kept for one account; the credential as its text, which only those read who are shown it.
#[derive(Default)]
struct Row {
    revision: Revision,
    secret_json: Option<SecretString>,
    lease: u64,
    lease_ends_at: Option<Timestamp>,
}

impl Row {
    fn load(tx: &Transaction<'_>, account: &AccountName) -> Result<Self, Fault> {
        let row = tx.query_row(
            "SELECT revision, secret_json, lease, lease_ends_at FROM credential
             WHERE account = ?",
            [account.as_str()],
            |row| {
                let (Number(revision), Number(lease)) = (row.get(0)?, row.get(2)?);
                let secret: Option<String> = row.get(1)?;
                let ends_at: Option<Time> = row.get(3)?;
                Ok(Self {
                    revision: Revision::new(revision),
                    secret_json: secret.map(SecretString::from),
                    lease,
                    lease_ends_at: ends_at.map(|Time(at)| at),
                })
            },
        );
        Ok(row.optional()?.unwrap_or_default())
    }

    fn stored(&self, account: &AccountName) -> Result<Versioned<Option<Credential>>, StoreError> {
        Versioned::from_secret_json(account, self.revision, self.secret_json.as_ref())
    }
}

fn claim(
    tx: &Transaction<'_>,
    account: AccountName,
    base: Revision,
    ttl: Duration,
    now: Timestamp,
) -> Result<Claim, Fault> {
    let row = Row::load(tx, &account)?;
    if row.revision != base {
        return Ok(Claim::Moved(row.stored(&account)?));
    }
    let keeps_out = |ends_at| Lease::keeps_out(ends_at, ttl, now);
    if let Some(retry_in) = row.lease_ends_at.and_then(keeps_out) {
        return Ok(Claim::Busy { retry_in });
    }
    let id = row.lease + 1;
    let ends_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
    tx.execute(
        "INSERT INTO credential (account, lease, lease_ends_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (account) DO UPDATE SET lease = ?2, lease_ends_at = ?3",
        params![account.as_str(), Number(id), Time(ends_at)],
    )?;
    Ok(Claim::Granted(Lease::new(account, LeaseId::new(id), ends_at)))
}

fn swap(
    tx: &Transaction<'_>,
    account: &AccountName,
    expected: Revision,
    credential: Option<&Credential>,
) -> Result<Swap, Fault> {
    let row = Row::load(tx, account)?;
    if row.revision != expected {
        return Ok(Swap::Conflict(row.stored(account)?));
    }
    let revision = expected.next();
    let secret = credential.map(Credential::expose_as_json);
    tx.execute(
        "INSERT INTO credential (account, revision, secret_json) VALUES (?1, ?2, ?3)
         ON CONFLICT (account) DO UPDATE SET revision = ?2, secret_json = ?3",
        params![
            account.as_str(),
            Number(revision.get()),
            secret.as_ref().map(ExposeSecret::expose_secret)
        ],
    )?;
    Ok(Swap::Done(revision))
}
