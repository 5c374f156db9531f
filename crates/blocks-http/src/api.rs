//! The ports.

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockRequest, BlockState, BlockStateReply, BlockingPage, BlockingQuery, Endpoint,
    Failure, LOOKUP_MAX, Problem, ProblemType, RateWindow, Selection, UserId, UserReply, Username,
    UsersPage,
};
use blocks_ports::{ApiError, BlocksApi, Reply, ReplyMeta, UsersApi, Warning};

use crate::HttpApi;
use crate::answer::Shape;
use crate::client::Call;

#[async_trait]
impl BlocksApi for HttpApi {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let call = Call::new(Endpoint::GetBlocking, [source]).with_query(query.pairs());
        let mut reply = self.call::<BlockingPage>(call).await?;
        let said = u64::from(reply.value.meta.result_count);
        let found = reply.value.users().len() as u64;
        if found == 0 && said > 0 {
            // Taken for an empty page, it would make whole what is not.
            return Err(ApiError::new(Failure::Malformed)
                .with_detail(format!("the page says that it holds {said} users, and holds none"))
                .with_rate(reply.meta.rate)
                .with_transaction_id(reply.meta.transaction_id));
        }
        if said != found {
            reply.meta.warnings.push(Warning::ResultCount { said, found });
        }
        Ok(reply)
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        let request = serde_json::to_string(&BlockRequest::new(pair.target()))
            .expect("an id always becomes JSON");
        let call = Call::new(Endpoint::PostBlocking, [pair.source()]).with_json(request);
        self.call::<BlockStateReply>(call).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        let call = Call::new(Endpoint::DeleteBlocking, [pair.source(), pair.target()]);
        self.call::<BlockStateReply>(call).await
    }
}

#[async_trait]
impl UsersApi for HttpApi {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        self.call::<UserReply>(Call::new(Endpoint::GetMe, []).with_query(selection.pairs())).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.lookup(Endpoint::GetUsersBy, ("usernames", usernames), selection).await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.lookup(Endpoint::GetUsers, ("ids", ids), selection).await
    }
}

impl HttpApi {
    async fn lookup<K: ToString>(
        &self,
        endpoint: Endpoint,
        (parameter, keys): (&'static str, &[K]),
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        if !(1..=LOOKUP_MAX).contains(&keys.len()) {
            let detail = format!("one lookup names 1 to {LOOKUP_MAX} users, not {}", keys.len());
            return Err(ApiError::new(Failure::InvalidRequest).with_detail(detail).not_sent());
        }
        let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        let call = Call::new(endpoint, [])
            .with_query(vec![(parameter, keys.join(","))])
            .with_query(selection.pairs());
        self.call::<UsersPage>(call).await.or_else(nobody_found)
    }
}

/// Makes an answer of a lookup that failed for each user by itself: that is no failed call.
///
/// X gives it with status 200, and for some with 404.
fn nobody_found(error: ApiError) -> Result<Reply<UsersPage>, ApiError> {
    let problems = error.problems();
    let by_itself = matches!(error.status(), Some(200 | 404))
        && !problems.is_empty()
        && problems.iter().all(concerns_one_user);
    if !by_itself {
        return Err(error);
    }
    let mut page = UsersPage::default();
    page.errors = Some(problems.to_vec());
    let mut meta = ReplyMeta::default();
    meta.rate = error.rate().copied();
    meta.date = meta.rate.and_then(RateWindow::server_now);
    meta.transaction_id = error.transaction_id().map(str::to_owned);
    Ok(Reply::new(page).with_meta(meta))
}

fn concerns_one_user(problem: &Problem) -> bool {
    matches!(
        problem.problem_type(),
        Some(
            ProblemType::ResourceNotFound
                | ProblemType::ResourceUnavailable
                | ProblemType::DisallowedResource
                | ProblemType::NotAuthorizedForResource
        )
    )
}

impl Shape for BlockingPage {
    type Value = Self;

    const KEY: &'static str = "meta";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<Self> {
        Some(self)
    }
}

impl Shape for BlockStateReply {
    type Value = BlockState;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<BlockState> {
        self.data
    }
}

impl Shape for UserReply {
    type Value = Self;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<Self> {
        self.data.is_some().then_some(self)
    }
}

impl Shape for UsersPage {
    type Value = Self;

    const KEY: &'static str = "data";

    fn problems_mut(&mut self) -> &mut Option<Vec<Problem>> {
        &mut self.errors
    }

    fn into_value(self) -> Option<Self> {
        self.data.is_some().then_some(self)
    }
}
