//! What the tests share: the binary as a command and as a service, and a client.

mod command;
mod database;
mod http;
mod lock;
mod proxy;
pub(crate) mod sample;
mod service;
mod site;

pub(crate) use command::Hush;
pub(crate) use database::Database;
pub(crate) use http::{CONTRACT, Response, ask_admin, get, request, send, try_send};
pub(crate) use lock::Lock;
pub(crate) use proxy::{Proxy, Way};
pub(crate) use service::Running;
pub(crate) use site::{Site, hex, on_each_store};
