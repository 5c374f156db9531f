//! [`Translated`]: in which words a request goes out, and what is learned from the answer.

mod server;

use std::error::Error;

use blocks_app::{LearnedWords, Translated, Unspellable};
use blocks_domain::{
    BlockPair, BlockingQuery, Expansion, Failure, InvalidValue, PostField, Selection, UserField,
    Username, Vocabulary, Wording,
};
use blocks_ports::{ApiError, BlocksApi, UsersApi, Warning};

use self::server::Server;

const BOTH: [Vocabulary; 2] = Vocabulary::ALL;
const TWEET: Vocabulary = Vocabulary::Tweet;
const POST: Vocabulary = Vocabulary::Post;

/// Wishes that both vocabularies can say, in their own ways.
fn pinned(words: Vocabulary) -> Selection {
    let selection = Selection::in_words(words).with_expansions([Expansion::PinnedPost]);
    selection.and_then(|all| all.with_post_fields([PostField::Text])).expect("in both")
}

/// Wishes that the tweet words alone can say, but for one.
fn of_old() -> Selection {
    let fields = [UserField::Affiliation, UserField::PinnedPost, UserField::Verified];
    Selection::in_words(TWEET).with_user_fields(fields).expect("tweet words")
}

/// Reads a page, and tells with how many warnings it came.
async fn read<A: BlocksApi>(api: &A, selection: Selection) -> Result<Vec<Warning>, ApiError> {
    let owner = server::world().owner();
    api.blocking(owner, &BlockingQuery::new(selection)).await.map(|reply| reply.meta.warnings)
}

#[tokio::test]
async fn a_fixed_wording_spells_every_request() {
    for (wishes, fixed) in [(TWEET, POST), (POST, TWEET), (TWEET, TWEET)] {
        let server = Server::knowing(&[fixed]);
        let api = Translated::new(server.clone(), Wording::Fixed(fixed));
        read(&api, pinned(wishes)).await.expect("its own words");
        assert_eq!(server.asked(), [pinned(fixed)]);
    }
}

