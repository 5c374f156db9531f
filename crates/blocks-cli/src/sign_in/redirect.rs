//! Waiting for the browser that comes back from the authorize page.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use blocks_http::{AuthorizationRequest, RedirectError};
use blocks_ports::AuthorizationGrant;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use url::{Host, Url};

use crate::exit::{Exit, Failed};

/// Listens where a redirect URI leads, on this machine alone.
pub(crate) struct RedirectListener {
    listeners: Vec<TcpListener>,
    uri: Url,
}

/// The browser has come back.
pub(crate) struct Returned {
    /// What it brought.
    pub(crate) answer: Result<AuthorizationGrant, RedirectError>,
    pub(crate) browser: Browser,
}

/// A browser that waits for a page.
pub(crate) struct Browser {
    page: oneshot::Sender<Page>,
    stop: watch::Sender<bool>,
    serving: JoinSet<io::Result<()>>,
}

/// What a person reads in the browser in the end.
pub(crate) struct Page {
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) worked: bool,
}

impl RedirectListener {
    /// Listens on the loopback address and the port of the redirect URI; on both of IPv4 and
    /// IPv6 where it names `localhost`.
    pub(crate) async fn bind(redirect_uri: &str) -> anyhow::Result<Self> {
        let (uri, addresses) = loopback(redirect_uri)?;
        let port = uri.port_or_known_default().unwrap_or(80);
        let mut listeners = Vec::new();
        let mut refusal = None;
        for address in addresses {
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(listener) => listeners.push(listener),
                Err(error) => refusal = Some(error),
            }
        }
        // A port that somebody else has on one of the addresses is somebody else's port.
        let is_taken =
            refusal.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse);
        match refusal {
            Some(error) if listeners.is_empty() || is_taken => {
                let what = format!("cannot listen on port {port} for the browser to come back");
                let failed = Failed::new(Exit::Failed, what).remedy(
                    "End the program that uses this port, or sign in with --headless, or register \
                     another redirect URI with your app and name it with --redirect-uri.",
                );
                Err(anyhow::Error::new(error).context(failed))
            }
            _ => Ok(Self { listeners, uri }),
        }
    }

    /// Waits for the answer to this request. Anything else that comes is told so and forgotten.
    pub(crate) async fn wait(self, request: AuthorizationRequest) -> anyhow::Result<Returned> {
        let (found, answer) = oneshot::channel();
        let desk = Arc::new(Desk { uri: self.uri, request, found: Mutex::new(Some(found)) });
        let app = Router::new().fallback(receive).with_state(desk);
        let (stop, stopped) = watch::channel(false);
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let (app, mut stopped) = (app.clone(), stopped.clone());
            serving.spawn(async move {
                let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
                axum::serve(listener, app).with_graceful_shutdown(stopped).await
            });
        }
        let (answer, page) = answer.await.context("the wait for the browser was cut off")?;
        Ok(Returned { answer, browser: Browser { page, stop, serving } })
    }
}

impl Browser {
    /// Shows a page, and lets the browser go.
    pub(crate) async fn show(mut self, page: Page) {
        /// A browser that does not read its page is not waited for.
        const PATIENCE: Duration = Duration::from_secs(2);
        // A browser that has left needs no page.
        let _ = self.page.send(page);
        let _ = self.stop.send(true);
        let served = async { while self.serving.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PATIENCE, served).await;
    }
}

/// The answer that the browser brought, and where the page for it goes.
type Found = (Result<AuthorizationGrant, RedirectError>, oneshot::Sender<Page>);

/// What the requests share.
struct Desk {
    uri: Url,
    request: AuthorizationRequest,
    /// Taken by the first request that answers.
    found: Mutex<Option<oneshot::Sender<Found>>>,
}

async fn receive(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    if request.uri().path() != desk.uri.path() {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "This page is only looked at.");
    }
    let mut uri = desk.uri.clone();
    uri.set_query(request.uri().query());
    let answer = desk.request.read_redirect(uri.as_str());
    if let Err(error) = &answer
        && !matches!(error, RedirectError::Denied | RedirectError::Refused { .. })
    {
        return plain(StatusCode::BAD_REQUEST, "This is not the answer that is waited for.");
    }
    let found = desk.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(found) = found else {
        return plain(StatusCode::GONE, "This sign-in has been answered already.");
    };
    let (page, shown) = oneshot::channel();
    let _ = found.send((answer, page));
    match shown.await {
        Ok(page) => page.into_response(),
        Err(_) => plain(StatusCode::GONE, "The program that waited for this has ended."),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONNECTION, "close")], text).into_response()
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let sign = if self.worked { "✓" } else { "✗" };
        let (title, text) = (self.title, escaped(&self.text));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>:root{{color-scheme:light dark}}\
             body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}}\
             </style>\n<h1>{sign} {title}</h1>\n<p>{text}</p>\n<p>You can close this page.</p>\n</html>\n"
        );
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONNECTION, "close"),
        ];
        (headers, html).into_response()
    }
}

/// A text that says the same in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The addresses of this machine that a redirect URI leads to.
fn loopback(redirect_uri: &str) -> anyhow::Result<(Url, Vec<IpAddr>)> {
    let elsewhere = || {
        Failed::new(
            Exit::Usage,
            format!("the redirect URI {redirect_uri} does not lead back to this machine"),
        )
        .remedy(
            "Use one that begins with http://127.0.0.1:, http://[::1]: or http://localhost:, or sign \
             in with --headless.",
        )
    };
    let uri = Url::parse(redirect_uri).map_err(|_| {
        Failed::new(Exit::Usage, format!("the redirect URI {redirect_uri} is no address"))
            .remedy("It looks like http://127.0.0.1:8739/callback.")
    })?;
    let has_more =
        !uri.username().is_empty() || uri.password().is_some() || uri.fragment().is_some();
    if uri.scheme() != "http" || uri.port() == Some(0) || has_more {
        return Err(elsewhere().into());
    }
    let addresses = match uri.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => vec![address.into()],
        Some(Host::Ipv6(address)) if address.is_loopback() => vec![address.into()],
        Some(Host::Domain("localhost")) => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        _ => return Err(elsewhere().into()),
    };
    Ok((uri, addresses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_on() {
        for (uri, count) in [
            ("http://127.0.0.1:8739/callback", 1),
            ("http://[::1]:8739/callback", 1),
            ("http://localhost:8739/callback", 2),
        ] {
            let (_, addresses) = loopback(uri).expect(uri);
            assert_eq!(addresses.len(), count, "{uri}");
            assert!(addresses.iter().all(IpAddr::is_loopback), "{uri}");
        }
        for uri in [
            "https://127.0.0.1:1/",
            "http://0.0.0.0:1/",
            "http://example.com/",
            "myapp:/x",
            "http://127.0.0.1:0/",
            "http://me:pass@127.0.0.1:1/",
            "http://127.0.0.1:1/#here",
        ] {
            let error = loopback(uri).expect_err(uri);
            assert!(error.to_string().contains("does not lead back"), "{error}");
        }
    }

    #[test]
    fn a_page_quotes_no_markup() {
        assert_eq!(escaped("<b>\"a&b\"</b>"), "&lt;b&gt;&quot;a&amp;b&quot;&lt;/b&gt;");
    }
}
