//! Whether the service can do its work.

use std::sync::Arc;
use std::time::Duration;

use hush_ports::{Clock, Health};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long an answer is kept, so that eager probes do not become load.
const KEPT: Duration = Duration::from_secs(1);

/// Why the service is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// It is about to stop.
    Draining,
    /// The store does not answer, or not within 250 ms.
    Store,
}

/// Answers whether requests should be sent here. One check runs at a time and its answer is kept for up to
/// one second; draining is known at once and for good.
pub struct Readiness {
    health: Arc<dyn Health>,
    clock: Arc<dyn Clock>,
    draining: watch::Sender<bool>,
    last: Mutex<Option<(Duration, Result<(), NotReady>)>>,
}

impl Readiness {
    pub(crate) fn new(health: Arc<dyn Health>, clock: Arc<dyn Clock>) -> Self {
        Self {
            health,
            clock,
            draining: watch::Sender::new(false),
            last: Mutex::new(None),
        }
    }

    /// Says from now on that the service is not ready, since it is about to stop.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// What says that the service is about to stop.
    pub(crate) fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    /// Whether the service is about to stop.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Whether requests should be sent here.
    pub async fn check(&self) -> Result<(), NotReady> {
        if self.is_draining() {
            return Err(NotReady::Draining);
        }
        // Whoever waits here for a running check finds its answer.
        let mut last = self.last.lock().await;
        let now = self.clock.monotonic();
        if let Some((at, answer)) = *last
            && now.saturating_sub(at) < KEPT
        {
            return answer;
        }
        let answer = match timeout(PATIENCE, self.health.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotReady::Store),
        };
        *last = Some((self.clock.monotonic(), answer));
        answer
    }
}
