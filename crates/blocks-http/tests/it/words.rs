//! A server that knows the words of one vocabulary alone: what is said of its refusals, and how
//! it is asked in the words that it knows.

use std::sync::Arc;

use blocks_app::{LearnedWords, Translated};
use blocks_domain::{
    BlockingQuery, Expansion, Failure, PostField, Selection, UserField, Vocabulary, Wording,
};
use blocks_fake::{Sandbox, World};
use blocks_http::HttpApi;
use blocks_ports::{ApiError, BlocksApi, Credential, FixedCredential, UsersApi};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request};

use crate::support::{account, answering, client, id, json, read, requests};

const TWEET: Vocabulary = Vocabulary::Tweet;
const POST: Vocabulary = Vocabulary::Post;

/// A server that knows one vocabulary, and refuses the words of the other as X does.
async fn knowing(words: Vocabulary) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| match unknown(request, words) {
        Some(message) => {
            let error = serde_json::json!({ "parameters": {}, "message": message });
            json(
                400,
                &serde_json::json!({ "errors": [error], "title": "Invalid Request" }).to_string(),
            )
        }
        None => json(200, r#"{"data":[{"id":"7"}],"meta":{"result_count":1}}"#),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// What a server that knows these words says of the first word that it does not know.
fn unknown(request: &Request, words: Vocabulary) -> Option<String> {
    let fields = words.pick("tweet.fields", "post.fields");
    let pinned = words.pick("pinned_tweet_id", "pinned_post_id");
    request.url.query_pairs().find_map(|(name, value)| {
        if name == "expansions" && value != pinned {
            let what = "The `expansions` query parameter value";
            return Some(format!("{what} [{value}] is not one of [affiliation,{pinned}]"));
        }
        let is_known = ["expansions", "user.fields", "ids", fields].contains(&&*name);
        (!is_known).then(|| {
            format!(
                "The query parameter [{name}] is not one of [expansions,id,{fields},user.fields]"
            )
        })
    })
}

fn texts(words: Vocabulary) -> Selection {
    Selection::in_words(words).with_post_fields([PostField::Text]).expect("in both")
}

fn pinned(words: Vocabulary) -> Selection {
    Selection::in_words(words).with_expansions([Expansion::PinnedPost]).expect("in both")
}

async fn ask(api: &dyn BlocksApi, selection: Selection) -> Result<(), ApiError> {
    api.blocking(id("12"), &BlockingQuery::new(selection)).await.map(drop)
}

/// The queries of the requests that a server got.
async fn queries(server: &MockServer) -> Vec<String> {
    let requests = requests(server).await;
    requests.iter().map(|request| request.url.query().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_refused_word_says_which_vocabulary_to_try() {
    for (words, asked, said) in [
        (
            POST,
            texts(TWEET),
            "`tweet.fields` is a tweet word, so try the post words (the vocabulary `post`)",
        ),
        (
            TWEET,
            texts(POST),
            "`post.fields` is a post word, so try the tweet words (the vocabulary `tweet`)",
        ),
        (POST, pinned(TWEET), "`pinned_tweet_id` is a tweet word, so try the post words"),
    ] {
        let server = knowing(words).await;
        let error = ask(&client(&server.uri()), asked).await.expect_err("an unknown word");
        assert_eq!((error.kind(), error.status()), (Failure::InvalidRequest, Some(400)));
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.to_string().contains("is not one of ["), "what X says stays: {error}");
        assert_eq!(queries(&server).await.len(), 1, "the client by itself asks once");
    }
}

#[tokio::test]
async fn nothing_is_said_of_words_where_they_are_not_the_trouble() {
    let body = r#"{"errors":[{"message":"The `user.fields` query parameter value [karma] is not one of [id,name]"}]}"#;
    for (status, body) in [
        (400, body),
        (403, r#"{"detail":"The query parameter [tweet.fields] is not one of [id]"}"#),
    ] {
        let server = answering(json(status, body)).await;
        let error = read(&client(&server.uri())).await.expect_err("refused");
        assert!(!error.to_string().contains("vocabulary"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_tells_its_words() {
    for (body, words) in [
        (r#"{"data":[{"id":"7","pinned_tweet_id":"20"}],"meta":{"result_count":1}}"#, Some(TWEET)),
        (r#"{"data":[{"id":"7","pinned_post_id":"20"}],"meta":{"result_count":1}}"#, Some(POST)),
        (r#"{"data":[{"id":"7"}],"meta":{"result_count":1}}"#, None),
    ] {
        let server = answering(json(200, body)).await;
        let reply = read(&client(&server.uri())).await.expect("a page");
        assert_eq!(reply.meta.words, words, "{body}");
    }
}

#[tokio::test]
async fn auto_finds_the_words_and_keeps_to_them() {
    for (known, other) in [(TWEET, POST), (POST, TWEET)] {
        let server = knowing(known).await;
        let learned = LearnedWords::default();
        let api =
            Translated::new(client(&server.uri()), Wording::Auto).with_memory(learned.clone());
        ask(&api, texts(other)).await.expect("the other words");
        ask(&api, pinned(other)).await.expect("the learned words");
        api.by_ids(&[id("7")], &texts(other)).await.expect("the learned words");
        let [fields, foreign] =
            [known, other].map(|words| words.pick("tweet.fields", "post.fields"));
        let pinned = known.pick("pinned_tweet_id", "pinned_post_id");
        assert_eq!(
            queries(&server).await,
            [
                format!("{foreign}=text"),
                format!("{fields}=text"),
                format!("expansions={pinned}"),
                format!("ids=7&{fields}=text"),
            ]
        );
        assert_eq!(learned.vocabulary(), Some(known));
    }
}

#[tokio::test]
async fn the_sandbox_knows_every_wording() {
    let world = World::builder().blocks(30).limits(false).build();
    let owner = world.owner();
    let token = Arc::new(FixedCredential::new(Credential::bearer(world.token())));
    let sandbox = Sandbox::bind(world, "127.0.0.1:0").await.expect("a port");
    let http = || HttpApi::builder(account(), token.clone()).api_url(sandbox.url()).build();
    for wording in Wording::ALL {
        let learned = LearnedWords::default();
        let api = Translated::new(http().expect("a client"), wording).with_memory(learned.clone());
        let wishes = pinned(TWEET).with_post_fields([PostField::Text, PostField::PublicMetrics]);
        let wishes = wishes.and_then(|all| all.with_user_fields([UserField::PublicMetrics]));
        let query = BlockingQuery::new(wishes.expect("in both"));
        let reply = api.blocking(owner, &query).await.expect("a page");
        let words = if wording == Wording::Fixed(POST) { POST } else { TWEET };
        assert_eq!(reply.meta.words, Some(words), "the answer is in the words of the request");
        assert_eq!(learned.vocabulary(), (wording == Wording::Auto).then_some(TWEET));
    }
}
