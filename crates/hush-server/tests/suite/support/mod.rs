//! What the tests share: the binary as a command and as a service, and a client.

mod command;
mod database;
mod http;
mod proxy;
mod service;

pub(crate) use command::Hush;
pub(crate) use database::Database;
pub(crate) use http::{Response, get, request};
pub(crate) use proxy::{Proxy, Way};
pub(crate) use service::Running;
