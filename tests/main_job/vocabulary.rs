//! Both vocabularies bring the same list.

use blocks_domain::{BlockingQuery, Choice, MaxResults, Selection, User, Vocabulary};
use blocks_ports::BlocksApi;

use crate::scene::{Scene, Wrappers, mirrored};

/// Everything that both vocabularies can ask for, spelt in one of them.
fn shared(words: Vocabulary) -> BlockingQuery {
    fn choices<C: Choice>() -> impl Iterator<Item = C> {
        let in_both =
            |choice: &C| Vocabulary::ALL.iter().all(|words| choice.word(*words).is_some());
        C::ALL.iter().copied().filter(in_both)
    }
    let selection = Selection::in_words(words)
        .with_user_fields(choices())
        .and_then(|selection| selection.with_post_fields(choices()))
        .and_then(|selection| selection.with_expansions(choices()));
    BlockingQuery::new(selection.expect("words in both")).with_max_results(MaxResults::MAX)
}

#[tokio::test]
async fn the_mirror_is_the_same_in_both() {
    let [tweets, posts] = [pulled(Vocabulary::Tweet).await, pulled(Vocabulary::Post).await];
    assert!(tweets.iter().any(|user| user.pinned_post_id.is_some()), "somebody pinned something");
    assert!(tweets.iter().all(|user| user.extra.is_empty()), "no field is unknown");
    assert_eq!(tweets, posts);
}

#[tokio::test]
async fn the_pinned_posts_are_the_same_in_both() {
    let scene = Scene::with_blocks(200).await;
    let client = scene.client();
    let posts = async |words| {
        let reply = client.blocking(scene.owner(), &shared(words)).await.expect("a page");
        let mut posts = reply.value.includes.and_then(|all| all.posts).unwrap_or_default();
        for post in &mut posts {
            assert!(post.extra.is_empty(), "no field is unknown: {:?}", post.extra);
            // Tweet words send it unasked, and post words have no word for it.
            post.edit_history_post_ids = None;
        }
        posts
    };
    let in_tweet_words = posts(Vocabulary::Tweet).await;
    assert!(!in_tweet_words.is_empty(), "pinned posts come along");
    assert_eq!(in_tweet_words, posts(Vocabulary::Post).await);
}

async fn pulled(words: Vocabulary) -> Vec<User> {
    let scene = Scene::with_blocks(400).await;
    scene.pull(&scene.client(), Wrappers::PATIENT, shared(words)).await.expect("the list");
    mirrored(&scene.store(), scene.owner()).await
}
