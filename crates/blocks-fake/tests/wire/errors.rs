//! Every way to be refused, one row each.

use std::time::Duration;

use blocks_domain::{Scope, UserId};
use blocks_fake::{Tier, World};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Answer, Client, NOON, RESET};

const PROBLEM: &str = "application/problem+json";

/// Envelope A, with one thing that is wrong.
fn invalid(parameter: &str, value: &str, message: &str) -> Value {
    let mut parameters = json!({});
    if !parameter.is_empty() {
        parameters[parameter] = json!([value]);
    }
    json!({
        "errors": [{ "parameters": parameters, "message": message }],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    })
}

fn assert_invalid(answer: &Answer, parameter: &str, value: &str, message: &str) {
    assert_eq!(answer.status, 400, "{message}");
    assert_eq!(answer.json(), invalid(parameter, value, message));
    assert_eq!(answer.header("content-type"), Some(PROBLEM));
    assert!(answer.rate().is_some(), "a call that is understood is counted");
}

fn blank(status: u16, title: &str) -> Value {
    json!({ "title": title, "detail": title, "type": "about:blank", "status": status })
}

fn assert_problem(answer: &Answer, status: u16, body: &Value) {
    assert_eq!(answer.status, status);
    assert_eq!(answer.json(), *body);
    assert_eq!(answer.header("content-type"), Some(PROBLEM));
}

