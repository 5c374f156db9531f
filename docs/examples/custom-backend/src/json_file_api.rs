//! A block list out of a file.

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Choice, Failure, Meta, PageToken,
    Selection, User, UserField, UserId,
};
use blocks_ports::{ApiError, BlocksApi, Reply};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A [`BlocksApi`] that reads a block list out of a JSON file, and writes nothing.
///
/// The file is `{"account": "12", "blocked": [user, …]}`, the newest block first, with users as
/// the API sends them. Posts are not in it, so expansions bring nothing along.
#[derive(Debug, Clone)]
pub struct JsonFileApi {
    list: List,
}

#[derive(Debug, Clone, Deserialize)]
struct List {
    account: UserId,
    blocked: Vec<User>,
}

impl JsonFileApi {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or is no block list.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ApiError> {
        let failed = |what| ApiError::new(Failure::Backend).with_detail(what);
        let json =
            fs::read(path).map_err(|error| failed("the file cannot be read").with_source(error))?;
        let list = serde_json::from_slice(&json)
            .map_err(|error| failed("the file holds no block list").with_source(error))?;
        Ok(Self { list })
    }

    /// Where the page of a token begins. A token is the number of that user, spelt out.
    fn first_of(&self, token: Option<&PageToken>) -> Result<usize, ApiError> {
        let Some(token) = token else { return Ok(0) };
        let number = token.as_str().strip_prefix(TOKEN).and_then(|digits| digits.parse().ok());
        number.filter(|first| (0..self.list.blocked.len()).contains(first)).ok_or_else(|| {
            ApiError::new(Failure::InvalidRequest)
                .with_detail("`pagination_token` comes from no answer about this list")
        })
    }
}

const TOKEN: &str = "list-from-user-number-";

fn token(first: usize) -> PageToken {
    PageToken::new(&format!("{TOKEN}{first}")).expect("it is long enough, without white space")
}

fn read_only() -> ApiError {
    ApiError::new(Failure::Unsupported).with_detail("a block list in a file is only read")
}

/// The user with what is sent unasked, and what the selection asks for.
fn selected(user: &User, selection: &Selection) -> Result<User, serde_json::Error> {
    let words = selection.vocabulary();
    let unasked = [UserField::Id, UserField::Name, UserField::Username];
    let asked = unasked.into_iter().chain(selection.user_fields());
    let asked: Vec<_> = asked.filter_map(|field| field.word(words)).collect();

    let json = serde_json::to_string(&user.spelled(words))?;
    let mut fields: Map<String, Value> = serde_json::from_str(&json)?;
    fields.retain(|name, _| asked.contains(&name.as_str()));
    serde_json::from_str(&serde_json::to_string(&fields)?)
}

#[async_trait]
impl BlocksApi for JsonFileApi {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        if source != self.list.account {
            return Err(ApiError::new(Failure::InvalidRequest)
                .with_detail(format!("the file holds the list of {}", self.list.account)));
        }
        let blocked = &self.list.blocked;
        let first = self.first_of(query.pagination_token())?;
        let size = usize::from(query.max_results().get());
        let behind = blocked.len().min(first + size);

        let users = blocked[first..behind].iter().map(|user| selected(user, query.selection()));
        let users: Vec<_> = users
            .collect::<Result<_, _>>()
            .map_err(|error| ApiError::new(Failure::Backend).with_source(error))?;
        let mut meta = Meta::new(u32::try_from(users.len()).unwrap_or(u32::MAX));
        meta.previous_token = (first > 0).then(|| token(first.saturating_sub(size)));
        meta.next_token = (behind < blocked.len()).then(|| token(behind));
        Ok(Reply::new(BlockingPage::new(users, meta)))
    }

    async fn block(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        Err(read_only())
    }

    async fn unblock(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        Err(read_only())
    }
}
