use blocks_domain::{Endpoint, Scope, Side};
use secrecy::{ExposeSecret, SecretString};

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
fn neighbours_have_lists_of_their_own() {
    let world = World::builder().blocks(50).neighbours(3, 20).build();
    let neighbours: Vec<_> = (0..4).map_while(|number| world.neighbour(number)).collect();
    assert_eq!(neighbours.len(), 3);
    for neighbour in neighbours {
        let first = world.blocks(neighbour, 1)[0];
        assert!(first != neighbour && world.block_count(neighbour) == 20);
        let state = world.relationship(pair(first, neighbour)).expect("they exist");
        assert!(state.blocks(Side::Target), "seen from the other side");
        assert!(matches!(world.follow(pair(first, neighbour)), Err(WorldError::Refused(_))));
        world.unblock(pair(neighbour, first)).expect("they exist");
        assert_eq!(world.block_count(neighbour), 19);
    }
    assert_eq!(world.block_count(world.owner()), 50);
}

#[test]
fn a_status_is_by_hand_or_by_the_seed() {
    let world = World::builder().blocks(500).unavailable(200).build();
    let (me, shown) = (world.owner(), world.blocks(world.owner(), 1000));
    assert_eq!((shown.len(), world.status(me)), (500, Some(AccountStatus::Active)));
    assert!(shown.iter().all(|user| world.status(*user) == Some(AccountStatus::Active)));
    assert_eq!(world.status(UserId::new(12).expect("an id")), None);
    assert!((0..500).all(|n| world.status(world.stranger(n)) == Some(AccountStatus::Active)));
    assert!(matches!(world.suspend(UserId::MAX), Err(WorldError::NoSuchUser { .. })));
    let unavailable = world.block_count(me) - 500;
    assert!((100..200).contains(&unavailable), "{unavailable} of 625 or so");
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
    let admitted = || world.admit(Claim::Token(token.expose_secret()), Endpoint::GetMe).is_ok();
    assert!(admitted());
    world.advance(hour);
    assert!(!admitted());
}

#[test]
fn what_was_kept_is_the_same_world() {
    let noon = NOON.parse().expect("a time");
    let world = World::builder().seed(3).blocks(50).unavailable(100).neighbours(9, 20);
    let world = world.page_token_lifetime(Duration::from_secs(77)).still_at(noon).build();
    let (me, them) = (world.owner(), world.stranger(3));
    let token = world.token();
    world.block(pair(me, them)).expect("they exist");
    world.unblock(pair(me, world.blocks(me, 9)[8])).expect("they exist");
    world.follow(pair(world.stranger(1), world.stranger(2))).expect("strangers");
    world.suspend(world.stranger(4)).expect("they exist");
    world.deactivate(world.blocks(me, 9)[3]).expect("they exist");
    let neighbour = world.neighbour(8).expect("there are so many");
    world.unblock(pair(neighbour, world.blocks(neighbour, 1)[0])).expect("they exist");
    world.set_credits(Some("3.5".parse().expect("an amount")));
    world.advance(Duration::from_millis(1500));
    let caller =
        world.admit(Claim::Token(token.expose_secret()), Endpoint::GetBlocking).expect("let in");
    let page = world.read_blocks(&caller, Bookmark::at(blocks::Position::Newest), 7);
    let next_page = world.page_token(page.next.expect("more"), me);

    let kept = serde_json::to_string(&world.export()).expect("JSON");
    let again = World::import(serde_json::from_str(&kept).expect("JSON")).expect("a world");

    assert_eq!(again.export(), world.export());
    assert_eq!(again.blocks(me, 100), world.blocks(me, 100));
    assert_eq!(again.blocks(neighbour, 100), world.blocks(neighbour, 100));
    assert_eq!(again.block_count(neighbour), 19);
    assert_eq!(again.status(world.stranger(4)), Some(AccountStatus::Suspended));
    assert_eq!((again.meter(), again.now()), (world.meter(), world.now()));
    assert_eq!(again.bookmark(next_page.as_str(), me), page.next);
    let next =
        again.admit(Claim::Token(token.expose_secret()), Endpoint::GetBlocking).expect("let in");
    assert_eq!(next.rate.remaining(), caller.rate.remaining() - 1);
    again.read_blocks(&next, Bookmark::at(blocks::Position::Newest), 7);
    assert_eq!(again.meter().cost, world.meter().cost, "paid for already");
    again.advance(Duration::from_secs(77));
    assert_eq!(again.bookmark(next_page.as_str(), me), None, "it has expired");
}

