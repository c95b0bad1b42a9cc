//! Status, headers and shapes of every answer, and the limits of a connection, from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authentication;
mod browsers;
mod caching;
mod connections;
mod document;
mod failures;
mod input;
mod limits;
mod pages;
mod shapes;
mod support;
mod tokens;
