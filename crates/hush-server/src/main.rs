//! The Hush service and its operator's commands.

use std::process::ExitCode;

/// A request is some thirty small allocations, which the system's allocator makes a fifth of its cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hush_server::main()
}
