//! Pages and lookups, in both vocabularies.

use blocks_domain::UserId;
use blocks_fake::{Profile, World};
use serde_json::{Value, json};

use crate::client::{Client, RESET};

fn bare(profile: &Profile) -> Value {
    json!({ "id": profile.id.to_string(), "name": profile.name, "username": profile.username })
}

fn bare_users(client: &Client, users: &[UserId]) -> Vec<Value> {
    users.iter().map(|id| bare(&client.world.profile(*id).expect("a user"))).collect()
}

#[tokio::test]
async fn a_page_holds_the_newest_blocks_and_the_way_on() {
    let client = Client::new().await;
    let blocked = client.world.blocks(client.world.owner(), 100);
    let answer = client.get(&format!("{}?max_results=20", client.list())).await;
    let next = answer.json()["meta"]["next_token"].as_str().expect("more").to_owned();
    assert_eq!(
        answer.json(),
        json!({
            "data": bare_users(&client, &blocked[..20]),
            "meta": { "result_count": 20, "next_token": next },
        })
    );
    let answer = client.get(&format!("{}?pagination_token={next}", client.list())).await;
    let previous = answer.json()["meta"]["previous_token"].as_str().expect("a page").to_owned();
    assert_eq!(
        answer.json(),
        json!({
            "data": bare_users(&client, &blocked[20..]),
            "meta": { "result_count": 10, "previous_token": previous },
        })
    );
    assert!(next.len() >= 16 && previous.len() >= 16 && next != previous);
}

#[tokio::test]
async fn a_page_token_is_bound_to_no_size_and_no_fields() {
    let client = Client::new().await;
    let blocked = client.world.blocks(client.world.owner(), 100);
    let answer = client.get(&format!("{}?max_results=7&user.fields=url", client.list())).await;
    let next = answer.json()["meta"]["next_token"].as_str().expect("more").to_owned();
    for _ in 0..2 {
        let answer =
            client.get(&format!("{}?max_results=3&pagination_token={next}", client.list())).await;
        assert_eq!(answer.json()["data"], json!(bare_users(&client, &blocked[7..10])));
    }
}

#[tokio::test]
async fn whoever_is_not_there_makes_pages_short_and_does_not_end_the_list() {
    let client = Client::new().await;
    let me = client.world.owner();
    let blocked = client.world.blocks(me, 30);
    for user in &blocked[..6] {
        client.world.suspend(*user).expect("they exist");
    }
    client.world.deactivate(blocked[7]).expect("they exist");

    let page = async |token: &Value| {
        let token = token.as_str().map(|token| format!("&pagination_token={token}"));
        let path = format!("{}?max_results=5{}", client.list(), token.unwrap_or_default());
        client.get(&path).await.json()
    };
    let empty = page(&Value::Null).await;
    let next = &empty["meta"]["next_token"];
    assert_eq!(empty, json!({ "meta": { "result_count": 0, "next_token": next } }));
    let short = page(next).await;
    let there = [blocked[6], blocked[8], blocked[9]];
    assert_eq!(short["data"], json!(bare_users(&client, &there)));
    assert_eq!(short["meta"]["result_count"], 3);
    assert!(short["meta"]["next_token"].is_string(), "more");
    assert_eq!(client.world.meter().block_reads, 3, "nobody pays for those who are not shown");

    client.world.reinstate(blocked[0]).expect("they exist");
    assert_eq!(page(&Value::Null).await["data"], json!(bare_users(&client, &blocked[..1])));
    assert_eq!(client.world.block_count(me), 30);
}

