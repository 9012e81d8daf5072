//! A web server with one file in a host of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use libtest_mimic::Failed;

use crate::network::Network;

/// The address of the servers of a row: this one, or a CA.
pub(crate) const WEB: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 3);

/// A server on port 80.
pub(crate) struct Web {
    asked: Arc<AtomicUsize>,
    file: Arc<Mutex<Vec<u8>>>,
}

impl Web {
    /// Serves `file` at `path`.
    pub(crate) fn start(network: &Network, path: &str, file: Vec<u8>) -> Result<Self, Failed> {
        let host = network.bystander("web", WEB)?;
        let listener = host.run(|| TcpListener::bind((WEB, 80)))??;
        let web = Self {
            asked: Arc::default(),
            file: Arc::new(Mutex::new(file)),
        };
        let (count, file) = (Arc::clone(&web.asked), Arc::clone(&web.file));
        let path = path.to_owned();
        thread::spawn(move || {
            // The host lives as long as its server.
            let _host = host;
            for mut stream in listener.incoming().flatten() {
                let body = file.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if answer(&mut stream, &path, &body).unwrap_or(false) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(web)
    }

    /// Another file from now on.
    pub(crate) fn put(&self, file: Vec<u8>) {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// How often the file was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Answers one GET; whether it was for the file.
fn answer(stream: &mut TcpStream, path: &str, body: &[u8]) -> std::io::Result<bool> {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => break,
            n => request.extend_from_slice(piece.get(..n).unwrap_or_default()),
        }
    }
    let found = String::from_utf8_lossy(&request).starts_with(&format!("GET {path} HTTP/1."));
    let (status, body) = if found {
        ("200 OK", body)
    } else {
        ("404 Not Found", &b""[..])
    };
    write!(
        stream,
        "HTTP/1.0 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    Ok(found)
}
