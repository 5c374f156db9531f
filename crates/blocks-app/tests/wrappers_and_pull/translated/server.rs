//! A server that knows the words of some vocabularies alone.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, Problem, Selection, UserId,
    UserReply, Username, UsersPage, Vocabulary,
};
use blocks_fake::{FakeApi, World};
use blocks_ports::{ApiError, BlocksApi, Reply, UsersApi};

/// The world of all servers.
pub(super) fn world() -> World {
    let noon = "2026-08-07T12:00:00Z".parse().expect("a time");
    World::builder().seed(3).blocks(5).still_at(noon).build()
}

/// Answers from a world, and refuses words as X does.
#[derive(Debug, Clone)]
pub(super) struct Server {
    api: FakeApi,
    known: Vec<Vocabulary>,
    answers_in: Option<Vocabulary>,
    /// After how many requests it has trouble of its own.
    fails_after: Option<usize>,
    asked: Arc<Mutex<Vec<Selection>>>,
}

impl Server {
    pub(super) fn knowing(known: &[Vocabulary]) -> Self {
        Self {
            api: FakeApi::new(world()),
            known: known.to_vec(),
            answers_in: None,
            fails_after: None,
            asked: Arc::default(),
        }
    }

    /// Lets its answers be in these words, whatever the words of the request.
    pub(super) fn answering_in(mut self, words: Vocabulary) -> Self {
        self.answers_in = Some(words);
        self
    }

    pub(super) const fn failing_after(mut self, requests: usize) -> Self {
        self.fails_after = Some(requests);
        self
    }

    /// What it was asked for so far.
    pub(super) fn asked(&self) -> Vec<Selection> {
        self.asked.lock().expect("no panic").clone()
    }

    fn take(&self, selection: &Selection) -> Result<(), ApiError> {
        let mut asked = self.asked.lock().expect("no panic");
        asked.push(selection.clone());
        if self.fails_after.is_some_and(|requests| asked.len() > requests) {
            return Err(ApiError::new(Failure::Unavailable).with_status(503));
        }
        if self.known.contains(&selection.vocabulary()) || !selection.tells_the_vocabulary() {
            return Ok(());
        }
        let problems = selection.pairs().into_iter().flat_map(|(name, list)| {
            let words: Vec<_> = list.split(',').map(str::to_owned).collect();
            words.into_iter().map(move |word| {
                let mut problem = Problem::default();
                problem.message = Some(format!(
                    "The `{name}` query parameter value [{word}] is not one of [created_at,id]"
                ));
                problem
            })
        });
        Err(ApiError::new(Failure::InvalidRequest)
            .with_status(400)
            .with_problems(problems.collect()))
    }

    fn answer<T>(&self, mut reply: Reply<T>) -> Reply<T> {
        reply.meta.words = self.answers_in;
        reply
    }
}

#[async_trait]
impl BlocksApi for Server {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.take(query.selection())?;
        self.api.blocking(source, query).await.map(|reply| self.answer(reply))
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.api.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.api.unblock(pair).await
    }
}

#[async_trait]
impl UsersApi for Server {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        self.take(selection)?;
        self.api.me(selection).await.map(|reply| self.answer(reply))
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.take(selection)?;
        self.api.by_usernames(usernames, selection).await.map(|reply| self.answer(reply))
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.take(selection)?;
        self.api.by_ids(ids, selection).await.map(|reply| self.answer(reply))
    }
}
