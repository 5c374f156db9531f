//! The sandbox: a world as a server that speaks X's HTTP.
//!
//! What it answers is written from what is known of X's API, by code of its own: nothing here
//! uses the serde of the domain's models, so that a misspelt field cannot agree with itself.

mod answer;
mod calls;
mod connection;
mod consent;
mod control;
mod decision;
mod door;
mod encode;
mod fault;
mod form;
mod oauth1;
mod oauth2;
mod query;
mod refusal;
mod route;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use blocks_domain::Endpoint;
use jiff::Timestamp;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::compression::{CompressionLayer, CompressionLevel};

pub use fault::{Fault, FaultKind};

pub(crate) use fault::Faults;
pub(crate) use oauth1::Nonces;

use crate::World;
use crate::world::Claim;
use answer::Answer;
use connection::{Connections, Peer};
use oauth1::Signed;
use refusal::Refusal;
use route::Route;

/// A world that is served over HTTP, until it is shut down or dropped.
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
    world: World,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// Serves a world at an address, in a task of its own.
    ///
    /// # Errors
    /// The address is taken or not allowed.
    pub async fn bind(world: World, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let app = Arc::new(App { world: world.clone(), calls: AtomicU64::new(0) });
        let service = Router::new()
            .fallback(handle)
            .with_state(app)
            .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
            .into_make_service_with_connect_info::<Peer>();
        let serving = axum::serve(Connections(listener), service);
        let served = tokio::spawn(async move {
            // A sandbox that was dropped stops as well: its sender is gone.
            serving.with_graceful_shutdown(async { drop(stopped.await) }).await
        });
        Ok(Self { world, address, stop: Some(stop), served })
    }

    /// The address of the API without `/2`, and without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The world that it serves.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Takes no more connections, and ends when those that are open have been answered.
    ///
    /// # Errors
    /// Serving failed.
    pub async fn shut_down(mut self) -> io::Result<()> {
        drop(self.stop.take());
        self.served.await?
    }
}

/// What all requests share.
#[derive(Debug)]
struct App {
    world: World,
    calls: AtomicU64,
}

/// A request, read.
struct Incoming {
    head: Parts,
    body: Bytes,
    /// Whether there was more of the body than is read; then `body` is empty.
    is_too_long: bool,
}

impl Incoming {
    async fn read(request: Request) -> Self {
        let (head, body) = request.into_parts();
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

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

async fn handle(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let began = Instant::now();
    let incoming = Incoming::read(request).await;
    let (world, real_now) = (&app.world, Timestamp::now());
    let (mut may_write, mut judged_at) = (None, None);
    let answer = match Route::of(&incoming.head.method, incoming.head.uri.path()) {
        Route::Control(control) if peer.is_loopback() => {
            return control.answer(world, &incoming.body).into_response();
        }
        Route::Call { endpoint, ids } => {
            let signed = Signed::read(&incoming);
            let claim = claim(world, &incoming.head.headers, signed.as_ref(), real_now);
            may_write = Some(world.may_write(claim));
            if matches!(claim, Claim::Nobody) && signed.is_some() {
                judged_at = Some(real_now);
            }
            call(world, endpoint, &ids, claim, &incoming, &peer).await
        }
        Route::Door(door) => {
            if door.is_signed() {
                judged_at = Some(real_now);
            }
            door.answer(world, &incoming, &peer, real_now)
        }
        Route::WrongMethod { allowed } => Refusal::WrongMethod { allowed }.answer(),
        Route::Nowhere | Route::Control(_) => Refusal::Nowhere.answer(),
    };
    let number = app.calls.fetch_add(1, Ordering::Relaxed);
    // Whoever is refused for a wrong timestamp has to learn the time that timestamps are held
    // against, which is not the world's.
    let date = judged_at.unwrap_or_else(|| world.now());
    answer.with_trimmings(world.seed(), number, may_write, date, began.elapsed()).into_response()
}

/// Answers a call of the API, with the fault that it meets.
async fn call(
    world: &World,
    endpoint: Endpoint,
    ids: &[String],
    claim: Claim<'_>,
    incoming: &Incoming,
    peer: &Peer,
) -> Answer {
    let page_token = query::value(incoming.query(), "pagination_token");
    let fault = world.faults().take(endpoint, page_token.is_some());
    let user = ids.first().and_then(|id| id.parse().ok());
    let page = fault::Page { world, user, token: page_token.as_deref() };
    let answer = || calls::answer(world, endpoint, ids, claim, incoming);
    fault::meet(fault, peer, page, answer).await
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
