//! A proxy that counts connections.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// Passes bytes on between its clients and a server, and counts the connections that it accepts.
///
/// It runs until the program ends.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    accepted: Arc<AtomicU64>,
}

impl Proxy {
    /// Stands in front of the server at an address such as `127.0.0.1:8080`.
    pub(super) fn to(server: &str) -> Result<Self> {
        let server: SocketAddr = server.parse().context("the server has no address")?;
        let listener = TcpListener::bind("127.0.0.1:0").context("listening on loopback")?;
        let address = listener.local_addr()?;
        let accepted = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&accepted);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
                // A client whose connection leads nowhere sees it closed.
                let _ = join(near, server);
            }
        });
        Ok(Self { address, accepted })
    }

    /// The address for clients, without a slash at its end.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were so far.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

/// Connects a client with the server, in both directions, until either ends.
fn join(near: TcpStream, server: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_too, far_too) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || pass_on(near, far));
    thread::spawn(move || pass_on(far_too, near_too));
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    // Whichever way a direction ends, the other side is told that no more will come.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn bytes_go_through_and_connections_are_counted() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Proxy::to(&server.local_addr().expect("an address").to_string());
        let proxy = proxy.expect("a proxy");
        for count in 1..=3 {
            let mut client = TcpStream::connect(proxy.address).expect("the proxy");
            client.write_all(b"ping").expect("sent");
            client.shutdown(Shutdown::Write).expect("no more");
            let (mut served, _) = server.accept().expect("a connection");
            let mut asked = String::new();
            served.read_to_string(&mut asked).expect("what the client sent");
            served.write_all(b"pong").expect("answered");
            drop(served);
            let mut answer = String::new();
            client.read_to_string(&mut answer).expect("what the server sent");
            assert_eq!((asked.as_str(), answer.as_str()), ("ping", "pong"));
            assert_eq!(proxy.accepted(), count);
        }
    }
}
