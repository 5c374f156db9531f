//! The book of what was done and what was paid.

use std::fmt;

use async_trait::async_trait;
use blocks_domain::{BillingDay, BlockPair, Charge, Usd, UserId};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::StoreError;
use crate::number::number;

/// Keeps each operation on a block list, from before it is sent, and what X charges each day.
///
/// # Contract
/// - `enter` writes an operation down, so that it is known even if the program dies before the
///   answer comes; `settle` notes what came of it. An operation is settled once: a second time
///   answers `false` and changes nothing, and so does a number that was never given.
/// - Numbers grow and are never used again.
/// - `operations` come oldest first, which is the order of their numbers, the settled and the
///   unsettled.
/// - `bill` notes that X has returned users and answers how many of them it charges for: where a
///   charge [is paid once a day](Charge::is_paid_once_a_day), a user who was noted for it on the
///   same day UTC is free, also within one call; every event is charged. Each user is counted for
///   one caller, however many ask at once.
/// - `spent` is what was charged on a day; a day of which nothing is known has cost nothing.
/// - If a [`MirrorJournal`](crate::MirrorJournal) in the same storage
///   [forgets everything](crate::Forget::Everything) of an account, the book forgets who was paid
///   for, and the operations that are settled. What was spent stays: a user who is returned once
///   more on the same day is charged once more, so that the book may tell too much, and never too
///   little.
/// - Accounts, charges and days do not touch each other.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Ledger: fmt::Debug + Send + Sync + 'static {
    /// Writes down that an operation is about to be sent.
    async fn enter(
        &self,
        pair: BlockPair,
        kind: OperationKind,
        now: Timestamp,
    ) -> Result<OperationId, StoreError>;

    /// Notes what came of an operation; answers whether it was open.
    async fn settle(
        &self,
        id: OperationId,
        outcome: OperationOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// What was done by an account, oldest first.
    fn operations(
        &self,
        account: UserId,
        query: OperationQuery,
    ) -> BoxStream<'static, Result<Operation, StoreError>>;

    /// Notes users that X has returned, and answers how many of them it charges for.
    async fn bill(
        &self,
        account: UserId,
        charge: Charge,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// What was charged on a day.
    async fn spent(&self, account: UserId, day: BillingDay) -> Result<Spending, StoreError>;
}

number! {
    /// The number of an operation, over all accounts.
    OperationId
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is done to a block list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Somebody is put on it.
    Block,
    /// Somebody is taken off it.
    Unblock,
}

impl OperationKind {
    /// The word for it: `block`, `unblock`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    /// Whether the user is to be blocked afterwards.
    ///
    /// ```
    /// use blocks_ports::OperationKind;
    ///
    /// assert!(OperationKind::Block.wants_blocking());
    /// assert!(!OperationKind::Unblock.wants_blocking());
    /// ```
    #[must_use]
    pub const fn wants_blocking(self) -> bool {
        matches!(self, Self::Block)
    }
}

/// What came of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationOutcome {
    /// X answered whether the user is blocked now.
    Answered {
        /// Whether they are.
        blocking: bool,
    },
    /// X did not do it, or it was never sent.
    Refused,
    /// Nobody knows: it was sent, and no answer came.
    Lost,
}

/// An operation on a block list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its number.
    pub id: OperationId,
    /// Whose list, and whom it is about.
    pub pair: BlockPair,
    /// What was to be done.
    pub kind: OperationKind,
    /// When it was about to be sent.
    pub entered_at: Timestamp,
    /// What came of it, and when; `None` where it is under way, or the program died meanwhile.
    pub outcome: Option<(OperationOutcome, Timestamp)>,
}

impl Operation {
    /// An operation that is about to be sent.
    #[must_use]
    pub const fn new(
        id: OperationId,
        pair: BlockPair,
        kind: OperationKind,
        entered_at: Timestamp,
    ) -> Self {
        Self { id, pair, kind, entered_at, outcome: None }
    }

    /// Whether the user may be unblocked because of it: it was to unblock them, and X has said
    /// that they are not blocked or may have done it unheard.
    ///
    /// ```
    /// use blocks_domain::BlockPair;
    /// use blocks_ports::{Operation, OperationId, OperationKind, OperationOutcome};
    /// use jiff::Timestamp;
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// let now = Timestamp::UNIX_EPOCH;
    /// let mut sent = Operation::new(OperationId::new(1), pair, OperationKind::Unblock, now);
    /// assert!(sent.may_have_unblocked(), "the answer may have been lost");
    /// sent.outcome = Some((OperationOutcome::Refused, now));
    /// assert!(!sent.may_have_unblocked());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn may_have_unblocked(&self) -> bool {
        let undone = matches!(
            self.outcome,
            Some((OperationOutcome::Refused | OperationOutcome::Answered { blocking: true }, _))
        );
        matches!(self.kind, OperationKind::Unblock) && !undone
    }
}

/// Which operations to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationQuery {
    /// Only those that were entered at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those about this user.
    pub target: Option<UserId>,
}

/// What was charged on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spending {
    /// Users read from block lists.
    pub block_reads: u64,
    /// Users looked up.
    pub user_lookups: u64,
    /// Block events delivered.
    pub block_events: u64,
}

impl Spending {
    /// So many of one charge more.
    ///
    /// ```
    /// use blocks_domain::Charge;
    /// use blocks_ports::Spending;
    ///
    /// let spent = Spending::default().with(Charge::BlockRead, 1_000).with(Charge::UserLookup, 3);
    /// assert_eq!(spent.cost().to_string(), "USD 1.03");
    /// ```
    #[must_use]
    pub const fn with(mut self, charge: Charge, units: u64) -> Self {
        match charge {
            Charge::BlockRead => self.block_reads += units,
            Charge::UserLookup => self.user_lookups += units,
            Charge::BlockEvent => self.block_events += units,
            _ => {}
        }
        self
    }

    /// How many of a charge.
    #[must_use]
    pub const fn units(&self, charge: Charge) -> u64 {
        match charge {
            Charge::BlockRead => self.block_reads,
            Charge::UserLookup => self.user_lookups,
            Charge::BlockEvent => self.block_events,
            _ => 0,
        }
    }

    /// What all of it costs at the published prices.
    #[must_use]
    pub fn cost(&self) -> Usd {
        let costs = Charge::ALL.map(|charge| charge.price().cost_of(self.units(charge)));
        costs.into_iter().fold(Usd::ZERO, |sum, cost| sum.checked_add(cost).unwrap_or(Usd::MAX))
    }
}
