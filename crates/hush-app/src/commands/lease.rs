//! Who may carry commands out: for as long as others see a beat. No clock of another machine is asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hush_ports::{BackendError, Clock, Commands, Worker};
use tokio::time::interval;

/// How often a worker beats.
const BEAT: Duration = Duration::from_secs(1);
/// How old the last beat may be when something is sent. What is sent is answered within 10 s, so it is over before anybody
/// else takes it over.
const FRESH: Duration = Duration::from_secs(4);
/// Who shows the same beat for so long is dismissed.
const LEASE: Duration = Duration::from_secs(15);

/// The time in which one worker may carry commands out.
pub(super) struct Lease {
    pub(super) worker: Worker,
    clock: Arc<dyn Clock>,
    /// When the last beat was asked for that was heard, in microseconds of the monotonic clock.
    beaten_at: AtomicU64,
    ended: AtomicBool,
}

impl Lease {
    /// Enlists a worker. With `alone` nobody else can be there, so that all others are dismissed at once.
    pub(super) async fn take(
        commands: &dyn Commands,
        clock: Arc<dyn Clock>,
        alone: bool,
    ) -> Result<Self, BackendError> {
        if alone {
            for (other, _) in commands.workers().await? {
                commands.dismiss(other, None).await?;
            }
        }
        let asked_at = clock.monotonic();
        let worker = commands.enlist().await?;
        Ok(Self {
            worker,
            clock,
            beaten_at: AtomicU64::new(micros(asked_at)),
            ended: AtomicBool::new(false),
        })
    }

    /// Whether something may be sent to the platform now.
    pub(super) fn is_fresh(&self) -> bool {
        let age =
            micros(self.clock.monotonic()).saturating_sub(self.beaten_at.load(Ordering::Relaxed));
        age < micros(FRESH) && !self.ended.load(Ordering::Relaxed)
    }

    /// Sends nothing more, whatever is still under way.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Beats until the worker is dismissed, and dismisses others who do not beat.
    pub(super) async fn keep(&self, commands: &dyn Commands) {
        let mut seen = HashMap::new();
        let mut often = interval(BEAT);
        loop {
            often.tick().await;
            let asked_at = self.clock.monotonic();
            match commands.beat(self.worker).await {
                Ok(true) => self.beaten_at.store(micros(asked_at), Ordering::Relaxed),
                Ok(false) => return,
                // The next beat is soon.
                Err(_) => continue,
            }
            self.watch(commands, &mut seen).await;
        }
    }

    /// Looks at the others, and dismisses whoever has shown the same beat for too long. The store may be slow: a beat is as
    /// old as when it was surely seen, and is looked at again as of before it was asked for.
    async fn watch(&self, commands: &dyn Commands, seen: &mut HashMap<Worker, (i64, Duration)>) {
        let asked_at = self.clock.monotonic();
        let Ok(workers) = commands.workers().await else {
            return;
        };
        let seen_at = self.clock.monotonic();
        seen.retain(|worker, _| workers.iter().any(|(other, _)| other == worker));
        for (worker, beat) in workers {
            let (known, since) = seen.entry(worker).or_insert((beat, seen_at));
            if *known != beat {
                (*known, *since) = (beat, seen_at);
            } else if worker != self.worker && asked_at.saturating_sub(*since) > LEASE {
                match commands.dismiss(worker, Some(beat)).await {
                    Ok(taken) => {
                        tracing::warn!(
                            worker = worker.0,
                            taken,
                            "a process no longer carries commands out; what it had is taken over"
                        );
                    }
                    Err(error) => tracing::warn!(%error, "a worker could not be dismissed yet"),
                }
            }
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
