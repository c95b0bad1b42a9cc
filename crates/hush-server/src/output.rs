//! What commands print: results on the standard output, all else on the standard error output.
//!
//! Unlike `println!`, an output that is closed is an error and no panic.

use std::io::{self, Write};

use crate::failure::Failure;

/// Prints a result as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::operation(format_args!("cannot write the output: {error}")))
}

/// Prints a result and ends the line.
pub(crate) fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
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
