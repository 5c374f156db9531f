use std::time::Duration;

use blocks_domain::{BlockPair, Endpoint, Scope};
use futures_util::{FutureExt, StreamExt};
use secrecy::ExposeSecret;

use super::*;
use crate::world::Claim;

const NOW: &str = "2026-08-07T12:00:00Z";

fn world() -> World {
    World::builder().seed(3).blocks(10).still_at(NOW.parse().expect("a time")).build()
}

fn caller(world: &World) -> Caller {
    let token = world.token();
    let claim = Claim::Token(token.expose_secret());
    world.admit(claim, Endpoint::PostSubscription).expect("let in")
}

/// Subscribes the owner to both kinds, and opens a stream.
fn stream(world: &World) -> EventStream {
    let caller = caller(world);
    for kind in [EventKind::Block, EventKind::Unblock] {
        drop(world.subscribe(&caller, kind, None));
    }
    world.open_stream(Duration::ZERO).expect("a stream")
}

fn pair(world: &World, stranger: u32) -> BlockPair {
    BlockPair::new(world.owner(), world.stranger(stranger)).expect("two users")
}

/// What a stream has to tell at once: the ids of the targets, until it waits or ends.
fn told(stream: &mut EventStream) -> (Vec<u64>, Option<End>) {
    let mut targets = Vec::new();
    loop {
        match stream.next().now_or_never() {
            Some(Some(Ok(told))) => targets.push(told.target.profile.id.get()),
            Some(Some(Err(end))) => return (targets, Some(end)),
            Some(None) | None => return (targets, None),
        }
    }
}

/// Whether the latest stream is open.
fn is_open(world: &World) -> bool {
    world.lock().activity.streams.last().is_some_and(|queue| queue.is_open())
}

#[test]
fn a_block_is_told_and_charged_once_to_all_who_listen() {
    let world = world();
    let (mut one, mut other) = (stream(&world), stream(&world));
    world.block(pair(&world, 0)).expect("they exist");
    let target = vec![world.stranger(0).get()];
    assert_eq!(told(&mut one), (target.clone(), None));
    assert_eq!(world.meter().block_events, 1);
    assert_eq!(told(&mut other), (target, None));
    assert_eq!((world.meter().block_events, world.meter().cost), (1, "0.001".parse().expect("x")));
}

#[test]
fn nothing_is_told_where_nothing_changes_and_nobody_asked() {
    let world = world();
    let mut stream = stream(&world);
    let blocked = world.blocks(world.owner(), 1)[0];
    world.block(BlockPair::new(world.owner(), blocked).expect("two users")).expect("they exist");
    world.unblock(pair(&world, 0)).expect("they exist");
    let (them, me) = (world.stranger(0), world.owner());
    world.block(BlockPair::new(them, me).expect("two users")).expect("they exist");
    assert_eq!(told(&mut stream), (vec![], None), "not of a block that stands, nor of others'");

    let id = world.subscriptions(None)[0].id;
    assert_eq!(world.unsubscribe(id), Some(1));
    world.block(pair(&world, 1)).expect("they exist");
    world.unblock(pair(&world, 1)).expect("they exist");
    assert_eq!(told(&mut stream).0.len(), 1, "the unblock alone");
}

#[test]
fn a_reader_that_lags_behind_is_cut_off() {
    let world = world();
    let mut stream = stream(&world);
    for _ in 0..Queue::MOST / 2 {
        world.block(pair(&world, 0)).expect("they exist");
        world.unblock(pair(&world, 0)).expect("they exist");
    }
    assert!(is_open(&world), "as much as it holds");
    world.block(pair(&world, 0)).expect("they exist");
    assert_eq!(told(&mut stream), (vec![], Some(End::TooSlow)));
    assert_eq!(told(&mut stream), (vec![], None));
    assert_eq!(world.meter().block_events, 0, "what was not told is not charged for");
}

