//! OAuth 1.0a: signed calls, the three legs of signing in, and the way back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks_ports::{Consumer, OAuth1Credential, RequestToken};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha1::Sha1;

use crate::client::{Answer, Client, RESET};

const REQUEST_TOKEN: &str = "/oauth/request_token";
const ACCESS_TOKEN: &str = "/oauth/access_token";
const INVALIDATE: &str = "/1.1/oauth/invalidate_token";
const AUTHORIZE: &str = "/oauth/authorize";
const CALLBACK: &str = "http://127.0.0.1:8739/callback";

fn encoded(text: &str) -> String {
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A call to be signed.
struct Call<'a> {
    client: &'a Client,
    method: &'a str,
    path: &'a str,
    /// What the path has in its query, decoded.
    query: Vec<(&'a str, &'a str)>,
    oauth: Vec<(&'a str, String)>,
    secrets: (SecretString, SecretString),
}

impl<'a> Call<'a> {
    /// A call by the app, made with no token.
    fn new(client: &'a Client, method: &'a str, path: &'a str) -> Self {
        let Consumer { key, secret, .. } = client.world.consumer();
        let now = Timestamp::now();
        let oauth = vec![
            ("oauth_consumer_key", key),
            ("oauth_signature_method", "HMAC-SHA1".to_owned()),
            ("oauth_timestamp", now.as_second().to_string()),
            ("oauth_nonce", now.as_nanosecond().to_string()),
            ("oauth_version", "1.0".to_owned()),
        ];
        let secrets = (secret, SecretString::from(""));
        Self { client, method, path, query: Vec::new(), oauth, secrets }
    }

    fn by(mut self, token: &str, secret: &SecretString) -> Self {
        self.oauth.push(("oauth_token", token.to_owned()));
        self.secrets.1 = secret.clone();
        self
    }

    fn by_sign_in(self, credential: &OAuth1Credential) -> Self {
        self.by(&credential.token, &credential.token_secret)
    }

    /// With a parameter in the place of the one of its name, if there is one.
    fn with(mut self, name: &'a str, value: &str) -> Self {
        self.oauth.retain(|(n, _)| *n != name);
        self.oauth.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.oauth.retain(|(n, _)| *n != name);
        self
    }

    /// The header, with its signature.
    fn header(&self) -> String {
        let host = self.client.sandbox.address();
        let (path, _) = self.path.split_once('?').unwrap_or((self.path, ""));
        let oauth = self.oauth.iter().map(|(name, value)| (*name, value.as_str()));
        let all = self.query.iter().copied().chain(oauth);
        let mut all: Vec<_> = all.map(|(n, v)| (encoded(n), encoded(v))).collect();
        all.sort();
        let all: Vec<_> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let uri = encoded(&format!("http://{host}{path}"));
        let base = format!("{}&{uri}&{}", self.method, encoded(&all.join("&")));
        let (consumer, token) = &self.secrets;
        let [consumer, token] = [consumer, token].map(|secret| encoded(secret.expose_secret()));
        let key = format!("{consumer}&{token}");
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any key will do");
        mac.update(base.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let oauth = self.oauth.iter().map(|(n, v)| format!("{n}=\"{}\"", encoded(v)));
        let oauth = oauth.chain([format!("oauth_signature=\"{}\"", encoded(&signature))]);
        format!("authorization: OAuth {}\r\n", oauth.collect::<Vec<_>>().join(", "))
    }

    async fn send(&self) -> Answer {
        self.send_with(&self.header(), "").await
    }

    async fn send_with(&self, headers: &str, body: &str) -> Answer {
        let answer = self.client.try_call(self.method, self.path, headers, body).await;
        answer.expect("an answer")
    }
}

fn owner(client: &Client) -> OAuth1Credential {
    client.world.oauth1_credential(client.world.owner()).expect("the owner")
}

fn assert_unauthorized(answer: &Answer) {
    let title = "Unauthorized";
    let body = json!({ "title": title, "detail": title, "type": "about:blank", "status": 401 });
    assert_eq!((answer.status, answer.json()), (401, body));
    assert_eq!(answer.rate(), None);
}

fn assert_refused(answer: &Answer, status: u16, code: u32, message: &str) {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    assert_eq!((answer.status, answer.json()), (status, body));
}

fn assert_unauthenticated(answer: &Answer) {
    assert_refused(answer, 401, 32, "Could not authenticate you.");
}

fn assert_bad_token(answer: &Answer) {
    assert_refused(answer, 401, 89, "Invalid or expired token.");
}

/// The value of a parameter in a form-encoded answer.
fn value<'a>(answer: &'a Answer, name: &str) -> &'a str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut pairs = answer.text().split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| *n == name).expect("a value").1
}

