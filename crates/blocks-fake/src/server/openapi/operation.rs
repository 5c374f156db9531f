//! The calls of the API as operations.

use blocks_domain::{
    Choice, Endpoint, EndpointSpec, Expansion, LOOKUP_MAX, MaxResults, PostField, UserField,
    Vocabulary,
};
use serde_json::{Value, json};

use super::activity;
use super::outcome::{Outcome, responses};
use super::schema::{handle, id, object};
use super::{APP, OAUTH1, OAUTH2, component, refusals};
use crate::World;
use crate::server::answer::{Answer, Content};
use crate::world::LONGEST_BACKFILL;

/// A path with its parameters as OpenAPI writes them.
pub(super) fn template(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// An endpoint as an operation.
pub(super) fn of(endpoint: Endpoint, world: &World) -> Value {
    let spec = endpoint.spec();
    let Call { query, selects, body, answer } = call(endpoint, world);
    let mut parameters = in_path(&spec, world);
    parameters.extend(query);
    if selects {
        parameters.extend(selection());
    }
    let rate = Some(refusals::window(&spec));
    let done = Answer::new(200, Content::Json(Value::Null)).with_rate(rate);
    let mut outcomes = vec![Outcome::of(done, "Done.", Some(component(answer)), Some(true))];
    outcomes.extend(refusals::of(endpoint));
    let scopes: Vec<_> = spec.scopes.iter().map(|scope| scope.word()).collect();
    let by_user = json!([{ OAUTH2: scopes }, { OAUTH1: [] }]);
    let mut operation = json!({
        "operationId": format!("{endpoint:?}"),
        "summary": format!("It {}.", spec.does),
        "tags": ["The API"],
        "parameters": parameters,
        "responses": responses(outcomes),
        "security": if spec.is_for_app() { json!([{ APP: [] }]) } else { by_user },
        "x-rate-limit": { "requests": spec.limit.requests(), "published": spec.limit_is_published },
    });
    if endpoint == Endpoint::GetActivityStream {
        operation["x-stream"] = "one object a line, for as long as the connection lasts".into();
    }
    if let Some(schema) = body {
        let content = json!({ "application/json": { "schema": schema } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

/// What a call takes beside its path, and the schema of what it answers.
struct Call {
    query: Vec<Value>,
    /// Whether it selects fields and expansions.
    selects: bool,
    body: Option<Value>,
    answer: &'static str,
}

fn call(endpoint: Endpoint, world: &World) -> Call {
    let reads = |answer| Call { query: Vec::new(), selects: true, body: None, answer };
    let acts = |answer| Call { selects: false, ..reads(answer) };
    let somebody = world.stranger(0).to_string();
    match endpoint {
        Endpoint::GetBlocking => Call {
            query: paging(MaxResults::MAX.get(), MaxResults::default().get()),
            ..reads("page")
        },
        Endpoint::PostBlocking => {
            let mut target = id();
            target["examples"] = json!([somebody]);
            let body = Some(object([("target_user_id", target)], []));
            Call { body, ..acts("blocked") }
        }
        Endpoint::DeleteBlocking => acts("unblocked"),
        Endpoint::GetMe => reads("me"),
        Endpoint::GetUsersBy => {
            let query = vec![listed("usernames", &handle(), &world.owner_name())];
            Call { query, ..reads("users") }
        }
        Endpoint::GetUsers => {
            Call { query: vec![listed("ids", &id(), &somebody)], ..reads("users") }
        }
        Endpoint::GetSubscriptions => Call { query: paging(100, 100), ..acts("subscriptions") },
        Endpoint::PostSubscription => {
            Call { body: Some(activity::request(world.owner())), ..acts("subscribed") }
        }
        Endpoint::PutSubscription => Call { body: Some(activity::change()), ..acts("subscribed") },
        Endpoint::DeleteSubscription => acts("unsubscribed"),
        Endpoint::GetActivityStream => {
            let most = LONGEST_BACKFILL.as_secs() / 60;
            let minutes = json!({ "type": "integer", "minimum": 0, "maximum": most, "default": 0 });
            let what = "How far back the events begin, in minutes.";
            Call { query: vec![in_query("backfill_minutes", what, minutes)], ..acts("event") }
        }
        _ => acts("unknown"),
    }
}

fn in_path(spec: &EndpointSpec, world: &World) -> Vec<Value> {
    let names = spec.path.split('/').filter_map(|part| part.strip_prefix(':'));
    let parameter = |name| {
        let (what, example) = match name {
            "subscription_id" => ("A subscription of the app.", "1".to_owned()),
            "target_user_id" => ("The other user.", world.stranger(0).to_string()),
            _ => ("The signed-in user.", world.owner().to_string()),
        };
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": what,
            "schema": id(),
            "example": example,
        })
    };
    names.map(parameter).collect()
}

fn in_query(name: &str, what: &str, schema: Value) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "description": what });
    parameter["schema"] = schema;
    parameter
}

fn paging(most: u16, unasked: u16) -> Vec<Value> {
    let size = json!({ "type": "integer", "minimum": 1, "maximum": most, "default": unasked });
    let token = json!({ "type": "string", "minLength": 16 });
    vec![
        in_query("max_results", "How much a page holds at most.", size),
        in_query("pagination_token", "The page, by a token of an earlier answer.", token),
    ]
}

/// A parameter that lists users.
fn listed(name: &str, one: &Value, example: &str) -> Value {
    let schema = json!({ "type": "array", "items": one, "minItems": 1, "maxItems": LOOKUP_MAX });
    let mut parameter = in_query(name, "Whom to look up.", schema);
    parameter["required"] = true.into();
    parameter["example"] = json!([example]);
    with_commas(parameter)
}

/// The parameters that select fields and expansions.
///
/// Of the two that select fields of posts, a request names one, and with it its words.
fn selection() -> Vec<Value> {
    let [tweet, post] = Vocabulary::ALL;
    vec![
        choices::<Expansion>(tweet, &Vocabulary::ALL, "What to bring along."),
        choices::<UserField>(tweet, &Vocabulary::ALL, "Fields of users."),
        choices::<PostField>(tweet, &[tweet], "Fields of posts, in tweet words."),
        choices::<PostField>(post, &[post], "Fields of posts, in post words."),
    ]
}

fn choices<C: Choice>(parameter: Vocabulary, words: &[Vocabulary], what: &str) -> Value {
    let mut all: Vec<_> = words.iter().flat_map(|words| C::words(*words)).collect();
    all.sort_unstable();
    all.dedup();
    let schema = json!({ "type": "array", "items": { "enum": all }, "minItems": 1 });
    with_commas(in_query(C::parameter(parameter), what, schema))
}

fn with_commas(mut parameter: Value) -> Value {
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    parameter
}