#[test]
fn a_stream_ends_when_the_credits_do() {
    let world = world();
    let mut stream = stream(&world);
    world.set_credits(Some("0.0015".parse().expect("an amount")));
    world.block(pair(&world, 0)).expect("they exist");
    world.block(pair(&world, 1)).expect("they exist");
    assert_eq!(told(&mut stream), (vec![world.stranger(0).get()], Some(End::OutOfCredits)));
}

#[test]
fn what_happened_lately_can_be_told_again() {
    let world = world();
    drop(stream(&world));
    world.block(pair(&world, 0)).expect("they exist");
    world.advance(Duration::from_secs(120));
    world.block(pair(&world, 1)).expect("they exist");
    let ids = [world.stranger(0).get(), world.stranger(1).get()];
    for (seconds, expected) in [(0, &ids[2..]), (60, &ids[1..]), (120, &ids[..]), (300, &ids[..])] {
        let back = Duration::from_secs(seconds);
        let mut stream = world.open_stream(back).expect("a stream");
        assert_eq!(told(&mut stream).0, expected, "{seconds}");
    }
    assert_eq!(world.meter().block_events, 2, "and is charged for once");

    world.advance(Duration::from_secs(240));
    let mut stream = world.open_stream(LONGEST_BACKFILL).expect("a stream");
    assert_eq!(told(&mut stream).0, ids[1..]);
}

#[test]
fn an_app_has_two_streams_where_limits_are_on() {
    let world = world();
    let (one, _other) = (stream(&world), stream(&world));
    let open = || world.open_stream(Duration::ZERO).map(drop);
    assert_eq!(open(), Err(TooManyStreams));
    drop(one);
    assert_eq!(open(), Ok(()));

    let world = World::builder().limits(false).build();
    let streams: Vec<_> = (0..10).map(|_| stream(&world)).collect();
    assert_eq!(streams.len(), 10);
}

#[test]
fn a_plan_allows_so_many_subscriptions() {
    let mut activity = Activity::default();
    let now = NOW.parse().expect("a time");
    let mut subscribe = |person, kind| {
        activity.subscribe(
            Person::new(person),
            kind,
            None,
            now,
            most_subscriptions(Tier::PayPerUse),
        )
    };
    let ids: std::collections::BTreeSet<_> =
        (0..1_000).map(|person| subscribe(person, EventKind::Block).expect("room").id).collect();
    assert_eq!(ids.len(), 1_000, "each has an id of its own");
    let full = subscribe(0, EventKind::Unblock).map(|one| one.id);
    assert_eq!(full, Err(NotSubscribed::Full { most: 1_000 }));
    let again = subscribe(0, EventKind::Block).map(|one| one.id);
    assert_eq!(again, Err(NotSubscribed::Duplicate));
}

#[test]
fn subscriptions_are_kept_between_runs() {
    let world = world();
    let user = world.stranger(5);
    let token = world.mint(user, Scope::FOR_READING, None).expect("they exist");
    let claim = Claim::Token(token.expose_secret());
    let theirs = world.admit(claim, Endpoint::PostSubscription).expect("let in");
    let made = world.subscribe(&theirs, EventKind::Unblock, Some("mine".to_owned()));
    let (made, _) = made.expect("a subscription");

    let kept = serde_json::to_string(&world.export()).expect("JSON");
    let again = World::import(serde_json::from_str(&kept).expect("a state")).expect("a world");
    assert_eq!(again.subscriptions(None), std::slice::from_ref(&made));
    let next = again.subscribe(&theirs, EventKind::Block, None).expect("a subscription").0;
    assert!(next.id > made.id);
}

#[test]
fn the_streams_of_a_world_end_with_it() {
    let mut activity = Activity::default();
    let queue = Arc::new(Queue::default());
    activity.streams.push(Arc::clone(&queue));
    drop(activity);
    assert!(!queue.is_open());
}
