//! The fields of a JSON Schema, flattened: one way of reading schemas for every comparison.
//!
//! Single schemas are read by [`Schemas`]: those that `schemars` writes, and those of OpenAPI 3.0.

use std::collections::BTreeMap;
use std::fmt;

use blocks_domain::{Place, RENAMES, Vocabulary, translate};
use serde_json::Value;

use crate::facts::Cell;
use crate::openapi::{self, Property, Schema, Schemas};

/// One field of an answer, at whatever depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// The way to it from the outermost object.
    pub(crate) steps: Vec<Step>,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether the object around it always has it.
    pub(crate) required: bool,
    /// Whether it may be `null`.
    pub(crate) nullable: bool,
}

/// One key on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The name of the model that has the key.
    pub(crate) model: String,
    /// The key as the schema spells it.
    pub(crate) key: String,
    /// Whether its value is an array, whose elements the next step is about.
    pub(crate) many: bool,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plain value, by the name of its type.
    Plain(&'static str),
    /// A word of a list; X may add to it.
    OneOf {
        /// The name of the model that lists them.
        model: String,
        /// The words as the schema spells them.
        words: Vec<String>,
    },
    /// An object whose fields follow.
    Object,
    /// An object of a model that is described elsewhere.
    Model(String),
    /// An array.
    Array(Box<Self>),
    /// One of several kinds.
    Either(Vec<Self>),
}

impl Field {
    /// Its path in a vocabulary, such as `entities.description.cashtags[].start`.
    pub(crate) fn path(&self, words: Vocabulary) -> String {
        self.path_with(|step| key_in(&step.model, &step.key, words))
    }

    /// Its path as the schema spells it.
    pub(crate) fn spelt(&self) -> String {
        self.path_with(|step| step.key.clone())
    }

    /// Whether one of these paths leads to it, through it or out of it.
    pub(crate) fn is_within(&self, paths: &[&str]) -> bool {
        let own = self.spelt();
        let inside = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        paths.iter().any(|path| inside(&own, path) || inside(path, &own))
    }

    fn path_with(&self, spell: impl Fn(&Step) -> String) -> String {
        let mut path = String::new();
        for (at, step) in self.steps.iter().enumerate() {
            path.push_str(&spell(step));
            if at + 1 < self.steps.len() {
                path.push_str(if step.many { "[]." } else { "." });
            }
        }
        path
    }
}

/// A key of a model, spelt in a vocabulary.
pub(crate) fn key_in(model: &str, key: &str, words: Vocabulary) -> String {
    respelt(key, words, |place| matches!(place, Place::Key(name) if name == model))
}

/// A value of an enum, spelt in a vocabulary.
pub(crate) fn value_in(model: &str, value: &str, words: Vocabulary) -> String {
    respelt(value, words, |place| matches!(place, Place::Value(name) if name == model))
}

fn respelt(word: &str, words: Vocabulary, here: impl Fn(Place) -> bool) -> String {
    let renamed = RENAMES
        .iter()
        .find(|row| here(row.place) && (row.tweet == Some(word) || row.post == Some(word)));
    renamed.and_then(|row| translate(row.place, word, words)).unwrap_or(word).to_owned()
}

impl Kind {
    /// The cell that tells this kind; a word that the vocabularies spell differently stands as
    /// `tweet/post`.
    pub(crate) fn cell(&self) -> Cell {
        match self.words() {
            Some((lead, words)) => Cell::List { lead, words },
            None => Cell::text(self),
        }
    }

