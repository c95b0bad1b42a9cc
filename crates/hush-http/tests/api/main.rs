//! Status, headers and shapes of every answer, and the limits of a connection, from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod allowances;
mod audit_log;
mod authentication;
mod bodies;
mod browsers;
mod caching;
mod commanding;
mod commands;
mod connections;
mod discovery;
mod document;
mod failures;
mod filters;
mod idempotency;
mod input;
mod leaks;
mod limits;
mod pages;
mod rate_limit;
mod rendering;
mod rotation;
mod server_tokens;
mod servers;
mod settings;
mod shapes;
mod support;
mod tokens;
