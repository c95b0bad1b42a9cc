//! A reader that keeps a hostile file from filling the memory, and knows where it is.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// The longest string, in bytes between its quotes. Discord's longest texts have some thousands.
const MAX_STRING: u32 = 1 << 20;
/// The most brackets open at once. Discord's objects have less than ten.
const MAX_DEPTH: u32 = 100;

/// How far a file was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Bytes read.
    pub(super) offset: u64,
    /// The line of the last byte, from 1.
    pub(super) line: usize,
    /// Its column in bytes, from 1.
    pub(super) column: usize,
}

/// Passes JSON on byte by byte and fails when a string is too long or brackets are nested too deeply. The
/// parser would take both into memory.
pub(super) struct Bounded<R> {
    inner: R,
    place: Rc<Cell<Place>>,
    depth: u32,
    string: Option<Text>,
}

/// Where in a string the reader is.
#[derive(Clone, Copy, Default)]
struct Text {
    length: u32,
    escaped: bool,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R) -> Self {
        let start = Place {
            offset: 0,
            line: 1,
            column: 0,
        };
        Self {
            inner,
            place: Rc::new(Cell::new(start)),
            depth: 0,
            string: None,
        }
    }

    /// Where this reader is, also while a parser owns it.
    pub(super) fn place(&self) -> Rc<Cell<Place>> {
        self.place.clone()
    }

    fn pass(&mut self, byte: u8) -> io::Result<()> {
        let mut place = self.place.get();
        place.offset += 1;
        place.column += 1;
        if byte == b'\n' {
            place.line += 1;
            place.column = 0;
        }
        self.place.set(place);
        match &mut self.string {
            Some(text) => {
                text.length += 1;
                if text.length > MAX_STRING {
                    return Err(io::Error::other(format!(
                        "a string is longer than {MAX_STRING} bytes"
                    )));
                }
                if text.escaped {
                    text.escaped = false;
                } else if byte == b'\\' {
                    text.escaped = true;
                } else if byte == b'"' {
                    self.string = None;
                }
            }
            None => match byte {
                b'"' => self.string = Some(Text::default()),
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(io::Error::other(format!(
                            "nested deeper than {MAX_DEPTH} levels"
                        )));
                    }
                }
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            },
        }
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        for byte in &buffer[..read] {
            self.pass(*byte)?;
        }
        Ok(read)
    }
}
