//! Changes a file in one thing at a time, to see that each change is told, by its name, once.

use serde_json::{Value, json};

use super::report::Report;
use super::theirs;
use crate::openapi::{Kind, OpenApi, Schemas};

/// The name of what is added.
const MADE_UP: &str = "made_up";

/// Words whose value is a schema, and those whose values are.
const INTO: [&str; 2] = ["items", "schema"];
const INTO_EACH: [&str; 4] = ["properties", "allOf", "oneOf", "anyOf"];

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Mutation {
    /// What was done, and where.
    pub(super) what: String,
    /// The names that must be told, each in a line of its own.
    pub(super) names: Vec<String>,
    edits: Vec<Edit>,
}

/// Another value at a place; none takes away what is there.
#[derive(Debug, Clone)]
struct Edit {
    place: String,
    value: Option<Value>,
}

impl Mutation {
    fn new(what: &str, place: &str, name: &str, edits: Vec<Edit>) -> Self {
        Self { what: format!("{what} at {place}"), names: vec![name.to_owned()], edits }
    }

    /// The file with this change.
    pub(super) fn of(&self, file: &OpenApi) -> OpenApi {
        let mut json = file.json().clone();
        for edit in &self.edits {
            let Some((parent, key)) = edit.place.rsplit_once('/') else { continue };
            let key = key.replace("~1", "/").replace("~0", "~");
            match (json.pointer_mut(parent), &edit.value) {
                (Some(Value::Object(keys)), Some(value)) => {
                    keys.insert(key, value.clone());
                }
                (Some(Value::Object(keys)), None) => {
                    keys.remove(&key);
                }
                (Some(Value::Array(elements)), Some(value)) => elements.push(value.clone()),
                (Some(Value::Array(elements)), None) => {
                    if let Ok(at) = key.parse::<usize>() {
                        elements.remove(at);
                    }
                }
                _ => {}
            }
        }
        file.with(json)
    }

    /// What is wrong with how a change is told; nothing where each name is told once.
    pub(super) fn complaint(&self, before: &Report, after: &Report) -> Option<String> {
        let known = before.lines();
        let told: Vec<_> = after.lines().into_iter().filter(|line| !known.contains(line)).collect();
        let named = self.names.iter().all(|name| told.iter().any(|line| line.contains(name)));
        // What is kept as any JSON is told with all that is in it, in one line.
        (!named || told.is_empty() || told.len() > self.names.len())
            .then(|| format!("{}: told {told:#?}", self.what))
    }
}

/// Every change of what a file says about blocks.
pub(super) fn mutations(file: &OpenApi) -> Vec<Mutation> {
    let mut walk = Walk { file, mutations: Vec::new() };
    for operation in theirs::operations(file) {
        let path = operation.path.replace('/', "~1");
        let place = format!("/paths/{path}/{}", operation.method.to_ascii_lowercase());
        walk.operation(&place, operation.json);
    }
    let operations = theirs::operations(file);
    for name in file.reachable(&operations).into_keys() {
        let place = format!("/components/schemas/{name}");
        if let Some(json) = file.json().pointer(&place) {
            walk.schema(&place, json);
        }
    }
    let shared = file.json()["components"]["parameters"].as_object();
    for (name, parameter) in shared.into_iter().flatten() {
        walk.parameter(&format!("/components/parameters/{name}"), parameter);
    }
    walk.mutations
}

struct Walk<'a> {
    file: &'a OpenApi,
    mutations: Vec<Mutation>,
}

