//! The fake against clients that nobody here wrote.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod binary;
mod client;
mod commands;
mod discord_py;
mod faults;
mod interactions;
mod login;
mod members;
mod mirror;
mod requests;
mod resume;
mod shards;
mod steps;
