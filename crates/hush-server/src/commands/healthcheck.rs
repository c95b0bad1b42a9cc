//! `healthcheck`: whether the service on the configured address is ready, and how its parts are.

mod discord;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::{Settings, reachable};
use crate::failure::Failure;
use crate::output;

/// How long each step may take. The service itself answers within 250 ms.
const PATIENCE: Duration = Duration::from_secs(2);
/// A status line is shorter; what follows does not matter.
const STATUS_LINE: u64 = 64;

pub(super) fn run(settings: &Settings, verbose: bool) -> Result<(), Failure> {
    let ready = ready(settings);
    if verbose {
        output::line(&format!("discord: {}", discord::section(settings)))?;
    }
    ready?;
    output::aside("ready");
    Ok(())
}

fn ready(settings: &Settings) -> Result<(), Failure> {
    let address = reachable(settings.listen);
    let answer = get(address, "/readyz", STATUS_LINE).map_err(|error| {
        Failure::operation(format_args!(
            "nothing answers on {address}: {error}; is the service running there (HUSH_LISTEN)?"
        ))
    })?;
    match status(&answer) {
        "200" => Ok(()),
        status => Err(Failure::operation(format_args!(
            "the service on {address} is not ready: its store does not answer, or it is about to \
             stop (status {status})"
        ))),
    }
}

/// The first bytes of the answer to a request for `path`, at most `most`.
fn get(address: SocketAddr, path: &str, most: u64) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(most).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    if answer.starts_with("HTTP/1.1 ") {
        Ok(answer)
    } else {
        Err(io::Error::other("what answers there does not speak HTTP"))
    }
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or("unknown")
}
