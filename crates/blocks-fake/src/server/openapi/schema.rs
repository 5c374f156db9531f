//! Schemas of JSON, put together.

use serde_json::{Map, Value, json};

/// An object with these keys and no others: first those that are always there.
pub(super) fn object<const M: usize, const N: usize>(
    required: [(&str, Value); M],
    optional: [(&str, Value); N],
) -> Value {
    let names: Vec<_> = required.iter().map(|(name, _)| (*name).to_owned()).collect();
    let all = required.into_iter().chain(optional);
    closed(&names, all.map(|(name, schema)| (name.to_owned(), schema)).collect())
}

/// An object with these keys and no others, of which `required` are always there.
pub(super) fn closed(required: &[String], properties: Map<String, Value>) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    schema["properties"] = properties.into();
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// A list that is not empty: where there is nothing to list, the key is absent.
pub(super) fn some(items: Value) -> Value {
    let mut schema = json!({ "type": "array", "minItems": 1 });
    schema["items"] = items;
    schema
}

pub(super) fn string() -> Value {
    json!({ "type": "string" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// An id as the domain takes it.
pub(super) fn id() -> Value {
    json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$" })
}

/// A handle as the domain takes it in a request.
pub(super) fn handle() -> Value {
    json!({ "type": "string", "pattern": "^@?[A-Za-z0-9_]{1,15}$" })
}

pub(super) fn uri() -> Value {
    json!({ "type": "string", "format": "uri" })
}

/// A time as X writes it.
pub(super) fn time() -> Value {
    let pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$";
    json!({ "type": "string", "format": "date-time", "pattern": pattern })
}

pub(super) fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// What is exactly so.
pub(super) fn exactly(value: impl Into<Value>) -> Value {
    json!({ "const": value.into() })
}

/// Whichever of some schemas; the only one stands for itself.
pub(super) fn any(mut schemas: Vec<Value>) -> Value {
    match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    }
}