#[test]
fn a_kept_world_knows_who_has_signed_in() {
    let world = world();
    let (me, app) = (world.owner(), world.app());
    let scopes = || Scope::FOR_READING.into_iter().chain([Scope::OfflineAccess]);
    let ended = world.token();
    let (there, code) = (world.sign_in(me, &app, scopes()), world.authorize(me, &app, scopes()));
    let (there, code) = (there.expect("the owner"), code.expect("the owner"));
    let oauth1 = world.oauth1_credential(me).expect("the owner");
    let request =
        world.with_authority(|authority, now| authority.request_token("oob", now)).expect("one");
    let pin = world.authorize_request_token(me, &request).expect("undecided");
    let refresh = |world: &World, token: &SecretString| {
        world.with_authority(|authority, now| authority.refresh(Client::Confidential, token, now))
    };
    let spent = there.refresh_token.expect("offline.access");
    let next = refresh(&world, &spent).expect("new");
    world.with_authority(|authority, _| authority.revoke(Client::Public, &ended)).expect("known");
    world.register_redirect_uri("http://[::1]:1234/");
    world.set_oauth1_may_write(false);

    let kept = serde_json::to_string(&world.export()).expect("JSON");
    let again = World::import(serde_json::from_str(&kept).expect("JSON")).expect("a world");

    assert_eq!(again.export(), world.export());
    assert!(again.accepts(&next.access_token) && !again.accepts(&there.access_token));
    assert!(!again.accepts(&ended) && !again.accepts(&again.token()), "it was revoked");
    assert_eq!(again.oauth1_credential(me), Ok(oauth1));
    assert_eq!(again.sign_in_tally().exchanges, 1);
    let traded = again.with_authority(|authority, now| {
        assert!(authority.is_redirect_uri("http://[::1]:1234/"));
        let by_pin = authority.access_token(&request.token, &pin, now);
        (authority.exchange(Client::Confidential, &code, now), by_pin)
    });
    assert!(matches!(traded, (Ok(_), Some(_))), "{traded:?}");
    assert!(refresh(&again, &spent).is_err());
    assert!(!again.accepts(&next.access_token), "the reuse was noticed");
    for secret in [&next.access_token, &spent, &code.code, &code.code_verifier, &pin] {
        assert!(!kept.contains(secret.expose_secret()), "{kept}");
    }
}

#[test]
fn a_state_from_before_anybody_could_sign_in_or_be_away_still_makes_a_world() {
    let mut kept = serde_json::to_value(world().export()).expect("JSON");
    for key in ["signing_in", "unavailable", "neighbours", "neighbour_blocks", "statuses"]
        .into_iter()
        .chain(["page_token_seconds"])
    {
        kept.as_object_mut().and_then(|kept| kept.remove(key)).expect("it was there");
    }
    kept["grants"] = serde_json::json!([
        { "number": 0, "user": 5, "scopes": ["block.read"], "expires_at": null },
    ]);
    let kept = serde_json::from_value(kept).expect("a state");
    let again = World::import(kept).expect("a world");
    assert_eq!(again.app().redirect_uri.as_deref(), Some(WorldBuilder::REDIRECT_URI));
}

#[test]
fn the_apps_have_the_redirect_uri_that_they_were_given() {
    let world = World::builder().redirect_uri("http://[::1]:9/").build();
    for app in [world.app(), world.public_app()] {
        assert_eq!(app.redirect_uri.as_deref(), Some("http://[::1]:9/"));
        assert!(world.authorize(world.owner(), &app, Scope::FOR_READING).is_ok());
    }
}

#[test]
fn signing_in_takes_a_user_and_an_app_of_this_world() {
    let (world, other) = (world(), World::builder().seed(4).build());
    let (me, app) = (world.owner(), world.public_app());
    let scopes = Scope::FOR_READING;
    let stranger = WorldError::NoSuchUser { user: other.owner() };
    assert_eq!(world.sign_in(other.owner(), &app, scopes).map(drop), Err(stranger));
    let foreign = world.sign_in(me, &other.public_app(), scopes).map(drop);
    assert_eq!(foreign, Err(WorldError::UnknownApp));
    let mut without_secret = world.app();
    without_secret.client_secret = None;
    let unproven = world.sign_in(me, &without_secret, scopes).map(drop);
    assert_eq!(unproven, Err(WorldError::UnknownApp));
    let mut elsewhere = app;
    elsewhere.redirect_uri = Some("http://127.0.0.1:8739/callback/".to_owned());
    let refused = world.authorize(me, &elsewhere, scopes).map(drop);
    assert_eq!(refused, Err(WorldError::UnknownRedirectUri));
    let unknown = world.authorize_request_token(me, &blocks_ports::RequestToken::new("a", "b"));
    assert_eq!(unknown.map(drop), Err(WorldError::UnknownRequestToken));
}

#[test]
fn a_state_of_another_version_is_refused() {
    let mut kept = serde_json::to_value(world().export()).expect("JSON");
    kept["version"] = 2.into();
    let kept = serde_json::from_value(kept).expect("a state");
    let error = World::import(kept).expect_err("another version");
    assert_eq!(error.to_string(), "the state is of version 2, and this program reads version 1");
}
