//! `zstd-stream`: one stream for the whole connection, flushed after each message.

use std::io;

use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, InBuffer, OutBuffer};

pub(super) struct Compressor {
    context: CCtx<'static>,
}

impl Compressor {
    pub(super) fn new() -> Self {
        Self {
            context: CCtx::create(),
        }
    }

    /// The next message of the stream.
    pub(super) fn compress(&mut self, text: &str) -> io::Result<Vec<u8>> {
        let mut input = InBuffer::around(text.as_bytes());
        let mut compressed = Vec::new();
        let mut part = [0; 16 * 1024];
        loop {
            let mut output = OutBuffer::around(&mut part[..]);
            let left = self
                .context
                .compress_stream2(&mut output, &mut input, ZSTD_EndDirective::ZSTD_e_flush)
                .map_err(|code| io::Error::other(zstd_safe::get_error_name(code)))?;
            compressed.extend_from_slice(output.as_slice());
            if left == 0 {
                return Ok(compressed);
            }
        }
    }
}