impl Walk<'_> {
    fn add(&mut self, what: &str, place: &str, name: &str, edits: Vec<Edit>) {
        self.mutations.push(Mutation::new(what, place, name, edits));
    }

    fn operation(&mut self, place: &str, json: &Value) {
        self.add("dropped", place, "blocking", vec![gone(place)]);
        let another = format!("{}/put", place.rsplit_once('/').map_or(place, |(path, _)| path));
        self.add("added", &another, "PUT", vec![put(&another, json.clone())]);
        for (at, parameter) in array(&json["parameters"]).iter().enumerate() {
            let place = format!("{place}/parameters/{at}");
            let resolved = self.file.schemas().resolved(parameter);
            let name = resolved["name"].as_str().unwrap_or_default();
            self.add("dropped", &place, name, vec![gone(&place)]);
            if parameter["$ref"].is_null() {
                self.parameter(&place, parameter);
            }
        }
        let more = json!({ "in": "query", "name": MADE_UP, "schema": { "type": "string" } });
        let end = format!("{place}/parameters/-");
        self.add("added", &end, MADE_UP, vec![put(&end, more)]);
        for (status, answer) in json["responses"].as_object().into_iter().flatten() {
            for kind in answer["content"].as_object().into_iter().flatten().map(|(kind, _)| kind) {
                let content = kind.replace('/', "~1");
                let place = format!("{place}/responses/{status}/content/{content}");
                self.add("dropped", &place, &format!("{status} {kind}"), vec![gone(&place)]);
            }
        }
        for (at, way) in array(&json["security"]).iter().enumerate() {
            for (scheme, scopes) in way.as_object().into_iter().flatten() {
                let place = format!("{place}/security/{at}/{scheme}");
                self.words(&place, scopes);
            }
        }
    }

    fn parameter(&mut self, place: &str, json: &Value) {
        let name = json["name"].as_str().unwrap_or_default();
        let other = format!("{name}_{MADE_UP}");
        let renamed = vec![put(&format!("{place}/name"), other.clone().into())];
        self.add("renamed", place, &other, renamed);
        if let Some(mutation) = self.mutations.last_mut() {
            mutation.names.push(format!("{name}: gone"));
        }
        self.toggled(place, "required", json, name);
        let schema = self.file.schemas().read(&json["schema"]);
        let inside = format!("{place}/schema");
        let whole = self.file.schemas().resolved(&json["schema"]);
        for (limit, value) in schema.limits {
            let (more, less) = match value.as_i64() {
                Some(number) => (json!(number + 1), json!(number - 1)),
                None => (json!(false), json!("^made_up$")),
            };
            // The format of a parameter says nothing that is compared.
            let options = [("widened", more), ("narrowed", less)];
            for (what, other) in
                options.into_iter().filter(|(_, o)| limit != "format" && o != value)
            {
                let mut changed = whole.clone();
                changed[limit] = other;
                self.add(what, &format!("{inside}/{limit}"), limit, vec![put(&inside, changed)]);
            }
        }
        let kind = if schema.kind == Kind::Integer { "boolean" } else { "integer" };
        if !matches!(schema.kind, Kind::Array(_)) {
            let mut changed = whole.clone();
            changed["type"] = kind.into();
            self.add("retyped", &inside, name, vec![put(&inside, changed)]);
        }
        self.schema(place, json);
    }

    /// Goes through a schema and those that stand in it.
    fn schema(&mut self, place: &str, json: &Value) {
        if let Some(properties) = json["properties"].as_object() {
            for (key, schema) in properties {
                self.property(place, json, key, schema);
            }
            let added = format!("{place}/properties/{MADE_UP}");
            let edits = vec![put(&added, json!({ "type": "string" }))];
            self.add("added", &added, MADE_UP, edits);
        }
        if json["enum"].is_array() {
            self.words(&format!("{place}/enum"), &json["enum"]);
        }
        self.kinds(place, json);
        for key in INTO {
            if json[key].is_object() {
                self.schema(&format!("{place}/{key}"), &json[key]);
            }
        }
        for key in INTO_EACH {
            match &json[key] {
                Value::Object(keys) => {
                    for (name, schema) in keys {
                        self.schema(&format!("{place}/{key}/{name}"), schema);
                    }
                }
                Value::Array(parts) => {
                    for (at, schema) in parts.iter().enumerate() {
                        self.schema(&format!("{place}/{key}/{at}"), schema);
                    }
                }
                _ => {}
            }
        }
    }

    fn property(&mut self, place: &str, object: &Value, key: &str, schema: &Value) {
        let own = format!("{place}/properties/{key}");
        let required: Vec<_> =
            array(&object["required"]).iter().filter_map(Value::as_str).collect();
        let without: Vec<_> = required.iter().copied().filter(|name| *name != key).collect();
        let list = format!("{place}/required");
        let dropped = vec![gone(&own), put(&list, json!(without))];
        self.add("dropped", &own, key, dropped.clone());

        let other = format!("{key}_{MADE_UP}");
        let mut edits = dropped;
        edits.push(put(&format!("{place}/properties/{other}"), schema.clone()));
        self.add("renamed", &own, &other, edits);
        if let Some(mutation) = self.mutations.last_mut() {
            mutation.names.push(key.to_owned());
        }

        let (what, names) = if required.contains(&key) {
            ("made optional", json!(without))
        } else {
            ("made required", json!([&required[..], &[key]].concat()))
        };
        self.add(what, &own, key, vec![put(&list, names)]);

        let read = Schemas::of(self.file.json()).read(schema);
        if !read.nullable || schema["nullable"] == true {
            let mut changed = schema.clone();
            changed["nullable"] = (!read.nullable).into();
            self.add("null taken or not", &own, key, vec![put(&own, changed)]);
        }
        let kind = if read.kind == Kind::Boolean { "integer" } else { "boolean" };
        let changed = json!({ "type": kind, "nullable": read.nullable });
        self.add("retyped", &own, key, vec![put(&own, changed)]);
    }

    /// Takes each word out of a list, and adds one.
    fn words(&mut self, place: &str, words: &Value) {
        let end = format!("{place}/-");
        if !array(words).is_empty() {
            self.add("added", &end, MADE_UP, vec![put(&end, MADE_UP.into())]);
        }
        if array(words).len() > 1 {
            for (at, word) in array(words).iter().enumerate() {
                let at = format!("{place}/{at}");
                self.add("dropped", &at, word.as_str().unwrap_or_default(), vec![gone(&at)]);
            }
        }
    }

    fn toggled(&mut self, place: &str, key: &str, json: &Value, name: &str) {
        let own = format!("{place}/{key}");
        self.add("toggled", &own, name, vec![put(&own, (json[key] != true).into())]);
    }

    /// Takes each kind out of a discriminator, and adds one.
    fn kinds(&mut self, place: &str, json: &Value) {
        let map = json["discriminator"]["mapping"].as_object();
        for (word, pointer) in map.into_iter().flatten() {
            let own = format!("{place}/discriminator/mapping/{}", word.replace('/', "~1"));
            let mut edits = vec![gone(&own)];
            let branches = array(&json["oneOf"]).iter();
            let at = branches.enumerate().find(|(_, branch)| branch["$ref"] == *pointer);
            edits.extend(at.map(|(at, _)| gone(&format!("{place}/oneOf/{at}"))));
            let name = word.rsplit('/').next().unwrap_or(word);
            self.add("dropped", &own, name, edits);
        }
        if let Some(pointer) = map.and_then(|map| map.values().next()) {
            let own = format!("{place}/discriminator/mapping/{MADE_UP}");
            self.add("added", &own, MADE_UP, vec![put(&own, pointer.clone())]);
        }
    }
}

fn put(place: &str, value: Value) -> Edit {
    Edit { place: place.to_owned(), value: Some(value) }
}

fn gone(place: &str) -> Edit {
    Edit { place: place.to_owned(), value: None }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
