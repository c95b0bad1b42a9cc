#![doc = include_str!("../README.md")]

pub mod events;
pub mod ids;
pub mod limits;
pub mod operations;
pub mod permission;
pub mod presence;
pub mod roles;
pub mod scopes;
pub mod secret;
pub mod servers;
pub mod stats;
pub mod time;
pub mod tokens;
pub mod users;

mod text;
