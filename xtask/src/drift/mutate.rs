//! Changes a file in one thing at a time, to see that each change is told, by its name, once.

use std::collections::BTreeSet;

use blocks_domain::{RENAMES, Rename};
use serde_json::{Value, json};

use super::report::{Line, Report};
use super::theirs;
use crate::openapi::{Kind, OpenApi, Operation, Schemas};

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
    /// What must be told, each in a line of its own: the name, and what is said of it.
    told: Vec<(String, String)>,
    edits: Vec<Edit>,
}

/// Another value at a place; none takes away what is there.
#[derive(Debug, Clone)]
struct Edit {
    place: String,
    value: Option<Value>,
}

impl Mutation {
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
        let new: BTreeSet<_> =
            after.lines().into_iter().filter(|line| !known.contains(line)).collect();
        let lines: Vec<_> = after.new.iter().filter(|line| new.contains(&line.text(""))).collect();
        let warnings = new.len() - lines.len();
        let whole = |line: &Line| {
            ["`type` is ", "`values` is "].iter().any(|start| line.said.starts_with(start))
        };
        let right = match (&lines[..], warnings) {
            // What was accepted and differs no more is a warning with its path.
            ([], 1) => self.told.iter().any(|(name, _)| new.iter().any(|line| has(line, name))),
            // What is kept as any JSON, or as any text, is told with all of it, in one line.
            ([one], 0) if whole(one) => {
                self.told.iter().all(|(name, _)| is_named(one, name) || has(&one.said, name))
            }
            (lines, _) if new.len() == self.told.len() => self.told.iter().all(|(name, said)| {
                lines.iter().any(|line| is_named(line, name) && line.said.contains(said.as_str()))
                    || new.iter().any(|line| line.contains("no longer differs") && has(line, name))
            }),
            _ => false,
        };
        (!right).then(|| format!("{}: told {new:#?}", self.what))
    }
}

/// Whether a line is about what a file calls so; where we know that by its newer name, by that.
fn is_named(line: &Line, name: &str) -> bool {
    let pair = |row: &Rename| {
        let words = [row.tweet, row.post];
        words.contains(&Some(name)) && words.contains(&Some(line.name.as_str()))
    };
    line.name == name || RENAMES.iter().any(pair)
}

/// Whether a text has a name as a word of its own.
fn has(text: &str, name: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, _)| {
        !part(text[..at].chars().next_back()) && !part(text[at + name.len()..].chars().next())
    })
}

