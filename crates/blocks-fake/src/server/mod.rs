//! The sandbox: a world as a server that speaks X's HTTP.
//!
//! What it answers is written from what is known of X's API, by code of its own: nothing here
//! uses the serde of the domain's models, so that a misspelt field cannot agree with itself.

mod activity;
mod answer;
mod body;
mod calls;
mod connection;
mod consent;
mod control;
mod decision;
mod door;
mod encode;
mod fault;
mod form;
mod home;
mod kept;
mod oauth1;
mod oauth2;
mod openapi;
mod page;
mod query;
mod recorded;
mod refusal;
mod route;
mod serving;
mod stop;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use axum::response::Response;
use blocks_domain::Endpoint;
use jiff::Timestamp;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::task::JoinHandle;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::compression::{CompressionLayer, CompressionLevel};

pub use fault::{Documented, Fault, FaultKind, FaultyHeader, InvalidFaults, KindOfFault};
pub use recorded::{Authorization, RecordedRequest};

pub(crate) use fault::Faults;
pub(crate) use oauth1::Nonces;
pub(crate) use recorded::Requests;

use crate::world::Claim;
use crate::{InvalidWorldState, StateFile, World};
use answer::{Answer, Content, Live};
use connection::Peer;
use control::{Beginning, Guard};
use door::Door;
use kept::Kept;
use oauth1::Signed;
use refusal::Refusal;
use route::Route;
use secrecy::SecretString;
use stop::{Stop, Stopped};

/// A world that is served over HTTP, until it is shut down or dropped.
///
/// Besides the API it answers at `/` with a page for people, and below `/sandbox` with a control
/// interface, which `GET /sandbox` lists: what [`World`] does, for clients in any language. Where
/// it listens on loopback alone, both are open to every program on this machine and to no web
/// page of another origin; elsewhere they take the [control token](Sandbox::control_token).
///
/// ```
/// use blocks_fake::{Sandbox, World};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let world = World::builder().seed(7).blocks(2500).build();
/// let sandbox = Sandbox::bind(world, "127.0.0.1:0").await?;
/// assert!(sandbox.url().starts_with("http://127.0.0.1:"));
/// sandbox.shut_down().await
/// # }
/// ```
#[derive(Debug)]
pub struct Sandbox {
    app: Arc<App>,
    stop: Stop,
    served: JoinHandle<()>,
}

impl Sandbox {
    /// Serves a world at an address, in a task of its own.
    ///
    /// # Errors
    /// The address is taken or not allowed.
    pub async fn bind(world: World, address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::serve(world, address, None).await
    }

    /// Serves a world that is kept in a file: no answer is given before what it tells of is on
    /// the disk, so that a kill loses nothing that anybody was told. Where the file cannot be
    /// written, the answer is a 503 that says so.
    ///
    /// ```
    /// use blocks_fake::{Sandbox, StateFile, World};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let file = StateFile::open(folder.path().join("world.json"))?;
    /// let world = file.load()?.unwrap_or_else(|| World::builder().blocks(10).build());
    /// let sandbox = Sandbox::bind_kept(world, "127.0.0.1:0", file).await?;
    /// # sandbox.shut_down().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The address is taken or not allowed.
    pub async fn bind_kept(
        world: World,
        address: impl ToSocketAddrs,
        file: StateFile,
    ) -> io::Result<Self> {
        Self::serve(world, address, Some(Kept::new(file))).await
    }

    async fn serve(
        world: World,
        address: impl ToSocketAddrs,
        kept: Option<Kept>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = stop::channel();
        let app = Arc::new(App {
            beginning: Beginning::of(&world),
            guard: Guard::of(address),
            world,
            kept,
            address,
            calls: AtomicU64::new(0),
            stopped: stopped.clone(),
        });
        let service =
            Router::new().fallback(handle).with_state(Arc::clone(&app)).layer(compression());
        let served = tokio::spawn(serving::serve(listener, service, stopped));
        Ok(Self { app, stop, served })
    }

    /// The address of the API without `/2`, and without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.app.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// The world that it serves.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.app.world
    }

    /// What opens the control interface and the page for people, which a program sends as
    /// `Authorization: Bearer` and a browser asks for as a password; `None` where the sandbox
    /// listens on loopback alone, for there it is open.
    #[must_use]
    pub fn control_token(&self) -> Option<&SecretString> {
        self.app.guard.token()
    }

    /// Takes the world back to what it was when it began to be served, faults and recorded
    /// requests included.
    ///
    /// # Errors
    /// What was kept of it cannot be used.
    pub fn reset(&self) -> Result<(), InvalidWorldState> {
        self.app.beginning.restore(&self.app.world)
    }

    /// Takes no more connections, and ends when those that are open have been answered; streams
    /// end at once.
    ///
    /// # Errors
    /// Serving failed.
    pub async fn shut_down(self) -> io::Result<()> {
        drop(self.stop);
        Ok(self.served.await?)
    }
}

/// What all requests share.
#[derive(Debug)]
struct App {
    world: World,
    kept: Option<Kept>,
    address: SocketAddr,
    guard: Guard,
    beginning: Beginning,
    calls: AtomicU64,
    stopped: Stopped,
}

/// A request, read.
struct Incoming {
    head: Parts,
    body: Bytes,
    /// Whether there was more of the body than is read; then `body` is empty.
    is_too_long: bool,
}

