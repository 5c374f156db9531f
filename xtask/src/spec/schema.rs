//! The schemas of OpenAPI 3.0 as JSON Schema, made strict: a key that a schema does not name is
//! a difference, so that a misspelt one is found.

use anyhow::{Context, Result};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::openapi::{OpenApi, Schemas};

/// A validator for a schema of a file.
pub(super) fn validator(schema: &Value, file: &OpenApi) -> Result<Validator> {
    let file = file.json();
    let mut all = file["components"]["schemas"].clone();
    add_fields(&mut all, file);
    let all = all.as_object().context("the file has no schemas")?;
    let schemas = all.iter().map(|(name, schema)| (name.clone(), converted(schema, file)));
    let root = json!({
        "allOf": [converted(schema, file)],
        "components": { "schemas": schemas.collect::<Map<_, _>>() },
    });
    Ok(jsonschema::options().should_validate_formats(true).build(&root)?)
}

/// Adds what the files list as a field that can be asked for, and do not describe as a key.
fn add_fields(schemas: &mut Value, file: &Value) {
    for (parameter, model) in [("user", "User"), ("tweet", "Tweet"), ("post", "Post")] {
        let name = format!("{parameter}.fields");
        let parameters = file["components"]["parameters"].as_object().into_iter().flatten();
        let mut parameters = parameters.map(|(_, parameter)| parameter);
        let Some(found) = parameters.find(|parameter| parameter["name"] == *name) else { continue };
        let Some(keys) = schemas[model]["properties"].as_object_mut() else { continue };
        for field in found["schema"]["items"]["enum"].as_array().into_iter().flatten() {
            let field = field.as_str().unwrap_or_default();
            keys.entry(field).or_insert_with(|| json!({}));
        }
    }
}

fn converted(schema: &Value, file: &Value) -> Value {
    let kinds = schema["discriminator"]["mapping"].as_object();
    // A key tells which of the kinds it is, and it names the old host; so it may be any of them.
    if let (Some(kinds), None) = (kinds, schema.get("oneOf")) {
        let kinds: Vec<_> = kinds.values().map(|kind| json!({ "$ref": kind })).collect();
        return json!({ "anyOf": kinds });
    }
    match open(schema, file) {
        Value::Object(keys) => closed(keys),
        other => other,
    }
}

/// The schema without the rule that there are no other keys: the parts of an `allOf` name some of
/// the keys each, so they stand in the place of their references.
fn open(schema: &Value, file: &Value) -> Value {
    let Value::Object(keys) = schema else { return schema.clone() };
    let mut converted_keys = Map::new();
    for (key, value) in keys {
        let value = match key.as_str() {
            // Words of OpenAPI, and examples, which say nothing of what is valid.
            "discriminator" | "example" | "nullable" => continue,
            "allOf" => {
                let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
                parts.iter().map(|part| open(Schemas::of(file).resolved(part), file)).collect()
            }
            "oneOf" | "anyOf" => {
                let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
                parts.iter().map(|part| converted(part, file)).collect()
            }
            "properties" => {
                let all = value.as_object().into_iter().flatten();
                let all = all.map(|(name, schema)| (name.clone(), converted(schema, file)));
                Value::Object(all.collect())
            }
            "items" | "additionalProperties" => converted(value, file),
            _ => value.clone(),
        };
        converted_keys.insert(key.clone(), value);
    }
    if keys.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [{ "type": "null" }, closed(converted_keys)] });
    }
    converted_keys.into()
}

/// A schema of its own, which no other completes.
fn closed(mut keys: Map<String, Value>) -> Value {
    if keys.contains_key("properties") || keys.contains_key("allOf") {
        keys.insert("unevaluatedProperties".to_owned(), false.into());
    }
    keys.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> OpenApi {
        let json = json!({ "openapi": "3.0.0", "paths": {}, "components": { "schemas": {
            "Span": { "type": "object", "properties": { "start": { "type": "integer" } } },
            "Tag": { "allOf": [
                { "$ref": "#/components/schemas/Span" },
                {
                    "type": "object",
                    "required": ["tag"],
                    "properties": { "tag": { "type": "string", "nullable": true } },
                },
            ] },
        } } });
        OpenApi::new("small", json).expect("an OpenAPI file")
    }

    #[test]
    fn what_a_schema_does_not_name_is_a_difference() {
        let tag = json!({ "$ref": "#/components/schemas/Tag" });
        let validator = validator(&tag, &file()).expect("a schema");
        assert!(validator.is_valid(&json!({ "start": 1, "tag": "a" })));
        assert!(validator.is_valid(&json!({ "start": 1, "tag": null })), "it is nullable");
        assert!(!validator.is_valid(&json!({ "start": null, "tag": "a" })), "it is not");
        assert!(!validator.is_valid(&json!({ "start": 1 })), "the tag is required");
        assert!(!validator.is_valid(&json!({ "strat": 1, "tag": "a" })), "misspelt");
    }
}
