//! JSON Schemas (2020-12) of the models, in both vocabularies; with feature `schema`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::{
    ActivityMessage, BlockRequest, BlockStateReply, BlockingPage, Place, Post, Problem,
    SubscriptionReply, SubscriptionRequest, SubscriptionsPage, UnsubscribedReply, User, UserReply,
    UsersPage, Vocabulary, translate,
};

/// The documents that there are, in alphabetical order.
pub const NAMES: [&str; 13] = [
    "activity-message",
    "block-request",
    "block-state",
    "blocking-page",
    "post",
    "problem",
    "subscription",
    "subscription-deleted",
    "subscription-request",
    "subscriptions-page",
    "user",
    "user-lookup",
    "users-lookup",
];

/// The schema of a model with everything that it refers to, its keys sorted; `None` for a name
/// that is not one of [`NAMES`].
///
/// ```
/// use blocks_domain::{Vocabulary, schema};
///
/// let page = schema::of("blocking-page", Vocabulary::Post).unwrap();
/// assert!(page["$defs"]["Includes"]["properties"]["posts"].is_object());
/// assert!(schema::of("tweet", Vocabulary::Post).is_none());
/// ```
#[must_use]
pub fn of(name: &str, words: Vocabulary) -> Option<Value> {
    let document = match name {
        "activity-message" => of_model::<ActivityMessage>(),
        "block-request" => of_model::<BlockRequest>(),
        "block-state" => of_model::<BlockStateReply>(),
        "blocking-page" => of_model::<BlockingPage>(),
        "post" => of_model::<Post>(),
        "problem" => of_model::<Problem>(),
        "subscription" => of_model::<SubscriptionReply>(),
        "subscription-deleted" => of_model::<UnsubscribedReply>(),
        "subscription-request" => of_model::<SubscriptionRequest>(),
        "subscriptions-page" => of_model::<SubscriptionsPage>(),
        "user" => of_model::<User>(),
        "user-lookup" => of_model::<UserReply>(),
        "users-lookup" => of_model::<UsersPage>(),
        _ => return None,
    };
    Some(spelt(document, words))
}

/// The schema of one model in tweet words, with everything that it refers to.
#[must_use]
pub fn of_model<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    tidied(generator.into_root_schema_for::<T>().to_value())
}

/// Spells a document in a vocabulary, by the table of renames.
fn spelt(mut document: Value, words: Vocabulary) -> Value {
    let title = document["title"].as_str().unwrap_or_default().to_owned();
    spell(&mut document, &title, words);
    let models = document.get_mut("$defs").and_then(Value::as_object_mut);
    for (model, schema) in models.into_iter().flatten() {
        spell(schema, model, words);
    }
    // Keys in one order, whatever order the JSON library is built to keep.
    sorted(document)
}

/// Spells the keys and values of one model.
fn spell(schema: &mut Value, model: &str, words: Vocabulary) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let old = std::mem::take(properties);
        properties.extend(old.into_iter().map(|(key, value)| (key_in(model, &key, words), value)));
    }
    for key in elements(schema, "required") {
        spell_word(key, |key| key_in(model, key, words));
    }
    for branch in elements(schema, "anyOf") {
        for value in elements(branch, "enum") {
            spell_word(value, |value| value_in(model, value, words));
        }
    }
}

fn elements<'a>(schema: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    schema.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

fn spell_word(word: &mut Value, spelt: impl Fn(&str) -> String) {
    if let Value::String(word) = word {
        *word = spelt(word);
    }
}

fn key_in(model: &str, key: &str, words: Vocabulary) -> String {
    in_words(key, words, |place| matches!(place, Place::Key(of) if of == model))
}

fn value_in(model: &str, value: &str, words: Vocabulary) -> String {
    in_words(value, words, |place| matches!(place, Place::Value(of) if of == model))
}

/// The word in a vocabulary, if a row of the table at such a place renames it.
fn in_words(word: &str, words: Vocabulary, at: impl Fn(Place) -> bool) -> String {
    let row = crate::RENAMES.iter().find(|row| at(row.place) && row.tweet == Some(word));
    row.and_then(|row| translate(row.place, word, words)).unwrap_or(word).to_owned()
}

/// Keeps of each description its first paragraph, in plain words.
fn tidied(schema: Value) -> Value {
    match schema {
        Value::Object(object) => {
            let tidy = |(key, value)| match value {
                Value::String(text) if key == "description" => (key, plain(&text).into()),
                value => (key, tidied(value)),
            };
            object.into_iter().map(tidy).collect::<Map<_, _>>().into()
        }
        Value::Array(array) => array.into_iter().map(tidied).collect(),
        other => other,
    }
}

/// The first paragraph of a doc comment, without links.
fn plain(doc: &str) -> String {
    let first = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    first.replace("[`", "`").replace("`]", "`").replace("`Self::", "`")
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<_, _> =
                object.into_iter().map(|(key, value)| (key, self::sorted(value))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(array) => array.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: Vocabulary) -> Value {
        of("blocking-page", words).expect("a document")
    }

    #[test]
    fn every_name_has_a_document_that_says_its_dialect() {
        for name in NAMES {
            let document = of(name, Vocabulary::Tweet).expect(name);
            assert_eq!(
                document["$schema"], "https://json-schema.org/draft/2020-12/schema",
                "{name}"
            );
        }
    }

    #[test]
    fn each_vocabulary_has_its_own_keys() {
        let keys = |words| page(words)["$defs"]["Includes"]["properties"].clone();
        assert!(keys(Vocabulary::Tweet)["tweets"].is_object());
        assert!(keys(Vocabulary::Post)["posts"].is_object());
        assert!(keys(Vocabulary::Post)["tweets"].is_null());
    }

    #[test]
    fn each_vocabulary_has_its_own_values() {
        let scope = |words| page(words)["$defs"]["WithheldScope"]["anyOf"][0]["enum"].clone();
        assert_eq!(scope(Vocabulary::Tweet), serde_json::json!(["tweet", "user"]));
        assert_eq!(scope(Vocabulary::Post), serde_json::json!(["post", "user"]));
    }

    #[test]
    fn spelling_adds_no_keyword() {
        let schema = of_model::<Problem>();
        assert_eq!(spelt(schema.clone(), Vocabulary::Tweet), schema);
    }

    #[test]
    fn descriptions_are_one_plain_paragraph() {
        let doc = "Only a\n[`Meta`] ends [`Self::it`].\n\n```\ncode\n```";
        assert_eq!(plain(doc), "Only a `Meta` ends `it`.");
        let text = page(Vocabulary::Tweet).to_string();
        assert!(!text.contains("```") && !text.contains("Self::"));
    }
}
