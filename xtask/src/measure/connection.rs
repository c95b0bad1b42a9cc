//! One keep-alive connection, and as much of HTTP as measuring needs.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Response, Status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MOST_HEADERS: usize = 64;
const LARGEST_ANSWER: usize = 64 * 1024;

/// A connection that waits for the answer before it asks again.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer where it was read to.
pub(super) struct Received<'a> {
    /// Its status.
    pub(super) status: u16,
    head: &'a [u8],
    body: &'a [u8],
}

/// An answer to keep.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// Its headers but for `date`, which any server adds.
    pub(super) headers: Vec<(String, String)>,
    /// Its body.
    pub(super) body: String,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; LARGEST_ANSWER],
        })
    }

    /// Sends a request and reads its answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Received<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(
                count > 0,
                "the connection was closed, or the answer is too large"
            );
            filled += count;
            if let Some((status, head, length)) = measures(&self.buffer[..filled])?
                && filled >= head + length
            {
                let (head, body) = self.buffer[..filled].split_at(head);
                return Ok(Received { status, head, body });
            }
        }
    }
}

impl Received<'_> {
    /// The answer, to keep.
    pub(super) fn to_owned(&self) -> Answer {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut response = Response::new(&mut headers);
        // It was parsed before.
        let _ = response.parse(self.head);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = response.headers.iter();
        Answer {
            status: self.status,
            headers: headers
                .map(|header| (header.name.to_ascii_lowercase(), text(header.value)))
                .filter(|(name, _)| name != "date")
                .collect(),
            body: text(self.body),
        }
    }
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether both have the same bytes, in whatever order their headers stand.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        let sorted = |answer: &Self| {
            let mut headers = answer.headers.clone();
            headers.sort();
            headers
        };
        self.status == other.status && self.body == other.body && sorted(self) == sorted(other)
    }
}

/// Status, length of the head and length of the body, once the head is whole.
fn measures(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let Status::Complete(head) = response.parse(bytes).context("no HTTP answer")? else {
        return Ok(None);
    };
    let status = response.code.context("an answer without a status")?;
    if status == 304 {
        return Ok(Some((status, head, 0)));
    }
    let mut headers = response.headers.iter();
    let Some(length) = headers.find(|it| it.name.eq_ignore_ascii_case("content-length")) else {
        bail!("an answer of unknown length");
    };
    let length = std::str::from_utf8(length.value)?
        .parse()
        .context("content-length")?;
    Ok(Some((status, head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(measures(answer).unwrap(), Some((200, answer.len() - 2, 2)));
        assert_eq!(measures(&answer[..20]).unwrap(), None);
        let unchanged = b"HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n";
        assert_eq!(
            measures(unchanged).unwrap(),
            Some((304, unchanged.len(), 0))
        );
        assert!(measures(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