impl Incoming {
    async fn read(head: Parts, body: Body) -> Self {
        let body = to_bytes(body, LONGEST_BODY).await;
        Self { head, is_too_long: body.is_err(), body: body.unwrap_or_default() }
    }

    fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// Whether the body says that it is of this media type.
    fn is_of_type(&self, media_type: &str) -> bool {
        let content_type = self.head.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let said = content_type.split(';').next().unwrap_or_default().trim();
        said.eq_ignore_ascii_case(media_type)
    }
}

/// Answers are compressed for those who want it, but no stream: its lines would wait for each
/// other.
fn compression() -> CompressionLayer<impl Predicate> {
    let waits = |_, _, _: &HeaderMap, extensions: &Extensions| extensions.get::<Live>().is_none();
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest);
    layer.compress_when(DefaultPredicate::new().and(waits))
}

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

async fn handle(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let response = answered(&app, &peer, request).await;
    let Some(kept) = &app.kept else { return response };
    match kept.settle(&app.world).await {
        Ok(()) => response,
        Err(error) => {
            let body = format!("The sandbox cannot keep its world: {error}.\n").into();
            let content_type = "text/plain; charset=utf-8";
            Answer::new(503, Content::Raw { content_type, body }).into_response()
        }
    }
}

async fn answered(app: &Arc<App>, peer: &Peer, request: Request) -> Response {
    let began = Instant::now();
    let (head, body) = request.into_parts();
    let (world, real_now) = (&app.world, Timestamp::now());
    let route = match Route::of(&head.method, head.uri.path()) {
        Route::Control(asked) => {
            let answer = asked.answer(app, &head, body).await;
            return answer.at(world.now()).into_response();
        }
        Route::Home => return home::answer(app, &head).at(world.now()).into_response(),
        route => route,
    };
    let incoming = Incoming::read(head, body).await;
    let mut recorded = RecordedRequest::of(&incoming.head, world.now());
    let (mut may_write, mut judged_at) = (None, None);
    let answer = match route {
        Route::Call { endpoint, ids } => {
            let signed = Signed::read(&incoming);
            let claim = claim(world, &incoming.head.headers, signed.as_ref(), real_now);
            recorded.user = world.user_of(claim);
            may_write = Some(world.may_write(claim));
            if matches!(claim, Claim::Nobody) && signed.is_some() {
                judged_at = Some(real_now);
            }
            call(app, endpoint, &ids, claim, &incoming, peer).await
        }
        Route::Door(door) => {
            if door.is_signed() {
                judged_at = Some(real_now);
            }
            sign_in_or_out(app, door, &incoming, peer, real_now).await
        }
        Route::Document => Answer::new(200, Content::Json(openapi::document(world))),
        Route::WrongMethod { allowed } => Refusal::WrongMethod { allowed }.answer(),
        Route::Nowhere | Route::Control(_) | Route::Home => Refusal::Nowhere.answer(),
    };
    recorded.took = began.elapsed();
    recorded.status = (!peer.is_reset()).then_some(answer.status);
    recorded.fault = answer.fault();
    world.recorded().add(recorded);
    let number = app.calls.fetch_add(1, Ordering::Relaxed);
    // Whoever is refused for a wrong timestamp has to learn the time that timestamps are held
    // against, which is not the world's.
    let date = judged_at.unwrap_or_else(|| world.now());
    answer.with_trimmings(world.seed(), number, may_write, date, began.elapsed()).into_response()
}

/// Answers at a door, with the fault that waits there.
async fn sign_in_or_out(
    app: &App,
    door: Door,
    incoming: &Incoming,
    peer: &Peer,
    real_now: Timestamp,
) -> Answer {
    let world = &app.world;
    let met = fault::Met::token_endpoint(world.now());
    let fault = if door == Door::Token { world.faults().take(&met) } else { None };
    let scene = fault::Scene::token_endpoint(app, peer);
    fault::meet(fault, &scene, || door.answer(world, incoming, peer, real_now)).await
}

/// Answers a call of the API, with the fault that it meets.
async fn call(
    app: &App,
    endpoint: Endpoint,
    ids: &[String],
    claim: Claim<'_>,
    incoming: &Incoming,
    peer: &Peer,
) -> Answer {
    let world = &app.world;
    let page_token = query::value(incoming.query(), "pagination_token");
    let met = fault::Met::call(endpoint, page_token.is_some(), world.now());
    let fault = world.faults().take(&met);
    let user = ids.first().and_then(|id| id.parse().ok());
    let scene = fault::Scene::call(app, peer, endpoint, user, page_token.as_deref());
    let answer = || match endpoint {
        Endpoint::GetActivityStream => activity::stream(world, claim, incoming, peer, &app.stopped),
        _ => calls::answer(world, endpoint, ids, claim, incoming),
    };
    fault::meet(fault, &scene, answer).await
}

/// Who a call comes from.
fn claim<'a>(
    world: &World,
    headers: &'a HeaderMap,
    signed: Option<&'a Signed>,
    now: Timestamp,
) -> Claim<'a> {
    let sign_in = || oauth1::sign_in(world, signed, now).map(Claim::SignIn);
    bearer(headers).map(Claim::Token).or_else(sign_in).unwrap_or(Claim::Nobody)
}

/// The token of the only `Authorization` header, if it is one of `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
