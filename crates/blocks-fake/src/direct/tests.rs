use std::time::Duration;

use blocks_domain::{Expansion, MaxResults, Scope, UserField, Vocabulary};

use super::*;
use crate::Tier;

fn world() -> World {
    let noon = "2026-08-07T12:00:00Z".parse().expect("a time");
    World::builder().seed(3).blocks(30).still_at(noon).build()
}

fn pair(world: &World) -> BlockPair {
    BlockPair::new(world.owner(), world.stranger(0)).expect("two users")
}

async fn read(api: &FakeApi) -> Result<Reply<BlockingPage>, ApiError> {
    api.blocking(api.world.owner(), &BlockingQuery::default()).await
}

/// The kind and the status of a read that fails.
async fn refusal(api: &FakeApi) -> (Failure, Option<u16>) {
    let error = read(api).await.expect_err("refused");
    let told = error.problems().iter().filter_map(Problem::problem_type);
    let told: Vec<_> = told.collect();
    let status = error.status().expect("a status");
    assert_eq!(Failure::of_status(status, &told), Some(error.kind()), "as a client would read it");
    (error.kind(), error.status())
}

#[tokio::test]
async fn a_window_is_spent_and_ends() {
    let world = world();
    let api = FakeApi::new(world.clone());
    for left in (0..15).rev() {
        let rate = read(&api).await.expect("left").meta.rate.expect("a window");
        assert_eq!(rate.remaining(), left);
    }
    let error = read(&api).await.expect_err("spent");
    let rate = error.rate().expect("a window");
    assert_eq!(
        (error.kind(), rate.wait(world.now())),
        (Failure::RateLimited, Duration::from_secs(900))
    );
    world.advance(Duration::from_secs(900));
    assert!(read(&api).await.is_ok());
}

#[tokio::test]
async fn every_denial_is_the_failure_that_its_status_means() {
    let token = |world: &World, scopes: &[Scope]| {
        world.mint(world.owner(), scopes.iter().copied(), None).expect("the owner")
    };
    let world = world();
    let forbidden = |reason| (Failure::Forbidden(reason), Some(403));

    let stranger = FakeApi::with_token(world.clone(), "nonsense".to_owned().into());
    assert_eq!(refusal(&stranger).await, (Failure::Unauthenticated, Some(401)));
    let app = FakeApi::with_token(world.clone(), world.app_only_token());
    assert_eq!(refusal(&app).await, forbidden(ForbiddenReason::UnsupportedAuthentication));
    let narrow = FakeApi::with_token(world.clone(), token(&world, &[Scope::BlockRead]));
    assert_eq!(refusal(&narrow).await, forbidden(ForbiddenReason::ScopeOrPlan));

    let api = FakeApi::new(world.clone());
    world.set_enrolled(false);
    assert_eq!(refusal(&api).await, forbidden(ForbiddenReason::NotEnrolled));
    world.set_enrolled(true);
    world.set_monthly_cap(Some(0));
    assert_eq!(refusal(&api).await, (Failure::Capped, Some(429)));
    world.set_monthly_cap(None);
    world.set_credits(Some(blocks_domain::Usd::ZERO));
    assert_eq!(refusal(&api).await, (Failure::OutOfCredits, Some(402)));
}

#[tokio::test]
async fn an_oauth1_sign_in_reads_and_writes_while_the_app_may() {
    let world = world();
    let credential = world.oauth1_credential(world.owner()).expect("the owner");
    let api = FakeApi::with_oauth1(world.clone(), credential.clone());
    read(&api).await.expect("its own list");
    api.block(pair(&world)).await.expect("its own list");

    world.set_oauth1_may_write(false);
    read(&api).await.expect("reading is no writing");
    let error = api.unblock(pair(&world)).await.expect_err("not allowed");
    assert_eq!(error.kind(), Failure::Forbidden(ForbiddenReason::OAuth1Permissions));

    let mut guessed = credential;
    guessed.token_secret = "guessed".into();
    let stranger = FakeApi::with_oauth1(world, guessed);
    assert_eq!(refusal(&stranger).await, (Failure::Unauthenticated, Some(401)));
}

#[tokio::test]
async fn writing_is_for_enterprise() {
    let world = World::builder().tier(Tier::PayPerUse).build();
    let api = FakeApi::new(world.clone());
    let error = api.block(pair(&world)).await.expect_err("not included");
    assert_eq!(error.kind(), Failure::Forbidden(ForbiddenReason::ScopeOrPlan));
    assert_eq!(world.block_count(world.owner()), 100);
}

#[tokio::test]
async fn an_expansion_brings_the_id_and_the_post() {
    let api = FakeApi::new(world());
    let selection = Selection::in_words(Vocabulary::Tweet)
        .with_user_fields([UserField::CreatedAt])
        .and_then(|selection| selection.with_expansions([Expansion::PinnedPost]))
        .expect("spellable");
    let query = BlockingQuery::new(selection).with_max_results(MaxResults::MAX);
    let page = api.blocking(api.world.owner(), &query).await.expect("a page").value;

    let pinned: Vec<_> = page.users().iter().filter_map(|user| user.pinned_post_id).collect();
    let posts = page.includes.and_then(|includes| includes.posts).expect("some have one");
    let missing = page.errors.unwrap_or_default().len();
    assert_eq!(posts.len() + missing, pinned.len());
    assert!(posts.iter().all(|post| pinned.contains(&post.id) && post.author_id.is_none()));
}
