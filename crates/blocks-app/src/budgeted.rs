//! Spending no more than was allowed.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, MaxResults, Price, Selection, Usd,
    UserId, UserReply, Username, UsersPage,
};
use blocks_ports::{ApiError, BlocksApi, Reply, UsersApi};

/// Stops reading before a budget is overspent.
///
/// Before users are asked for, their full price is set aside; after the answer, what X does not
/// charge for is given back: users who were not returned, and where
/// [`Metered`](crate::Metered) goes inside, those who were paid for today already. Where the rest
/// does not pay for a whole page, a smaller one is asked for; a lookup is made whole or not at
/// all. A call whose answer is lost or cancelled keeps its money set aside, for X may have billed
/// it. An answer with more users than were asked for is paid from what is left.
///
/// ```
/// use blocks_app::Budgeted;
/// use blocks_domain::{BlockingQuery, Failure};
/// use blocks_fake::{FakeApi, World};
/// use blocks_ports::{ApiError, BlocksApi};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ApiError> {
/// let world = World::builder().blocks(1_000).build();
/// let api = Budgeted::new(FakeApi::new(world.clone()), "0.025".parse().expect("an amount"));
///
/// let reply = api.blocking(world.owner(), &BlockingQuery::default()).await?;
/// assert_eq!(reply.value.users().len(), 25, "that many users can be paid");
/// let error = api.blocking(world.owner(), &BlockingQuery::default()).await.unwrap_err();
/// assert_eq!(error.kind(), Failure::OverBudget);
/// # Ok(())
/// # }
/// ```
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
        *self.purse()
    }

    fn purse(&self) -> MutexGuard<'_, Usd> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets money aside for `most` users, or for fewer where it does not pay for all of them;
    /// answers for how many. For fewer than `least` it is an error.
    fn set_aside(&self, price: Price, least: usize, most: usize) -> Result<usize, ApiError> {
        let mut left = self.purse();
        let users = usize::try_from(left.buys(price)).map_or(most, |pays_for| pays_for.min(most));
        match left.checked_sub(price.cost_of(users as u64)) {
            Some(rest) if users >= least => {
                *left = rest;
                Ok(users)
            }
            _ => Err(ApiError::new(Failure::OverBudget)
                .with_detail(format!("{left} is left, and the price is {price}"))
                .not_sent()),
        }
    }

    /// Makes a call for which the price of so many users was set aside, and settles what it cost.
    async fn pay<T>(
        &self,
        price: Price,
        asked: usize,
        call: impl Future<Output = Result<Reply<T>, ApiError>> + Send,
        returned: impl Fn(&T) -> usize + Send,
    ) -> Result<Reply<T>, ApiError> {
        let result = call.await;
        let billed = match &result {
            Ok(reply) => billed_of(reply, returned(&reply.value)),
            Err(error) if is_billed(error) => asked as u64,
            Err(_) => 0,
        };
        let (asked, cost) = (asked as u64, |users| price.cost_of(users));
        let mut left = self.purse();
        *left = if billed > asked {
            left.checked_sub(cost(billed - asked)).unwrap_or(Usd::ZERO)
        } else {
            left.checked_add(cost(asked - billed)).unwrap_or(Usd::MAX)
        };
        drop(left);
        result
    }
}

/// How many of the users that an answer returns are to be paid; all of them where nobody tells.
fn billed_of<T>(reply: &Reply<T>, returned: usize) -> u64 {
    let returned = returned as u64;
    reply.meta.billed.map_or(returned, |billed| billed.min(returned))
}

/// An answer that says no is not billed, nor is what was never sent; an answer that never came
/// may be.
fn is_billed(error: &ApiError) -> bool {
    error.was_sent() && error.status().is_none_or(|status| status < 400)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Budgeted<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let price = Price::BLOCK_READ;
        let wanted = query.max_results();
        let asked = self.set_aside(price, 1, wanted.get() as usize)?;
        let page = u32::try_from(asked).ok().and_then(|users| MaxResults::new(users).ok());
        let query = query.clone().with_max_results(page.unwrap_or(wanted));
        let call = self.inner.blocking(source, &query);
        self.pay(price, asked, call, |page| page.users().len()).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi> UsersApi for Budgeted<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        let price = Price::USER_LOOKUP;
        let asked = self.set_aside(price, 1, 1)?;
        let call = self.inner.me(selection);
        self.pay(price, asked, call, |reply| reply.data.iter().len()).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let price = Price::USER_LOOKUP;
        let asked = self.set_aside(price, usernames.len(), usernames.len())?;
        let call = self.inner.by_usernames(usernames, selection);
        self.pay(price, asked, call, |page| page.users().len()).await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let price = Price::USER_LOOKUP;
        let asked = self.set_aside(price, ids.len(), ids.len())?;
        let call = self.inner.by_ids(ids, selection);
        self.pay(price, asked, call, |page| page.users().len()).await
    }
}
