//! Finding the users that a person names.

use blocks_domain::{LOOKUP_MAX, Problem, Selection, UserId, Username};
use blocks_ports::{ChangeQuery, MirrorEntry, MirrorJournal, MirrorQuery, MirrorStore, UsersApi};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;

use crate::args::UserArg;
use crate::exit::{Exit, Failed};
use crate::output::visible;

/// A user to do something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: UserId,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.username {
            Some(handle) => write!(f, "@{}", visible(handle))?,
            None => write!(f, "user {}", self.id)?,
        }
        if let Some(name) = &self.name {
            write!(f, " ({})", visible(name))?;
        }
        Ok(())
    }
}

/// A user of the mirror, by id or handle.
pub(crate) async fn in_mirror(
    store: &SqliteStore,
    account: UserId,
    user: &UserArg,
) -> anyhow::Result<Option<MirrorEntry>> {
    let handle = match user {
        UserArg::Id(id) => return Ok(store.entry(account, *id).await?),
        UserArg::Handle(handle) => handle,
    };
    let mut query = MirrorQuery::default();
    query.username = Some(handle.as_str().to_owned());
    Ok(store.entries(account, query).try_next().await?)
}

/// The users that are named, each once, in their order.
///
/// Handles are looked up at X, which bills each; ids are taken as they are, and shown with what
/// the mirror knows of them.
pub(crate) async fn targets(
    api: &dyn UsersApi,
    store: &SqliteStore,
    account: UserId,
    users: &[UserArg],
) -> anyhow::Result<Vec<Target>> {
    let handles: Vec<_> = users
        .iter()
        .filter_map(|user| match user {
            UserArg::Handle(handle) => Some(handle.clone()),
            UserArg::Id(_) => None,
        })
        .collect();
    let found = by_handles(api, &handles).await?;
    let mut targets: Vec<Target> = Vec::new();
    for user in users {
        let target = match user {
            UserArg::Id(id) => known_of(store, account, *id).await?,
            UserArg::Handle(handle) => found
                .iter()
                .find(|(asked, _)| asked == handle)
                .map(|(_, target)| target.clone())
                .ok_or_else(|| {
                    Failed::new(Exit::Failed, format!("X does not show a user @{handle}"))
                })?,
        };
        if !targets.iter().any(|other| other.id == target.id) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// What the mirror knows of somebody, also where they have left it.
async fn known_of(store: &SqliteStore, account: UserId, id: UserId) -> anyhow::Result<Target> {
    if let Some(MirrorEntry { user, .. }) = store.entry(account, id).await? {
        return Ok(Target { id, username: user.username, name: user.name });
    }
    let mut query = ChangeQuery::default();
    query.user = Some(id);
    let changes: Vec<_> = store.changes(account, query).try_collect().await?;
    let names = changes.into_iter().last().map(|change| change.names).unwrap_or_default();
    Ok(Target { id, username: names.username, name: names.name })
}

async fn by_handles(
    api: &dyn UsersApi,
    handles: &[Username],
) -> anyhow::Result<Vec<(Username, Target)>> {
    let mut found = Vec::new();
    for some in handles.chunks(LOOKUP_MAX) {
        let reply = api.by_usernames(some, &Selection::default()).await?;
        for user in reply.value.users() {
            let Some(handle) = user.username.as_deref().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let target =
                Target { id: user.id, username: user.username.clone(), name: user.name.clone() };
            found.push((handle, target));
        }
        let missing: Vec<_> = some.iter().filter(|h| !found.iter().any(|(f, _)| f == *h)).collect();
        if let Some(first) = missing.first() {
            let said = reply.value.problems().iter().find_map(Problem::message);
            let why = said.map(|said| format!(": {}", visible(said))).unwrap_or_default();
            return Err(Failed::new(Exit::Failed, format!("X does not show a user @{first}{why}"))
                .remedy(
                    "Nothing was changed. Check the handle; the account may be renamed or gone.",
                )
                .into());
        }
    }
    Ok(found)
}
