//! The other side of the clients, for their tests.

use async_trait::async_trait;
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};
use vestibule_domain::{Clock, Timestamp};

/// Answers every call with this status and these headers, until the test is over. Returns the
/// origin.
pub(super) fn serving(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let read = stream.read(&mut [0; 4096]).unwrap_or(0);
            assert!(read > 0, "a call");
            let _ = write!(
                stream,
                "HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
    });
    format!("http://{address}")
}

/// A clock that stands still.
pub(super) struct StandingClock(pub(super) Timestamp);

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}
