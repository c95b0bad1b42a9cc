//! Slash commands on their way to an answer: beside the feed, which waits for none of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::commands::Commands;

/// The most that are being answered at once. Each is two requests; more would only wait for each other.
const AT_ONCE: u32 = 64;
/// How long the answers that are under way may take when the process stops.
const SETTLE: Duration = Duration::from_secs(3);

/// Whoever answers.
#[derive(Clone)]
pub(crate) struct Interactions {
    commands: Arc<Commands>,
    places: Arc<Semaphore>,
}

impl Interactions {
    pub(crate) fn new(commands: Arc<Commands>) -> Self {
        Self {
            commands,
            places: Arc::new(Semaphore::new(AT_ONCE as usize)),
        }
    }

    /// Answers the interaction in `json`, beside whatever else is to be done.
    pub(crate) fn answer(&self, json: &str, heard: Instant) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!("more slash commands at once than can be answered");
            return;
        };
        let (commands, json) = (Arc::clone(&self.commands), Box::<str>::from(json));
        tokio::spawn(async move {
            commands.serve(&json, heard).await;
            drop(place);
        });
    }

    /// Waits for the answers that are under way, for a few seconds. No other one is begun from then on.
    pub(crate) async fn settled(&self) {
        if timeout(SETTLE, self.places.acquire_many(AT_ONCE))
            .await
            .is_err()
        {
            tracing::warn!(
                "some answers to slash commands were still under way and may not arrive"
            );
        }
    }
}
