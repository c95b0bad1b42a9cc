//! What the feed writes of itself: where the sessions stand, and the hourly samples.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::feed::{Session, Shard};
use hush_ports::FeedError;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Leading;
use crate::apply::Deposed;
use crate::connection::{Shown, Standing};

/// How often it is stored where the sessions stand.
const RECORD: Duration = Duration::from_secs(1);

impl Leading<'_> {
    /// Stores where the sessions stand, again and again.
    pub(super) async fn record(&self, shown: &[Arc<Shown>]) -> Deposed {
        let mut often = interval(RECORD);
        often.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut recorded = vec![None; shown.len()];
        loop {
            often.tick().await;
            for (number, (one, recorded)) in shown.iter().zip(&mut recorded).enumerate() {
                let Some(session) = session(number, shown.len(), one) else {
                    continue;
                };
                if recorded.as_ref() == Some(&session) {
                    continue;
                }
                match self.ports.sessions.record(self.lead.epoch, &session).await {
                    Ok(()) => *recorded = Some(session),
                    Err(FeedError::Deposed) => return Deposed,
                    Err(error) => {
                        tracing::warn!(%error, "where a session with Discord stands is not stored yet");
                    }
                }
            }
        }
    }

    /// Stores where the sessions stand, for the last time.
    pub(super) async fn record_once(&self, shown: &[Arc<Shown>]) {
        for (number, one) in shown.iter().enumerate() {
            if let Some(session) = session(number, shown.len(), one)
                && let Err(error) = self.ports.sessions.record(self.lead.epoch, &session).await
            {
                tracing::warn!(%error, "where a session with Discord stands was not stored");
            }
        }
    }

    /// Looks at the counts of what is followed now and then.
    pub(super) async fn sample(&self, shown: &[Arc<Shown>]) -> Deposed {
        loop {
            sleep(self.settings.sample_every).await;
            let total = u32::try_from(shown.len()).unwrap_or(u32::MAX);
            let live: Vec<_> = (0..total)
                .zip(shown)
                .filter(|(_, shown)| shown.is_live())
                .map(|(number, _)| Shard { number, total })
                .collect();
            let now = self.ports.clock.wall();
            match self.ports.samples.take(self.lead.epoch, &live, now).await {
                Ok(servers) => tracing::debug!(servers, "sampled the counts"),
                Err(FeedError::Deposed) => return Deposed,
                Err(error) => tracing::warn!(%error, "the counts were not sampled"),
            }
        }
    }
}

/// Where the session of a connection stands, if anything of it is in effect.
fn session(number: usize, total: usize, shown: &Shown) -> Option<Session> {
    let Standing {
        intents,
        id,
        resume_url,
        progress,
    } = shown.standing()?;
    let sequence = progress.applied();
    let shard = Shard {
        number: u32::try_from(number).ok()?,
        total: u32::try_from(total).ok()?,
    };
    (sequence > 0).then_some(Session {
        shard,
        intents,
        id,
        sequence,
        resume_url,
    })
}
