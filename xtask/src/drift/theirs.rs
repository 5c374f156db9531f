//! What an OpenAPI file says of the calls about blocks, in the names of our models.

use std::collections::{BTreeMap, BTreeSet};

use blocks_domain::{AuthKind, RENAMES, Scope, Vocabulary};
use serde_json::Value;

use super::side::{ANY, Said, Side, Thing, yes_or_no};
use crate::openapi::{Kind, OpenApi, Operation, Schema, Schemas};
use crate::shape::Shapes;

/// The part of a path that makes it one about blocks.
const BLOCKING: &str = "blocking";

/// Where a page leads to models of its own: the key, and how we call what it holds.
const OF_A_PAGE: [(&str, &str); 3] =
    [("data", "User"), ("errors", "Problem"), ("includes", "Includes")];

/// The same for what comes along with a page, in the words of both vocabularies.
const OF_INCLUDES: [(&str, &str); 7] = [
    ("users", "User"),
    ("tweets", "Post"),
    ("posts", "Post"),
    ("media", "Media"),
    ("places", "GeoPlace"),
    ("polls", "Poll"),
    ("topics", "Topic"),
];

/// The vocabulary of a file, by the words that it uses.
pub(super) fn vocabulary(file: &OpenApi) -> Vocabulary {
    let operations = operations(file);
    let mut words = BTreeSet::new();
    for operation in &operations {
        words
            .extend(operation.parameters.iter().filter_map(|parameter| parameter["name"].as_str()));
    }
    for schema in file.reachable(&operations).into_values() {
        collect_keys(schema, &mut words);
    }
    let uses = |word: Option<&str>| word.is_some_and(|word| words.contains(word));
    let pairs = RENAMES.iter().filter(|row| row.tweet.is_some() && row.post.is_some());
    let (tweet, post) = pairs.fold((0, 0), |(tweet, post), row| {
        (tweet + usize::from(uses(row.tweet)), post + usize::from(uses(row.post)))
    });
    if post > tweet { Vocabulary::Post } else { Vocabulary::Tweet }
}

/// Everything that a file says about blocks.
pub(super) fn side(file: &OpenApi) -> Side {
    let operations = operations(file);
    let models = Models::of(file, &operations);
    let mut side = Side::default();
    for scope in offered_scopes(file) {
        side.add(format!("scope {scope}"), Thing::new(None, scope));
    }
    for operation in &operations {
        add_call(&mut side, operation, file, &models);
    }
    for (model, schema) in &models.schemas {
        models.add(&mut side, model, schema, file);
    }
    add_body_limits(&mut side, file, &operations, &models);
    side
}

/// The operations about blocks.
pub(super) fn operations(file: &OpenApi) -> Vec<Operation<'_>> {
    let mut operations = file.operations();
    operations.retain(|operation| operation.path.split('/').any(|part| part == BLOCKING));
    operations
}

/// A call as the domain writes it, such as `GET /2/users/:id/blocking`.
pub(super) fn call(operation: &Operation<'_>) -> String {
    let parts = operation.path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), |name| format!(":{name}"))
    });
    format!("{} {}", operation.method, parts.collect::<Vec<_>>().join("/"))
}

/// Which of their schemas are which of our models.
struct Models<'a> {
    /// Our names, by theirs.
    names: BTreeMap<&'a str, &'static str>,
    /// Their schemas, by our names.
    schemas: BTreeMap<&'static str, &'a Value>,
}

