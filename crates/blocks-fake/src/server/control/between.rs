//! What stands between users: blocks and follows.

use blocks_domain::{BlockPair, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::users::{Name, user};
use super::{Complaint, Told, wrong};
use crate::{World, WorldError};

/// Pairs of who and whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    add: Vec<(Name, Name)>,
    /// These come first.
    #[serde(default)]
    remove: Vec<(Name, Name)>,
}

pub(super) fn blocks(world: &World, told: &Told) -> Result<Value, Complaint> {
    told.takes(&["user", "limit"])?;
    let user = named(world, told)?;
    let limit = told.number("limit")?.unwrap_or(1000);
    let users = ids(world.blocks(user, limit));
    let count = world.block_count(user);
    Ok(json!({ "user_id": user.to_string(), "count": count, "user_ids": users }))
}

pub(super) fn follows(world: &World, told: &Told) -> Result<Value, Complaint> {
    told.takes(&["user"])?;
    let user = named(world, told)?;
    let (following, followers) = world.follows(user);
    let (following, followers) = (ids(following), ids(followers));
    Ok(json!({ "user_id": user.to_string(), "following": following, "followers": followers }))
}

pub(super) fn change_blocks(world: &World, told: &Told) -> Result<Value, Complaint> {
    change(world, told, World::change_blocks)
}

pub(super) fn change_follows(world: &World, told: &Told) -> Result<Value, Complaint> {
    change(world, told, World::change_follows)
}

fn change(
    world: &World,
    told: &Told,
    change: impl FnOnce(&World, &[BlockPair], &[BlockPair]) -> Result<(), WorldError>,
) -> Result<Value, Complaint> {
    let asked: Change = told.json()?;
    let (remove, add) = (pairs(world, &asked.remove)?, pairs(world, &asked.add)?);
    change(world, &remove, &add).map_err(|error| wrong(error.to_string()))?;
    Ok(json!({ "added": add.len(), "removed": remove.len() }))
}

fn pairs(world: &World, named: &[(Name, Name)]) -> Result<Vec<BlockPair>, Complaint> {
    let pair = |(source, target): &(Name, Name)| {
        BlockPair::new(source.user(world)?, target.user(world)?)
            .map_err(|error| wrong(error.to_string()))
    };
    named.iter().map(pair).collect()
}

/// The user in the parameter `user`.
pub(super) fn named(world: &World, told: &Told) -> Result<UserId, Complaint> {
    let name = told.parameter("user").ok_or_else(|| wrong("the parameter `user` is missing"))?;
    user(world, name)
}

fn ids(users: Vec<UserId>) -> Vec<String> {
    users.into_iter().map(|user| user.to_string()).collect()
}
