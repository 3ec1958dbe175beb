//! A server on a loopback port that can break a connection instead of answering.
//!
//! Every simulator and stub of this crate is an axum router behind it. A handler answers with [`reset`] to
//! send the peer a TCP reset, or awaits [`never`] to keep it waiting.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, Socket};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tower::ServiceExt as _;

/// A running server. It stops when dropped, with all its connections.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Loopback {
    /// Serves `router` on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(router: Router) -> io::Result<Self> {
        Self::start_on("127.0.0.1:0", router).await
    }

    /// Serves `router` on `address`, such as `127.0.0.1:9400`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_on(address: &str, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, router)).abort_handle(),
        })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the listener.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Stands for an answer: nothing is sent, and the connection is reset.
#[must_use]
pub fn reset() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Reset);
    response
}

/// Never answers. Ends when the peer gives up and closes the connection.
pub async fn never() -> Response {
    std::future::pending().await
}

#[derive(Clone)]
struct Reset;

async fn accept(listener: TcpListener, router: Router) {
    // Aborting this task drops the set, which ends the connections with the server.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone()));
                }
                // Probably out of file descriptors, so wait for some to be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    // hyper owns the stream from here on. The linger option belongs to the socket, so a second handle can set
    // it.
    let Ok(handle) = SockRef::from(&stream).try_clone() else {
        return;
    };
    let service = service_fn(|request| answer(&router, &handle, request));
    // An error means that the peer left or that we reset the connection, both of which are intended.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    router: &Router,
    handle: &Socket,
    request: hyper::Request<Incoming>,
) -> Result<Response, io::Error> {
    let request: Request = request.map(Body::new);
    let response = router
        .clone()
        .oneshot(request)
        .await
        .unwrap_or_else(|never: Infallible| match never {});
    if response.extensions().get::<Reset>().is_some() {
        // With linger 0, closing sends an RST, so the peer cannot mistake it for an orderly end.
        handle.set_linger(Some(Duration::ZERO))?;
        return Err(io::Error::from(io::ErrorKind::ConnectionReset));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_reset_is_seen_by_the_peer_as_a_reset_and_not_as_an_empty_answer() {
        let server = Loopback::start(Router::new().route("/", get(|| async { reset() })))
            .await
            .unwrap();
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = Vec::new();
        let error = stream.read_to_end(&mut answer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(answer.is_empty());
    }

    #[tokio::test]
    async fn a_dropped_server_refuses_new_connections() {
        let server = Loopback::start(Router::new()).await.unwrap();
        let address = server.address();
        let mut open = TcpStream::connect(address).await.unwrap();
        drop(server);
        // The open connection must end first, which shows that the listener is gone.
        let mut rest = Vec::new();
        let _ = open.read_to_end(&mut rest).await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
