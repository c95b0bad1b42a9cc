//! The Hush service and its operator's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    hush_server::main()
}
