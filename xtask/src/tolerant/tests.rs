//! The campaign on small files of our own, in both vocabularies, and with models that fail it.

use std::collections::BTreeSet;

use blocks_domain::{BlockingPage, Extra, FromJson, Oddities};
use serde_json::json;

use super::check::{Model, difference, round_trip};
use super::made::{Key, Made, Member};
use super::*;

/// A file with a page of users, in the words of a vocabulary.
fn file(words: Vocabulary) -> OpenApi {
    let pinned = words.pick("pinned_tweet_id", "pinned_post_id");
    let count = words.pick("tweet_count", "post_count");
    let posts = words.pick("tweets", "posts");
    let text = || json!({ "type": "string", "nullable": true });
    let list = |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } });
    let json = json!({
        "openapi": "3.0.0",
        "info": { "version": "1" },
        "paths": { "/2/users/{id}/blocking": { "get": { "responses": { "200": { "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Page" } },
        } } } } } },
        "components": { "schemas": {
            "Page": { "type": "object", "properties": {
                "data": list("User"),
                "includes": { "type": "object", "properties": { posts: list("Post") } },
                "meta": { "type": "object", "properties": {
                    "result_count": { "type": "integer", "format": "int32" },
                    "next_token": { "type": "string" },
                } },
            } },
            "User": { "type": "object", "properties": {
                "id": { "type": "string", "pattern": "^[0-9]{1,19}$" },
                "name": text(),
                "created_at": { "type": "string", "format": "date-time" },
                pinned: { "type": "string" },
                "verified_type": { "type": "string", "enum": ["blue", "none"] },
                "public_metrics": { "type": "object", "properties": {
                    count: { "type": "integer", "format": "int64", "nullable": true },
                } },
                "entities": { "type": "object", "properties": { "description": {
                    "type": "object",
                    "properties": { "hashtags": list("Tag") },
                } } },
            } },
            "Tag": { "type": "object", "required": ["start", "end", "tag"], "properties": {
                "start": { "type": "integer" },
                "end": { "type": "integer" },
                "tag": { "type": "string" },
            } },
            "Post": { "type": "object", "properties": {
                "id": { "type": "string" },
                "matched_media_notes": { "type": "array", "items": {
                    "type": "object",
                    "properties": { "note_id": text() },
                } },
            } },
        } },
    });
    OpenApi::new("small", json).expect("an OpenAPI file")
}

/// Documents of a file, each with the words that it comes in.
fn documents(words: Vocabulary, count: u32, seed: u64) -> Vec<Made> {
    let file = file(words);
    let calls = file.operations();
    let schema = calls[0].success().expect("an answer");
    let generator = Generator::new(file.schemas(), [schema]);
    let mut dice = StdRng::seed_from_u64(seed);
    (0..count).map(|_| generator.document(schema, &mut dice)).collect()
}

#[test]
fn small_files_are_read_without_loss() {
    for words in Vocabulary::ALL {
        let report = campaign(&file(words), 500, 7).expect("a campaign");
        assert_eq!(report.differences, BTreeMap::new());
        assert_eq!(report.answers, 500);
        assert_eq!((report.keys, &report.never_there[..]), (22, &[][..]));
        assert_eq!(report.also, [15, 15]);
        let Seen { fields, nulls, unknown_fields, unknown_words, quoted_numbers, odd } =
            report.seen;
        for count in [fields, nulls, unknown_fields, unknown_words, quoted_numbers, odd] {
            assert!(count > 3, "{:?}", report.seen);
        }
    }
}

#[test]
fn every_key_is_there_and_null_and_missing() {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for made in documents(Vocabulary::Tweet, 300, 1) {
        let sent = made.sent(Vocabulary::Tweet);
        for user in sent["data"].as_array().into_iter().flatten() {
            assert!(user["id"].is_string(), "the id is certain: {user}");
            for key in ["name", "created_at", "pinned_tweet_id", "public_metrics", "entities"] {
                let state = match user.get(key) {
                    None => "missing",
                    Some(Value::Null) => "null",
                    Some(_) => "there",
                };
                seen.entry(key).or_default().insert(state);
            }
            if user.as_object().is_some_and(|user| user.len() == 1) {
                seen.entry("id").or_default().insert("alone");
            }
        }
    }
    assert_eq!(seen.remove("id"), Some(BTreeSet::from(["alone"])));
    assert_eq!(seen.len(), 5);
    for (key, states) in seen {
        assert_eq!(states, BTreeSet::from(["missing", "null", "there"]), "{key}");
    }
}

#[test]
fn the_same_seed_makes_the_same_documents() {
    assert_eq!(documents(Vocabulary::Post, 20, 5), documents(Vocabulary::Post, 20, 5));
    assert_ne!(documents(Vocabulary::Post, 20, 5), documents(Vocabulary::Post, 20, 6));
}

