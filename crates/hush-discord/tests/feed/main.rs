//! The feed against a Discord of our own.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod following;
mod interactions;
mod support;
