use serde_json::json;

use super::*;

/// A small file in the manner of X: parameters by reference, a discriminator, parts.
fn file() -> OpenApi {
    let json = json!({
        "openapi": "3.0.0",
        "info": { "version": "7" },
        "security": [{ "App": [] }],
        "paths": {
            "/things/{id}": {
                "parameters": [{ "in": "path", "name": "id", "schema": { "type": "string" } }],
                "summary": "no method",
                "get": {
                    "parameters": [{ "$ref": "#/components/parameters/Size" }],
                    "security": [{ "User": ["read", "see"] }],
                    "responses": {
                        "200": { "content": { "application/json": {
                            "schema": { "$ref": "#/components/schemas/Thing" },
                        } } },
                        "default": { "$ref": "#/components/responses/Wrong" },
                    },
                },
                "post": {
                    "requestBody": { "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Order" },
                    } } },
                    "responses": { "200": { "description": "done" } },
                },
            },
        },
        "components": components(),
    });
    OpenApi::new("small", json).expect("an OpenAPI file")
}

fn components() -> Value {
    json!({
        "parameters": { "Size": {
            "in": "query",
            "name": "size",
            "schema": { "type": "integer", "minimum": 1, "maximum": 9 },
        } },
        "responses": { "Wrong": { "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
        } } } },
        "schemas": {
            "Thing": { "type": "object", "required": ["id"], "properties": {
                "id": { "$ref": "#/components/schemas/Id" },
                "inner": { "$ref": "#/components/schemas/Thing" },
                "mood": { "oneOf": [{ "type": "string", "enum": ["good", "bad"] }] },
            } },
            "Id": { "type": "string", "pattern": "^[0-9]+$" },
            "Order": { "type": "object", "properties": {} },
            "Problem": {
                "type": "object",
                "required": ["type"],
                "properties": { "type": { "type": "string" } },
                "discriminator": { "propertyName": "type", "mapping": {
                    "about:blank": "#/components/schemas/Blank",
                    "x/late": "#/components/schemas/Late",
                } },
            },
            "Blank": { "allOf": [{ "$ref": "#/components/schemas/Problem" }] },
            "Late": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                {
                    "type": "object",
                    "required": ["by"],
                    "properties": { "by": { "type": "integer", "nullable": true } },
                },
            ] },
            "Forgotten": { "type": "string" },
        },
    })
}

#[test]
fn calls_are_read_with_their_parameters_bodies_answers_and_scopes() {
    let file = file();
    let [get, post] = &file.operations()[..] else { panic!("two operations") };
    assert_eq!((get.method.as_str(), get.path), ("GET", "/things/{id}"));
    let names: Vec<_> = get.parameters.iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(names, ["size", "id"]);
    assert_eq!(get.parameters_in("query").count(), 1);
    assert_eq!(get.security(), [("User", vec!["read", "see"])]);
    assert_eq!(post.security(), [("App", vec![])], "that of the file");
    let answers: Vec<_> = get.answers().into_keys().collect();
    assert_eq!(answers, [("200", "application/json"), ("default", "application/problem+json")]);
    assert_eq!(get.success().expect("a schema")["$ref"], "#/components/schemas/Thing");
    assert!(get.body().is_none() && post.body().is_some());
    assert!(post.success().is_none(), "nothing is answered");
}

#[test]
fn what_the_calls_lead_to_is_reachable_and_nothing_else() {
    let file = file();
    let all = file.operations();
    let names: Vec<_> = file.reachable(&all).into_keys().collect();
    assert_eq!(names, ["Blank", "Id", "Late", "Order", "Problem", "Thing"]);
    let names: Vec<_> = file.reachable(&all[1..]).into_keys().collect();
    assert_eq!(names, ["Order"]);
}

#[test]
fn a_schema_is_read_one_level_deep() {
    let file = file();
    let [get, _] = &file.operations()[..] else { panic!("two operations") };
    let thing = file.schemas().read(get.success().expect("a schema"));
    assert_eq!((thing.name, thing.nullable), (Some("Thing"), false));
    let Kind::Object { properties, others: None } = thing.kind else { panic!("an object") };
    let id = properties["id"];
    assert!(id.required && !properties["inner"].required);
    let id = file.schemas().read(id.schema);
    assert_eq!((id.name, id.kind), (Some("Id"), Kind::String));
    assert_eq!(id.limits["pattern"], "^[0-9]+$");
    let mood = file.schemas().read(properties["mood"].schema);
    assert_eq!(mood.kind, Kind::Words { words: vec!["good", "bad"], open: false });
}

#[test]
fn the_kinds_of_a_discriminator_have_the_keys_of_the_whole() {
    let file = file();
    let problem = &file.json()["components"]["schemas"]["Problem"];
    let words: Vec<_> = file.schemas().mapping(problem).into_keys().collect();
    assert_eq!(words, ["about:blank", "x/late"]);
    let Kind::Either(kinds) = file.schemas().read(problem).kind else { panic!("two kinds") };
    fn keys<'a>(kind: &Schema<'a>) -> Vec<(&'a str, bool)> {
        let Kind::Object { properties, .. } = &kind.kind else { panic!("{kind:?}") };
        properties.iter().map(|(key, property)| (*key, property.required)).collect()
    }
    assert_eq!(keys(&kinds[0]), [("type", true)]);
    assert_eq!(keys(&kinds[1]), [("by", true), ("type", true)]);
}

#[test]
fn null_is_told_in_every_way_of_writing_it() {
    let document = json!({ "$defs": { "Id": { "type": "string" } } });
    let nullable = |schema: &Value| Schemas::of(&document).read(schema).nullable;
    assert!(nullable(&json!({ "type": "string", "nullable": true })));
    assert!(nullable(&json!({ "type": ["string", "null"] })));
    assert!(nullable(&json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] })));
    assert!(nullable(&json!({ "allOf": [{ "type": "string", "nullable": true }] })));
    assert!(nullable(&json!({ "enum": ["a", null] })));
    assert!(!nullable(&json!({ "type": "string" })));
}

#[test]
fn words_beside_any_text_are_an_open_list() {
    let document =
        json!({ "$defs": { "Mood": { "anyOf": [{ "enum": ["a"] }, { "type": "string" }] } } });
    let schema = json!({ "anyOf": [{ "$ref": "#/$defs/Mood" }, { "type": "null" }] });
    let document = json!({ "$defs": document["$defs"], "schema": schema });
    let mood = Schemas::of(&document).read(&document["schema"]);
    assert_eq!((mood.name, mood.nullable), (Some("Mood"), true));
    assert_eq!(mood.kind, Kind::Words { words: vec!["a"], open: true });
}

#[test]
fn a_schema_that_goes_round_in_circles_ends() {
    let document = json!({ "$defs": {
        "A": { "$ref": "#/$defs/B" },
        "B": { "$ref": "#/$defs/A" },
        "C": { "allOf": [{ "$ref": "#/$defs/C" }] },
        "D": { "oneOf": [{ "$ref": "#/$defs/D" }] },
    } });
    for (name, schema) in document["$defs"].as_object().expect("schemas") {
        assert_eq!(Schemas::of(&document).read(schema).kind, Kind::Any, "{name}");
    }
}

#[test]
fn what_is_no_openapi_file_is_refused() {
    for json in [json!({}), json!({ "openapi": "2.0" }), json!({ "openapi": "3.0.0" })] {
        assert!(OpenApi::new("small", json).is_err());
    }
}