#[tokio::test]
async fn bad_parameters_of_a_page_are_named() {
    let client = Client::new().await;
    let me = client.world.owner();
    for (query, parameter, value, message) in [
        (
            "max_results=0",
            "max_results",
            "0",
            "The `max_results` query parameter value [0] is not between 1 and 1000",
        ),
        (
            "max_results=1001",
            "max_results",
            "1001",
            "The `max_results` query parameter value [1001] is not between 1 and 1000",
        ),
        (
            "max_results=%2B5",
            "max_results",
            "+5",
            "The `max_results` query parameter value [+5] is not between 1 and 1000",
        ),
        (
            "pagination_token=0000000000000000",
            "pagination_token",
            "0000000000000000",
            "The `pagination_token` query parameter value [0000000000000000] is not a valid token.",
        ),
        (
            "cursor=7",
            "cursor",
            "7",
            "The query parameter [cursor] is not one of [expansions,max_results,pagination_token,tweet.fields,user.fields]",
        ),
        (
            "post.fields=id&tweet.fields=id",
            "tweet.fields",
            "id",
            "The query parameter [tweet.fields] is not one of [expansions,max_results,pagination_token,post.fields,user.fields]",
        ),
        (
            "expansions=pinned",
            "expansions",
            "pinned",
            "The `expansions` query parameter value [pinned] is not one of [affiliation.user_id,most_recent_tweet_id,pinned_tweet_id]",
        ),
        (
            "expansions=pinned_tweet_id&post.fields=id",
            "expansions",
            "pinned_tweet_id",
            "The `expansions` query parameter value [pinned_tweet_id] is not one of [affiliation,most_recent_post_id,pinned_post_id]",
        ),
        (
            "user.fields=karma",
            "user.fields",
            "karma",
            "The `user.fields` query parameter value [karma] is not one of [affiliation,confirmed_email,connection_status,created_at,description,entities,id,is_identity_verified,location,most_recent_tweet_id,name,parody,pinned_tweet_id,profile_banner_url,profile_image_url,protected,public_metrics,receives_your_dm,subscription,subscription_type,url,username,verified,verified_followers_count,verified_type,withheld]",
        ),
    ] {
        let answer = client.get(&format!("/2/users/{me}/blocking?{query}")).await;
        assert_invalid(&answer, parameter, value, message);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let client = Client::new().await;
    let answer = client.get("/2/users/x/blocking?max_results=0&user.fields=karma,mood").await;
    let errors = answer.json()["errors"].as_array().map(Vec::len);
    assert_eq!((answer.status, errors), (400, Some(4)));
}

#[tokio::test]
async fn a_list_belongs_to_the_caller() {
    let client = Client::new().await;
    let (me, them) = (client.world.owner(), client.world.stranger(0));
    let not_mine = |name: &str| {
        format!(
            "The `{name}` query parameter value [{them}] must be the same as the authenticating user [{me}]"
        )
    };
    let foreign = format!("/2/users/{them}/blocking");
    let body = format!(r#"{{"target_user_id":"{me}"}}"#);
    assert_invalid(&client.get(&foreign).await, "id", &them.to_string(), &not_mine("id"));
    assert_invalid(&client.post(&foreign, &body).await, "id", &them.to_string(), &not_mine("id"));
    assert_invalid(
        &client.delete(&format!("{foreign}/{me}")).await,
        "source_user_id",
        &them.to_string(),
        &not_mine("source_user_id"),
    );
    assert_invalid(
        &client.get("/2/users/me%20/blocking").await,
        "id",
        "me ",
        "The `id` query parameter value [me ] is not valid",
    );
}

#[tokio::test]
async fn a_foreign_page_token_is_no_token() {
    let client = Client::new().await;
    let them = client.world.stranger(0);
    let token = client.world.mint(them, Scope::ALL, None).expect("they exist");
    for number in 1..4 {
        let pair = blocks_domain::BlockPair::new(them, client.world.stranger(number));
        client.world.block(pair.expect("two users")).expect("they exist");
    }
    let theirs = client
        .try_call(
            "GET",
            &format!("/2/users/{them}/blocking?max_results=1"),
            &format!("authorization: Bearer {}\r\n", token.expose_secret()),
            "",
        )
        .await
        .expect("an answer");
    let page_token = theirs.json()["meta"]["next_token"].as_str().expect("more").to_owned();
    let answer = client.get(&format!("{}?pagination_token={page_token}", client.list())).await;
    let message = format!(
        "The `pagination_token` query parameter value [{page_token}] is not a valid token."
    );
    assert_invalid(&answer, "pagination_token", &page_token, &message);
}

#[tokio::test]
async fn a_page_token_expires() {
    let minute = Duration::from_secs(60);
    let noon = NOON.parse().expect("a time");
    let world = World::builder().blocks(30).page_token_lifetime(minute).still_at(noon).build();
    let client = Client::of(world).await;
    let first = client.get(&format!("{}?max_results=20", client.list())).await.json();
    let token = first["meta"]["next_token"].as_str().expect("more");
    let next = format!("{}?pagination_token={token}", client.list());
    client.world.advance(minute - Duration::from_secs(1));
    assert_eq!(client.get(&next).await.status, 200);
    client.world.advance(Duration::from_secs(1));
    let message =
        format!("The `pagination_token` query parameter value [{token}] is not a valid token.");
    assert_invalid(&client.get(&next).await, "pagination_token", token, &message);
}

#[tokio::test]
async fn nobody_begins_to_block_who_is_not_there() {
    let client = Client::new().await;
    let blocked = client.world.blocks(client.world.owner(), 2);
    let strangers = [client.world.stranger(0), client.world.stranger(1)];
    for (suspended, deactivated) in [(blocked[0], blocked[1]), (strangers[0], strangers[1])] {
        client.world.suspend(suspended).expect("they exist");
        client.world.deactivate(deactivated).expect("they exist");
    }
    let post = async |target: &UserId| {
        client.post(&client.list(), &format!(r#"{{"target_user_id":"{target}"}}"#)).await
    };
    for (target, title, detail) in [
        (strangers[0], "Forbidden", format!("User has been suspended: [{}].", strangers[0])),
        (
            strangers[1],
            "Not Found Error",
            format!("Could not find user with id: [{}].", strangers[1]),
        ),
    ] {
        let answer = post(&target).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.json(),
            json!({
                "errors": [{
                    "value": target.to_string(),
                    "detail": detail,
                    "title": title,
                    "resource_type": "user",
                    "parameter": "id",
                    "resource_id": target.to_string(),
                    "type": "https://api.x.com/2/problems/resource-not-found",
                }],
            })
        );
    }
    for target in &blocked {
        assert_eq!(post(target).await.json(), json!({ "data": { "blocking": true } }));
    }
    for target in blocked.iter().chain(&strangers) {
        let answer = client.delete(&format!("{}/{target}", client.list())).await;
        assert_eq!(answer.json(), json!({ "data": { "blocking": false } }));
    }
    assert_eq!(client.world.block_count(client.world.owner()), 28, "two were let go");
}

#[tokio::test]
async fn an_account_that_is_not_there_makes_no_calls() {
    let client = Client::new().await;
    let me = client.world.owner();
    for leave in [World::suspend, World::deactivate] {
        leave(&client.world, me).expect("the owner");
        let answer = client.get(&client.list()).await;
        assert_problem(&answer, 401, &blank(401, "Unauthorized"));
        client.world.reinstate(me).expect("the owner");
        assert_eq!(client.get(&client.list()).await.status, 200);
    }
}

#[tokio::test]
async fn without_a_good_token_nobody_comes_in_and_no_window_is_told() {
    let client = Client::new().await;
    let hour = Duration::from_secs(3600);
    let ended = client.world.mint(client.world.owner(), Scope::ALL, Some(hour)).expect("the owner");
    client.world.advance(hour);
    let ended = format!("authorization: Bearer {}\r\n", ended.expose_secret());
    let token = client.world.token();
    let twice = format!("authorization: Bearer {}\r\n", token.expose_secret()).repeat(2);
    for headers in
        ["", "authorization: Bearer nonsense\r\n", "authorization: Basic eA==\r\n", &ended, &twice]
    {
        let answer = client.try_call("GET", &client.list(), headers, "").await.expect("an answer");
        assert_problem(&answer, 401, &blank(401, "Unauthorized"));
        assert_eq!(answer.rate(), None);
    }
}

#[tokio::test]
async fn an_app_alone_has_no_list() {
    let client = Client::new().await;
    let token = client.world.app_only_token();
    let headers = format!("authorization: Bearer {}\r\n", token.expose_secret());
    let answer = client.try_call("GET", &client.list(), &headers, "").await.expect("an answer");
    assert_problem(
        &answer,
        403,
        &json!({
            "title": "Unsupported Authentication",
            "detail": "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "type": "https://api.x.com/2/problems/unsupported-authentication",
            "status": 403,
        }),
    );
}

#[tokio::test]
async fn every_scope_of_a_call_is_needed() {
    let client = Client::new().await;
    let (list, target) = (client.list(), client.world.stranger(0));
    for (method, path, own_scope) in [
        ("GET", list.clone(), Some(Scope::BlockRead)),
        ("POST", list.clone(), Some(Scope::BlockWrite)),
        ("DELETE", format!("{list}/{target}"), Some(Scope::BlockWrite)),
        ("GET", "/2/users/me".to_owned(), None),
        ("GET", format!("/2/users?ids={target}"), None),
        ("GET", "/2/users/by?usernames=somebody".to_owned(), None),
    ] {
        for missing in [Scope::UsersRead, Scope::TweetRead].into_iter().chain(own_scope) {
            let scopes = Scope::ALL.into_iter().filter(|scope| *scope != missing);
            let token = client.world.mint(client.world.owner(), scopes, None).expect("the owner");
            let headers = format!("authorization: Bearer {}\r\n", token.expose_secret());
            let answer = client.try_call(method, &path, &headers, "").await.expect("an answer");
            assert_problem(&answer, 403, &blank(403, "Forbidden"));
            assert!(answer.rate().is_some(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn blocking_is_for_enterprise() {
    let client = Client::of(World::builder().tier(Tier::PayPerUse).build()).await;
    let target = client.world.stranger(0);
    let body = format!(r#"{{"target_user_id":"{target}"}}"#);
    let posted = client.post(&client.list(), &body).await;
    assert_problem(&posted, 403, &blank(403, "Forbidden"));
    let deleted = client.delete(&format!("{}/{target}", client.list())).await;
    assert_problem(&deleted, 403, &blank(403, "Forbidden"));
    assert_eq!(client.get(&client.list()).await.status, 200);
}

#[tokio::test]
async fn an_app_that_is_not_enrolled_is_told_where_to_go() {
    let client = Client::new().await;
    client.world.set_enrolled(false);
    assert_problem(
        &client.get(&client.list()).await,
        403,
        &json!({
            "client_id": "30000001",
            "detail": "This app is not enrolled in the API; it has to be attached to a project first.",
            "registration_url": "https://developer.x.com/en/docs/projects/overview",
            "title": "Client Forbidden",
            "required_enrollment": "Appropriate Level of API Access",
            "reason": "client-not-enrolled",
            "type": "https://api.x.com/2/problems/client-forbidden",
            "status": 403,
        }),
    );
}

#[tokio::test]
async fn credits_run_out() {
    let client = Client::new().await;
    client.world.set_credits(Some("0.03".parse().expect("an amount")));
    assert_eq!(client.get(&client.list()).await.status, 200);
    assert_problem(
        &client.get(&client.list()).await,
        402,
        &json!({
            "account_id": "1800000000000000001",
            "title": "CreditsDepleted",
            "detail": "The account has no credits left for this request.",
            "type": "https://api.x.com/2/problems/credits",
            "status": 402,
        }),
    );
}

#[tokio::test]
async fn a_cap_is_reached_while_calls_are_left() {
    let client = Client::new().await;
    client.world.set_monthly_cap(Some(30));
    assert_eq!(client.get(&client.list()).await.status, 200);
    let answer = client.get(&client.list()).await;
    assert_problem(
        &answer,
        429,
        &json!({
            "account_id": "1800000000000000001",
            "product_name": "sandbox",
            "title": "UsageCapExceeded",
            "period": "Monthly",
            "scope": "Product",
            "detail": "Usage cap exceeded: Monthly product cap",
            "type": "https://api.x.com/2/problems/usage-capped",
            "status": 429,
        }),
    );
    assert_eq!(answer.rate(), Some(("15", "13", RESET)));
}

#[tokio::test]
async fn a_spent_window_is_told_and_ends() {
    let client = Client::new().await;
    for left in (0..15).rev() {
        let answer = client.get(&client.list()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.rate(), Some(("15", &*left.to_string(), RESET)));
    }
    let answer = client.get(&client.list()).await;
    assert_problem(&answer, 429, &blank(429, "Too Many Requests"));
    assert_eq!(answer.rate(), Some(("15", "0", RESET)));
    assert_eq!(answer.header("date"), Some("Fri, 07 Aug 2026 12:00:00 GMT"));
    assert_eq!(client.get("/2/users/me").await.status, 200, "another endpoint");

    client.world.advance(Duration::from_secs(900));
    let answer = client.get(&client.list()).await;
    assert_eq!(answer.rate(), Some(("15", "14", "1786105800")));
    assert_eq!(answer.header("date"), Some("Fri, 07 Aug 2026 12:15:00 GMT"));
}

#[tokio::test]
async fn writes_have_windows_of_their_own() {
    let client = Client::new().await;
    let target = client.world.stranger(0);
    let body = format!(r#"{{"target_user_id":"{target}"}}"#);
    for (method, path) in
        [("POST", client.list()), ("DELETE", format!("{}/{target}", client.list()))]
    {
        let json = "content-type: application/json\r\n";
        for _ in 0..50 {
            assert_eq!(client.call(method, &path, json, &body).await.status, 200);
        }
        let answer = client.call(method, &path, json, &body).await;
        assert_problem(&answer, 429, &blank(429, "Too Many Requests"));
        assert_eq!(answer.rate(), Some(("50", "0", RESET)));
    }
}

#[tokio::test]
async fn without_limits_the_window_stays_full() {
    let world = World::builder().limits(false).still_at(NOON.parse().expect("a time")).build();
    let client = Client::of(world).await;
    for _ in 0..20 {
        let answer = client.get(&client.list()).await;
        assert_eq!(answer.rate(), Some(("1000000", "1000000", RESET)));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_like_an_api() {
    let client = Client::new().await;
    assert_problem(&client.get("/2/users/me/blocks").await, 404, &blank(404, "Not Found"));
    assert_problem(&client.get("/2/").await, 404, &blank(404, "Not Found"));
    for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = client.call(method, &client.list(), "", "").await;
        assert_problem(&answer, 405, &blank(405, "Method Not Allowed"));
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    }
    assert_eq!(client.world.meter().block_reads, 0);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let client = Client::new().await;
    let get = client.get(&client.list()).await;
    // A client must not wait for the body that the length is about, and this one would.
    let head = client.head(&client.list()).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    assert_eq!(head.header("content-length"), Some(&*get.body.len().to_string()));
    assert_eq!(head.rate(), Some(("15", "13", RESET)), "it is counted");
    assert_eq!(client.head(&format!("{}?max_results=0", client.list())).await.status, 400);
    assert_eq!(client.head("/2/nothing").await.status, 404);
}

#[tokio::test]
async fn lookups_say_what_they_do_not_take() {
    let client = Client::new().await;
    let many = vec!["7"; 101].join(",");
    for (path, parameter, value, message) in [
        ("/2/users", "ids", "", "The `ids` query parameter can not be empty"),
        ("/2/users/by", "usernames", "", "The `usernames` query parameter can not be empty"),
        ("/2/users?ids=007", "ids", "007", "The `ids` query parameter value [007] is not valid"),
        (
            "/2/users/by?usernames=no-hyphens",
            "usernames",
            "no-hyphens",
            "The `usernames` query parameter value [no-hyphens] is not valid",
        ),
        (
            &format!("/2/users?ids={many}"),
            "ids",
            &many,
            "The number of values in the `ids` query parameter list [101] is not between 1 and 100",
        ),
        (
            "/2/users/me?max_results=5",
            "max_results",
            "5",
            "The query parameter [max_results] is not one of [expansions,tweet.fields,user.fields]",
        ),
    ] {
        assert_invalid(&client.get(path).await, parameter, value, message);
    }
}