impl<'a> Models<'a> {
    /// Finds the models by the places where they are used, for X names them anew at times.
    fn of(file: &'a OpenApi, operations: &[Operation<'a>]) -> Self {
        let mut models = Self { names: BTreeMap::new(), schemas: BTreeMap::new() };
        for operation in operations {
            let page = operation.method == "GET";
            let answer = if page { "BlockingPage" } else { "BlockStateReply" };
            for ((status, kind), schema) in operation.answers() {
                match (status, kind) {
                    ("200", "application/json") => models.note(file, answer, schema),
                    (_, "application/problem+json") => models.note(file, "Problem", schema),
                    _ => models.note(file, "Error", schema),
                }
            }
            if let Some(body) = operation.body() {
                models.note(file, "BlockRequest", body);
            }
        }
        models.note_parts(file, "BlockingPage", &OF_A_PAGE);
        models.note_parts(file, "BlockStateReply", &OF_A_PAGE[1..2]);
        models.note_parts(file, "Includes", &OF_INCLUDES);
        models
    }

    fn note(&mut self, file: &'a OpenApi, model: &'static str, schema: &'a Value) {
        let name = file.schemas().read(schema).name;
        if let Some(name) = name.filter(|name| !self.names.contains_key(name))
            && !self.schemas.contains_key(model)
        {
            self.names.insert(name, model);
            self.schemas.insert(model, schema);
        }
    }

    fn note_parts(&mut self, file: &'a OpenApi, model: &str, parts: &[(&str, &'static str)]) {
        let Some(schema) = self.schemas.get(model) else { return };
        let Kind::Object { properties, .. } = file.schemas().read(schema).kind else { return };
        for (key, part) in parts {
            let Some(property) = properties.get(key) else { continue };
            let schema = match file.schemas().read(property.schema).kind {
                Kind::Array(items) => items,
                _ => property.schema,
            };
            self.note(file, part, schema);
        }
    }

    fn name_of(&self, name: &str) -> String {
        self.names.get(name).copied().unwrap_or(name).to_owned()
    }

    /// Adds a model with its fields; one that has kinds, kind by kind.
    fn add(&self, side: &mut Side, model: &str, schema: &'a Value, file: &'a OpenApi) {
        let elsewhere: Vec<_> = self.names.keys().copied().collect();
        let shapes = Shapes { document: file.json(), elsewhere: &elsewhere };
        let name_of = |name: &str| self.name_of(name);
        let kinds = kinds(file.schemas(), schema);
        if kinds.is_empty() {
            let whole = file.schemas().read(schema);
            let name = whole.name.unwrap_or_default();
            return side.add_model(model, &shapes.fields_in(whole, name), name_of);
        }
        side.add(model, Thing { led_to: true, ..Thing::new(None, model) });
        for (word, kind) in kinds {
            let path = format!("{model}({word})");
            // The parts that all kinds have in common count as parts of the model itself.
            let mut below = Side::default();
            below.add_model(&path, &shapes.fields_in(kind, model), name_of);
            for thing in below.things.values_mut() {
                drop_own_word(thing, &word);
            }
            side.things.extend(below.things);
            side.add(
                path,
                Thing { owner: model.to_owned(), ..Thing::new(Some(model.to_owned()), &word) },
            );
        }
    }
}

/// The kinds that a model comes in, by the words that tell them apart; none for most.
fn kinds<'a>(schemas: Schemas<'a>, schema: &'a Value) -> BTreeMap<String, Schema<'a>> {
    let mapping = schemas.mapping(schema);
    let mapped =
        mapping.iter().map(|(word, kind)| (last_part(word).to_owned(), schemas.read(kind)));
    let mut kinds: BTreeMap<_, _> = mapped.collect();
    // What the mapping leaves out is known by the word that its `type` must be.
    for branch in schemas.resolved(schema)["oneOf"].as_array().into_iter().flatten() {
        let target = schemas.resolved(branch);
        if !mapping.values().any(|known| std::ptr::eq(*known, target)) {
            let kind = schemas.read(branch);
            let word = own_word(schemas, &kind).or(kind.name).unwrap_or("another").to_owned();
            kinds.entry(word).or_insert(kind);
        }
    }
    kinds
}

fn own_word<'a>(schemas: Schemas<'a>, kind: &Schema<'a>) -> Option<&'a str> {
    let Kind::Object { properties, .. } = &kind.kind else { return None };
    match &schemas.read(properties.get("type")?.schema).kind {
        Kind::Words { words, .. } => words.first().map(|word| last_part(word)),
        _ => None,
    }
}

/// Takes the list of words from the `type` of a kind, where it holds nothing but that kind.
fn drop_own_word(thing: &mut Thing, word: &str) {
    if thing.key != "type" {
        return;
    }
    if let Some(Said::Words(words)) = thing.aspects.get("values")
        && words.len() == 1
        && words.iter().all(|only| last_part(only) == word)
    {
        thing.aspects.remove("values");
    }
}