/// Every change of what a file says about blocks.
pub(super) fn mutations(file: &OpenApi) -> Vec<Mutation> {
    let mut walk = Walk { file, mutations: Vec::new() };
    for operation in theirs::operations(file) {
        let path = operation.path.replace('/', "~1");
        let place = format!("/paths/{path}/{}", operation.method.to_ascii_lowercase());
        walk.operation(&place, &operation);
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
    /// Adds a change that must be told by a name, with `said` of it.
    fn add(&mut self, what: &str, place: &str, (name, said): (&str, &str), edits: Vec<Edit>) {
        let (what, told) = (format!("{what} at {place}"), vec![(name.to_owned(), said.to_owned())]);
        self.mutations.push(Mutation { what, told, edits });
    }

    /// Adds what else must be told of the last change.
    fn and(&mut self, name: &str, said: &str) {
        if let Some(mutation) = self.mutations.last_mut() {
            mutation.told.push((name.to_owned(), said.to_owned()));
        }
    }

    fn operation(&mut self, place: &str, operation: &Operation<'_>) {
        let json = operation.json;
        let call = theirs::call(operation);
        self.add("dropped", place, (&call, "gone"), vec![gone(place)]);
        let another = format!("{}/put", place.rsplit_once('/').map_or(place, |(path, _)| path));
        let other = call.replacen(&operation.method, "PUT", 1);
        self.add("added", &another, (&other, "new"), vec![put(&another, json.clone())]);
        for (at, parameter) in array(&json["parameters"]).iter().enumerate() {
            let place = format!("{place}/parameters/{at}");
            let resolved = self.file.schemas().resolved(parameter);
            let name = resolved["name"].as_str().unwrap_or_default();
            self.add("dropped", &place, (name, "gone"), vec![gone(&place)]);
            if parameter["$ref"].is_null() {
                self.parameter(&place, parameter);
            }
        }
        let more = json!({ "in": "query", "name": MADE_UP, "schema": { "type": "string" } });
        let end = format!("{place}/parameters/-");
        self.add("added", &end, (MADE_UP, "new"), vec![put(&end, more)]);
        for (status, answer) in json["responses"].as_object().into_iter().flatten() {
            for kind in answer["content"].as_object().into_iter().flatten().map(|(kind, _)| kind) {
                let content = kind.replace('/', "~1");
                let place = format!("{place}/responses/{status}/content/{content}");
                let name = format!("{status} {kind}");
                self.add("dropped", &place, (&name, "gone"), vec![gone(&place)]);
            }
        }
        for (at, way) in array(&json["security"]).iter().enumerate() {
            for (scheme, scopes) in way.as_object().into_iter().flatten() {
                let place = format!("{place}/security/{at}/{scheme}");
                self.words(&place, scopes, "scopes");
            }
        }
    }

    fn parameter(&mut self, place: &str, json: &Value) {
        let name = json["name"].as_str().unwrap_or_default();
        let other = format!("{name}_{MADE_UP}");
        let renamed = vec![put(&format!("{place}/name"), other.clone().into())];
        self.add("renamed", place, (&other, "new"), renamed);
        self.and(name, "gone");
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
                let (at, said) = (format!("{inside}/{limit}"), format!("`{limit}` is "));
                self.add(what, &at, (name, &said), vec![put(&inside, changed)]);
            }
        }
        let kind = if schema.kind == Kind::Integer { "boolean" } else { "integer" };
        if !matches!(schema.kind, Kind::Array(_)) {
            let mut changed = whole.clone();
            changed["type"] = kind.into();
            self.add("retyped", &inside, (name, "`type` is "), vec![put(&inside, changed)]);
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
            self.add("added", &added, (MADE_UP, "new"), edits);
        }
        if json["enum"].is_array() {
            self.words(&format!("{place}/enum"), &json["enum"], "values");
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
        self.add("dropped", &own, (key, "gone"), dropped.clone());

        let other = format!("{key}_{MADE_UP}");
        let mut edits = dropped;
        edits.push(put(&format!("{place}/properties/{other}"), schema.clone()));
        self.add("renamed", &own, (&other, "new"), edits);
        self.and(key, "gone");

        let (what, names) = if required.contains(&key) {
            ("made optional", json!(without))
        } else {
            ("made required", json!([&required[..], &[key]].concat()))
        };
        self.add(what, &own, (key, "`required` is "), vec![put(&list, names)]);

        let read = Schemas::of(self.file.json()).read(schema);
        if !read.nullable || schema["nullable"] == true {
            let mut changed = schema.clone();
            changed["nullable"] = (!read.nullable).into();
            self.add("null taken or not", &own, (key, "`nullable` is "), vec![put(&own, changed)]);
        }
        let kind = if read.kind == Kind::Boolean { "integer" } else { "boolean" };
        let changed = json!({ "type": kind, "nullable": read.nullable });
        self.add("retyped", &own, (key, "`type` is "), vec![put(&own, changed)]);
    }

    /// Takes each word out of a list, and adds one.
    fn words(&mut self, place: &str, words: &Value, of: &str) {
        let end = format!("{place}/-");
        if !array(words).is_empty() {
            let said = format!("a new word of `{of}`");
            self.add("added", &end, (MADE_UP, &said), vec![put(&end, MADE_UP.into())]);
        }
        if array(words).len() > 1 {
            for (at, word) in array(words).iter().enumerate() {
                let at = format!("{place}/{at}");
                let (word, said) =
                    (word.as_str().unwrap_or_default(), format!("no word of `{of}`"));
                self.add("dropped", &at, (word, &said), vec![gone(&at)]);
            }
        }
    }

    fn toggled(&mut self, place: &str, key: &str, json: &Value, name: &str) {
        let own = format!("{place}/{key}");
        self.add(
            "toggled",
            &own,
            (name, &format!("`{key}` is ")),
            vec![put(&own, (json[key] != true).into())],
        );
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
            self.add("dropped", &own, (name, "gone"), edits);
        }
        if let Some(pointer) = map.and_then(|map| map.values().next()) {
            let own = format!("{place}/discriminator/mapping/{MADE_UP}");
            self.add("added", &own, (MADE_UP, "new"), vec![put(&own, pointer.clone())]);
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