    fn words(&self) -> Option<(String, Vec<String>)> {
        match self {
            Self::OneOf { model, words } => {
                let both = |word: &String| {
                    let [tweet, post] = Vocabulary::ALL.map(|words| value_in(model, word, words));
                    if tweet == post { tweet } else { format!("{tweet}/{post}") }
                };
                Some(("one of ".to_owned(), words.iter().map(both).collect()))
            }
            Self::Array(inner) => {
                inner.words().map(|(lead, words)| (format!("array of {lead}"), words))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(name) => f.write_str(name),
            Self::Object => f.write_str("object"),
            Self::Model(name) => f.write_str(name),
            Self::Array(inner) => write!(f, "array of {inner}"),
            Self::OneOf { words, .. } => write!(f, "one of {}", words.join(", ")),
            Self::Either(kinds) => {
                let names: Vec<_> = kinds.iter().map(Self::to_string).collect();
                f.write_str(&names.join(" or "))
            }
        }
    }
}

/// Reads fields out of one schema document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shapes<'a> {
    /// The whole document, in which references point.
    pub(crate) document: &'a Value,
    /// The models whose fields are not listed where they are used.
    pub(crate) elsewhere: &'a [&'a str],
}

impl<'a> Shapes<'a> {
    /// All fields of the object that `schema` describes, whose model has that name.
    pub(crate) fn fields(self, schema: &'a Value, model: &'a str) -> Vec<Field> {
        self.fields_in(Schemas::of(self.document).read(schema), model)
    }

    /// All fields of a model that the document defines.
    pub(crate) fn fields_of(self, model: &'a str) -> Vec<Field> {
        self.fields(&self.document["$defs"][model], model)
    }

    /// All fields of an object that was read before; none of anything else.
    pub(crate) fn fields_in(self, schema: Schema<'a>, model: &'a str) -> Vec<Field> {
        let mut fields = Vec::new();
        if let openapi::Kind::Object { properties, .. } = schema.kind {
            self.gather(&Object { properties, model, many: false }, &[], &mut fields);
        }
        fields
    }

    fn gather(self, object: &Object<'a>, trail: &[Step], fields: &mut Vec<Field>) {
        for (key, property) in &object.properties {
            let schema = Schemas::of(self.document).read(property.schema);
            let nullable = schema.nullable;
            let (mut kind, mut inner) = self.read(schema, "");
            let already = |inner: &Object<'_>| {
                let around = trail.iter().map(|step| step.model.as_str()).chain([object.model]);
                !inner.model.is_empty() && around.into_iter().any(|model| model == inner.model)
            };
            if inner.as_ref().is_some_and(already) {
                kind = Kind::Plain("object");
                inner = None;
            }
            let many = inner.as_ref().is_some_and(|inner| inner.many);
            let mut steps = trail.to_vec();
            steps.push(Step { model: object.model.to_owned(), key: (*key).to_owned(), many });
            let required = property.required;
            fields.push(Field { steps: steps.clone(), kind, required, nullable });
            if let Some(inner) = inner {
                self.gather(&inner, &steps, fields);
            }
        }
    }

    /// The kind of a schema, and the object to go on with if it is one.
    fn read(self, schema: Schema<'a>, model: &'a str) -> (Kind, Option<Object<'a>>) {
        let plain = |name| (Kind::Plain(name), None);
        let model = match schema.name {
            Some(name) if self.elsewhere.contains(&name) => {
                return (Kind::Model(name.to_owned()), None);
            }
            name => name.unwrap_or(model),
        };
        match schema.kind {
            openapi::Kind::Any => plain("any JSON"),
            openapi::Kind::Boolean => plain("boolean"),
            openapi::Kind::Integer => plain("integer"),
            openapi::Kind::Number => plain("number"),
            openapi::Kind::String => match schema.limits.get("format") {
                Some(format) if *format == "date-time" => plain("date-time"),
                _ => plain("string"),
            },
            openapi::Kind::Words { words, .. } => {
                let words = words.into_iter().map(str::to_owned).collect();
                (Kind::OneOf { model: model.to_owned(), words }, None)
            }
            openapi::Kind::Array(items) => {
                let (kind, inner) = self.read(Schemas::of(self.document).read(items), model);
                let inner = inner.map(|inner| Object { many: true, ..inner });
                (Kind::Array(Box::new(kind)), inner)
            }
            openapi::Kind::Object { properties, .. } => {
                (Kind::Object, Some(Object { properties, model, many: false }))
            }
            openapi::Kind::Either(kinds) => {
                let kinds = kinds.into_iter().map(|kind| self.read(kind, model).0);
                (Kind::Either(kinds.collect()), None)
            }
        }
    }
}

