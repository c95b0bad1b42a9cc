//! A connection's bytes, noted on their way to and from HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::frames::Frames;
use super::watch::Watch;

/// What an HTTP/2 client with prior knowledge sends first. Source: RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Which HTTP a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1 (or 1.0).
    Http1,
    /// HTTP/2 by prior knowledge.
    Http2,
}

/// Reads as much as it takes to tell the protocol, and returns what was read with it.
pub(super) async fn detect(stream: &mut TcpStream) -> io::Result<(Protocol, Bytes)> {
    let mut read = BytesMut::with_capacity(PREFACE.len());
    while PREFACE.starts_with(&read) {
        if read.len() == PREFACE.len() {
            return Ok((Protocol::Http2, read.freeze()));
        }
        let mut rest = [0; PREFACE.len()];
        let count = stream.read(&mut rest[read.len()..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let until = read.len() + count;
        read.extend_from_slice(&rest[read.len()..until]);
    }
    Ok((Protocol::Http1, read.freeze()))
}

/// A stream that first gives back what [`detect`] read, and keeps the watch's notes.
pub(super) struct Guarded {
    stream: TcpStream,
    prefix: Bytes,
    /// Follows the frames of HTTP/2; `None` for HTTP/1, where whatever arrives outside of a request belongs to
    /// a head.
    frames: Option<Frames>,
    watch: Arc<Watch>,
}

impl Guarded {
    pub(super) fn new(
        stream: TcpStream,
        prefix: Bytes,
        protocol: Protocol,
        watch: Arc<Watch>,
    ) -> Self {
        let frames = (protocol == Protocol::Http2).then(Frames::default);
        Self {
            stream,
            prefix,
            frames,
            watch,
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        match &mut self.frames {
            Some(frames) => {
                let ended = frames.feed(bytes);
                if frames.is_open() {
                    self.watch.owes(ended);
                } else {
                    self.watch.owes_nothing();
                }
            }
            None if !self.watch.is_running() => self.watch.owes(false),
            None => {}
        }
    }

    fn wrote<T>(&self, result: Poll<T>) -> Poll<T> {
        self.watch.blocked(result.is_pending());
        result
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if this.prefix.has_remaining() {
            let count = this.prefix.remaining().min(buffer.remaining());
            buffer.put_slice(&this.prefix.split_to(count));
        } else {
            std::task::ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        }
        if let Some(new) = buffer.filled().get(before..)
            && !new.is_empty()
        {
            this.note(new);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(result)
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
