//! What every [`BlocksApi`] can do besides.

use std::collections::HashSet;

use blocks_domain::{BlockingPage, BlockingQuery, Failure, PageToken, User, UserId};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{ApiError, BlocksApi, Reply};

/// Reads a whole block list, page by page; written once for all backends.
///
/// Only an answer whose `meta` has no `next_token` ends a stream: a short or an empty page does
/// not. A token that comes a second time would go round for ever, so the page that names it is an
/// error and not a page: whoever keeps a checkpoint stays before it, and asks for it again at the
/// price of one page. After an error the stream ends; the error names the page to go on from.
pub trait BlocksApiExt: BlocksApi {
    /// The pages from the query's page to the oldest block.
    fn pages(
        &self,
        source: UserId,
        query: BlockingQuery,
    ) -> BoxStream<'_, Result<Reply<BlockingPage>, Interrupted>> {
        walk(self, source, query, |page| page.meta.next_token.clone())
    }

    /// The pages from the query's page back to the newest block.
    fn pages_back(
        &self,
        source: UserId,
        query: BlockingQuery,
    ) -> BoxStream<'_, Result<Reply<BlockingPage>, Interrupted>> {
        walk(self, source, query, |page| page.meta.previous_token.clone())
    }

    /// The users from the query's page to the oldest block.
    fn users(
        &self,
        source: UserId,
        query: BlockingQuery,
    ) -> BoxStream<'_, Result<User, Interrupted>> {
        self.pages(source, query)
            .map_ok(|reply| stream::iter(reply.value.data.unwrap_or_default().into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

impl<A: BlocksApi + ?Sized> BlocksApiExt for A {}

/// Reading a list stopped before its end.
#[derive(Debug, thiserror::Error)]
#[error("reading the block list stopped at page {}", pages + 1)]
#[non_exhaustive]
pub struct Interrupted {
    /// Why.
    #[source]
    pub error: ApiError,
    /// The token of the page that failed, to go on from; `None` is the first page.
    pub resume_from: Option<PageToken>,
    /// How many pages came before it in this stream.
    pub pages: u64,
}

impl Interrupted {
    /// A stream that stopped after so many pages, at the page of that token.
    #[must_use]
    pub const fn new(error: ApiError, resume_from: Option<PageToken>, pages: u64) -> Self {
        Self { error, resume_from, pages }
    }
}

struct Walk {
    query: BlockingQuery,
    seen: HashSet<PageToken>,
    pages: u64,
}

fn walk<A: BlocksApi + ?Sized>(
    api: &A,
    source: UserId,
    query: BlockingQuery,
    onward: fn(&BlockingPage) -> Option<PageToken>,
) -> BoxStream<'_, Result<Reply<BlockingPage>, Interrupted>> {
    let seen = query.pagination_token().cloned().into_iter().collect();
    let start = Walk { query, seen, pages: 0 };
    stream::try_unfold(Some(start), move |walk| async move {
        let Some(mut walk) = walk else { return Ok(None) };
        let reply = match api.blocking(source, &walk.query).await {
            Ok(reply) => reply,
            Err(error) => return Err(walk.interrupted(error)),
        };
        let Some(token) = onward(&reply.value) else { return Ok(Some((reply, None))) };
        if !walk.seen.insert(token.clone()) {
            let error = ApiError::new(Failure::Malformed)
                .with_detail("a page names a token that came before, so the list would never end");
            return Err(walk.interrupted(error));
        }
        walk.query = walk.query.with_pagination_token(token);
        walk.pages += 1;
        Ok(Some((reply, Some(walk))))
    })
    .boxed()
}

impl Walk {
    fn interrupted(&self, error: ApiError) -> Interrupted {
        Interrupted::new(error, self.query.pagination_token().cloned(), self.pages)
    }
}
