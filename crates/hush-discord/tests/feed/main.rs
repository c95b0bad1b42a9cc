//! The feed against a Discord of our own.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod faults;
mod following;
mod identifying;
mod interactions;
mod members;
mod outages;
mod samples;
mod support;
mod words;
