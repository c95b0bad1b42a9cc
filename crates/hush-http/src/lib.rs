//! How HTTP asks Hush: routes, wire types, errors, the limits of a connection, and the OpenAPI document.
//!
//! A request comes in through a connection that is bounded in size and time ([`serve`]), passes the edge,
//! which gives every request what all of them need, and reaches a handler that asks [`hush_app`]. Handlers
//! hold no rule.

mod access;
mod answer;
mod api;
mod body;
mod client;
mod documents;
mod edge;
mod expected;
mod headers;
mod intent;
mod measure;
mod openapi;
mod page;
mod problem;
mod query;
mod request;
mod routes;
mod serve;
mod settings;
mod trail;
mod wire;

pub use api::Api;
pub use openapi::{Format, Version, openapi};
pub use problem::Code;
pub use routes::PUBLIC;
pub use serve::serve;
pub use settings::{AccessLog, HttpSettings};
