//! A proxy that holds back the answers of the token endpoint for a while.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Passes everything on to a server, and tells when a token request is under way.
pub(crate) struct SlowTokens {
    pub(crate) url: String,
    asked: Receiver<()>,
}

impl SlowTokens {
    /// Holds each answer of the token endpoint back for so long.
    pub(crate) fn before(server: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = server.strip_prefix("http://").expect("http").to_owned();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).expect("the server");
                let tell = tell.clone();
                std::thread::spawn(move || join(client, server, &tell, delay));
            }
        });
        Self { url, asked }
    }

    /// Waits until a token request has reached the server.
    pub(crate) fn wait_for_a_request(&self) {
        self.asked.recv_timeout(Duration::from_secs(10)).expect("a token request");
    }
}

fn join(mut client: TcpStream, mut server: TcpStream, tell: &Sender<()>, delay: Duration) {
    let (mut to_client, from_server) = (client.try_clone(), server.try_clone());
    let (asks, asked) = channel::<()>();
    let back = std::thread::spawn(move || {
        let (to_client, mut from_server) =
            (to_client.as_mut().expect("a handle"), from_server.expect("a handle"));
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer) {
            if asked.try_iter().next().is_some() {
                std::thread::sleep(delay);
            }
            if to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let is_token_request = buffer.starts_with(b"POST /2/oauth2/token");
        if is_token_request {
            let _ = asks.send(());
        }
        if server.write_all(&buffer[..count]).is_err() {
            break;
        }
        if is_token_request {
            let _ = tell.send(());
        }
    }
    let _ = server.shutdown(Shutdown::Write);
    let _ = back.join();
}
