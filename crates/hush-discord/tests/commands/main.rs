//! The slash command over a store in memory: who may do what with it, and what is said.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod definition;
mod mistakes;
mod registering;
mod stats;
mod support;
mod tokens;
