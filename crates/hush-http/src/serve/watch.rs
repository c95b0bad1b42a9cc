//! Watching connections: what each of them waits for, since when, and the sweep that ends the late ones.
//!
//! A timer for each connection would be armed and disarmed with each request. Instead a connection only
//! notes what it does, and one sweep for all of them looks at the notes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::settings::DEADLINE;

/// How often the sweep looks, and how exact the notes' times are. A connection is late by at most twice this
/// much more than it may be, and never early.
const SWEEP: Duration = Duration::from_millis(250);

/// The service runs.
const SERVING: u8 = 0;
/// The service stops: connections shall end by themselves.
const ENDING: u8 = 1;
/// The service has stopped but for the requests that run.
const DROPPING: u8 = 2;

/// What shall become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Finish what runs and end it.
    End,
    /// Drop it as it is.
    Drop,
}

/// One connection's notes. Times are those of the sweep before, in milliseconds since the list was made, plus
/// one; 0 is "not so".
#[derive(Debug)]
pub(super) struct Watch {
    list: Arc<Watches>,
    id: u64,
    /// How many requests are being answered.
    running: AtomicUsize,
    /// Since when the client owes the rest of a head.
    owes_since: AtomicU64,
    /// Since when nothing is under way; the connection's beginning before its first request.
    idle_since: AtomicU64,
    /// Since when the client does not take what we write.
    blocked_since: AtomicU64,
    /// Whether a request has arrived yet.
    used: AtomicBool,
    told: Notify,
}

/// All open connections.
#[derive(Debug)]
pub(super) struct Watches {
    began: Instant,
    /// When the sweep last looked: asking the system's clock with each note costs more than the note.
    now: AtomicU64,
    idle: Duration,
    open: Mutex<HashMap<u64, Arc<Watch>>>,
    next_id: AtomicU64,
    phase: AtomicU8,
    /// Told whenever a connection is gone.
    gone: Notify,
}

impl Watch {
    /// What shall become of the connection, once something shall.
    pub(super) async fn verdict(&self) -> Verdict {
        loop {
            self.told.notified().await;
            // Between the sweep and now, a request may have begun or ended.
            if let Some(verdict) = self.judge() {
                return verdict;
            }
        }
    }

    /// Notes that a whole head has arrived and its request runs until the guard is dropped.
    pub(super) fn request(watch: &Arc<Self>) -> Running {
        watch.running.fetch_add(1, Ordering::AcqRel);
        watch.used.store(true, Ordering::Relaxed);
        watch.owes_since.store(0, Ordering::Relaxed);
        Running(watch.clone())
    }

    /// Notes that something arrived that does not end here: a head's first bytes, or a part of a frame.
    pub(super) fn owes(&self, began_now: bool) {
        if began_now || self.owes_since.load(Ordering::Relaxed) == 0 {
            self.owes_since.store(self.list.now(), Ordering::Relaxed);
        }
    }

    /// Notes that what arrived is complete.
    pub(super) fn owes_nothing(&self) {
        self.owes_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    /// Notes whether the client takes what we write.
    pub(super) fn blocked(&self, blocked: bool) {
        let since = self.blocked_since.load(Ordering::Relaxed);
        if blocked && since == 0 {
            self.blocked_since.store(self.list.now(), Ordering::Relaxed);
        } else if !blocked && since != 0 {
            self.blocked_since.store(0, Ordering::Relaxed);
        }
    }

    /// Takes the connection off the list.
    pub(super) fn gone(&self) {
        self.list.lock().remove(&self.id);
        self.list.gone.notify_waiters();
    }

    fn judge(&self) -> Option<Verdict> {
        let now = self.list.now();
        let late = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Ordering::Relaxed);
            since != 0 && u128::from(now.saturating_sub(since)) > (limit + SWEEP).as_millis()
        };
        let is_set = |since: &AtomicU64| since.load(Ordering::Relaxed) != 0;
        if late(&self.blocked_since, DEADLINE) {
            return Some(Verdict::Drop);
        }
        let phase = self.list.phase.load(Ordering::Acquire);
        if phase == ENDING {
            return Some(Verdict::End);
        }
        if self.is_running() || is_set(&self.blocked_since) {
            return None;
        }
        if phase == DROPPING || late(&self.owes_since, DEADLINE) {
            return Some(Verdict::Drop);
        }
        let patience = if self.used.load(Ordering::Relaxed) {
            self.list.idle
        } else {
            DEADLINE
        };
        if is_set(&self.owes_since) || !late(&self.idle_since, patience) {
            return None;
        }
        // Asked to end and still there: the client does not let go.
        let ignored = late(&self.idle_since, patience + DEADLINE);
        Some(if ignored { Verdict::Drop } else { Verdict::End })
    }
}

/// A request that is being answered.
pub(super) struct Running(Arc<Watch>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0
            .idle_since
            .store(self.0.list.now(), Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watches {
    pub(super) fn new(idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            now: AtomicU64::new(1),
            idle,
            open: Mutex::default(),
            next_id: AtomicU64::new(0),
            phase: AtomicU8::new(SERVING),
            gone: Notify::new(),
        })
    }

    /// A new connection.
    pub(super) fn add(self: &Arc<Self>) -> Arc<Watch> {
        let watch = Arc::new(Watch {
            list: self.clone(),
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            running: AtomicUsize::new(0),
            owes_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(self.now()),
            blocked_since: AtomicU64::new(0),
            used: AtomicBool::new(false),
            told: Notify::new(),
        });
        self.lock().insert(watch.id, watch.clone());
        watch
    }

    /// Looks at every connection, again and again.
    pub(super) async fn sweep(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.now.store(now.saturating_add(1), Ordering::Relaxed);
            for watch in self.lock().values().filter(|watch| watch.judge().is_some()) {
                watch.told.notify_one();
            }
        }
    }

    /// Ends every connection: at once where nothing runs, and where something does when it is finished, or
    /// when `limit` has passed.
    pub(super) async fn drain(&self, limit: Duration) {
        self.phase.store(ENDING, Ordering::Release);
        let all_gone = async {
            loop {
                let gone = self.gone.notified();
                if self.lock().is_empty() {
                    return;
                }
                gone.await;
            }
        };
        let end = async {
            for watch in self.lock().values() {
                watch.told.notify_one();
            }
            tokio::time::sleep(SWEEP).await;
            self.phase.store(DROPPING, Ordering::Release);
            std::future::pending::<()>().await;
        };
        let ended = timeout(limit, async {
            tokio::select! { () = all_gone => {}, () = end => {} }
        });
        if ended.await.is_err() {
            tracing::warn!(
                connections = self.lock().len(),
                "requests were cut off at the end"
            );
        }
    }

    fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Watch>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
