//! What the tests share: the binary as a command and as a service, and a client.

mod command;
mod http;
mod service;

pub(crate) use command::Hush;
pub(crate) use http::{get, request};
pub(crate) use service::Running;
