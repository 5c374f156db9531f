//! A random request: mostly one that the document allows, with something wrong now and then.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::string::string_regex;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::document::{Document, Operation};
use super::scene::{Scene, Words};

/// A request to be sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) who: Who,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) trouble: Trouble,
}

/// Who calls.
#[derive(Debug, Clone)]
pub(super) enum Who {
    Nobody,
    /// Whoever holds this token of the scene: the first has every right.
    Holder(usize),
    /// Whoever this header says.
    Says(String),
}

/// What happens in the world just before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    WindowEnds,
    NotEnrolled,
    NoCredits,
    Capped,
    MayNotWrite,
}

/// Any request to any operation of the document.
pub(super) fn random(document: &Document, scene: &Scene) -> impl Strategy<Value = Request> + use<> {
    let operations = document.operations.iter();
    Union::new(operations.map(|operation| to(operation, &scene.words, scene.tokens.len())))
}

fn to(operation: &Operation, words: &Words, tokens: usize) -> BoxedStrategy<Request> {
    let method = prop_oneof![
        20 => Just(operation.method.clone()),
        1 => select(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"].as_slice())
            .prop_map(str::to_owned),
    ];
    let path = path(operation, words);
    let query = query(operation, words);
    let target = (path, query).prop_map(|(path, query)| match query.as_str() {
        "" => path,
        query => format!("{path}?{query}"),
    });
    (method, target, who(tokens), body(operation, words), trouble())
        .prop_map(|(method, target, who, (content_type, body), trouble)| Request {
            method,
            target,
            who,
            content_type,
            body,
            trouble,
        })
        .boxed()
}

fn who(tokens: usize) -> impl Strategy<Value = Who> {
    let header = prop_oneof!["Bearer [!-~]{0,80}", "(Bearer|Basic|OAuth|[a-z]{1,6}) ?[!-~]{0,60}"];
    prop_oneof![
        12 => Just(Who::Holder(0)),
        6 => (0..tokens).prop_map(Who::Holder),
        1 => Just(Who::Nobody),
        2 => header.prop_map(Who::Says),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        20 => Just(Trouble::None),
        2 => Just(Trouble::WindowEnds),
        1 => Just(Trouble::NotEnrolled),
        1 => Just(Trouble::NoCredits),
        1 => Just(Trouble::Capped),
        1 => Just(Trouble::MayNotWrite),
    ]
}

/// The path with something in the place of its parameters, and now and then with something more.
fn path(operation: &Operation, words: &Words) -> impl Strategy<Value = String> + use<> {
    let parts: Vec<_> = operation
        .path
        .split('/')
        .map(|part| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => value(name, schema_of(operation, name), words)
                .prop_map(|text| encoded(&text))
                .boxed(),
            None => Just(part.to_owned()).boxed(),
        })
        .collect();
    let more = prop_oneof![30 => Just(String::new()), 1 => "/[a-z]{0,8}"];
    (parts, more).prop_map(|(parts, more)| parts.join("/") + &more)
}

fn schema_of<'a>(operation: &'a Operation, name: &str) -> &'a Value {
    let found = operation.parameters.iter().find(|parameter| parameter["name"] == name);
    found.map_or(&Value::Null, |parameter| &parameter["schema"])
}

/// Parameters that there are, some of them, and now and then one that there is not.
fn query(operation: &Operation, words: &Words) -> impl Strategy<Value = String> + use<> {
    let in_query = operation.parameters.iter().filter(|parameter| parameter["in"] == "query");
    let pairs: Vec<_> = in_query
        .map(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let often = if parameter["required"] == true { 0.95 } else { 0.3 };
            let value = value(&name, &parameter["schema"], words);
            prop::option::weighted(often, value.prop_map(move |value| (name.clone(), value)))
        })
        .collect();
    let stranger = prop::option::weighted(0.05, ("[a-z.]{1,9}", odd()));
    (pairs, stranger).prop_map(|(pairs, stranger)| {
        let all = pairs.into_iter().chain([stranger]).flatten();
        form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
    })
}

