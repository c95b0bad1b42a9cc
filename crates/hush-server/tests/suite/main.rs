//! The binary as its operator meets it, and what only the binary has: settings and the import.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod cli;
mod config;
mod copy;
mod crashes;
mod demo;
mod exactness;
mod example_file;
mod import;
mod import_errors;
mod import_round_trip;
mod operator;
mod outages;
mod panics;
mod samples;
mod serve;
mod sqlite;
mod support;
mod tokens;
