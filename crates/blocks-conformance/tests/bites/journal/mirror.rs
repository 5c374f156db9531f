//! The mirrors of the journals with a fault.

use async_trait::async_trait;
use blocks_domain::UserId;
use blocks_ports::{
    Append, Checkpoint, Difference, Fence, Finish, Hold, MirrorEntry, MirrorJournal, MirrorPage,
    MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, SetAside, Snapshot, StoreError,
};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::{Fault, Store};

#[async_trait]
impl MirrorStore for Store {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        self.inner().hold(self.slot(account)).await
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        let account = self.slot(account);
        let mut read = self.inner().begin(account, fence, kind, now).await?;
        let anew = self.note(|notes| {
            (notes.account, notes.before_read) = (Some(account), notes.told.len());
            notes.forgot
        });
        if anew && self.has(Fault::NumbersBeginAnew) {
            read.id = ReadId::new(1);
        }
        Ok(read)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.inner().unfinished(self.slot(account)).await
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        let mut page = page.clone();
        for user in page.users.iter_mut().filter(|_| self.has(Fault::TakesSilenceForANewName)) {
            user.name.get_or_insert_default();
        }
        if self.has(Fault::PagesAreAlwaysNewer) {
            page.received_at = Timestamp::MAX;
        }
        self.inner().append(read, fence, expected, &page).await
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        if let Some(account) = self.note(|notes| notes.account) {
            for amendment in self.last_words() {
                self.inner().amend(account, &amendment).await?;
            }
        }
        self.inner().finish(read, fence, now).await
    }

    async fn set_aside(&self, read: ReadId, fence: Fence) -> Result<SetAside, StoreError> {
        self.inner().set_aside(read, fence).await
    }

    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        self.inner().aside(self.slot(account)).await
    }

    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>> {
        let all = self.inner().differences(read).try_collect::<Vec<_>>().now_or_never();
        let all = all.expect("memory does not wait").expect("memory does not fail");
        let first = self.note(|notes| notes.differences.get_or_insert_with(|| all.clone()).clone());
        let told = if self.has(Fault::RemembersDifferences) { first } else { all };
        stream::iter(told.into_iter().map(Ok)).boxed()
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        let mut last = self.inner().snapshot(self.slot(account)).await?;
        if let Some(snapshot) = last.as_mut().filter(|_| self.has(Fault::HidesAmendments)) {
            snapshot.amended_at = None;
        }
        Ok(last)
    }

    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
        let account = self.slot(account);
        let mut places = self.inner().places(account, users).await?;
        for (place, user) in places.iter_mut().zip(users) {
            if self.has(Fault::PlacesAreIds) {
                *place = place.map(|_| user.get());
            }
            if self.has(Fault::WhoeverIsShownHasAPlace) {
                *place = self.inner().entry(account, *user).await?.map(|entry| entry.position);
            }
        }
        Ok(places)
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        self.inner().entries(self.slot(account), query)
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        self.inner().entry(self.slot(account), user).await
    }
}