#[tokio::test]
async fn a_fixed_wording_is_kept_whatever_the_server_says() {
    let server = Server::knowing(&[POST]);
    let api = Translated::new(server.clone(), Wording::Fixed(TWEET));
    let error = read(&api, pinned(TWEET)).await.expect_err("unknown words");
    assert_eq!((error.kind(), error.status()), (Failure::InvalidRequest, Some(400)));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_a_fixed_wording_cannot_say_is_never_sent() {
    let server = Server::knowing(&BOTH);
    let api = Translated::new(server.clone(), Wording::Fixed(POST));
    let error = read(&api, of_old()).await.expect_err("no such word");
    assert_eq!(named(&error).as_deref(), Some("affiliation"));
    assert!(!error.was_sent());
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn what_a_fixed_wording_cannot_say_may_be_left_out() {
    let server = Server::knowing(&BOTH);
    let api = Translated::new(server.clone(), Wording::Fixed(POST))
        .with_unspellable(Unspellable::LeaveOut);
    let rest = Selection::in_words(POST).with_user_fields([UserField::Verified]).expect("a word");
    let left_out = Warning::LeftOut { names: vec!["affiliation", "pinned_tweet_id"], words: POST };
    assert_eq!(read(&api, of_old()).await.expect("the rest"), [left_out]);
    assert_eq!(read(&api, of_old()).await.expect("the rest"), [], "it was told before");
    assert_eq!(server.asked(), [rest.clone(), rest]);
}

#[tokio::test]
async fn the_other_words_are_tried_once_and_remembered() {
    for (wishes, known) in [(TWEET, POST), (POST, TWEET)] {
        let server = Server::knowing(&[known]);
        let api = Translated::new(server.clone(), Wording::Auto);
        for _ in 0..2 {
            read(&api, pinned(wishes)).await.expect("the other words");
        }
        assert_eq!(server.asked(), [pinned(wishes), pinned(known), pinned(known)]);
    }
}

#[tokio::test]
async fn every_way_of_asking_is_translated() {
    let world = server::world();
    let handle: Username = "nobody".parse().expect("a handle");
    for call in 0..4 {
        let server = Server::knowing(&[POST]);
        let api = Translated::new(server.clone(), Wording::Auto);
        let wishes = pinned(TWEET);
        let result = match call {
            0 => read(&api, wishes).await.map(drop),
            1 => api.me(&wishes).await.map(drop),
            2 => api.by_ids(&[world.owner()], &wishes).await.map(drop),
            _ => api.by_usernames(std::slice::from_ref(&handle), &wishes).await.map(drop),
        };
        result.expect("the other words");
        assert_eq!(server.asked(), [pinned(TWEET), pinned(POST)], "call {call}");
    }
}

#[tokio::test]
async fn a_server_that_knows_the_words_is_asked_once() {
    for words in BOTH {
        let server = Server::knowing(&BOTH);
        let learned = LearnedWords::default();
        let api = Translated::new(server.clone(), Wording::Auto).with_memory(learned.clone());
        read(&api, pinned(words)).await.expect("its own words");
        assert_eq!(server.asked(), [pinned(words)]);
        assert_eq!(learned.vocabulary(), Some(words));
    }
}

#[tokio::test]
async fn what_one_learned_another_knows() {
    let learned = LearnedWords::default();
    let server = Server::knowing(&[POST]);
    let one = Translated::new(server.clone(), Wording::Auto).with_memory(learned.clone());
    let other = Translated::new(server.clone(), Wording::Auto).with_memory(learned);
    read(&one, pinned(TWEET)).await.expect("the other words");
    read(&other, pinned(TWEET)).await.expect("the learned words");
    assert_eq!(server.asked(), [pinned(TWEET), pinned(POST), pinned(POST)]);
}

#[tokio::test]
async fn the_words_of_an_answer_teach_where_the_request_told_none() {
    let server = Server::knowing(&[POST]).answering_in(POST);
    let api = Translated::new(server.clone(), Wording::Auto);
    read(&api, Selection::default()).await.expect("no words");
    read(&api, pinned(TWEET)).await.expect("the learned words");
    assert_eq!(server.asked(), [Selection::default(), pinned(POST)]);
}

#[tokio::test]
async fn the_words_of_an_answer_do_not_outweigh_what_was_taken() {
    let server = Server::knowing(&BOTH).answering_in(TWEET);
    let learned = LearnedWords::default();
    let api = Translated::new(server.clone(), Wording::Auto).with_memory(learned.clone());
    read(&api, pinned(POST)).await.expect("its own words");
    read(&api, Selection::default()).await.expect("no words");
    assert_eq!(learned.vocabulary(), Some(POST));
}

#[tokio::test]
async fn the_words_of_the_caller_are_used_where_the_learned_ones_cannot_say_it() {
    for unspellable in [Unspellable::Refuse, Unspellable::LeaveOut] {
        let server = Server::knowing(&BOTH);
        let api = Translated::new(server.clone(), Wording::Auto)
            .with_memory(LearnedWords::known(POST))
            .with_unspellable(unspellable);
        assert_eq!(read(&api, of_old()).await.expect("both are known"), []);
        assert_eq!(server.asked(), [of_old()]);
    }
}

#[tokio::test]
async fn what_the_other_words_cannot_say_is_an_error_that_names_it() {
    let server = Server::knowing(&[POST]);
    let api = Translated::new(server.clone(), Wording::Auto);
    let error = read(&api, of_old()).await.expect_err("no such word");
    assert_eq!((error.kind(), error.status()), (Failure::InvalidRequest, Some(400)));
    assert_eq!(named(&error).as_deref(), Some("affiliation"));
    assert!(error.was_sent());
    assert_eq!(server.asked(), [of_old()]);
}

#[tokio::test]
async fn what_the_other_words_cannot_say_may_be_left_out() {
    let server = Server::knowing(&[POST]);
    let api =
        Translated::new(server.clone(), Wording::Auto).with_unspellable(Unspellable::LeaveOut);
    let rest = Selection::in_words(POST).with_user_fields([UserField::Verified]).expect("a word");
    assert_eq!(read(&api, of_old()).await.expect("the rest").len(), 1);
    // The server knows no others, so there is nothing to lose by asking in these at once.
    read(&api, pinned(TWEET)).await.expect("the learned words");
    read(&api, of_old()).await.expect("the rest");
    assert_eq!(server.asked(), [of_old(), rest.clone(), pinned(POST), rest]);
}

#[tokio::test]
async fn a_server_that_knows_neither_is_told_of_in_the_words_of_the_caller() {
    let server = Server::knowing(&[]);
    let learned = LearnedWords::default();
    let api = Translated::new(server.clone(), Wording::Auto).with_memory(learned.clone());
    let error = read(&api, pinned(TWEET)).await.expect_err("unknown words");
    assert!(error.to_string().contains("pinned_tweet_id"), "{error}");
    assert_eq!(server.asked().len(), 2);
    assert_eq!(learned.vocabulary(), None);
}

#[tokio::test]
async fn other_trouble_is_passed_on_and_teaches_nothing() {
    for (failures, asked) in [(0, 1), (1, 2)] {
        let server = Server::knowing(&[POST]).failing_after(failures);
        let learned = LearnedWords::default();
        let api = Translated::new(server.clone(), Wording::Auto).with_memory(learned.clone());
        let error = read(&api, pinned(TWEET)).await.expect_err("trouble");
        assert_eq!(error.kind(), Failure::Unavailable);
        assert_eq!((server.asked().len(), learned.vocabulary()), (asked, None));
    }
}

#[tokio::test]
async fn a_refusal_that_is_no_matter_of_words_is_not_sent_again() {
    let server = Server::knowing(&BOTH);
    let api = Translated::new(server.clone(), Wording::Auto);
    let stranger = server::world().stranger(0);
    let error = api.blocking(stranger, &BlockingQuery::new(pinned(TWEET))).await;
    assert_eq!(error.expect_err("a foreign list").kind(), Failure::InvalidRequest);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn blocking_and_unblocking_pass_through() {
    let world = server::world();
    let pair = BlockPair::new(world.owner(), world.stranger(0)).expect("two users");
    let api = Translated::new(Server::knowing(&[POST]), Wording::Auto);
    assert!(api.block(pair).await.expect("blocked").value.blocking);
    assert!(!api.unblock(pair).await.expect("unblocked").value.blocking);
}

/// The wish that could not be said.
fn named(error: &ApiError) -> Option<String> {
    let cause = error.source()?.downcast_ref::<InvalidValue>()?;
    Some(cause.value.clone())
}