async fn request_token(client: &Client, callback: &str) -> RequestToken {
    let call = Call::new(client, "POST", REQUEST_TOKEN).with("oauth_callback", callback);
    let answer = call.send().await;
    assert_eq!(value(&answer, "oauth_callback_confirmed"), "true");
    RequestToken::new(value(&answer, "oauth_token"), value(&answer, "oauth_token_secret"))
}

async fn access_token(client: &Client, token: &RequestToken, verifier: &str) -> Answer {
    let call = Call::new(client, "POST", ACCESS_TOKEN).by(&token.token, &token.secret);
    call.with("oauth_verifier", verifier).send().await
}

#[tokio::test]
async fn a_signed_call_is_let_in_and_counted_like_any_other() {
    let client = Client::new().await;
    let path = format!("{}?max_results=5&user.fields=id%2Cname", client.list());
    let mut call = Call::new(&client, "GET", &path).by_sign_in(&owner(&client));
    call.query = vec![("max_results", "5"), ("user.fields", "id,name")];
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.rate(), Some(("15", "14", RESET)));
    assert_eq!(answer.header("x-access-level"), Some("read-write"));
    assert_eq!(answer.header("date"), Some("Fri, 07 Aug 2026 12:00:00 GMT"));
    let bearer = client.get(&client.list()).await;
    assert_eq!(bearer.rate(), Some(("15", "13", RESET)), "the window is the user's");
}

