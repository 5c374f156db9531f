//! Spending no more than was allowed.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, MaxResults, Price, Usd, UserId,
};
use blocks_ports::{ApiError, BlocksApi, Reply};

/// Stops reading before a budget is overspent.
///
/// Before a page is asked for, its full price is set aside; after the answer, what was not
/// returned is given back. Where the rest does not pay for a whole page, a smaller one is asked
/// for. A call whose answer is lost keeps its money set aside, for X may have billed it.
#[derive(Debug)]
pub struct Budgeted<A> {
    inner: A,
    left: Mutex<Usd>,
}

impl<A> Budgeted<A> {
    /// Lets `inner` read for `budget`, and no more.
    pub const fn new(inner: A, budget: Usd) -> Self {
        Self { inner, left: Mutex::new(budget) }
    }

    /// What is left of the budget.
    #[must_use]
    pub fn left(&self) -> Usd {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets money aside for a page, and answers how many users it pays for.
    fn reserve(&self, wanted: MaxResults) -> Result<MaxResults, ApiError> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let affordable = left.buys(Price::BLOCK_READ).min(wanted.get().into());
        let page = u32::try_from(affordable).ok().and_then(|users| MaxResults::new(users).ok());
        let paid = page.and_then(|p| left.checked_sub(Price::BLOCK_READ.cost_of(p.get().into())));
        match (page, paid) {
            (Some(page), Some(rest)) => {
                *left = rest;
                Ok(page)
            }
            _ => Err(ApiError::new(Failure::OverBudget).with_detail(format!(
                "{left} is left, and one user costs {}",
                Price::BLOCK_READ.per_unit()
            ))),
        }
    }

    fn give_back(&self, users: u64) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_add(Price::BLOCK_READ.cost_of(users)).unwrap_or(Usd::MAX);
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Budgeted<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let page = self.reserve(query.max_results())?;
        let smaller = query.clone().with_max_results(page);
        let asked = if page < query.max_results() { &smaller } else { query };
        let result = self.inner.blocking(source, asked).await;
        match &result {
            Ok(reply) => {
                let returned = reply.value.users().len() as u64;
                self.give_back(u64::from(page.get()).saturating_sub(returned));
            }
            // An answer that says no is not billed; one that never came may be.
            Err(error) if error.status().is_some_and(|status| status >= 400) => {
                self.give_back(page.get().into());
            }
            Err(_) => {}
        }
        result
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}
