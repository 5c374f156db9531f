//! The API on a world, without HTTP.

mod activity;
mod model;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Endpoint, Failure, ForbiddenReason,
    LOOKUP_MAX, Meta, Problem, ProblemType, Selection, UserId, UserReply, Username, UsersPage,
};
use blocks_ports::{ApiError, BlocksApi, OAuth1Credential, Reply, ReplyMeta, UsersApi};
use secrecy::{ExposeSecret, SecretString};

use crate::World;
use crate::world::{Absence, Bookmark, Caller, Claim, Company, Denial, Denied, View};

/// The API of a [`World`] for one signed-in user and for the app, without HTTP between.
///
/// It keeps the rules that the sandbox keeps: scopes, plans, rate windows, prices, page tokens.
#[derive(Debug, Clone)]
pub struct FakeApi {
    world: World,
    proof: Proof,
}

/// By what it proves who calls.
#[derive(Debug, Clone)]
enum Proof {
    Token(SecretString),
    SignIn(OAuth1Credential),
}

impl FakeApi {
    /// The API for the owner of a world, with every scope.
    #[must_use]
    pub fn new(world: World) -> Self {
        let token = world.token();
        Self::with_token(world, token)
    }

    /// The API for whoever a token stands for, such as one of [`World::mint`].
    #[must_use]
    pub const fn with_token(world: World, token: SecretString) -> Self {
        Self { world, proof: Proof::Token(token) }
    }

    /// The API for whoever signed in by OAuth 1.0a, such as with [`World::oauth1_credential`].
    #[must_use]
    pub const fn with_oauth1(world: World, credential: OAuth1Credential) -> Self {
        Self { world, proof: Proof::SignIn(credential) }
    }

    fn admit(&self, endpoint: Endpoint) -> Result<Caller, ApiError> {
        self.world.admit(self.claim(), endpoint).map_err(refused)
    }

    fn claim(&self) -> Claim<'_> {
        match &self.proof {
            Proof::Token(token) => Claim::Token(token.expose_secret()),
            Proof::SignIn(credential) => {
                let holds = self.world.with_authority(|authority, _| authority.holds(credential));
                if holds { Claim::SignIn(&credential.token) } else { Claim::Nobody }
            }
        }
    }

    fn reply<T>(value: T, caller: &Caller) -> Reply<T> {
        let mut meta = ReplyMeta::default();
        meta.rate = Some(caller.rate);
        meta.date = caller.rate.server_now();
        Reply::new(value).with_meta(meta)
    }

    fn set_blocking(&self, pair: BlockPair, blocking: bool) -> Result<Reply<BlockState>, ApiError> {
        let endpoint = if blocking { Endpoint::PostBlocking } else { Endpoint::DeleteBlocking };
        let caller = self.admit(endpoint)?;
        own_list(pair.source(), &caller)?;
        match self.world.set_blocking(pair, blocking) {
            Ok(()) => Ok(Self::reply(BlockState::new(blocking), &caller)),
            Err(why) => Err(ApiError::new(Failure::NotFound)
                .with_status(404)
                .with_problems(vec![model::absent("id", &pair.target().to_string(), why)])
                .with_rate(Some(caller.rate))),
        }
    }

    /// The users of a lookup: those who are there, and a problem for each who is not.
    fn look_up(
        &self,
        endpoint: Endpoint,
        parameter: &str,
        asked: &[(String, Option<UserId>)],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let caller = self.admit(endpoint)?;
        if asked.is_empty() || asked.len() > LOOKUP_MAX {
            let detail = format!("`{parameter}` takes 1 to {LOOKUP_MAX} users");
            return Err(invalid(detail, &caller));
        }
        let found = asked.iter().filter_map(|(_, id)| *id);
        let views = self.world.look_up(&caller, endpoint, found);
        let absence = |id: Option<UserId>| {
            id.map_or(Some(Absence::NotFound), |user| self.world.absence(user))
        };
        let absent = asked.iter().filter_map(|(value, id)| Some((value, absence(*id)?)));
        let mut problems: Vec<_> =
            absent.map(|(value, why)| model::absent(parameter, value, why)).collect();
        let company = self.company(&caller, &views, selection);
        problems.extend(model::problems(&company, selection));
        let mut page = UsersPage::new(model::users(&views, selection));
        page.includes = model::includes(&company, selection);
        page.errors = non_empty(problems);
        Ok(Self::reply(page, &caller))
    }

    fn company(&self, caller: &Caller, views: &[View], selection: &Selection) -> Company {
        self.world.company(caller, views, selection.expansions())
    }
}

