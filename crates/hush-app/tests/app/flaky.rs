//! A queue of which single verbs fail for as long as a test wants.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::commands::rules::Situation;
use hush_domain::commands::{Command, State};
use hush_domain::idempotency::{Fingerprint, RequestKey};
use hush_domain::ids::{ChannelId, CommandId, ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{
    BackendError, Cancelled, Claimed, CommandFilter, Commands, Held, Idempotency, Outcome,
    QueueCommandError, Room, Waiting, Worker,
};

/// The verbs that carry commands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Enlist,
    Beat,
    Claim,
    ClaimAnswer,
    Postpone,
    Finish,
    Expire,
    Situation,
}

pub(crate) struct Flaky {
    queue: Arc<dyn Commands>,
    away: Mutex<BTreeSet<Verb>>,
}

impl Flaky {
    pub(crate) fn new(queue: Arc<dyn Commands>) -> Arc<Self> {
        Arc::new(Self {
            queue,
            away: Mutex::default(),
        })
    }

    /// Lets exactly these fail from now on.
    pub(crate) fn fail(&self, verbs: &[Verb]) {
        *self.away.lock().unwrap() = verbs.iter().copied().collect();
    }

    fn check(&self, verb: Verb) -> Result<(), BackendError> {
        if self.away.lock().unwrap().contains(&verb) {
            return Err(BackendError::transient(format!("{verb:?} fails")));
        }
        Ok(())
    }
}

#[async_trait]
impl Commands for Flaky {
    async fn situation(
        &self,
        server: ServerId,
        users: &[UserId],
        channel: Option<ChannelId>,
    ) -> Result<Option<Situation>, BackendError> {
        self.check(Verb::Situation)?;
        self.queue.situation(server, users, channel).await
    }

    async fn replay(
        &self,
        key: &RequestKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, QueueCommandError> {
        self.queue.replay(key, fingerprint, now).await
    }

    async fn queue(
        &self,
        command: Command,
        idempotency: Option<Idempotency<Command>>,
    ) -> Result<Outcome<Command>, QueueCommandError> {
        self.queue.queue(command, idempotency).await
    }

    async fn get(
        &self,
        server: ServerId,
        command: CommandId,
    ) -> Result<Option<Command>, BackendError> {
        self.queue.get(server, command).await
    }

    async fn list(
        &self,
        server: ServerId,
        filter: CommandFilter,
    ) -> Result<Vec<Command>, BackendError> {
        self.queue.list(server, filter).await
    }

    async fn cancel(
        &self,
        server: ServerId,
        command: CommandId,
        act: &Act,
    ) -> Result<Cancelled, BackendError> {
        self.queue.cancel(server, command, act).await
    }

    async fn enlist(&self) -> Result<Worker, BackendError> {
        self.check(Verb::Enlist)?;
        self.queue.enlist().await
    }

    async fn beat(&self, worker: Worker) -> Result<bool, BackendError> {
        self.check(Verb::Beat)?;
        self.queue.beat(worker).await
    }

    async fn workers(&self) -> Result<Vec<(Worker, i64)>, BackendError> {
        self.queue.workers().await
    }

    async fn dismiss(&self, worker: Worker, seen: Option<i64>) -> Result<u64, BackendError> {
        self.queue.dismiss(worker, seen).await
    }

    async fn release(&self, worker: Worker, known: &[CommandId]) -> Result<u64, BackendError> {
        self.queue.release(worker, known).await
    }

    async fn claim(
        &self,
        worker: Worker,
        now: Timestamp,
        room: Room,
    ) -> Result<Vec<Claimed>, BackendError> {
        self.check(Verb::Claim)?;
        let claimed = self.queue.claim(worker, now, room).await?;
        // It is done, and nobody hears of it.
        if !claimed.is_empty() {
            self.check(Verb::ClaimAnswer)?;
        }
        Ok(claimed)
    }

    async fn postpone(
        &self,
        held: Held,
        again: Timestamp,
        unsure: bool,
    ) -> Result<bool, BackendError> {
        self.check(Verb::Postpone)?;
        self.queue.postpone(held, again, unsure).await
    }

    async fn finish(&self, held: Held, end: State, at: Timestamp) -> Result<bool, BackendError> {
        self.check(Verb::Finish)?;
        self.queue.finish(held, end, at).await
    }

    async fn expire(&self, now: Timestamp, limit: u16) -> Result<Vec<Command>, BackendError> {
        self.check(Verb::Expire)?;
        self.queue.expire(now, limit).await
    }

    async fn waiting(&self) -> Result<Waiting, BackendError> {
        self.queue.waiting().await
    }
}
