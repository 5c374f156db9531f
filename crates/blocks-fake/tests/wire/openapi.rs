//! The document that describes the sandbox, held against what the sandbox does.

use blocks_domain::{Endpoint, Scope};
use jsonschema::Validator;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

async fn document(client: &Client) -> Value {
    let answer = client.try_call("GET", "/sandbox/openapi.json", "", "").await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    answer.json()
}

/// The operation of an endpoint.
fn operation(document: &Value, endpoint: Endpoint) -> &Value {
    let spec = endpoint.spec();
    let operations = document["paths"].as_object().expect("paths");
    let found = operations.iter().find_map(|(path, item)| {
        let matches = path.replace('{', ":").replace('}', "") == spec.path;
        matches.then(|| &item[spec.method.to_ascii_lowercase()])
    });
    found.unwrap_or_else(|| panic!("{endpoint} is not described"))
}

/// Fails unless the document describes this answer: its status, its headers and its body.
fn described(document: &Value, endpoint: Endpoint, answer: &Answer) {
    let status = answer.status;
    let response = &operation(document, endpoint)["responses"][status.to_string()];
    assert!(response.is_object(), "{endpoint} does not describe {status}");
    for (name, header) in response["headers"].as_object().expect("headers") {
        let is_missing = answer.header(name).is_none();
        assert!(header["required"] == false || !is_missing, "{status} comes without {name}");
    }
    for (name, _) in answer.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
        assert!(response["headers"][name].is_object(), "{status} comes with {name}");
    }
    let media = answer.header("content-type").and_then(|said| said.split(';').next());
    let schema = &response["content"][media.expect("a type")]["schema"];
    let errors = errors(document, schema, &answer.json());
    assert!(errors.is_empty(), "{endpoint} {status}: {errors:?}");
}

fn errors(document: &Value, schema: &Value, instance: &Value) -> Vec<String> {
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    let validator: Validator = jsonschema::draft202012::new(&schema).expect("a schema");
    validator.iter_errors(instance).map(|error| error.to_string()).collect()
}

#[tokio::test]
async fn it_describes_each_endpoint_with_its_scopes_and_its_parameters() {
    let client = Client::new().await;
    let document = document(&client).await;
    for endpoint in Endpoint::ALL {
        let operation = operation(&document, endpoint);
        let spec = endpoint.spec();
        let scopes: Vec<_> = spec.scopes.iter().map(|scope| scope.word()).collect();
        let of_user = json!([{ "OAuth2UserToken": scopes }, { "UserToken": [] }]);
        let of_app = json!([{ "BearerToken": [] }]);
        let expected = if spec.is_for_app() { of_app } else { of_user };
        assert_eq!(operation["security"], expected, "{endpoint}");
    }
    for scope in Scope::ALL {
        let flows = &document["components"]["securitySchemes"]["OAuth2UserToken"]["flows"];
        assert!(flows["authorizationCode"]["scopes"][scope.word()].is_string(), "{scope}");
    }
}

