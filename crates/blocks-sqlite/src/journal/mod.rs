//! What happened to the users of a mirror: what the port asks for, and who does it.

mod amend;
mod changes;
mod forget;
mod traces;

use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{UserId, Whereabouts};
use blocks_ports::{
    Amended, Amendment, ChangeQuery, Forget, Forgotten, MirrorChange, MirrorJournal, StoreError,
};
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use rusqlite::params;

use crate::SqliteStore;
use crate::column::{Id, Time};

#[async_trait]
impl MirrorJournal for SqliteStore {
    async fn amend(&self, account: UserId, amendment: &Amendment) -> Result<Amended, StoreError> {
        let told = amend::Prepared::new(amendment)?;
        self.write(move |tx| told.amend(tx, account)).await
    }

    async fn find(
        &self,
        account: UserId,
        user: UserId,
        found: Whereabouts,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "UPDATE change SET found = ?3, found_at = ?4
                 WHERE account = ?1 AND user = ?2 AND kind = 'removed' AND id > coalesce((
                     SELECT max(id) FROM change
                     WHERE account = ?1 AND user = ?2 AND kind = 'added'), 0)",
                params![Id(account), Id(user), found.word(), Time(now)],
            )?;
            Ok(())
        })
        .await
    }

    fn changes(
        &self,
        account: UserId,
        query: ChangeQuery,
    ) -> BoxStream<'static, Result<MirrorChange, StoreError>> {
        changes::stream(Arc::clone(&self.file), account, query)
    }

    async fn forget(&self, account: UserId, what: Forget) -> Result<Forgotten, StoreError> {
        self.erase(account, what).await
    }
}
