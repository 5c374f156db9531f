//! The JSON schema of the models.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::*;

/// The required keys of every object that a page can hold.
fn required() -> BTreeMap<String, BTreeSet<String>> {
    let schema = schemars::schema_for!(BlockingPage).to_value();
    let keys = |object: &Value| -> BTreeSet<String> {
        let names = object["required"].as_array().into_iter().flatten();
        names.map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let parts = schema["$defs"].as_object().expect("definitions");
    let mut all: BTreeMap<_, _> =
        parts.iter().map(|(name, object)| (name.clone(), keys(object))).collect();
    all.insert("BlockingPage".to_owned(), keys(&schema));
    all.retain(|_, required| !required.is_empty());
    all
}

#[test]
fn exactly_the_keys_that_reading_needs_are_required() {
    let expected = [
        ("Annotation", &["end", "start"][..]),
        ("BlockingPage", &["meta"]),
        ("GeoPlace", &["id"]),
        ("MentionEntity", &["end", "start"]),
        ("Meta", &["result_count"]),
        ("Poll", &["id"]),
        ("Post", &["id"]),
        ("ReferencedPost", &["id", "type"]),
        ("TagEntity", &["end", "start", "tag"]),
        ("Topic", &["id"]),
        ("UrlEntity", &["end", "start"]),
        ("User", &["id"]),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(name, keys)| (name.to_owned(), keys.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(required(), expected);
}

#[test]
fn an_open_enum_lists_what_is_known_and_takes_any_word() {
    let schema = schemars::schema_for!(VerifiedType).to_value();
    assert_eq!(schema["anyOf"][0]["enum"][0], "blue");
    assert_eq!(schema["anyOf"][1]["type"], "string");
}

#[test]
fn the_schema_names_the_keys_of_the_tweet_words() {
    let schema = schemars::schema_for!(UserMetrics).to_value();
    let properties = schema["properties"].as_object().expect("properties");
    let names: BTreeSet<_> = properties.keys().map(String::as_str).collect();
    let keys: BTreeSet<_> = UserMetrics::KEYS.iter().map(|(tweet, _)| *tweet).collect();
    assert_eq!(names, keys);
}
