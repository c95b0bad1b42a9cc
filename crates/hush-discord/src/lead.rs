//! Leading the feed: of all processes over one store, one follows Discord.
//!
//! A leader beats every few seconds. Whoever has seen the same beat for as long as a lease lasts takes the lead; a
//! leader that could not beat for as long has stopped by then, by its own clock and without asking anybody. If nobody
//! has taken the lead meanwhile, it takes it again at once.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hush_domain::feed::Epoch;
use hush_ports::{BackendError, Feed, Lease};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long a lease lasts after a beat.
const LASTS: Duration = Duration::from_secs(15);
/// How often a leader beats, and others look whether it does.
const BEAT: Duration = Duration::from_secs(3);

/// The lead in one epoch, as long as it is held. A clone is another look at the same lead.
#[derive(Debug, Clone)]
pub(crate) struct Lead {
    pub(crate) epoch: Epoch,
    /// Until when nobody else can have taken it; `None`: nobody else is there.
    until: Option<Arc<Mutex<Instant>>>,
}

impl Lead {
    /// Waits for the lead. Whoever is `alone` need not wait for one who led before and is gone. Nobody waits for itself:
    /// `lost` is the epoch in which this process led last and has stopped.
    pub(crate) async fn win(feed: &dyn Feed, alone: bool, lost: Option<Epoch>) -> Self {
        let mut watched: Option<(Lease, Instant)> = None;
        loop {
            match feed.lease().await {
                Ok(seen) => {
                    let since = match watched {
                        Some((lease, since)) if lease == seen => since,
                        // The leader counts from when it began to beat. That was before the answer, but perhaps after
                        // the question, so counting from the question could end before the leader has stopped.
                        _ => Instant::now(),
                    };
                    watched = Some((seen, since));
                    // Nobody has led since, and what was written then is waited for by taking the lead.
                    let own = lost == Some(seen.epoch);
                    let over = !seen.held || alone || own || since.elapsed() >= LASTS;
                    if over && let Some(lead) = Self::take(feed, seen, alone).await {
                        return lead;
                    }
                }
                Err(error) => tracing::warn!(%error, "who follows Discord could not be looked up"),
            }
            sleep(BEAT).await;
        }
    }

    async fn take(feed: &dyn Feed, seen: Lease, alone: bool) -> Option<Self> {
        let asked = Instant::now();
        match feed.take(seen).await {
            Ok(epoch) => epoch.map(|epoch| Self {
                epoch,
                until: (!alone).then(|| Arc::new(Mutex::new(asked + LASTS))),
            }),
            Err(error) => {
                tracing::warn!(%error, "the lead of the feed could not be taken");
                None
            }
        }
    }

    /// Whether nobody else can have taken the lead yet.
    pub(crate) fn holds(&self) -> bool {
        self.until().is_none_or(|until| Instant::now() < until)
    }

    /// Keeps the lead, and returns once it is lost.
    pub(crate) async fn keep(&self, feed: &dyn Feed) {
        loop {
            sleep(BEAT).await;
            let asked = Instant::now();
            match timeout(BEAT, feed.keep(self.epoch)).await {
                Ok(Ok(true)) => {
                    if let Some(until) = &self.until {
                        *until.lock().unwrap_or_else(PoisonError::into_inner) = asked + LASTS;
                    }
                }
                Ok(Ok(false)) => return,
                Ok(Err(error)) => unsure(&error),
                Err(_) => unsure(&BackendError::transient("the store does not answer")),
            }
            if !self.holds() {
                return;
            }
        }
    }

    /// Gives up the lead, so that nobody has to wait.
    pub(crate) async fn resign(&self, feed: &dyn Feed) {
        if let Err(error) = feed.resign(self.epoch).await {
            tracing::warn!(%error, "others will wait a while before they follow Discord");
        }
    }

    /// Waits until the lead has run out by the clock, whatever the store says.
    pub(crate) async fn run_out(&self) {
        while self.holds() {
            match self.until() {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        }
    }

    fn until(&self) -> Option<Instant> {
        let until = self.until.as_ref()?.lock();
        Some(*until.unwrap_or_else(PoisonError::into_inner))
    }
}

fn unsure(error: &BackendError) {
    tracing::warn!(%error, "the lead of the feed could not be kept yet");
}
