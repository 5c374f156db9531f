//! What signing in sends shows nowhere, though a server sends all of it back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blocks_http::{HttpApi, HttpTokenIssuer};
use blocks_ports::{
    AuthorizationGrant, Consumer, Credential, RequestToken, RequestTokenIssuer, TokenIssuer,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::secrets::{listen, shown};
use crate::support::{
    REDIRECT_URI, Recorder, account, confidential_app, header, issuer, oauth1, public_app, read,
    requests,
};

/// Each of them is sent by one of the calls, or signs one.
const SECRETS: [&str; 10] = [
    "c0de+/",
    "v3rifier",
    "r3fresh&=",
    "t0 revoke",
    "cl1ent+secret",
    "consum3r-secret",
    "r3quest-secret",
    "us3r-token",
    "t0ken-secret",
    "p1n-p1n",
];

/// Sends back what it got, in a shape that the test chooses.
struct Echo {
    status: u16,
    content_type: &'static str,
    /// Where the placeholder `{}` stands, there stands what came.
    template: &'static str,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let sent = header(request, "authorization").unwrap_or_default();
        let form = String::from_utf8_lossy(&request.body);
        let decoded: Vec<_> =
            url::form_urlencoded::parse(&request.body).map(|(_, value)| value).collect();
        let echo = format!("{} {sent} {form}", decoded.join(" "));
        let echo = if self.content_type.contains("json") {
            let literal = serde_json::to_string(&echo).expect("a string");
            literal.trim_matches('"').to_owned()
        } else {
            echo
        };
        ResponseTemplate::new(self.status)
            .set_body_raw(self.template.replace("{}", &echo), self.content_type)
            .insert_header("x-transaction-id", sent)
            .insert_header("location", "/elsewhere")
    }
}

const SHAPES: &[(&str, &str)] = &[
    ("application/json", r#"{"error":"invalid_request","error_description":"Odd: {}"}"#),
    ("application/json", r#"{"error":"{}"}"#),
    ("application/json", r#"{"error":["{}"],"title":"{}","detail":"{}","extra":"{}"}"#),
    ("application/json", r#"{"errors":[{"code":215,"message":"Bad: {}"}]}"#),
    ("application/json", r#"{"access_token":["{}"],"refresh_token":"{}","expires_in":"{}"}"#),
    ("application/json", r#"{"broken":"{}""#),
    ("text/html", "<p>{}</p>"),
    ("application/x-www-form-urlencoded", "oauth_token=&oauth_token_secret={}"),
];

/// Makes every call of both issuers, and one of the API, and answers all that their errors show.
async fn everything_said(url: &str) -> String {
    let issuer: HttpTokenIssuer = issuer(url);
    let grant = AuthorizationGrant::new(SECRETS[0], SECRETS[1], REDIRECT_URI);
    let mut said = vec![format!("{issuer:?} {grant:?}")];
    for app in [public_app(), confidential_app()] {
        said.extend(issuer.exchange(&app, &grant).await.err().map(|error| shown(&error)));
        let refreshed = issuer.refresh(&app, &SECRETS[2].into()).await;
        said.extend(refreshed.err().map(|error| shown(&error)));
        let revoked = issuer.revoke(&app, &SECRETS[3].into()).await;
        said.extend(revoked.err().map(|error| shown(&error)));
    }
    let consumer = Consumer::new("k3y", SECRETS[5]);
    let token = issuer.request_token(&consumer, "oob").await;
    said.extend(token.err().map(|error| shown(&error)));
    let request = RequestToken::new("r3quest", SECRETS[6]);
    let traded = issuer.access_token(&consumer, &request, &SECRETS[9].into()).await;
    said.extend(traded.err().map(|error| shown(&error)));
    said.extend(issuer.invalidate(&oauth1()).await.err().map(|error| shown(&error)));

    let source = Recorder::with(Credential::OAuth1(oauth1()));
    let api = HttpApi::builder(account(), source).api_url(url).build().expect("a client");
    said.extend(read(&api).await.err().map(|error| shown(&error)));
    said.join("\n")
}

#[tokio::test]
async fn nothing_that_was_sent_comes_back_in_an_error_or_stands_in_the_log() {
    let (log, guard) = listen();
    let mut said = String::new();
    let mut signatures = Vec::new();
    for status in [200, 302, 400, 401, 403, 429, 500] {
        for (content_type, template) in SHAPES {
            let server = MockServer::start().await;
            let echo = Echo { status, content_type, template };
            Mock::given(any()).respond_with(echo).mount(&server).await;
            said += &everything_said(&server.uri()).await;
            signatures.extend(requests(&server).await.iter().filter_map(signature));
        }
    }
    drop(guard);
    let log = log.text();
    assert!(said.contains("[secret]") && log.contains("answered"), "{said}\n{log}");

    let basic = BASE64_STANDARD.encode("client%2Fid:cl1ent%2Bsecret");
    let in_form = SECRETS
        .map(|secret| url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>());
    let secrets = SECRETS.iter().copied().chain([basic.as_str()]);
    let all = secrets.chain(in_form.iter().map(String::as_str));
    for secret in all.chain(signatures.iter().map(String::as_str)) {
        assert!(!said.contains(secret), "{secret} in {said}");
        // The mock server, which is no part of this crate, logs what it gets.
        let line = log.lines().find(|line| !line.contains("wiremock") && line.contains(secret));
        assert_eq!(line, None, "{secret} is logged");
    }
}

/// The signature of a request, as its header spells it.
fn signature(request: &Request) -> Option<String> {
    let (_, rest) = header(request, "authorization")?.split_once("oauth_signature=\"")?;
    Some(rest.split('"').next()?.to_owned())
}
