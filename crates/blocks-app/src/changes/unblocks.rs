//! Unblocks of ours, as the ledger knows them.

use std::collections::HashMap;

use blocks_domain::UserId;
use blocks_ports::{
    ChangeKind, ChangeQuery, Ledger, MirrorChange, MirrorJournal, Operation, OperationOutcome,
    OperationQuery, Source, StoreError,
};
use futures_util::TryStreamExt;
use jiff::Timestamp;

/// The operations on all users whom somebody may have unblocked through us.
pub(super) struct Unblocks<'a> {
    journal: &'a dyn MirrorJournal,
    account: UserId,
    operations: HashMap<UserId, Vec<Operation>>,
}

impl<'a> Unblocks<'a> {
    /// Reads the ledger: all of it, or what it says of one user.
    pub(super) async fn read(
        journal: &'a dyn MirrorJournal,
        ledger: &dyn Ledger,
        account: UserId,
        user: Option<UserId>,
    ) -> Result<Self, StoreError> {
        let mut query = OperationQuery::default();
        query.target = user;
        let mut operations: HashMap<UserId, Vec<Operation>> = HashMap::new();
        let mut entered = ledger.operations(account, query);
        while let Some(operation) = entered.try_next().await? {
            operations.entry(operation.pair.target()).or_default().push(operation);
        }
        operations.retain(|_, of_one| of_one.iter().any(Operation::may_have_unblocked));
        Ok(Self { journal, account, operations })
    }

    /// Whether an unblock of ours explains a removal that a read came upon.
    pub(super) async fn explain(&self, removal: &MirrorChange) -> Result<bool, StoreError> {
        let Some(operations) = self.operations.get(&removal.user) else { return Ok(false) };
        let since = self.last_seen(removal).await?;
        let mut is_unblocked = false;
        let between = |operation: &&Operation| {
            since.is_none_or(|since| operation.entered_at >= since)
                && operation.entered_at <= removal.at
        };
        for operation in operations.iter().filter(between) {
            // X has said that the block stands, so whatever came before is no reason.
            let stands = OperationOutcome::Answered { blocking: true };
            if operation.outcome.is_some_and(|(outcome, _)| outcome == stands) {
                is_unblocked = false;
            }
            is_unblocked |= operation.may_have_unblocked();
        }
        Ok(is_unblocked)
    }

    /// When the journal last saw the user on the list before a removal: it knows of an addition,
    /// of a new name, or of neither.
    async fn last_seen(&self, removal: &MirrorChange) -> Result<Option<Timestamp>, StoreError> {
        let mut query = ChangeQuery::default();
        query.user = Some(removal.user);
        let mut changes = self.journal.changes(self.account, query);
        let mut last = None;
        while let Some(change) = changes.try_next().await? {
            match &change.kind {
                // A lookup may have changed what else the journal says of it.
                ChangeKind::Removed { by, .. }
                    if change.at == removal.at && is_by(removal, *by) =>
                {
                    break;
                }
                ChangeKind::Removed { .. } => {}
                _ => last = Some(change.at),
            }
        }
        Ok(last)
    }
}

fn is_by(removal: &MirrorChange, source: Source) -> bool {
    matches!(&removal.kind, ChangeKind::Removed { by, .. } if *by == source)
}
