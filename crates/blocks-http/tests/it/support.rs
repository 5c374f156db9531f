//! Clients, credentials and servers for the tests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_domain::{BlockPair, BlockingPage, BlockingQuery, UserId};
use blocks_http::{HttpApi, HttpApiBuilder, HttpTokenIssuer, Timeouts};
use blocks_ports::{
    AccountName, ApiError, App, BlocksApi, Credential, CredentialError, CredentialSource,
    OAuth1Credential, Reply, Revision, Versioned,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The access token of all tests, which must show nowhere.
pub(crate) const TOKEN: &str = "s3cret-t0ken";

/// The token of the app in all tests, which must show nowhere either.
pub(crate) const APP_TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA%2Fs3cret-app";

pub(crate) fn id(text: &str) -> UserId {
    text.parse().expect("an id")
}

pub(crate) fn pair(source: &str, target: &str) -> BlockPair {
    BlockPair::new(id(source), id(target)).expect("two accounts")
}

pub(crate) fn account() -> AccountName {
    "main".parse().expect("a name")
}

pub(crate) fn builder(url: &str) -> HttpApiBuilder {
    let app = Recorder::with(Credential::bearer(APP_TOKEN));
    HttpApi::builder(account(), Recorder::with(Credential::bearer(TOKEN))).app(app).api_url(url)
}

pub(crate) fn client(url: &str) -> HttpApi {
    builder(url).build().expect("a client")
}

/// A client whose patience is over at once.
pub(crate) fn hasty(url: &str) -> HttpApi {
    let (idle, long) = (Duration::from_millis(100), Duration::from_secs(20));
    builder(url).timeouts(Timeouts::new(long, idle, long)).build().expect("a client")
}

/// An issuer whose patience is over soon.
pub(crate) fn issuer(url: &str) -> HttpTokenIssuer {
    let (idle, long) = (Duration::from_millis(100), Duration::from_secs(20));
    let issuer = HttpTokenIssuer::builder().api_url(url).timeouts(Timeouts::new(long, idle, long));
    issuer.build().expect("an issuer")
}

/// The redirect URI of the apps.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:8080/callback";

pub(crate) fn public_app() -> App {
    let mut app = App::new("my app", "client/id");
    app.redirect_uri = Some(REDIRECT_URI.to_owned());
    app
}

pub(crate) fn confidential_app() -> App {
    let mut app = public_app();
    app.client_secret = Some("cl1ent+secret".into());
    app
}

pub(crate) fn oauth1() -> OAuth1Credential {
    OAuth1Credential::new("k3y", "consum3r-secret", "us3r-token", "t0ken-secret")
}

pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name).map(|value| value.to_str().expect("text"))
}

/// The address that a request was sent to; wiremock tells another host.
pub(crate) fn address(server: &MockServer, request: &Request) -> Url {
    let mut url: Url = server.uri().parse().expect("a URL");
    url.set_path(request.url.path());
    url.set_query(request.url.query());
    url
}

/// What a request says in a form.
pub(crate) fn form(request: &Request) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(&request.body).into_owned();
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    pairs
}

pub(crate) async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("recorded requests")
}

pub(crate) async fn read(api: &HttpApi) -> Result<Reply<BlockingPage>, ApiError> {
    api.blocking(id("12"), &BlockingQuery::default()).await
}

/// What comes of a page that is answered so.
pub(crate) async fn reading(answer: ResponseTemplate) -> Result<Reply<BlockingPage>, ApiError> {
    read(&client(&answering(answer).await.uri())).await
}

pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json; charset=utf-8")
}

/// A server that answers whatever it is asked; what that was, the test looks at.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Lets a server answer so first, once.
pub(crate) async fn answering_first(server: &MockServer, answer: ResponseTemplate) {
    let first = Mock::given(any()).respond_with(answer);
    first.up_to_n_times(1).with_priority(1).mount(server).await;
}

/// The only request that a server got.
pub(crate) async fn only_request(server: &MockServer) -> Request {
    let mut requests = requests(server).await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

/// A source of credentials that remembers what it was asked and told.
#[derive(Debug)]
pub(crate) struct Recorder {
    credential: Credential,
    pub(crate) asked: AtomicUsize,
    pub(crate) rejected: Mutex<Vec<(AccountName, Revision)>>,
}

impl Recorder {
    pub(crate) const REVISION: Revision = Revision::new(7);

    pub(crate) fn with(credential: Credential) -> Arc<Self> {
        Arc::new(Self { credential, asked: AtomicUsize::new(0), rejected: Mutex::default() })
    }
}

#[async_trait]
impl CredentialSource for Recorder {
    async fn current(&self, _: &AccountName) -> Result<Versioned<Credential>, CredentialError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Versioned::new(Self::REVISION, self.credential.clone()))
    }

    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError> {
        self.rejected.lock().expect("a lock").push((account.clone(), revision));
        Ok(())
    }
}

/// A server below HTTP, which can say things that no HTTP server would.
pub(crate) struct RawServer {
    pub(crate) url: String,
    pub(crate) connections: Arc<AtomicUsize>,
}

/// What a [`RawServer`] does with a connection once it has answered on it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// Waits for the next request and answers it alike.
    Again,
    /// Closes it.
    Close,
    /// Keeps it open and says no more.
    Stall,
    /// Goes on with a byte every few milliseconds.
    Drip,
}

impl RawServer {
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let (answer, counted) = (answer.into(), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(converse(stream, answer.clone(), then));
            }
        });
        Self { url, connections }
    }
}

async fn converse(mut stream: TcpStream, answer: Vec<u8>, then: Then) {
    while read_head(&mut stream).await.is_some() {
        if stream.write_all(&answer).await.is_err() {
            return;
        }
        match then {
            Then::Again => {}
            Then::Close => return,
            Then::Stall => std::future::pending().await,
            Then::Drip => {
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
}

/// Reads a request without a body; `None` once the other side is gone.
async fn read_head(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(())
}