fn last_part(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn add_call(side: &mut Side, operation: &Operation<'_>, file: &OpenApi, models: &Models<'_>) {
    let call = call(operation);
    let security = operation.security();
    let ways = security.iter().map(|(scheme, _)| sign_in(file, scheme));
    let scopes = security.iter().flat_map(|(_, scopes)| scopes.iter().copied());
    let thing = Thing::new(None, &call).listing("sign-ins", ways).listing("scopes", scopes);
    side.add(call.clone(), thing);
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let thing = parameter_thing(&call, name, parameter, file);
        side.add(format!("{call} · {name}"), thing);
    }
    let answers = operation.answers().into_iter();
    let answers = answers.map(|((status, kind), schema)| (format!("{status} {kind}"), schema));
    for (what, schema) in answers.chain(operation.body().map(|body| ("body".to_owned(), body))) {
        let name = file.schemas().read(schema).name.map(|name| models.name_of(name));
        let thing = Thing::new(Some(call.clone()), &what)
            .saying("type", name.unwrap_or_else(|| "without a name".to_owned()));
        side.add(format!("{call} · {what}"), thing);
    }
}

fn parameter_thing(call: &str, name: &str, parameter: &Value, file: &OpenApi) -> Thing {
    let schema = file.schemas().read(&parameter["schema"]);
    let mut thing = Thing::new(Some(call.to_owned()), name)
        .saying("in", parameter["in"].as_str().unwrap_or_default())
        .saying("required", yes_or_no(parameter["required"] == true));
    thing = add_kind(thing, &schema, file);
    if matches!(schema.kind, Kind::Array(_)) {
        // One value with commas, or the parameter once for each.
        thing = thing.saying("explode", yes_or_no(parameter["explode"] != false));
    }
    thing
}

/// Adds the type of what is sent, with all that bounds it.
fn add_kind(mut thing: Thing, schema: &Schema<'_>, file: &OpenApi) -> Thing {
    let kind = match &schema.kind {
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Words { words, .. } => {
            thing = thing.listing("values", words.iter().copied());
            "string"
        }
        Kind::Array(items) => {
            let inner = add_kind(Thing::default(), &file.schemas().read(items), file);
            let kind = format!("array of {}", inner.text("type"));
            thing.aspects.extend(inner.aspects);
            return add_limits(thing.saying("type", kind), schema);
        }
        Kind::Object { .. } => "object",
        Kind::Any => ANY,
        Kind::Either(_) => "one of several",
    };
    add_limits(thing.saying("type", kind), schema)
}

fn add_limits(mut thing: Thing, schema: &Schema<'_>) -> Thing {
    for (limit, value) in &schema.limits {
        if *limit != "format" {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            thing = thing.saying(limit, text);
        }
    }
    thing
}

/// Tells the limits of what is sent in a body, as of any parameter.
fn add_body_limits(
    side: &mut Side,
    file: &OpenApi,
    operations: &[Operation<'_>],
    models: &Models<'_>,
) {
    for body in operations.iter().filter_map(Operation::body) {
        let body = file.schemas().read(body);
        let Some(model) = body.name.map(|name| models.name_of(name)) else { continue };
        let Kind::Object { properties, .. } = body.kind else { continue };
        for (key, property) in properties {
            if let Some(thing) = side.things.get_mut(&format!("{model}.{key}")) {
                let limited = add_limits(Thing::default(), &file.schemas().read(property.schema));
                thing.aspects.extend(limited.aspects);
            }
        }
    }
}

/// The scopes that the file offers and that we know, or that are about blocks.
fn offered_scopes(file: &OpenApi) -> Vec<&str> {
    let schemes = file.json()["components"]["securitySchemes"].as_object();
    let flows = schemes.into_iter().flatten().filter_map(|(_, scheme)| scheme["flows"].as_object());
    let scopes = flows.flatten().filter_map(|(_, flow)| flow["scopes"].as_object()).flatten();
    let ours = |scope: &&str| scope.parse::<Scope>().is_ok() || scope.starts_with("block.");
    scopes.map(|(scope, _)| scope.as_str()).filter(ours).collect()
}

/// How the domain calls a way to sign in.
fn sign_in(file: &OpenApi, scheme: &str) -> String {
    let said = &file.json()["components"]["securitySchemes"][scheme];
    let kind = match (said["type"].as_str(), said["scheme"].as_str()) {
        (Some("oauth2"), _) => AuthKind::OAuth2Pkce,
        (Some("http"), Some("OAuth")) => AuthKind::OAuth1User,
        (Some("http"), Some("bearer")) => AuthKind::AppOnly,
        _ => return scheme.to_owned(),
    };
    kind.name().to_owned()
}

fn collect_keys<'a>(schema: &'a Value, words: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys {
                if let ("properties", Some(properties)) = (key.as_str(), value.as_object()) {
                    words.extend(properties.keys().map(String::as_str));
                }
                collect_keys(value, words);
            }
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| collect_keys(element, words));
        }
        _ => {}
    }
}
