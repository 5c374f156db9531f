//! One way of reading schemas: those of OpenAPI 3.0, and JSON Schema as `schemars` writes it.

use std::collections::BTreeMap;

use serde_json::Value;

/// References and parts that follow one another before a schema counts as going round in circles.
const MAX_DEPTH: usize = 32;

/// The words that bound a value and do not change its kind.
const LIMITS: [&str; 11] = [
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// The schemas of one document, in which references point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schemas<'a> {
    document: &'a Value,
}

/// A schema with its references followed and its parts put together; what is inside it (items,
/// properties) is not read yet, so that a schema may hold itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schema<'a> {
    /// The name under which the document defines it; `None` for one that stands where it is used.
    pub(crate) name: Option<&'a str>,
    /// Whether `null` is a value of it.
    pub(crate) nullable: bool,
    /// What it holds.
    pub(crate) kind: Kind<'a>,
    /// What bounds its values, such as `minimum`, `pattern` and `format`, by keyword.
    pub(crate) limits: BTreeMap<&'static str, &'a Value>,
}

/// What a schema holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'a> {
    /// Any JSON.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text; what form it has is told by the limits.
    String,
    /// A word of a list.
    Words {
        /// The words, in the order of the document.
        words: Vec<&'a str>,
        /// Whether any other text is taken as well.
        open: bool,
    },
    /// An array; the schema of its elements.
    Array(&'a Value),
    /// An object.
    Object {
        /// Its keys.
        properties: BTreeMap<&'a str, Property<'a>>,
        /// The schema of the values of other keys, where the document says any.
        others: Option<&'a Value>,
    },
    /// One of several.
    Either(Vec<Schema<'a>>),
}

/// A key of an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Property<'a> {
    /// The schema of its value.
    pub(crate) schema: &'a Value,
    /// Whether the object always has it.
    pub(crate) required: bool,
}

impl<'a> Schemas<'a> {
    /// The schemas of this document: an OpenAPI file, or a JSON Schema with its `$defs`.
    pub(crate) const fn of(document: &'a Value) -> Self {
        Self { document }
    }