#[async_trait]
impl BlocksApi for FakeApi {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let caller = self.admit(Endpoint::GetBlocking)?;
        own_list(source, &caller)?;
        let bookmark = match query.pagination_token() {
            None => Bookmark::FIRST_PAGE,
            Some(token) => self.world.bookmark(token.as_str(), caller.user).ok_or_else(|| {
                invalid(format!("`pagination_token` does not take {:?}", token.as_str()), &caller)
            })?,
        };
        let read = self.world.read_blocks(&caller, bookmark, query.max_results().get().into());
        let token = |bookmark: Option<Bookmark>| {
            bookmark.map(|bookmark| self.world.page_token(bookmark, caller.user))
        };
        let selection = query.selection();
        let company = self.company(&caller, &read.people, selection);
        let users = model::users(&read.people, selection);
        let mut meta = Meta::new(u32::try_from(users.len()).unwrap_or(u32::MAX));
        meta.next_token = token(read.next);
        meta.previous_token = token(read.previous);
        let mut page = BlockingPage::new(users, meta);
        page.includes = model::includes(&company, selection);
        page.errors = non_empty(model::problems(&company, selection));
        Ok(Self::reply(page, &caller))
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.set_blocking(pair, true)
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.set_blocking(pair, false)
    }
}

#[async_trait]
impl UsersApi for FakeApi {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        let caller = self.admit(Endpoint::GetMe)?;
        let views = self.world.look_up(&caller, Endpoint::GetMe, [caller.user]);
        let company = self.company(&caller, &views, selection);
        let mut reply = UserReply::default();
        reply.data = model::users(&views, selection).pop();
        reply.includes = model::includes(&company, selection);
        reply.errors = non_empty(model::problems(&company, selection));
        Ok(Self::reply(reply, &caller))
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let asked: Vec<_> = usernames
            .iter()
            .map(|name| (name.to_string(), self.world.id_of(name.as_str())))
            .collect();
        self.look_up(Endpoint::GetUsersBy, "usernames", &asked, selection)
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        let asked: Vec<_> = ids.iter().map(|id| (id.to_string(), Some(*id))).collect();
        self.look_up(Endpoint::GetUsers, "ids", &asked, selection)
    }
}

fn own_list(source: UserId, caller: &Caller) -> Result<(), ApiError> {
    if source == caller.user {
        return Ok(());
    }
    let user = caller.user;
    Err(invalid(format!("`id` must be the signed-in user {user}, and is {source}"), caller))
}

fn invalid(detail: String, caller: &Caller) -> ApiError {
    ApiError::new(Failure::InvalidRequest)
        .with_status(400)
        .with_detail(detail)
        .with_problems(vec![Problem::new(ProblemType::InvalidRequest, "Invalid Request")])
        .with_rate(Some(caller.rate))
}

fn refused(Denied { reason, rate, .. }: Denied) -> ApiError {
    let blank = ProblemType::Blank;
    let (status, failure, problem, title) = match reason {
        Denial::Unauthenticated => (401, Failure::Unauthenticated, blank, "Unauthorized"),
        Denial::AppOnly | Denial::UserContext => (
            403,
            Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication),
            ProblemType::UnsupportedAuthentication,
            "Unsupported Authentication",
        ),
        Denial::NotEnrolled => (
            403,
            Failure::Forbidden(ForbiddenReason::NotEnrolled),
            ProblemType::ClientForbidden,
            "Client Forbidden",
        ),
        Denial::Forbidden => {
            (403, Failure::Forbidden(ForbiddenReason::ScopeOrPlan), blank, "Forbidden")
        }
        Denial::OAuth1Permissions => (
            403,
            Failure::Forbidden(ForbiddenReason::OAuth1Permissions),
            ProblemType::OAuth1Permissions,
            "Forbidden",
        ),
        Denial::OutOfCredits => {
            (402, Failure::OutOfCredits, ProblemType::Credits, "CreditsDepleted")
        }
        Denial::Capped => (429, Failure::Capped, ProblemType::UsageCapped, "UsageCapExceeded"),
        Denial::RateLimited => (429, Failure::RateLimited, blank, "Too Many Requests"),
    };
    ApiError::new(failure)
        .with_status(status)
        .with_problems(vec![Problem::new(problem, title)])
        .with_rate(rate)
}

fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    if list.is_empty() { None } else { Some(list) }
}

#[cfg(test)]
mod tests;