#[tokio::test]
async fn every_reference_in_it_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(keys) => {
                found.extend(keys.get("$ref").and_then(Value::as_str).map(str::to_owned));
                keys.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document(&Client::new().await).await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// The server names the parameters that it knows when it is given one that it does not know.
#[tokio::test]
async fn its_parameters_are_those_that_the_server_names() {
    let client = Client::new().await;
    let document = document(&client).await;
    let owner = client.world.owner();
    let list = format!("/2/users/{owner}/blocking");
    for (endpoint, path) in [
        (Endpoint::GetBlocking, &*list),
        (Endpoint::GetMe, "/2/users/me"),
        (Endpoint::GetUsers, "/2/users"),
        (Endpoint::GetUsersBy, "/2/users/by"),
    ] {
        for words in ["tweet.fields", "post.fields"] {
            let answer = client.get(&format!("{path}?{words}=id&karma=1")).await;
            let said = answer.json().to_string();
            let (_, known) = said.split_once("[karma] is not one of [").expect("the known ones");
            let known: Vec<_> = known.split(']').next().expect("a list").split(',').collect();
            let parameters = operation(&document, endpoint)["parameters"].as_array();
            let parameters = parameters.expect("parameters").iter();
            let other = if words == "tweet.fields" { "post.fields" } else { "tweet.fields" };
            let in_query = parameters.filter(|parameter| parameter["in"] == "query");
            let names = in_query.map(|parameter| parameter["name"].as_str().expect("a name"));
            let mut names: Vec<_> = names.filter(|name| *name != other).collect();
            names.sort_unstable();
            assert_eq!(names, known, "{endpoint}");
        }
    }
}

/// Asks for every field in both vocabularies, so that every key that is written is described.
#[tokio::test]
async fn it_describes_the_answers() {
    let client = Client::new().await;
    let document = document(&client).await;
    let fields = |name: &str| {
        let parameters = operation(&document, Endpoint::GetBlocking)["parameters"].as_array();
        let mut parameters = parameters.expect("parameters").iter();
        let found = parameters.find(|parameter| parameter["name"] == name);
        let words = &found.expect(name)["schema"]["items"]["enum"];
        words.as_array().expect("words").clone()
    };
    let listed = |words: &[Value]| {
        let words = words.iter().map(|word| word.as_str().expect("a word"));
        words.collect::<Vec<_>>().join(",")
    };
    let user_fields: Vec<_> =
        fields("user.fields").into_iter().filter(|word| word != "subscribes_to_you").collect();
    let path = client.list();
    for (posts, expansions, answered) in [
        ("tweet.fields", "affiliation.user_id,most_recent_tweet_id,pinned_tweet_id", "tweets"),
        ("post.fields", "affiliation,most_recent_post_id,pinned_post_id", "posts"),
    ] {
        let query = format!(
            "user.fields={}&{posts}={}&expansions={expansions}",
            listed(&user_fields),
            listed(&fields(posts)),
        );
        let page = client.get(&format!("{path}?{query}")).await;
        assert!(page.json()["includes"][answered].is_array(), "{query}");
        described(&document, Endpoint::GetBlocking, &page);
        let me = client.get(&format!("/2/users/me?{query}")).await;
        described(&document, Endpoint::GetMe, &me);
    }
    let ids = client.get(&format!("/2/users?ids={},1", client.world.stranger(0))).await;
    assert!(ids.json()["errors"].is_array(), "nobody has the id 1");
    described(&document, Endpoint::GetUsers, &ids);
    let nobody = client.get("/2/users/by?usernames=nobody_at_all").await;
    described(&document, Endpoint::GetUsersBy, &nobody);
    let target = client.world.stranger(0);
    let body = json!({ "target_user_id": target.to_string() }).to_string();
    described(&document, Endpoint::PostBlocking, &client.post(&path, &body).await);
    let unblocked = client.delete(&format!("{path}/{target}")).await;
    described(&document, Endpoint::DeleteBlocking, &unblocked);
}

#[tokio::test]
async fn it_describes_the_refusals() {
    let client = Client::new().await;
    let document = document(&client).await;
    let (path, world) = (client.list(), &client.world);
    let is_described = |answer: &Answer| described(&document, Endpoint::GetBlocking, answer);
    let with = async |token: &str| {
        let header = format!("authorization: Bearer {token}\r\n");
        client.try_call("GET", &path, &header, "").await.expect("an answer")
    };
    is_described(&with("nonsense").await);
    is_described(&with(world.app_only_token().expose_secret()).await);
    let header = format!("authorization: Bearer {}\r\n", world.token().expose_secret());
    let subscriptions = "/2/activity/subscriptions";
    let user = client.try_call("GET", subscriptions, &header, "").await.expect("an answer");
    described(&document, Endpoint::GetSubscriptions, &user);
    let blind = world.mint(world.owner(), [], None).expect("the owner exists");
    is_described(&with(blind.expose_secret()).await);
    is_described(&client.get(&format!("{path}?max_results=0")).await);
    is_described(&client.call("GET", &path, "", &"x".repeat(70_000)).await);
    world.set_enrolled(false);
    is_described(&client.get(&path).await);
    world.set_enrolled(true);
    world.set_monthly_cap(Some(0));
    is_described(&client.get(&path).await);
    world.set_monthly_cap(None);
    world.set_credits(Some("0".parse().expect("an amount")));
    is_described(&client.get(&path).await);
    for _ in 0..16 {
        is_described(&client.get(&path).await);
    }
    let nobody = client.delete(&format!("{path}/1")).await;
    assert_eq!(nobody.status, 404);
    described(&document, Endpoint::DeleteBlocking, &nobody);
}
