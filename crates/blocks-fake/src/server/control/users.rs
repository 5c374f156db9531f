//! Users and their tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use blocks_domain::{Scope, UserId};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Complaint, Told, wrong};
use crate::{AccountStatus, World};

/// How many users one request may name.
const MOST: usize = 1_000_000;

/// A user as a request names them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a user must be a text, or a whole number")]
pub(super) enum Name {
    Number(u64),
    Text(String),
}

impl Name {
    pub(super) fn user(&self, world: &World) -> Result<UserId, Complaint> {
        match self {
            Self::Number(number) => user(world, &number.to_string()),
            Self::Text(text) => user(world, text),
        }
    }
}

/// The user with a name.
pub(super) fn user(world: &World, name: &str) -> Result<UserId, Complaint> {
    world.user_named(name).ok_or_else(|| wrong(format!("there is no user `{name}`")))
}

/// The users with numbers in a row.
fn in_a_row(world: &World, from: usize, count: usize) -> Result<Vec<UserId>, Complaint> {
    if count > MOST {
        return Err(wrong(format!("`count` must be at most {MOST}")));
    }
    let user = |number: usize| u32::try_from(number).ok().and_then(|number| world.user_at(number));
    let users = (from..from.saturating_add(count)).map(user).collect::<Option<_>>();
    users.ok_or_else(|| wrong("there are not that many users: their numbers end at 67108863"))
}

pub(super) fn look_up(world: &World, told: &Told) -> Result<Value, Complaint> {
    told.takes(&["users", "from", "count"])?;
    let row = (told.number("from")?, told.number("count")?);
    let (mut users, mut missing) = (Vec::new(), Vec::new());
    match (told.parameter("users"), row) {
        (Some(names), (None, None)) => {
            for name in names.split(',') {
                match world.user_named(name) {
                    Some(user) => users.push(user),
                    None => missing.push(name),
                }
            }
        }
        (None, (from, Some(count))) => users = in_a_row(world, from.unwrap_or_default(), count)?,
        _ => return Err(wrong("name users in `users`, or a row of numbers by `from` and `count`")),
    }
    let users: Vec<_> = users.into_iter().filter_map(|user| who(world, user)).collect();
    Ok(json!({ "users": users, "missing": missing }))
}

fn who(world: &World, user: UserId) -> Option<Value> {
    let profile = world.profile(user)?;
    Some(json!({
        "id": user.to_string(),
        "username": profile.username,
        "name": profile.name,
        "number": world.number_of(user)?,
    }))
}

/// What is to become of accounts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fates {
    #[serde(default)]
    suspend: Vec<Name>,
    #[serde(default)]
    deactivate: Vec<Name>,
    #[serde(default)]
    reinstate: Vec<Name>,
}

pub(super) fn change(world: &World, told: &Told) -> Result<Value, Complaint> {
    let fates: Fates = told.json()?;
    let named = |names: &[Name]| -> Result<Vec<_>, Complaint> {
        names.iter().map(|name| name.user(world)).collect()
    };
    // All names are read before anything is changed.
    let fates = [
        (named(&fates.suspend)?, AccountStatus::Suspended),
        (named(&fates.deactivate)?, AccountStatus::Deactivated),
        (named(&fates.reinstate)?, AccountStatus::Active),
    ];
    let all =
        fates.iter().flat_map(|(users, status)| users.iter().map(move |user| (*user, *status)));
    let all: Vec<_> = all.collect();
    world.set_statuses(&all).map_err(|error| wrong(error.to_string()))?;
    Ok(json!({ "changed": all.len() }))
}

/// Whose tokens are asked for, and what they allow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    users: Option<Vec<Name>>,
    from: Option<usize>,
    count: Option<usize>,
    /// All of them where this is absent.
    scopes: Option<Vec<String>>,
    /// They never end where this is absent.
    lifetime_s: Option<u32>,
}

pub(super) fn mint(world: &World, told: &Told) -> Result<Value, Complaint> {
    let wanted: Wanted = told.json()?;
    let users: Vec<_> = match (&wanted.users, wanted.from, wanted.count) {
        (Some(names), None, None) => {
            names.iter().map(|name| name.user(world)).collect::<Result<_, _>>()?
        }
        (None, from, Some(count)) => in_a_row(world, from.unwrap_or_default(), count)?,
        _ => return Err(wrong("name users in `users`, or a row of numbers by `from` and `count`")),
    };
    let scopes = match &wanted.scopes {
        None => Scope::ALL.into(),
        Some(words) => words.iter().map(|word| scope(word)).collect::<Result<BTreeSet<_>, _>>()?,
    };
    let lifetime = wanted.lifetime_s.map(|seconds| Duration::from_secs(seconds.into()));
    let now = world.now();
    let tokens = world
        .mint_for_all(&users, scopes.iter().copied(), lifetime)
        .map_err(|error| wrong(error.to_string()))?;
    let ends = wanted.lifetime_s.map(|seconds| now + SignedDuration::from_secs(seconds.into()));
    let token = |(user, token): (&UserId, &secrecy::SecretString)| {
        let username = world.profile(*user).map(|profile| profile.username);
        let token = token.expose_secret();
        json!({ "user_id": user.to_string(), "username": username, "access_token": token })
    };
    Ok(json!({
        "tokens": users.iter().zip(&tokens).map(token).collect::<Vec<_>>(),
        "scopes": scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(),
        "expires_at": ends.map(|ends| format!("{ends:.3}")),
    }))
}

fn scope(word: &str) -> Result<Scope, Complaint> {
    let words = || Scope::ALL.map(Scope::word).join(", ");
    word.parse().map_err(|_| wrong(format!("`{word}` is no scope: there are {}", words())))
}
