//! The fake against clients that nobody here wrote.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall fail where it stands"
)]

mod client;
mod login;
mod mirror;
mod resume;
mod steps;
