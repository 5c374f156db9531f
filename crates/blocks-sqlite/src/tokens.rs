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
        self.write(move |tx| claim(tx, account, base, ttl, now)).await
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let account = account.clone();
        self.write(move |tx| swap(tx, &account, expected, credential.as_ref())).await
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
    if let Some(ends_at) = row.lease_ends_at.filter(|ends_at| *ends_at > now) {
        return Ok(Claim::Busy { retry_in: ends_at.duration_since(now).unsigned_abs() });
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