/// What a body says that it is, and the body.
type Body = (Option<String>, Vec<u8>);

fn body(operation: &Operation, words: &Words) -> BoxedStrategy<Body> {
    let wrong = prop_oneof![
        4 => (prop::option::of("[a-z]{1,9}/[a-z]{1,9}"), vec(any::<u8>(), 0..60)),
        1 => Just((Some("application/json".to_owned()), vec![b' '; 70_000])),
    ];
    let Some((media, schema)) = &operation.body else {
        return prop_oneof![20 => Just((None, Vec::new())), 1 => wrong].boxed();
    };
    let (media, is_json) = (media.clone(), media == "application/json");
    let alternatives = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let objects = Union::new(alternatives.iter().map(|schema| object(schema, words)));
    let right = objects.prop_map(move |body| (Some(media.clone()), spelt(body, is_json)));
    let garbled = right.clone().prop_map(|(media, body)| (media, body[..body.len() / 2].to_vec()));
    prop_oneof![16 => right, 1 => garbled, 1 => wrong].boxed()
}

/// An object with most of the keys that it must have, and some that it may have.
fn object(schema: &Value, words: &Words) -> BoxedStrategy<Map<String, Value>> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let pairs: Vec<_> = properties
        .into_iter()
        .map(|(name, schema)| {
            let often = if required.contains(&Value::from(&*name)) { 0.97 } else { 0.5 };
            let value = match schema["type"].as_str() {
                Some("object") => object(&schema, words).prop_map(Value::from).boxed(),
                _ => value(&name, &schema, words).prop_map(Value::from).boxed(),
            };
            prop::option::weighted(often, value.prop_map(move |value| (name.clone(), value)))
        })
        .collect();
    let stranger = ("[a-z_]{1,9}", odd().prop_map(Value::from));
    (pairs, prop::option::weighted(0.03, stranger))
        .prop_map(|(pairs, stranger)| pairs.into_iter().chain([stranger]).flatten().collect())
        .boxed()
}

fn spelt(body: Map<String, Value>, is_json: bool) -> Vec<u8> {
    if is_json {
        return Value::from(body).to_string().into_bytes();
    }
    let pairs = body.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

/// A value of a parameter, mostly a right one.
fn value(name: &str, schema: &Value, words: &Words) -> BoxedStrategy<String> {
    let right = match words.get(name) {
        Some(words) => prop_oneof![6 => select(words.clone()), 1 => right(schema)].boxed(),
        None => right(schema),
    };
    prop_oneof![14 => right, 1 => odd()].boxed()
}

/// A value that a schema allows.
fn right(schema: &Value) -> BoxedStrategy<String> {
    let number = |key: &str, other: u64| schema[key].as_u64().unwrap_or(other);
    if let Some(word) = schema["const"].as_str() {
        return Just(word.to_owned()).boxed();
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices = choices.iter().filter_map(Value::as_str).map(str::to_owned);
        return select(choices.collect::<Vec<_>>()).boxed();
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let text = string_regex(pattern.trim_matches(['^', '$']));
        return text.expect("a pattern of the document").boxed();
    }
    match schema["type"].as_str() {
        Some("integer") => {
            (number("minimum", 0)..=number("maximum", 1 << 40)).prop_map(|n| n.to_string()).boxed()
        }
        Some("array") => {
            vec(right(&schema["items"]), 1..4).prop_map(|items| items.join(",")).boxed()
        }
        _ => {
            let least = number("minLength", 0);
            string_regex(&format!("[ -~]{{{least},60}}")).expect("a pattern").boxed()
        }
    }
}

/// A value that hardly anything takes.
fn odd() -> BoxedStrategy<String> {
    let known = ["", "0", "-1", "+7", "007", "1001", "9999999999999999999", "null", "a,,b", "\0"];
    prop_oneof![
        2 => select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,30}",
        1 => any::<String>(),
    ]
    .boxed()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
