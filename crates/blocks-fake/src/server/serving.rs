//! The loop that takes connections.

use axum::extract::ConnectInfo;
use axum::serve::Listener;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::connection::Connections;
use super::stop::Stopped;

/// Serves connections until the server stops, and then those that are open to their end.
///
/// No header is added to an answer on its way out, so that a fault can leave out any of them.
pub(super) async fn serve(listener: TcpListener, service: Router, mut stopped: Stopped) {
    let mut connections = Connections(listener);
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    protocol.http1().auto_date_header(false);
    protocol.http2().auto_date_header(false);
    let open = GracefulShutdown::new();
    loop {
        let (connection, _) = tokio::select! {
            accepted = connections.accept() => accepted,
            () = stopped.wait() => break,
        };
        let peer = Extension(ConnectInfo(connection.peer()));
        let service = TowerToHyperService::new(service.clone().layer(peer));
        let served = protocol.serve_connection(TokioIo::new(connection), service).into_owned();
        let served = open.watch(served);
        // How a connection ends is its client's business.
        tokio::spawn(async { drop(served.await) });
    }
    drop(connections);
    open.shutdown().await;
}
