//! Connections that can be reset in the middle of a call.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::serve::Listener;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct Connections(pub(super) TcpListener);

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Connection { stream, fuse: Arc::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that breaks as soon as somebody says so.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    fuse: Arc<Fuse>,
}

/// Whether a connection is broken, and whom that wakes.
#[derive(Debug, Default)]
struct Fuse {
    is_broken: AtomicBool,
    /// Whoever waits until the connection can be written to.
    writer: AtomicWaker,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    fuse: Arc<Fuse>,
}

impl Peer {
    /// Whether somebody has said that the connection is to be reset.
    pub(super) fn is_reset(&self) -> bool {
        self.fuse.is_broken.load(Ordering::Acquire)
    }

    /// Resets the connection instead of writing to it.
    pub(super) fn reset(&self) {
        self.fuse.is_broken.store(true, Ordering::Release);
        self.fuse.writer.wake();
    }
}

impl Connection {
    /// The other end.
    pub(super) fn peer(&self) -> Peer {
        Peer { fuse: Arc::clone(&self.fuse) }
    }

    /// Fails if the connection is broken, and else wakes the writer when it breaks.
    fn intact(&self, cx: &Context<'_>) -> io::Result<()> {
        self.fuse.writer.register(cx.waker());
        if !self.fuse.is_broken.load(Ordering::Acquire) {
            return Ok(());
        }
        // Without lingering, closing sends a reset and not an orderly end.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.intact(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.intact(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
