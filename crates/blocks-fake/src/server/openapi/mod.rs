//! The OpenAPI document of the sandbox, made from what the server itself works by: the table of
//! the endpoints, the words of both vocabularies, and the answers of its refusals.

mod activity;
mod doors;
mod operation;
mod outcome;
mod refusals;
mod schema;
mod shapes;

use blocks_domain::{Endpoint, Scope};
use serde_json::{Map, Value, json};

use super::door::Door;
use crate::World;

/// Where the document is.
pub(super) const PATH: &str = "/sandbox/openapi.json";

/// The document of a world, with people of that world for examples.
pub(super) fn document(world: &World) -> Value {
    let mut paths = Map::new();
    let calls = Endpoint::ALL.into_iter().map(|endpoint| {
        let spec = endpoint.spec();
        (operation::template(spec.path), spec.method, operation::of(endpoint, world))
    });
    let doors = Door::ALL.map(|(method, path, door)| (path.to_owned(), method, doors::of(door)));
    for (path, method, operation) in calls.chain(doors) {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method.to_ascii_lowercase()] = operation;
    }
    let mut schemas = shapes::all();
    schemas.extend(activity::all());
    schemas.extend(refusals::all());
    schemas.extend(doors::schemas());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The sandbox of blocks",
            "summary": "A server that behaves like the blocks endpoints of X.",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security() },
    })
}

const ABOUT: &str = "Whether an answer is in tweet words or in post words follows from the \
    request: `post.fields` brings post words, anything else tweet words. A path that is not listed \
    answers 404, and a method that a path does not list answers 405. Faults that somebody has asked \
    for are not described: they answer as they were told to.";

/// The names of the two ways to sign in, and of the app's own token.
const OAUTH2: &str = "OAuth2UserToken";
const OAUTH1: &str = "UserToken";
const APP: &str = "BearerToken";

fn security() -> Value {
    let path_of =
        |wanted| Door::ALL.into_iter().find_map(|(_, path, door)| (door == wanted).then_some(path));
    let scopes: Map<_, _> = Scope::ALL
        .map(|scope| (scope.word().to_owned(), scope.allows().into()))
        .into_iter()
        .collect();
    json!({
        OAUTH2: {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": path_of(Door::Authorize),
                    "tokenUrl": path_of(Door::Token),
                    "refreshUrl": path_of(Door::Token),
                    "scopes": scopes,
                },
            },
        },
        OAUTH1: {
            "type": "http",
            "scheme": "OAuth",
            "description": "OAuth 1.0a: a signature of the request with HMAC-SHA1 (RFC 5849).",
        },
        APP: { "type": "http", "scheme": "bearer", "description": "The app's own token." },
    })
}

/// A reference to a schema of the document.
fn component(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
