//! The executor against a Discord of our own.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod bot;
mod effects;
mod failures;
mod limits;
mod refusals;
mod support;