#[test]
fn a_document_has_one_normal_form_in_each_vocabulary() {
    let known = |key: &str, value| Member { key: Key::Known(key.to_owned()), value };
    let made = Made::Object(vec![
        known("pinned_tweet_id", Made::Same(json!("20"))),
        known("name", Made::Null),
        known("tweet_count", Made::Other { sent: json!("3"), written: json!(3) }),
        known("resource_type", Made::Word("tweet")),
        Member { key: Key::Odd("note_tweet".to_owned()), value: Made::Same(json!(1)) },
        Member { key: Key::Unknown("tweets".to_owned()), value: Made::Null },
        Member {
            key: Key::Alias { sent: "hashtag", written: "tag" },
            value: Made::Same(json!("a")),
        },
    ]);
    assert_eq!(
        made.sent(Vocabulary::Post),
        json!({
            "pinned_post_id": "20", "name": null, "post_count": "3", "resource_type": "post",
            "note_post": 1, "tweets": null, "hashtag": "a",
        })
    );
    assert_eq!(
        made.written(Vocabulary::Tweet, Vocabulary::Post),
        json!({
            "pinned_tweet_id": "20", "tweet_count": 3, "resource_type": "tweet",
            "note_post": 1, "tweets": null, "tag": "a",
        })
    );
    assert_eq!(made.odd(), 1);
}

#[test]
fn a_difference_is_told_with_its_place() {
    let right = json!({ "data": [{ "id": "7", "name": "Ada" }] });
    for (written, told) in [
        (json!({ "data": [{ "id": "7", "name": "Ada" }] }), None),
        (json!({ "data": [{ "id": "7" }] }), Some(".data[0].name: \"Ada\" is lost")),
        (json!({ "data": [{ "id": 7, "name": "Ada" }] }), Some(".data[0].id: \"7\" became 7")),
        (
            json!({ "data": [{ "id": "7", "name": "Ada", "x": 1 }] }),
            Some(".data[0].x: 1 is too much"),
        ),
    ] {
        assert_eq!(difference("", &right, &written).as_deref(), told);
    }
    assert_eq!(without_places(".data[12].tags[0].tag: x [3]"), ".data[].tags[].tag: x [3]");
}

/// A page that is spoilt in one way or another.
trait Spoilt: std::fmt::Debug + Clone + PartialEq {
    fn spoil(page: &mut BlockingPage);
    fn spelt(words: Vocabulary) -> Vocabulary {
        words
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Spoils<S>(BlockingPage, S);

impl<S: Spoilt + Default> FromJson for Spoils<S> {
    fn from_json(json: &str) -> serde_json::Result<(Self, Oddities)> {
        let (mut page, odd) = BlockingPage::from_json(json)?;
        S::spoil(&mut page);
        Ok((Self(page, S::default()), odd))
    }
}

impl<S: Spoilt + Default> Model for Spoils<S> {
    fn written(&self, words: Vocabulary) -> serde_json::Result<String> {
        serde_json::to_string(&self.0.spelled(S::spelt(words)))
    }
}

/// What is told of a model that spoils pages.
fn told<S: Spoilt + Default>() -> String {
    let all = documents(Vocabulary::Post, 300, 3);
    let all = all.iter().map(|made| round_trip::<Spoils<S>>(made, Vocabulary::Post));
    all.filter_map(Result::err).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_model_that_forgets_or_changes_something_is_found() {
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Forgets;
    impl Spoilt for Forgets {
        fn spoil(page: &mut BlockingPage) {
            page.extra = Extra::default();
        }
    }
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Invents;
    impl Spoilt for Invents {
        fn spoil(page: &mut BlockingPage) {
            page.data.get_or_insert_default();
        }
    }
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Mumbles;
    impl Spoilt for Mumbles {
        fn spoil(_: &mut BlockingPage) {}
        fn spelt(_: Vocabulary) -> Vocabulary {
            Vocabulary::Tweet
        }
    }
    assert!(told::<Forgets>().contains("unheard_of_"));
    assert!(told::<Forgets>().contains("is lost"));
    assert!(told::<Invents>().contains(".data: [] is too much"));
    assert!(told::<Mumbles>().contains("pinned_post_id: "));
}

#[test]
fn missing_files_are_skipped_unless_they_are_required() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let dir = Some(nowhere.path().to_owned());
    let options = |require| Options { dir: dir.clone(), pages: 1, seed: 1, require };
    run(nowhere.path(), &options(false)).expect("skipped");
    let error = run(nowhere.path(), &options(true)).expect_err("required");
    assert!(error.to_string().contains("holds no OpenAPI file"), "{error}");
}
