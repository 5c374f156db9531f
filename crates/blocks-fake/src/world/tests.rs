use blocks_domain::{Endpoint, Side};
use secrecy::ExposeSecret;

use super::*;

const NOON: &str = "2026-08-07T12:00:00Z";

fn world() -> World {
    World::builder().seed(3).blocks(50).still_at(NOON.parse().expect("a time")).build()
}

fn pair(source: UserId, target: UserId) -> BlockPair {
    BlockPair::new(source, target).expect("two users")
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let (one, two) = (world(), world());
    assert_eq!(one.owner(), two.owner());
    assert_eq!(one.blocks(one.owner(), 100), two.blocks(two.owner(), 100));
    assert_eq!(one.token().expose_secret(), two.token().expose_secret());
    let other = World::builder().seed(4).blocks(50).build();
    assert_ne!(one.owner(), other.owner());
    assert_ne!(one.token().expose_secret(), other.token().expose_secret());
}

#[test]
fn a_world_lives_by_the_rules_of_the_relationship() {
    let world = world();
    let (me, them) = (world.owner(), world.stranger(0));
    world.follow(pair(them, me)).expect("no block stands");
    world.block(pair(me, them)).expect("they exist");
    let state = world.relationship(pair(me, them)).expect("they exist");
    assert!(state.blocks(Side::Source) && !state.follows(Side::Target));
    assert!(matches!(world.follow(pair(them, me)), Err(WorldError::Refused(_))));
    world.unblock(pair(me, them)).expect("they exist");
    let state = world.relationship(pair(me, them)).expect("they exist");
    assert_eq!(state, Relationship::between_strangers(), "no follow comes back");
}

#[test]
fn blocks_of_the_seed_are_blocks_like_any_other() {
    let world = world();
    let (me, first) = (world.owner(), world.blocks(world.owner(), 1)[0]);
    assert!(world.relationship(pair(first, me)).expect("they exist").blocks(Side::Target));
    assert!(world.follow(pair(first, me)).is_err());
    assert_eq!(world.unblock(pair(me, first)).expect("they exist").effects.len(), 1);
    assert_eq!(world.block_count(me), 49);
    world.block(pair(me, first)).expect("they exist");
    assert_eq!(world.blocks(me, 1), [first]);
}

#[test]
fn strangers_are_many_and_not_blocked() {
    let world = world();
    let strangers: std::collections::BTreeSet<_> = (0..500).map(|n| world.stranger(n)).collect();
    assert_eq!(strangers.len(), 500);
    assert!(world.blocks(world.owner(), 100).iter().all(|blocked| !strangers.contains(blocked)));
    assert!(!strangers.contains(&world.owner()));
}

#[test]
fn tokens_end_and_the_world_moves_on() {
    let world = world();
    let hour = Duration::from_secs(3600);
    let token = world.mint(world.stranger(1), Scope::ALL, Some(hour)).expect("they exist");
    let admitted = || world.admit(Some(token.expose_secret()), Endpoint::GetMe).is_ok();
    assert!(admitted());
    world.advance(hour);
    assert!(!admitted());
}

#[test]
fn what_was_kept_is_the_same_world() {
    let world = world();
    let (me, them) = (world.owner(), world.stranger(3));
    let token = world.token();
    world.block(pair(me, them)).expect("they exist");
    world.unblock(pair(me, world.blocks(me, 9)[8])).expect("they exist");
    world.follow(pair(world.stranger(1), world.stranger(2))).expect("strangers");
    world.set_credits(Some("3.5".parse().expect("an amount")));
    world.advance(Duration::from_millis(1500));
    let caller = world.admit(Some(token.expose_secret()), Endpoint::GetBlocking).expect("let in");
    let page = world.read_blocks(&caller, Bookmark::at(blocks::Position::Newest), 7);
    let next = world.page_token(page.next.expect("more"), me);

    let kept = serde_json::to_string(&world.export()).expect("JSON");
    let again = World::import(serde_json::from_str(&kept).expect("JSON")).expect("a world");

    assert_eq!(again.export(), world.export());
    assert_eq!(again.blocks(me, 100), world.blocks(me, 100));
    assert_eq!((again.meter(), again.now()), (world.meter(), world.now()));
    assert_eq!(again.bookmark(next.as_str(), me), page.next);
    let next = again.admit(Some(token.expose_secret()), Endpoint::GetBlocking).expect("let in");
    assert_eq!(next.rate.remaining(), caller.rate.remaining() - 1);
    again.read_blocks(&next, Bookmark::at(blocks::Position::Newest), 7);
    assert_eq!(again.meter().cost, world.meter().cost, "paid for already");
}

#[test]
fn a_state_of_another_version_is_refused() {
    let mut kept = serde_json::to_value(world().export()).expect("JSON");
    kept["version"] = 2.into();
    let kept = serde_json::from_value(kept).expect("a state");
    let error = World::import(kept).expect_err("another version");
    assert_eq!(error.to_string(), "the state is of version 2, and this program reads version 1");
}
