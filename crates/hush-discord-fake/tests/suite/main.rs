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
mod limits;
mod login;
mod members;
mod messages;
mod mirror;
mod moderation;
mod refusals;
mod requests;
mod resume;
mod shards;
mod steps;