#[tokio::test]
async fn the_seed_takes_a_share_of_everybody_away_and_none_of_the_blocks_promised() {
    let world = World::builder().blocks(200).unavailable(300).limits(false).build();
    let client = Client::of(world).await;
    let (mut seen, mut short, mut token) = (Vec::new(), 0, String::new());
    loop {
        let page = client.get(&format!("{}?max_results=20{token}", client.list())).await.json();
        let users = page["data"].as_array().cloned().unwrap_or_default();
        short += u32::from(users.len() < 20 && page["meta"]["next_token"].is_string());
        seen.extend(users);
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&pagination_token={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 200);
    assert!(short > 5, "{short} short pages");
    let shown = client.world.blocks(client.world.owner(), 1000);
    assert_eq!(seen, bare_users(&client, &shown));
}

#[tokio::test]
async fn an_answer_has_the_headers_of_the_api() {
    let client = Client::new().await;
    let (one, two) = (client.get(&client.list()).await, client.get(&client.list()).await);
    assert_eq!(one.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(one.header("date"), Some("Fri, 07 Aug 2026 12:00:00 GMT"));
    assert_eq!(one.rate(), Some(("15", "14", RESET)));
    assert_eq!(two.rate(), Some(("15", "13", RESET)));
    assert_eq!(one.header("x-access-level"), Some("read-write"));
    let id = one.header("x-transaction-id").expect("an id");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_ne!(two.header("x-transaction-id"), Some(id));
    assert!(one.header("x-response-time").is_some_and(|ms| ms.parse::<u64>().is_ok()));
}

#[tokio::test]
async fn an_empty_list_has_no_data() {
    let client = Client::of(World::builder().blocks(0).build()).await;
    let answer = client.get(&client.list()).await;
    assert_eq!(answer.json(), json!({ "meta": { "result_count": 0 } }));
}

#[tokio::test]
async fn gzip_comes_when_it_is_asked_for() {
    let client = Client::new().await;
    let answer = client.call("GET", &client.list(), "accept-encoding: gzip\r\n", "").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.body[..2], [0x1f, 0x8b]);
    assert_eq!(client.get(&client.list()).await.header("content-encoding"), None);
}

#[tokio::test]
async fn me_is_one_user() {
    let client = Client::new().await;
    let me = client.world.profile(client.world.owner()).expect("the owner");
    assert_eq!(client.get("/2/users/me").await.json(), json!({ "data": bare(&me) }));
    let answer = client.get("/2/users/me?user.fields=confirmed_email,connection_status").await;
    let mut expected = bare(&me);
    expected["confirmed_email"] = json!(format!("{}@example.com", me.username.to_lowercase()));
    assert_eq!(answer.json(), json!({ "data": expected }));
}

#[tokio::test]
async fn lookups_find_those_who_exist_and_name_the_others() {
    let client = Client::new().await;
    let ids = [client.world.stranger(1), client.world.stranger(0)];
    let found = bare_users(&client, &ids);
    let answer = client.get(&format!("/2/users?ids={},12,{}", ids[0], ids[1])).await;
    let missing = |parameter: &str, value: &str| {
        json!({
            "value": value,
            "detail": format!("Could not find user with {parameter}: [{value}]."),
            "title": "Not Found Error",
            "resource_type": "user",
            "parameter": parameter,
            "resource_id": value,
            "type": "https://api.x.com/2/problems/resource-not-found",
        })
    };
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "data": found, "errors": [missing("ids", "12")] }));

    let name = found[0]["username"].as_str().expect("a handle").to_uppercase();
    let answer = client.get(&format!("/2/users/by?usernames={name},nobody")).await;
    let errors = [missing("usernames", "nobody")];
    assert_eq!(answer.json(), json!({ "data": [found[0]], "errors": errors }));

    let answer = client.get("/2/users?ids=12").await;
    assert_eq!(answer.json(), json!({ "errors": [missing("ids", "12")] }), "no data");
}

#[tokio::test]
async fn lookups_say_who_is_suspended_and_not_who_has_left() {
    let client = Client::new().await;
    let users = [client.world.stranger(0), client.world.stranger(1), client.world.stranger(2)];
    let [suspended, deactivated, there] = users;
    client.world.suspend(suspended).expect("they exist");
    client.world.deactivate(deactivated).expect("they exist");
    let name = |user| client.world.profile(user).expect("they exist").username;
    let problem = |title: &str, detail: &str, parameter: &str, value: &str| {
        json!({
            "value": value,
            "detail": detail,
            "title": title,
            "resource_type": "user",
            "parameter": parameter,
            "resource_id": value,
            "type": "https://api.x.com/2/problems/resource-not-found",
        })
    };
    for (path, parameter, gone, left) in [
        ("/2/users", "ids", suspended.to_string(), deactivated.to_string()),
        ("/2/users/by", "usernames", name(suspended), name(deactivated)),
    ] {
        let found = if parameter == "ids" { there.to_string() } else { name(there) };
        let answer = client.get(&format!("{path}?{parameter}={gone},{found},{left}")).await;
        let errors = [
            problem("Forbidden", &format!("User has been suspended: [{gone}]."), parameter, &gone),
            problem(
                "Not Found Error",
                &format!("Could not find user with {parameter}: [{left}]."),
                parameter,
                &left,
            ),
        ];
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({ "data": bare_users(&client, &[there]), "errors": errors })
        );
    }
    assert_eq!(client.world.meter().user_lookups, 1, "nobody pays for those who are not shown");
}
