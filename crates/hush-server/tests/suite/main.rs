//! The binary as its operator meets it, and what only the binary has: settings and the import.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod audit;
mod cli;
mod commands;
mod config;
mod contract;
mod copy;
mod crashes;
mod demo;
mod discord;
mod exactly_once;
mod exactness;
mod example_file;
mod import;
mod import_errors;
mod import_round_trip;
mod inspect;
mod lists;
mod operator;
mod outages;
mod panics;
mod purge;
mod samples;
mod secrets;
mod serve;
mod sqlite;
mod support;
mod tokens;
mod upkeep;