/// An object to go on with.
struct Object<'a> {
    properties: BTreeMap<&'a str, Property<'a>>,
    model: &'a str,
    many: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(document: &Value, schema: &Value) -> Vec<String> {
        let shapes = Shapes { document, elsewhere: &["Post"] };
        let fields = shapes.fields(schema, "User");
        let row = |field: &Field| {
            let mark = if field.required { "!" } else { "" };
            format!("{}{mark}: {}", field.path(Vocabulary::Tweet), field.kind.cell())
        };
        fields.iter().map(row).collect()
    }

    #[test]
    fn the_schema_of_our_own_models_is_read() {
        let document = json!({
            "properties": {
                "id": { "type": "string" },
                "made": { "type": ["string", "null"], "format": "date-time" },
                "badge": { "anyOf": [{ "$ref": "#/$defs/Badge" }, { "type": "null" }] },
                "parts": { "type": ["array", "null"], "items": { "$ref": "#/$defs/Part" } },
                "pinned": { "$ref": "#/$defs/Post" },
                "more": {},
            },
            "required": ["id"],
            "$defs": {
                "Badge": { "anyOf": [{ "enum": ["blue", "none"] }, { "type": "string" }] },
                "Part": { "type": "object", "properties": { "start": { "type": "integer" } } },
                "Post": { "type": "object", "properties": { "text": { "type": "string" } } },
            },
        });
        assert_eq!(
            rows(&document, &document),
            [
                "badge: one of blue, none",
                "id!: string",
                "made: date-time",
                "more: any JSON",
                "parts: array of object",
                "parts[].start: integer",
                "pinned: Post",
            ]
        );
    }

    #[test]
    fn the_same_reader_reads_openapi() {
        let document = json!({ "components": { "schemas": {
            "User": {
                "type": "object",
                "properties": {
                    "ids": { "oneOf": [
                        { "type": "string" },
                        { "type": "array", "items": { "type": "string" } },
                    ] },
                    "withheld": { "$ref": "#/components/schemas/Withheld" },
                },
            },
            "Withheld": {
                "type": "object",
                "required": ["scope"],
                "properties": { "scope": { "type": "string", "enum": ["user"], "nullable": true } },
            },
        } } });
        assert_eq!(
            rows(&document, &document["components"]["schemas"]["User"]),
            ["ids: string or array of string", "withheld: object", "withheld.scope!: one of user"]
        );
    }

    #[test]
    fn a_model_inside_itself_is_listed_once() {
        let node =
            json!({ "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" } } });
        let document = json!({
            "properties": { "node": { "$ref": "#/$defs/Node" } },
            "$defs": { "Node": node },
        });
        assert_eq!(rows(&document, &document), ["node: object", "node.next: object"]);
    }

    #[test]
    fn paths_and_words_are_spelt_in_both_vocabularies() {
        let step = |model: &str, key: &str, many| Step {
            model: model.to_owned(),
            key: key.to_owned(),
            many,
        };
        let field = Field {
            steps: vec![
                step("Includes", "tweets", true),
                step("PostMetrics", "retweet_count", false),
            ],
            kind: Kind::OneOf {
                model: "WithheldScope".to_owned(),
                words: vec!["tweet".to_owned(), "user".to_owned()],
            },
            required: false,
            nullable: false,
        };
        assert_eq!(field.path(Vocabulary::Tweet), "tweets[].retweet_count");
        assert_eq!(field.path(Vocabulary::Post), "posts[].repost_count");
        assert_eq!(field.kind.cell().to_string(), "one of tweet/post, user");
    }
}
