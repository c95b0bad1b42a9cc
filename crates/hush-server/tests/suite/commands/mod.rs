//! The binary carries commands out on a Discord of our own: each once, in order, and in the servers that they name.

mod clients;
mod draining;
mod foreign;
mod killed;
mod orders;
pub(crate) mod scene;
mod secrets;
mod taking_over;
mod verdict;
