#![doc = include_str!("../README.md")]

pub mod audit;
pub mod channels;
pub mod commands;
pub mod events;
pub mod feed;
pub mod idempotency;
pub mod ids;
pub mod limits;
pub mod operations;
pub mod permission;
pub mod presence;
pub mod roles;
pub mod samples;
pub mod scopes;
pub mod secret;
pub mod servers;
pub mod settings;
pub mod stats;
pub mod time;
pub mod tokens;
pub mod usage;
pub mod users;

mod text;
