//! A client of one request, on purpose without any library between the test and the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = |line: &'_ str| -> Option<usize> {
            let (found, _) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(found.len() + 2)
        };
        self.head
            .lines()
            .find_map(|line| value(line).map(|at| &line[at..]))
            .unwrap_or_default()
    }
}

/// Gets `path`, with a token unless it is empty.
pub(crate) fn get(address: SocketAddr, path: &str, token: &str) -> Response {
    let authorization = if token.is_empty() {
        String::new()
    } else {
        format!("Authorization: Bearer {token}\r\n")
    };
    let head = format!("GET {path} HTTP/1.1\r\nHost: hush\r\nConnection: close\r\n{authorization}");
    request(address, &format!("{head}\r\n"))
}

/// Sends a whole request as it is and reads until the service closes the connection.
pub(crate) fn request(address: SocketAddr, text: &str) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Response {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
