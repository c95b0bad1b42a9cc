//! Where HTTP/2 frames begin and end: enough to tell a client that waits from one that owes us the rest.
//!
//! Source: RFC 9113 §3.4 (preface), §4.1 (frame header) and §6.2, §6.10 (header blocks).

const PREFACE: usize = 24;
const HEADER: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Follows the bytes that a client sends.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface or of a payload that are still to come.
    skip: usize,
    header: [u8; HEADER],
    filled: usize,
    /// Inside of a header block that further frames continue.
    in_block: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            skip: PREFACE,
            header: [0; HEADER],
            filled: 0,
            in_block: false,
        }
    }
}

impl Frames {
    /// Takes in what arrived. Says whether a frame (outside of a header block) ended in it.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> bool {
        let mut ended = false;
        while !bytes.is_empty() {
            if self.skip == 0 {
                let take = bytes.len().min(HEADER - self.filled);
                let (head, rest) = bytes.split_at(take);
                self.header[self.filled..self.filled + take].copy_from_slice(head);
                self.filled += take;
                bytes = rest;
                if self.filled < HEADER {
                    return ended;
                }
                self.begin();
            }
            let take = bytes.len().min(self.skip);
            bytes = &bytes[take..];
            self.skip -= take;
            ended |= self.skip == 0 && !self.in_block;
        }
        ended
    }

    /// Whether the client owes the rest of a frame or of a header block.
    pub(super) fn is_open(&self) -> bool {
        self.skip > 0 || self.filled > 0 || self.in_block
    }

    fn begin(&mut self) {
        let [a, b, c, kind, flags, ..] = self.header;
        self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        self.filled = 0;
        if matches!(kind, HEADERS | CONTINUATION) {
            self.in_block = flags & END_HEADERS == 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(vec![0; usize::from(length)]);
        frame
    }

    #[test]
    fn follows_frames_however_they_are_cut() {
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        // SETTINGS (empty), HEADERS without END_HEADERS, CONTINUATION with it, PING.
        let parts = [
            frame(4, 0, 0),
            frame(1, 0, 5),
            frame(9, 4, 3),
            frame(6, 0, 8),
        ];
        let mut closed_at = vec![sent.len()];
        for (index, part) in parts.iter().enumerate() {
            sent.extend(part);
            if index != 1 {
                closed_at.push(sent.len());
            }
        }
        for size in 1..sent.len() {
            let mut frames = Frames::default();
            let mut at = 0;
            for piece in sent.chunks(size) {
                frames.feed(piece);
                at += piece.len();
                assert_eq!(
                    frames.is_open(),
                    !closed_at.contains(&at),
                    "after {at} bytes by {size}"
                );
            }
        }
    }
}
