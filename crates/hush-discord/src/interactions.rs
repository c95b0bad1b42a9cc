//! Answers to slash commands.

use hush_domain::ids::ServerId;
use tokio::time::Instant;

pub(crate) struct Interactions;

impl Interactions {
    pub(crate) fn answer(&self, _server: ServerId, _interaction: &str, _heard: Instant) {}
}
