//! What the tests share: the binary as a command and as a service, and a client.

mod command;
mod database;
mod http;
mod proxy;
mod service;
mod site;

pub(crate) use command::Hush;
pub(crate) use database::Database;
pub(crate) use http::{Response, get, request, send, try_send};
pub(crate) use proxy::{Proxy, Way};
pub(crate) use service::Running;
pub(crate) use site::{Site, hex, on_each_store};
