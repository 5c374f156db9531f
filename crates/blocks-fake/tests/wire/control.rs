//! The control interface.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

impl Client {
    /// Sends JSON without a token of the API, and expects it to be taken.
    async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_control(method, path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        answer.json()
    }

    async fn try_control(&self, method: &str, path: &str, body: &str) -> Answer {
        let json = "content-type: application/json\r\n";
        self.try_call(method, path, json, body).await.expect("an answer")
    }

    async fn look(&self, path: &str) -> Value {
        self.control("GET", path, &Value::Null).await
    }

    async fn get_as(&self, token: &str, path: &str) -> Answer {
        let headers = format!("authorization: Bearer {token}\r\n");
        self.try_call("GET", path, &headers, "").await.expect("an answer")
    }
}

#[tokio::test]
async fn time_is_moved_on() {
    let client = Client::new().await;
    let answer = client.post("/sandbox/advance", r#"{"seconds":900}"#).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "now": "2026-08-07T12:15:00.000Z" })));
    assert_eq!(client.world.now().to_string(), "2026-08-07T12:15:00Z");
    for body in ["", "{}", r#"{"seconds":-1}"#, r#"{"seconds":"9"}"#] {
        assert_eq!(client.post("/sandbox/advance", body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn the_meter_tells_what_reading_has_cost() {
    let client = Client::new().await;
    client.get(&client.list()).await;
    client.get(&client.list()).await;
    client.get("/2/users/me").await;
    client.world.set_credits(Some("2".parse().expect("an amount")));
    assert_eq!(
        client.get("/sandbox/meter").await.json(),
        json!({
            "block_reads": 30,
            "user_lookups": 1,
            "free_reads": 30,
            "cost_usd": "0.04",
            "credits_usd": "2.00",
        })
    );
}

#[tokio::test]
async fn mistakes_are_told_as_json() {
    let client = Client::new().await;
    for (method, path, body, status, error) in [
        ("GET", "/sandbox/nothing", "", 404, "there is no such path: GET /sandbox lists all"),
        ("GET", "/sandbox/", "", 404, "there is no such path: GET /sandbox lists all"),
        ("DELETE", "/sandbox/settings", "", 405, "this path takes GET, PATCH"),
        (
            "GET",
            "/sandbox/meter?x=1",
            "",
            400,
            "the parameter `x` is not known here: it takes none",
        ),
        ("GET", "/sandbox/blocks", "", 400, "the parameter `user` is missing"),
        ("GET", "/sandbox/blocks?user=5", "", 200, ""),
        ("GET", "/sandbox/blocks?user=nobody", "", 400, "there is no user `nobody`"),
        ("GET", "/sandbox/blocks?user=5&user=6", "", 400, "the parameter `user` is given twice"),
        ("GET", "/sandbox/requests?limit=-1", "", 400, "`limit` must be a whole number"),
        (
            "POST",
            "/sandbox/tokens",
            r#"{"users":[1],"scopes":["dm.read"]}"#,
            400,
            "`dm.read` is no scope: there are block.read, block.write, users.read, tweet.read, \
             offline.access",
        ),
        (
            "POST",
            "/sandbox/faults",
            r#"{"faults":[{"kind":"delay"}]}"#,
            400,
            "fault 1: this fault lacks the key `ms`",
        ),
    ] {
        let answer = client.try_control(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.text());
        if status != 200 {
            assert_eq!(answer.json(), json!({ "error": error }), "{method} {path}");
        }
    }
    let answer = client.try_control("PATCH", "/sandbox/settings", r#"{"limit":1}"#).await;
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].as_str().expect("a text").to_owned();
    assert!(error.starts_with("the body does not fit: unknown field `limit`"), "{error}");
    let answer = client.try_control("POST", "/sandbox/meter", "").await;
    assert_eq!(answer.header("allow"), Some("GET"));
}

#[tokio::test]
async fn the_index_lists_paths_that_there_are() {
    let client = Client::new().await;
    let index = client.look("/sandbox").await;
    let controls = index["controls"].as_array().expect("a list");
    for control in controls {
        let path = control["path"].as_str().expect("a path");
        assert_eq!(client.try_control("BREW", path, "").await.status, 405, "{path}");
    }
    assert!(controls.len() > 10);
}

#[tokio::test]
async fn users_are_found_by_id_handle_and_number() {
    let client = Client::new().await;
    let (id, handle) = (client.world.owner(), client.owner_name());
    let number = client.world.number_of(id).expect("the owner");
    let found = client.look(&format!("/sandbox/users?users={id},@{handle},{number},nobody")).await;
    let owner = &found["users"][0];
    assert_eq!((&owner["id"], &owner["username"]), (&id.to_string().into(), &handle.into()));
    assert_eq!(found["users"], json!([owner, owner, owner]));
    assert_eq!(found["missing"], json!(["nobody"]));

    let row = client.look("/sandbox/users?from=67108862&count=2").await;
    assert_eq!(
        (&row["users"][0]["number"], &row["users"][1]["number"]),
        (&67_108_862.into(), &67_108_863.into())
    );
    let answer = client.try_control("GET", "/sandbox/users?from=67108863&count=2", "").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn tokens_are_minted_in_bulk_and_end_as_asked() {
    let client = Client::new().await;
    let body = json!({
        "from": 10, "count": 300,
        "scopes": ["users.read", "tweet.read"],
        "lifetime_s": 60,
    });
    let minted = client.control("POST", "/sandbox/tokens", &body).await;
    assert_eq!(minted["expires_at"], "2026-08-07T12:01:00.000Z");
    assert_eq!(minted["scopes"], json!(["users.read", "tweet.read"]));
    let tokens = minted["tokens"].as_array().expect("a list");
    assert_eq!(tokens.len(), 300);
    let (first, last) = (&tokens[0], &tokens[299]);
    let token = |of: &Value| of["access_token"].as_str().expect("a token").to_owned();
    let me = client.get_as(&token(last), "/2/users/me").await;
    assert_eq!(me.json()["data"]["id"], last["user_id"]);
    let list = format!("/2/users/{}/blocking", first["user_id"].as_str().expect("an id"));
    assert_eq!(client.get_as(&token(first), &list).await.status, 403, "without the scope");
    client.control("POST", "/sandbox/advance", &json!({ "seconds": 60 })).await;
    assert_eq!(client.get_as(&token(last), "/2/users/me").await.status, 401);

    let named = json!({ "users": [7, "8"] });
    let minted = client.control("POST", "/sandbox/tokens", &named).await;
    assert_eq!(
        (minted["tokens"].as_array().map(Vec::len), &minted["expires_at"]),
        (Some(2), &Value::Null)
    );
    let wrong = json!({ "users": [7, "nobody"] }).to_string();
    assert_eq!(client.try_control("POST", "/sandbox/tokens", &wrong).await.status, 400);
}

#[tokio::test]
async fn blocks_and_follows_are_changed_in_bulk_or_not_at_all() {
    let client = Client::new().await;
    let pairs: Vec<_> = (100..400).map(|number| json!([99, number])).collect();
    let changed = client.control("POST", "/sandbox/blocks", &json!({ "add": pairs })).await;
    assert_eq!(changed, json!({ "added": 300, "removed": 0 }));
    let told = client.look("/sandbox/blocks?user=99&limit=1").await;
    let newest = client.world.user_at(399).expect("a user").to_string();
    assert_eq!((&told["count"], &told["user_ids"]), (&300.into(), &json!([newest])));

    let body = json!({ "add": [[99, 500]], "remove": [[99, 100], [99, 101]] });
    client.control("POST", "/sandbox/blocks", &body).await;
    assert_eq!(client.look("/sandbox/blocks?user=99").await["count"], 299);
    for wrong in [json!([[99, 600], [99, "nobody"]]), json!([[99, 600], [99, 99]])] {
        let body = json!({ "add": wrong }).to_string();
        assert_eq!(client.try_control("POST", "/sandbox/blocks", &body).await.status, 400);
    }
    assert_eq!(client.look("/sandbox/blocks?user=99").await["count"], 299);

    let (one, two) = (client.world.user_at(1), client.world.user_at(2));
    let ids = |user: Option<blocks_domain::UserId>| json!([user.expect("a user").to_string()]);
    client.control("POST", "/sandbox/follows", &json!({ "add": [[1, 2]] })).await;
    assert_eq!(client.look("/sandbox/follows?user=1").await["following"], ids(two));
    assert_eq!(client.look("/sandbox/follows?user=2").await["followers"], ids(one));
    let across = json!({ "add": [[3, 4], [99, 500]] }).to_string();
    assert_eq!(client.try_control("POST", "/sandbox/follows", &across).await.status, 400);
    assert_eq!(client.look("/sandbox/follows?user=3").await["following"], json!([]));
}

#[tokio::test]
async fn settings_are_changed_one_by_one() {
    let client = Client::new().await;
    let first = json!({
        "limits": true,
        "tier": "enterprise",
        "credits_usd": null,
        "monthly_cap": null,
        "enrolled": true,
        "oauth1_may_write": true,
    });
    assert_eq!(client.look("/sandbox/settings").await, first);
    let caller = &client;
    let set =
        |change: Value| async move { caller.control("PATCH", "/sandbox/settings", &change).await };

    assert_eq!(set(json!({ "limits": false })).await["limits"], false);
    assert_eq!(
        client.get("/2/users/me").await.rate().map(|rate| rate.1.to_owned()),
        Some("1000000".into())
    );
    set(json!({ "tier": "pay-per-use" })).await;
    assert_eq!(client.delete(&format!("{}/1", client.list())).await.status, 403);
    set(json!({ "credits_usd": "0.001" })).await;
    assert_eq!(client.get("/2/users/me").await.status, 402);
    set(json!({ "credits_usd": null, "monthly_cap": 0 })).await;
    assert_eq!(client.get("/2/users/me").await.status, 429);
    let all =
        set(json!({ "monthly_cap": null, "enrolled": false, "oauth1_may_write": false })).await;
    assert_eq!((&all["enrolled"], &all["oauth1_may_write"]), (&false.into(), &false.into()));
    assert_eq!(client.get("/2/users/me").await.status, 403);
    assert_eq!(set(first.clone()).await, first);
}

#[tokio::test]
async fn the_state_is_carried_to_another_sandbox() {
    let (client, other) = (Client::new().await, Client::new().await);
    client.get(&client.list()).await;
    client.control("POST", "/sandbox/blocks", &json!({ "add": [[1, 2]] })).await;
    client.control("POST", "/sandbox/follows", &json!({ "add": [[3, 4]] })).await;
    client
        .control("PATCH", "/sandbox/settings", &json!({ "credits_usd": "3", "monthly_cap": 99 }))
        .await;
    let minted = client.control("POST", "/sandbox/tokens", &json!({ "users": [5] })).await;
    client.control("POST", "/sandbox/advance", &json!({ "seconds": 5 })).await;

    let state = client.look("/sandbox/state").await;
    other.control("PUT", "/sandbox/state", &state).await;
    assert_eq!(other.look("/sandbox/state").await, state);
    for path in
        ["/sandbox/meter", "/sandbox/settings", "/sandbox/follows?user=3", "/sandbox/blocks?user=1"]
    {
        assert_eq!(other.look(path).await, client.look(path).await, "{path}");
    }
    let token = minted["tokens"][0]["access_token"].as_str().expect("a token");
    assert_eq!(other.get_as(token, "/2/users/me").await.status, 200);

    let stranger = Client::of(blocks_fake::World::builder().seed(4).build()).await;
    let before = stranger.look("/sandbox/state").await;
    for wrong in [state.to_string(), "{}".to_owned(), String::new()] {
        assert_eq!(stranger.try_control("PUT", "/sandbox/state", &wrong).await.status, 400);
    }
    assert_eq!(stranger.look("/sandbox/state").await["lists"], before["lists"]);
}

#[tokio::test]
async fn a_reset_leads_back_to_the_beginning() {
    let client = Client::new().await;
    let (before, owner) = (client.look("/sandbox/state").await, client.world.owner());
    client.get(&client.list()).await;
    let block = json!({ "add": [[owner.to_string(), 9]] });
    client.control("POST", "/sandbox/blocks", &block).await;
    client.control("POST", "/sandbox/faults", &json!({ "faults": [{ "kind": "reset" }] })).await;
    client.control("POST", "/sandbox/advance", &json!({ "seconds": 60 })).await;
    let told = client.control("POST", "/sandbox/reset", &Value::Null).await;
    assert_eq!(told, json!({ "now": "2026-08-07T12:00:00.000Z" }));
    assert_eq!(client.look("/sandbox/state").await, before);
    assert_eq!(client.look("/sandbox/faults").await, json!({ "faults": [] }));
    assert_eq!(client.look("/sandbox/requests").await["count"], 0);
    assert_eq!(client.get(&client.list()).await.status, 200, "the owner's token is still good");
}

#[tokio::test]
async fn faults_are_listed_with_what_is_left_of_them_and_cleared() {
    let client = Client::new().await;
    let fault = json!({
        "kind": "status", "status": 503, "problem": "service-unavailable",
        "at": "GET /2/users/me", "times": 2,
    });
    let added = client.control("POST", "/sandbox/faults", &json!({ "faults": [fault] })).await;
    assert_eq!(added, json!({ "faults": [fault] }));
    assert_eq!(client.get("/2/users/me").await.status, 503);
    assert_eq!(client.look("/sandbox/faults").await["faults"][0]["times"], 1);
    let cleared = client.control("DELETE", "/sandbox/faults", &Value::Null).await;
    assert_eq!(cleared, json!({ "faults": [] }));
    assert_eq!(client.get("/2/users/me").await.status, 200);
}

#[tokio::test]
async fn the_windows_of_a_user_are_told_without_counting() {
    let client = Client::new().await;
    client.get(&client.list()).await;
    let path = format!("/sandbox/windows?user={}", client.world.owner());
    let window = json!({
        "endpoint": "GET /2/users/:id/blocking",
        "limit": 15, "remaining": 14, "reset": 1_786_104_900,
    });
    for _ in 0..2 {
        assert_eq!(client.look(&path).await["windows"], json!([window]));
    }
    client.control("POST", "/sandbox/advance", &json!({ "seconds": 900 })).await;
    assert_eq!(client.look(&path).await["windows"], json!([]), "it is over");
}

#[tokio::test]
async fn the_last_requests_are_told_without_secrets() {
    let client = Client::new().await;
    client.get("/2/users/me?user.fields=id&access_token=secret").await;
    client.get_as("secret", "/2/users/me").await;
    client.control("POST", "/sandbox/faults", &json!({ "faults": [{ "kind": "reset" }] })).await;
    let token = "authorization: Bearer secret\r\n";
    client.try_call("GET", "/2/users/me", token, "").await.expect_err("a reset");
    client.try_control("POST", "/2/oauth2/token", "refresh_token=secret").await;

    let told = client.look("/sandbox/requests").await;
    assert!(!told.to_string().contains("secret"), "{told}");
    assert_eq!(told["count"], 4, "those to the control interface do not count");
    let column = |key: &str| -> Vec<Value> {
        told["requests"].as_array().expect("a list").iter().map(|r| r[key].clone()).collect()
    };
    assert_eq!(column("status"), [json!(400), json!(401), Value::Null, json!(400)]);
    assert_eq!(column("fault"), [Value::Null, Value::Null, json!("reset"), Value::Null]);
    assert_eq!(column("authorization"), ["bearer", "bearer", "bearer", "none"]);
    let owner = client.world.owner().to_string();
    assert_eq!(column("user_id"), [json!(owner), Value::Null, Value::Null, Value::Null]);
    assert_eq!(column("query")[0], json!([["user.fields", "id"], ["access_token", "***"]]));
    assert_eq!(column("path")[3], "/2/oauth2/token");

    assert_eq!(client.look("/sandbox/requests?limit=1").await["requests"][0]["number"], 3);
    client.control("DELETE", "/sandbox/requests", &Value::Null).await;
    assert_eq!(client.look("/sandbox/requests").await, json!({ "count": 0, "requests": [] }));
}

#[tokio::test]
async fn a_web_page_of_another_origin_controls_nothing() {
    let client = Client::new().await;
    let advance = |headers: &'static str| async {
        let body = r#"{"seconds":1}"#;
        client.try_call("POST", "/sandbox/advance", headers, body).await.expect("an answer").status
    };
    for headers in [
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
        "origin: http://127.0.0.1:1\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        // A second name beside the true one, as after DNS rebinding.
        "host: evil.example\r\n",
    ] {
        assert_ne!(advance(headers).await, 200, "{headers}");
    }
    assert_eq!(client.world.now().to_string(), "2026-08-07T12:00:00Z");
    assert_eq!(advance("sec-fetch-site: same-origin\r\n").await, 200);
}

#[tokio::test]
async fn elsewhere_than_on_loopback_it_takes_the_token() {
    use secrecy::ExposeSecret;

    let world = blocks_fake::World::builder().build();
    let sandbox = blocks_fake::Sandbox::bind(world.clone(), "0.0.0.0:0").await.expect("a port");
    let token = sandbox.control_token().expect("a token").expose_secret().to_owned();
    let client = Client { world, sandbox };
    for path in ["/sandbox/meter", "/sandbox/nothing", "/"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").is_some());
        assert!(!answer.text().contains(&token));
    }
    for (path, status) in [("/sandbox/meter", 200), ("/sandbox/nothing", 404), ("/", 200)] {
        assert_eq!(client.get_as(&token, path).await.status, status, "{path}");
    }
    assert!(Client::new().await.sandbox.control_token().is_none(), "on loopback it is open");
}

#[tokio::test]
async fn users_are_suspended_deactivated_and_reinstated() {
    let client = Client::new().await;
    let blocked = client.world.blocks(client.world.owner(), 3);
    let names: Vec<_> = blocked.iter().map(ToString::to_string).collect();
    let body = json!({ "suspend": [names[0]], "deactivate": [names[1]] });
    let changed = client.control("POST", "/sandbox/users", &body).await;
    assert_eq!(changed, json!({ "changed": 2 }));
    let page = client.get(&client.list()).await.json();
    let shown = page["data"].as_array().expect("users").iter().map(|user| user["id"].clone());
    assert_eq!(shown.take(1).collect::<Vec<_>>(), [json!(names[2])]);

    let half = json!({ "reinstate": [names[0], "nobody_at_all"] });
    let refused = client.try_control("POST", "/sandbox/users", &half.to_string()).await;
    assert_eq!(refused.status, 400);
    assert_eq!(client.world.blocks(client.world.owner(), 1), [blocked[2]], "all or none");
    client.control("POST", "/sandbox/users", &json!({ "reinstate": names })).await;
    assert_eq!(client.world.blocks(client.world.owner(), 3), blocked);
}
