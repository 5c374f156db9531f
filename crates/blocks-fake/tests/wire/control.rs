//! The control interface.

use serde_json::json;

use crate::client::Client;

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
