//! The feed against a Discord of our own.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod chance;
mod events;
mod faults;
mod fickle;
mod following;
mod identifying;
mod interactions;
mod members;
mod outages;
mod samples;
mod support;
mod words;