    /// What a reference into the document leads to; anything else is what it is.
    pub(crate) fn resolved(self, value: &'a Value) -> &'a Value {
        self.follow(value).1
    }

    /// Reads a schema: its references, its alternatives and its parts, but not what is inside it.
    pub(crate) fn read(self, schema: &'a Value) -> Schema<'a> {
        self.read_at(schema, 0)
    }

    /// Adds every schema that has a name and that this one leads to.
    pub(crate) fn gather(self, value: &'a Value, found: &mut BTreeMap<&'a str, &'a Value>) {
        match value {
            Value::Object(keys) => {
                if let (Some(name), target) = self.follow(value)
                    && found.insert(name, target).is_none()
                {
                    self.gather(target, found);
                }
                for (key, value) in keys {
                    // The mapping of a discriminator names its schemas without saying `$ref`.
                    if key == "mapping" {
                        for pointer in value.as_object().into_iter().flat_map(|map| map.values()) {
                            self.gather_named(pointer, found);
                        }
                    }
                    if key != "example" {
                        self.gather(value, found);
                    }
                }
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| self.gather(element, found));
            }
            _ => {}
        }
    }

    /// The schemas that the words of a discriminator stand for, by those words.
    pub(crate) fn mapping(self, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
        let map = self.resolved(schema)["discriminator"]["mapping"].as_object();
        let pairs = map.into_iter().flatten();
        pairs
            .filter_map(|(word, pointer)| Some((word.as_str(), self.pointed(pointer.as_str()?)?.1)))
            .collect()
    }

    fn gather_named(self, pointer: &'a Value, found: &mut BTreeMap<&'a str, &'a Value>) {
        let target = pointer.as_str().and_then(|pointer| self.pointed(pointer));
        if let Some((name, target)) = target
            && found.insert(name, target).is_none()
        {
            self.gather(target, found);
        }
    }

    /// The name and the place that a pointer such as `#/components/schemas/User` leads to.
    fn pointed(self, pointer: &'a str) -> Option<(&'a str, &'a Value)> {
        let target = self.document.pointer(pointer.strip_prefix('#')?)?;
        let name = match pointer {
            // A model inside itself, as `schemars` writes it.
            "#" => self.document["title"].as_str(),
            _ => pointer.rsplit('/').next(),
        };
        Some((name.unwrap_or_default(), target))
    }

    /// Where a chain of references ends, with the last name on it.
    fn follow(self, value: &'a Value) -> (Option<&'a str>, &'a Value) {
        let (mut name, mut value) = (None, value);
        for _ in 0..MAX_DEPTH {
            let Some(next) = value["$ref"].as_str().and_then(|pointer| self.pointed(pointer))
            else {
                break;
            };
            (name, value) = (Some(next.0), next.1);
        }
        (name, value)
    }

    fn read_at(self, schema: &'a Value, depth: usize) -> Schema<'a> {
        let (name, target) = self.follow(schema);
        let named = |read: Schema<'a>| Schema {
            name: name.or(read.name),
            // Beside a reference it says nothing in OpenAPI 3.0, but it is meant all the same.
            nullable: read.nullable || schema["nullable"] == true || target["nullable"] == true,
            ..read
        };
        if depth > MAX_DEPTH {
            return named(Schema::any());
        }
        for alternatives in ["oneOf", "anyOf"] {
            if let Some(branches) = target[alternatives].as_array() {
                return named(self.either(branches.iter(), depth));
            }
        }
        let kinds = self.mapping(schema);
        if !kinds.is_empty() {
            return named(self.either(kinds.into_values(), depth));
        }
        named(self.whole(target, depth))
    }

    /// A schema with the parts of its `allOf`, whichever kinds it may be told apart into.
    fn whole(self, schema: &'a Value, depth: usize) -> Schema<'a> {
        let mut whole = Self::plain(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            if depth > MAX_DEPTH {
                break;
            }
            let (name, target) = self.follow(part);
            // A part that is one of several kinds stands here for what they have in common.
            let alternatives = target.get("oneOf").or_else(|| target.get("anyOf")).is_some();
            let part = if alternatives {
                self.read_at(part, depth + 1)
            } else {
                self.whole(target, depth + 1)
            };
            whole.add(part, name);
        }
        whole
    }

    fn either(self, branches: impl Iterator<Item = &'a Value>, depth: usize) -> Schema<'a> {
        let (nothing, branches): (Vec<_>, Vec<_>) = branches
            .map(|branch| (branch, self.read_at(branch, depth + 1)))
            .partition(|(branch, _)| branch["type"] == "null");
        let mut read: Vec<_> = branches.into_iter().map(|(_, schema)| schema).collect();
        // Known words beside any text: a list that may grow.
        let any_text = Kind::String;
        if read.iter().any(|branch| branch.kind == any_text) {
            let words = read.iter_mut().find_map(|branch| match &mut branch.kind {
                Kind::Words { open, .. } => Some(open),
                _ => None,
            });
            if let Some(open) = words {
                *open = true;
                read.retain(|branch| branch.kind != any_text);
            }
        }
        let nullable = !nothing.is_empty() || read.iter().any(|branch| branch.nullable);
        match read.len() {
            1 => {
                let only = read.remove(0);
                Schema { nullable, ..only }
            }
            _ => Schema { nullable, kind: Kind::Either(read), ..Schema::any() },
        }
    }

    /// A schema by its own words alone.
    fn plain(schema: &'a Value) -> Schema<'a> {
        let types: Vec<_> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let words = schema["enum"].as_array().map(Vec::as_slice);
        let words = words.or_else(|| schema.get("const").map(std::slice::from_ref));
        let kind = match types.iter().find(|name| **name != "null") {
            None | Some(&"string") if words.is_some() => {
                let words = words.into_iter().flatten().filter_map(Value::as_str).collect();
                Kind::Words { words, open: false }
            }
            Some(&"boolean") => Kind::Boolean,
            Some(&"integer") => Kind::Integer,
            Some(&"number") => Kind::Number,
            Some(&"string") => Kind::String,
            Some(&"array") => Kind::Array(&schema["items"]),
            Some(&"object") => Self::object(schema),
            None if schema["properties"].is_object() => Self::object(schema),
            _ => Kind::Any,
        };
        let limits = LIMITS.iter().filter_map(|word| Some((*word, schema.get(word)?))).collect();
        let null = words.is_some_and(|words| words.contains(&Value::Null));
        let nullable = types.contains(&"null") || schema["nullable"] == true || null;
        Schema { name: None, nullable, kind, limits }
    }

    fn object(schema: &'a Value) -> Kind<'a> {
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties = properties.map(|(key, schema)| {
            let required = required.iter().any(|name| name == key);
            (key.as_str(), Property { schema, required })
        });
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        Kind::Object { properties: properties.collect(), others }
    }
}

impl<'a> Schema<'a> {
    const fn any() -> Self {
        Self { name: None, nullable: false, kind: Kind::Any, limits: BTreeMap::new() }
    }

    /// Adds a part of an `allOf`.
    ///
    /// A name is kept only where the part is all that there is, as X wraps single references.
    fn add(&mut self, part: Self, name: Option<&'a str>) {
        self.limits.extend(part.limits);
        self.nullable |= part.nullable;
        match (&mut self.kind, part.kind) {
            (
                Kind::Object { properties, others },
                Kind::Object { properties: more, others: rest },
            ) => {
                for (key, property) in more {
                    let required = properties.get(key).is_some_and(|known| known.required);
                    let required = required || property.required;
                    properties.insert(key, Property { required, ..property });
                }
                *others = others.or(rest);
                self.name = None;
            }
            (kind @ Kind::Any, more) => {
                *kind = more;
                self.name = part.name.or(name);
            }
            (_, _) => self.name = None,
        }
    }
}
