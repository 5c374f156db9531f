//! The mirror: what the port asks for, and who does it.

mod differences;
mod entries;
pub(crate) mod finish;
pub(crate) mod member;
mod page;
pub(crate) mod reads;
mod sweep;

use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::UserId;
use blocks_ports::{
    Append, Checkpoint, Difference, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorPage,
    MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, SetAside, Snapshot, StoreError,
};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::SqliteStore;
use crate::lock::{FileLock, Taken};
use crate::store::off_runtime;

#[async_trait]
impl MirrorStore for SqliteStore {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        let path = self.file.beside(&format!(".lock-{account}"));
        let taken = off_runtime(move || Ok(FileLock::try_take(&path)?)).await;
        match taken.map_err(|fault| fault.at(self.file.path()))? {
            Taken::Elsewhere(holder) => Ok(Hold::Busy { holder }),
            Taken::Here(lock) => {
                let fence = self.write(move |tx| reads::next_fence(tx, account)).await?;
                Ok(Hold::Held { fence, guard: HoldGuard::new(lock) })
            }
        }
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        let begun = self.write(move |tx| reads::begin(tx, account, fence, kind, now)).await?;
        self.sweep().await;
        Ok(begun)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.read(move |tx| reads::in_state(tx, account, "open")).await
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        let expected = expected.clone();
        // The JSON is written before the file is locked, so that nobody waits for it.
        let page = page::Prepared::new(page)?;
        self.write(move |tx| reads::append(tx, read, fence, &expected, &page)).await
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        let file = Arc::clone(&self.file);
        let finished =
            off_runtime(move || finish::finish(&mut file.connect_to_write()?, read, fence, now));
        let finish = finished.await.map_err(|fault| fault.at(self.file.path()))?;
        self.sweep().await;
        Ok(finish)
    }

    async fn set_aside(&self, read: ReadId, fence: Fence) -> Result<SetAside, StoreError> {
        let aside = self.write(move |tx| reads::set_aside(tx, read, fence)).await?;
        self.sweep().await;
        Ok(aside)
    }

    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.read(move |tx| reads::in_state(tx, account, "aside")).await
    }

    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>> {
        differences::stream(Arc::clone(&self.file), read)
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        self.read(move |tx| Ok(reads::shown(tx, account)?.map(|shown| shown.snapshot))).await
    }

    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
        let users = users.to_vec();
        self.read(move |tx| entries::places(tx, account, &users)).await
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        entries::stream(Arc::clone(&self.file), account, query)
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        self.read(move |tx| entries::one(tx, account, user)).await
    }
}
