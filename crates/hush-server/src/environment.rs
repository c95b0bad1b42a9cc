//! The process's environment.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one file that reads the environment; settings name and check what is in it"
)]

use std::ffi::OsString;

/// Every variable, as it is now.
pub(crate) fn variables() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}
