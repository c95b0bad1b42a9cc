//! What was heard and is not applied yet.
//!
//! What concerns one server is applied in its order, and one thing at a time; servers do not wait for each other. Of
//! the presences of a member that follow each other only the last is kept, and they are given out many at once. The
//! beginning of a session waits for all that was heard before on its connection, and all that follows waits for it.

mod lanes;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hush_domain::events::{Change, ListedMember, PresenceChange, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::progress::Mark;
use lanes::Lanes;

/// How much may be waiting, in bytes as the gateway sent them. A storm that lasts longer than the store is away stays
/// far below.
const MOST: usize = 64 << 20;

/// When something was heard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    /// By the wall clock.
    pub(crate) at: Timestamp,
    /// By the clock that does not jump.
    pub(crate) instant: Instant,
}

/// Something to do in one server.
#[derive(Debug)]
pub(crate) enum Work {
    /// Put it into this state.
    Server(Arc<Snapshot>, Arc<[ListedMember]>),
    /// Change it.
    Change(Change),
    /// Set presences of its members.
    Presences(Vec<PresenceChange>),
    /// Answer somebody there: the interaction as JSON.
    Answer(Box<str>),
}

/// Something to do, and what it stands for.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) work: Work,
    pub(crate) heard: Heard,
    /// How many bytes the gateway sent for it.
    pub(crate) weight: usize,
    pub(crate) marks: Vec<Mark>,
}

impl Item {
    /// Something to do that stands for no event of its own.
    pub(crate) fn new(work: Work, heard: Heard) -> Self {
        Self {
            work,
            heard,
            weight: 0,
            marks: Vec::new(),
        }
    }
}

/// A session that begins.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// Which connection, by number.
    pub(crate) shard: u32,
    /// The servers that the bot is in.
    pub(crate) named: Vec<ServerId>,
    pub(crate) heard: Heard,
    pub(crate) mark: Mark,
}

/// What is to be done next. Whoever takes it gives it back as done.
#[derive(Debug)]
pub(crate) enum Job {
    /// In one server.
    Server(ServerId, Item),
    /// On one connection.
    Begin(Beginning),
}

/// What became of something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// The store does not take it. Its events never count as applied: whoever goes on with the session hears them again,
    /// or has to begin another one, which repairs what is wrong since.
    GivenUp,
}

/// Presences of many servers.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) changes: Vec<PresenceChange>,
    pub(crate) servers: Vec<ServerId>,
    pub(crate) marks: Vec<Mark>,
    /// When the first of them was heard.
    pub(crate) since: Option<Instant>,
}

/// All that is not applied yet.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    lanes: Mutex<Lanes>,
    /// Something may be taken.
    more: Notify,
    /// Something was done.
    less: Notify,
}

impl Backlog {
    /// Adds something to do in `server`, heard on connection `shard`.
    pub(crate) fn push(&self, shard: u32, server: ServerId, item: Item) {
        self.lanes().push(shard, server, item);
        self.more.notify_one();
    }

    /// Adds a presence, in the place of one of the same member that nothing has followed.
    pub(crate) fn push_presence(
        &self,
        shard: u32,
        server: ServerId,
        (user, presence): (UserId, Presence),
        heard: Heard,
        mark: Mark,
    ) {
        self.lanes()
            .push_presence(shard, server, user, (presence, heard, mark));
    }

    /// Adds the beginning of a session.
    pub(crate) fn begin(&self, beginning: Beginning) {
        self.lanes().begin(beginning);
        self.more.notify_one();
    }

    /// What to do next, as soon as there is something. Never presences of several servers.
    pub(crate) async fn next(&self) -> Job {
        loop {
            let more = self.more.notified();
            let job = self.lanes().take();
            if let Some(job) = job {
                // One notification can stand for several things to do.
                self.more.notify_one();
                return job;
            }
            more.await;
        }
    }

    /// At most about `most` of the presences that wait for nothing else, those first that have waited longest.
    pub(crate) fn presences(&self, most: usize) -> Batch {
        self.lanes().take_presences(most)
    }

    /// What a job was about is done.
    pub(crate) fn done(&self, job: Job, outcome: Outcome) {
        match job {
            Job::Server(server, item) => {
                self.lanes().done(server, item.weight, item.marks, outcome);
            }
            Job::Begin(beginning) => self.lanes().begun(beginning.shard, beginning.mark),
        }
        self.changed();
    }

    /// A batch is done.
    pub(crate) fn batch_done(&self, batch: Batch, outcome: Outcome) {
        self.lanes().batch_done(batch, outcome);
        self.changed();
    }

    /// How many bytes wait.
    pub(crate) fn weight(&self) -> usize {
        self.lanes().weight()
    }

    /// Whether so much waits that no more should be heard.
    pub(crate) fn is_full(&self) -> bool {
        self.weight() > MOST
    }

    /// Waits until at most half as much waits as is too much.
    pub(crate) async fn relief(&self) {
        self.until(|lanes| lanes.weight() <= MOST / 2).await;
    }

    /// Waits until everything is applied or given up.
    pub(crate) async fn settled(&self) {
        self.until(Lanes::is_empty).await;
    }

    async fn until(&self, reached: impl Fn(&Lanes) -> bool) {
        loop {
            let mut less = std::pin::pin!(self.less.notified());
            // Registered before looking, so that what is done in between is not missed.
            less.as_mut().enable();
            if reached(&self.lanes()) {
                return;
            }
            less.await;
        }
    }

    fn changed(&self) {
        self.more.notify_one();
        self.less.notify_waiters();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
