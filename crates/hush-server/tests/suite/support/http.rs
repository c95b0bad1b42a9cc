//! A client of one request, on purpose without any library between the test and the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;

use hush_conformance::{Answer, Contract};

/// What the committed document promises.
pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let document = include_str!("../../../../../openapi/hush.json");
    Contract::new(serde_json::from_str(document).unwrap())
});

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

    /// Asserts that the answer to this request is one of those that the document promises.
    fn conforms(&self, request: &str) {
        let mut line = request.split(' ');
        let (Some(method), Some(path)) = (line.next(), line.next()) else {
            return;
        };
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let answer = Answer {
            method,
            path,
            status: self.status,
            headers: &headers.collect::<Vec<_>>(),
            body: self.body.as_bytes(),
        };
        CONTRACT
            .check(answer)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// Gets `path`, with a token unless it is empty.
pub(crate) fn get(address: SocketAddr, path: &str, token: &str) -> Response {
    send(address, "GET", path, token, &[], "")
}

/// Sends a request with a token, further headers and a body in JSON. An empty token or body is none.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    try_send(address, method, path, token, headers, body).unwrap()
}

/// The same to a service that may be killed meanwhile.
pub(crate) fn try_send(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Response> {
    let mut lines = vec![
        format!("{method} {path} HTTP/1.1"),
        "Host: hush".to_owned(),
        "Connection: close".to_owned(),
    ];
    if !token.is_empty() {
        lines.push(format!("Authorization: Bearer {token}"));
    }
    if !body.is_empty() {
        lines.push("Content-Type: application/json".to_owned());
        lines.push(format!("Content-Length: {}", body.len()));
    }
    lines.extend(
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    try_request(address, &format!("{}\r\n\r\n{body}", lines.join("\r\n")))
}

/// Sends a whole request as it is and reads until the service closes the connection.
pub(crate) fn request(address: SocketAddr, text: &str) -> Response {
    try_request(address, text).unwrap()
}

/// Asks what listens for the operator, which is no part of the API: no document says what it answers.
pub(crate) fn ask_admin(address: SocketAddr, method: &str, path: &str) -> Response {
    let line = format!("{method} {path} HTTP/1.1");
    let text = format!("{line}\r\nHost: hush\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    exchange(address, &text).unwrap()
}

fn try_request(address: SocketAddr, text: &str) -> Option<Response> {
    let response = exchange(address, text)?;
    response.conforms(text);
    Some(response)
}

fn exchange(address: SocketAddr, text: &str) -> Option<Response> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let response = Response {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_owned(),
        body: body.to_owned(),
    };
    // A killed service may have sent a part.
    let length = response.header("content-length").parse();
    let whole = length.is_ok_and(|length: usize| length == response.body.len());
    if !whole && !matches!(response.status, 204 | 304) {
        return None;
    }
    Some(response)
}
