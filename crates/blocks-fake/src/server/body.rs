//! JSON bodies, read strictly.

use serde_json::{Map, Value};

use super::Incoming;
use super::refusal::Violation;

/// The object that a body is, if it has no keys but these.
pub(super) fn object_in(
    incoming: &Incoming,
    keys: &[&str],
) -> Result<Map<String, Value>, Violation> {
    if !incoming.is_of_type("application/json") {
        let message = "Requests with bodies must have content-type of application/json.";
        return Err(Violation::of_request(message));
    }
    let body: Value = serde_json::from_slice(&incoming.body)
        .map_err(|_| Violation::of_request("The request body is not valid JSON."))?;
    let Value::Object(body) = body else { return Err(not_an_object("$")) };
    only(&body, keys, "$")?;
    Ok(body)
}

/// The object under a required key, if it has no keys but these.
pub(super) fn part_in<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    keys: &[&str],
) -> Result<&'a Map<String, Value>, Violation> {
    let part = object.get(key).ok_or_else(|| missing("$", key))?;
    let path = format!("$.{key}");
    let part = part.as_object().ok_or_else(|| not_an_object(&path))?;
    only(part, keys, &path)?;
    Ok(part)
}

/// The text under a required key of the object at a path.
pub(super) fn text_in<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<&'a str, Violation> {
    optional_text_in(object, key, path)?.ok_or_else(|| missing(path, key))
}

/// The text under a key of the object at a path, if there is one.
pub(super) fn optional_text_in<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<Option<&'a str>, Violation> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Violation::of_request(format!("{path}.{key}: is not a string"))),
    }
}

fn only(object: &Map<String, Value>, keys: &[&str], path: &str) -> Result<(), Violation> {
    let Some(key) = object.keys().find(|key| !keys.contains(&key.as_str())) else {
        return Ok(());
    };
    Err(Violation::of_request(format!(
        "{path}.{key}: is not defined in the schema and the schema does not allow additional properties"
    )))
}

fn missing(path: &str, key: &str) -> Violation {
    Violation::of_request(format!("{path}.{key}: is missing but it is required"))
}

fn not_an_object(path: &str) -> Violation {
    Violation::of_request(format!("{path}: is not an object"))
}
