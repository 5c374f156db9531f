//! The sandbox: a world as a server that speaks X's HTTP.
//!
//! What it answers is written from what is known of X's API, by code of its own: nothing here
//! uses the serde of the domain's models, so that a misspelt field cannot agree with itself.

mod answer;
mod calls;
mod connection;
mod control;
mod encode;
mod fault;
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
use axum::http::{HeaderMap, header};
use axum::response::Response;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::compression::{CompressionLayer, CompressionLevel};

pub use fault::{Fault, FaultKind};

pub(crate) use fault::Faults;

use crate::World;
use connection::{Connections, Peer};
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
#[derive(Debug)]
struct Incoming {
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

async fn handle(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.method, parts.uri.path());
    let body = to_bytes(body, LONGEST_BODY).await;
    let incoming = body.map(|body| Incoming {
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.clone(),
        body,
    });
    let answer = match (route, incoming) {
        (Route::Control(control), Ok(incoming)) if peer.is_loopback() => {
            return control.answer(&app.world, &incoming.body).into_response();
        }
        (Route::Call { endpoint, ids }, incoming) => {
            let token = bearer(&parts.headers);
            let page_token =
                query::value(parts.uri.query().unwrap_or_default(), "pagination_token");
            let fault = app.world.faults().take(endpoint, page_token.is_some());
            let user = ids.first().and_then(|id| id.parse().ok());
            let page = fault::Page { world: &app.world, user, token: page_token.as_deref() };
            fault::meet(fault, &peer, page, || {
                calls::answer(&app.world, endpoint, &ids, token, incoming.ok().as_ref())
            })
            .await
        }
        (Route::WrongMethod { allowed }, _) => Refusal::WrongMethod { allowed }.answer(),
        (Route::Nowhere | Route::Control(_), _) => Refusal::Nowhere.answer(),
    };
    let may_write = bearer(&parts.headers).is_some_and(|token| app.world.may_write(token));
    let number = app.calls.fetch_add(1, Ordering::Relaxed);
    answer.with_trimmings(&app.world, number, may_write, began.elapsed()).into_response()
}

/// The token of an `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
