//! A whole read goes through one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use blocks_domain::Endpoint;
use blocks_fake::server::{Fault, FaultKind};
use blocks_ports::Credential;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::scene::{Client, Scene, Wrappers, pages_of};

#[tokio::test]
async fn many_pages_share_one_connection() {
    let scene = Scene::with_blocks(300).await;
    let proxy = Proxy::to(scene.sandbox.address()).await;
    let client = Client::at(&proxy.url, Credential::bearer(scene.world.token()));
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(5)).await.expect("the list");
    assert_eq!((report.progress.requests, proxy.accepted()), (60, 1));
}

#[tokio::test]
async fn a_reset_costs_one_connection_more() {
    let scene = Scene::with_blocks(100).await;
    let proxy = Proxy::to(scene.sandbox.address()).await;
    let client = Client::at(&proxy.url, Credential::bearer(scene.world.token()));
    scene.world.inject(Fault::new(FaultKind::Reset).at(Endpoint::GetBlocking).after(4));
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(5)).await.expect("the list");
    assert_eq!((report.progress.requests, proxy.accepted()), (20, 2));
}

/// Passes bytes on, and counts the connections that it accepts.
struct Proxy {
    url: String,
    accepted: Arc<AtomicU32>,
}

impl Proxy {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let accepted = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self { url, accepted }
    }

    fn accepted(&self) -> u32 {
        self.accepted.load(Ordering::Relaxed)
    }
}
