//! What commands print: results on the standard output, all else on the standard error output.
//!
//! Unlike `println!`, an output that is closed is an error and no panic.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::ops::ControlFlow;

use crate::failure::Failure;

/// Prints a result as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| unwritten(&error))
}

/// Prints a result and ends the line.
pub(crate) fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// A result of any number of lines. Who reads them may have seen enough before the last: that is no failure.
pub(crate) struct Lines(BufWriter<Stdout>);

impl Lines {
    pub(crate) fn new() -> Self {
        Self(BufWriter::new(io::stdout()))
    }

    /// Writes a line, and says whether anybody wants more.
    pub(crate) fn write(&mut self, line: &str) -> Result<ControlFlow<()>, Failure> {
        wanted(writeln!(self.0, "{line}"))
    }

    /// Writes what is still kept back.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        wanted(self.0.flush()).map(drop)
    }
}

fn wanted(written: io::Result<()>) -> Result<ControlFlow<()>, Failure> {
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(unwritten(&error)),
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::operation(format_args!("cannot write the output: {error}"))
}

/// Prints what is said beside the result.
pub(crate) fn aside(line: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints why a command ended without doing what it was asked.
pub(crate) fn error(failure: &Failure) {
    aside(&format!("error: {failure}"));
}
