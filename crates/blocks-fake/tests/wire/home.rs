//! The page for a person with a browser.

use secrecy::ExposeSecret;

use crate::client::Client;

#[tokio::test]
async fn the_page_shows_what_is_going_on_and_loads_nothing() {
    let client = Client::new().await;
    client.get(&format!("{}?max_results=5", client.list())).await;
    let page = client.open("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let text = page.text();
    let (url, token) = (client.sandbox.url(), client.world.token());
    for part in [
        client.owner_name(),
        format!(
            "curl &#39;{url}/2/users/me&#39; -H &#39;Authorization: Bearer {}",
            token.expose_secret()
        ),
        format!("{url}/sandbox/advance"),
        "14 of 15".to_owned(),
        "USD 0.005".to_owned(),
        format!("GET {}?max_results=5", client.list()),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    for foreign in ["<script", "src=", "http-equiv", "@import", "url("] {
        assert!(!text.contains(foreign), "{foreign}");
    }
}

#[tokio::test]
async fn what_a_client_sends_is_text_on_the_page() {
    let client = Client::new().await;
    client.get("/2/users/<b>hello</b>?ids=<i>\"'&").await;
    client.get("/%3Cscript%3E").await;
    let page = client.open("/").await;
    assert!(!page.text().contains("<b>hello") && !page.text().contains("<i>"), "{}", page.text());
}

#[tokio::test]
async fn a_name_that_somebody_made_to_lead_here_shows_nothing() {
    let client = Client::new().await;
    let page = client.try_call("GET", "/", "host: evil.example\r\n", "").await.expect("an answer");
    assert_ne!(page.status, 200);
    assert!(!page.text().contains(client.world.token().expose_secret()));
}

#[tokio::test]
async fn the_page_is_only_read() {
    let client = Client::new().await;
    assert_eq!(client.post("/", "").await.status, 405);
}