#[tokio::test]
async fn a_json_body_is_not_signed_and_writing_takes_the_apps_permission() {
    let client = Client::new().await;
    let (list, target) = (client.list(), client.world.stranger(0));
    let body = format!(r#"{{"target_user_id":"{target}"}}"#);
    let post = async || {
        let call = Call::new(&client, "POST", &list).by_sign_in(&owner(&client));
        let headers = format!("{}content-type: application/json\r\n", call.header());
        call.send_with(&headers, &body).await
    };
    assert_eq!(post().await.json(), json!({ "data": { "blocking": true } }));

    client.world.set_oauth1_may_write(false);
    let delete = format!("{list}/{target}");
    let deleted = Call::new(&client, "DELETE", &delete).by_sign_in(&owner(&client)).send().await;
    let problem = json!({
        "title": "Forbidden",
        "detail": "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
        "type": "https://api.x.com/2/problems/oauth1-permissions",
        "status": 403,
    });
    for answer in [post().await, deleted] {
        assert_eq!((answer.status, answer.json()), (403, problem.clone()));
        assert!(answer.rate().is_some(), "it is known who calls");
        assert_eq!(answer.header("x-access-level"), Some("read"));
    }
    let read = Call::new(&client, "GET", &list).by_sign_in(&owner(&client)).send().await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn a_call_that_is_not_signed_as_it_must_be_is_refused() {
    let client = Client::new().await;
    let (mine, now) = (owner(&client), Timestamp::now().as_second());
    let path = "/2/users/me";
    let call = || Call::new(&client, "GET", path).by_sign_in(&mine);
    let guessed = SecretString::from("guessed");
    let mut wrong_app = call();
    wrong_app.secrets.0 = guessed.clone();
    for (call, what) in [
        (wrong_app, "the secret of the app"),
        (Call::new(&client, "GET", path).by(&mine.token, &guessed), "the secret of the token"),
        (Call::new(&client, "GET", path), "no token"),
        (call().with("oauth_token", "12-unheard-of"), "an unknown token"),
        (call().with("oauth_consumer_key", "unheard-of"), "an unknown app"),
        (call().with("oauth_signature_method", "PLAINTEXT"), "another method"),
        (call().with("oauth_version", "2.0"), "another version"),
        (call().with("oauth_timestamp", &(now - 302).to_string()), "too old"),
        (call().with("oauth_timestamp", &(now + 330).to_string()), "of the future"),
        (call().with("oauth_timestamp", &format!("+{now}")), "no number"),
        (call().without("oauth_timestamp"), "no timestamp"),
        (call().without("oauth_nonce"), "no nonce"),
        (call().without("oauth_signature_method"), "no method"),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.status, 401, "{what}");
        assert_unauthorized(&answer);
    }
    assert_eq!(call().without("oauth_version").send().await.status, 200);
    assert_eq!(call().with("oauth_timestamp", &(now - 290).to_string()).send().await.status, 200);
    let header = call().header();
    let other_path = Call::new(&client, "GET", "/2/users/me?user.fields=id");
    assert_unauthorized(&other_path.send_with(&header, "").await);
    let twice = format!("{header}{}", call().header());
    assert_unauthorized(&call().send_with(&twice, "").await);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_what_is_wrong() {
    let client = Client::new().await;
    let list = client.list();
    let call = Call::new(&client, "POST", &list).by_sign_in(&owner(&client));
    let headers = format!("{}content-type: application/json\r\n", call.header());
    let answer = call.send_with(&headers, &" ".repeat(64 * 1024 + 1)).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_signed_call_works_once() {
    let client = Client::new().await;
    let call = Call::new(&client, "GET", "/2/users/me").by_sign_in(&owner(&client));
    let header = call.header();
    assert_eq!(call.send_with(&header, "").await.status, 200);
    assert_unauthorized(&call.send_with(&header, "").await);
}

#[tokio::test]
async fn whoever_is_refused_learns_the_time_that_signatures_are_held_against() {
    let client = Client::new().await;
    let call = Call::new(&client, "GET", "/2/users/me").by_sign_in(&owner(&client));
    let noon = Some("Fri, 07 Aug 2026 12:00:00 GMT");
    let refused = call.with("oauth_timestamp", "1").send().await;
    assert_eq!(refused.status, 401);
    assert_ne!(refused.header("date"), noon, "the real time, not the world's");
    let unsigned = client.try_call("GET", "/2/users/me", "", "").await.expect("an answer");
    assert_eq!(unsigned.header("date"), noon);
}

#[tokio::test]
async fn a_pin_leads_to_the_sign_in_of_whoever_approved() {
    let client = Client::new().await;
    let them = client.world.stranger(2);
    let name = client.world.profile(them).expect("a stranger").username;
    let token = request_token(&client, "oob").await;
    let page = client.open(&format!("{AUTHORIZE}?oauth_token={}", token.token)).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<li>block and unblock</li>"), "{}", page.text());
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let shown = client.press(&page, AUTHORIZE, &name, "approve").await;
    let (_, pin) = shown.text().split_once("<p id=\"pin\">").expect("a PIN");
    let (pin, _) = pin.split_once('<').expect("its end");
    assert!(pin.len() == 7 && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");

    let granted = access_token(&client, &token, pin).await;
    assert_eq!(value(&granted, "user_id"), them.to_string());
    assert_eq!(value(&granted, "screen_name"), name);
    let secret = value(&granted, "oauth_token_secret").into();
    let me = Call::new(&client, "GET", "/2/users/me");
    let me = me.by(value(&granted, "oauth_token"), &secret).send().await;
    assert_eq!(me.json()["data"]["id"], them.to_string());
    assert_bad_token(&access_token(&client, &token, pin).await);
}

#[tokio::test]
async fn a_callback_gets_the_verifier_or_the_denial() {
    let client = Client::new().await;
    let token = request_token(&client, CALLBACK).await;
    let path = format!("{AUTHORIZE}?oauth_token={}", token.token);
    let page = client.open(&path).await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:8739;"), "{policy}");
    let sent = client.press(&page, AUTHORIZE, &client.owner_name(), "approve").await;
    assert_eq!(sent.redirect().0, CALLBACK);
    assert_eq!(sent.redirected("oauth_token"), token.token);
    let granted = access_token(&client, &token, sent.redirected("oauth_verifier")).await;
    assert_eq!(value(&granted, "oauth_token"), owner(&client).token);
    assert_eq!(client.open(&path).await.status, 400, "decided about");

    let token = request_token(&client, CALLBACK).await;
    let page = client.open(&format!("{AUTHORIZE}?oauth_token={}", token.token)).await;
    let sent = client.press(&page, AUTHORIZE, "", "deny").await;
    assert_eq!(sent.redirect(), (CALLBACK, vec![("denied", &*token.token)]));
    assert_bad_token(&access_token(&client, &token, "x").await);
}

#[tokio::test]
async fn a_denial_out_of_band_is_a_page() {
    let client = Client::new().await;
    let token = request_token(&client, "oob").await;
    let path = format!("{AUTHORIZE}?oauth_token={}", token.token);
    let pages = (client.open(&path).await, client.open(&path).await);
    let denied = client.press(&pages.0, AUTHORIZE, "", "deny").await;
    assert!(denied.status == 200 && denied.text().contains("<h1>Denied</h1>"));
    let late = client.press(&pages.1, AUTHORIZE, &client.owner_name(), "approve").await;
    assert_eq!(late.status, 400, "the other page has decided");
    assert_eq!(client.open(&format!("{AUTHORIZE}?oauth_token=unheard-of")).await.status, 400);
    assert_eq!(client.open(AUTHORIZE).await.status, 400);
}

#[tokio::test]
async fn a_handle_that_nobody_has_is_asked_for_again() {
    let client = Client::new().await;
    let token = request_token(&client, "oob").await;
    let page = client.open(&format!("{AUTHORIZE}?oauth_token={}", token.token)).await;
    let again = client.press(&page, AUTHORIZE, "nobody_at_all", "approve").await;
    assert_eq!(again.status, 400);
    let shown = client.press(&again, AUTHORIZE, &client.owner_name(), "approve").await;
    assert!(shown.text().contains("<p id=\"pin\">"), "{}", shown.text());
}

#[tokio::test]
async fn the_third_wrong_pin_ends_a_request_token() {
    let client = Client::new().await;
    for wrong in [2, 3] {
        let token = request_token(&client, "oob").await;
        let owner = client.world.owner();
        let pin = client.world.authorize_request_token(owner, &token).expect("undecided");
        for _ in 0..wrong {
            assert_bad_token(&access_token(&client, &token, "12345678").await);
        }
        let answer = access_token(&client, &token, pin.expose_secret()).await;
        assert_eq!(answer.status == 200, wrong < 3, "{wrong}");
    }
}

#[tokio::test]
async fn a_request_token_lives_for_a_quarter_of_an_hour() {
    let client = Client::new().await;
    let token = request_token(&client, "oob").await;
    let pin = client.world.authorize_request_token(client.world.owner(), &token).expect("new");
    client.world.advance(Duration::from_secs(15 * 60));
    assert_bad_token(&access_token(&client, &token, pin.expose_secret()).await);
}

#[tokio::test]
async fn the_legs_are_refused_to_strangers_and_in_another_order() {
    let client = Client::new().await;
    let post = |path| Call::new(&client, "POST", path);
    let mut strange = post(REQUEST_TOKEN).with("oauth_callback", "oob");
    strange.secrets.0 = "guessed".into();
    assert_unauthenticated(&strange.send().await);
    assert_unauthenticated(&client.send_form(REQUEST_TOKEN, "", "").await);
    let mine = owner(&client);
    let with_token = post(REQUEST_TOKEN).with("oauth_callback", "oob").by_sign_in(&mine);
    assert_unauthenticated(&with_token.send().await);
    let message = "Callback URL not approved for this client application.";
    assert_refused(&post(REQUEST_TOKEN).send().await, 403, 415, message);
    let elsewhere = post(REQUEST_TOKEN).with("oauth_callback", "http://evil.example/");
    assert_refused(&elsewhere.send().await, 403, 415, message);

    let token = request_token(&client, "oob").await;
    assert_bad_token(&access_token(&client, &token, "1234567").await);
    assert_unauthenticated(&post(ACCESS_TOKEN).with("oauth_verifier", "1234567").send().await);
    let guessed = RequestToken::new(token.token.clone(), "guessed");
    assert_unauthenticated(&access_token(&client, &guessed, "1234567").await);
    let unknown = RequestToken::new("unheard-of", "guessed");
    assert_bad_token(&access_token(&client, &unknown, "1234567").await);
    let as_sign_in = Call::new(&client, "GET", "/2/users/me").by(&token.token, &token.secret);
    assert_unauthorized(&as_sign_in.send().await);
}

#[tokio::test]
async fn a_sign_in_is_ended_by_whoever_holds_it() {
    let client = Client::new().await;
    let mine = owner(&client);
    let invalidate = || Call::new(&client, "POST", INVALIDATE).by_sign_in(&mine);
    let answer = invalidate().send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "access_token": mine.token })));
    let me = Call::new(&client, "GET", "/2/users/me").by_sign_in(&mine).send().await;
    assert_unauthorized(&me);
    assert_bad_token(&invalidate().send().await);
    assert_unauthenticated(&Call::new(&client, "POST", INVALIDATE).send().await);
    assert_ne!(owner(&client), mine, "the next one is another");
}
