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

use super::Postgres;
use super::failure::Refused;
use super::idempotency;
use crate::meters::Operation;

mod ending;
mod erase;
mod queue;
mod rows;
mod situation;
mod work;
mod workers;

pub(super) use erase::{break_off, remove_about, remove_of_server};

#[async_trait]
impl Commands for Postgres {
    async fn situation(
        &self,
        server: ServerId,
        users: &[UserId],
        channel: Option<ChannelId>,
    ) -> Result<Option<Situation>, BackendError> {
        self.database
            .read(Operation::ReadSituation, |mut connection| async move {
                situation::read(&mut connection, server, users, channel).await
            })
            .await
    }

    async fn replay(
        &self,
        key: &RequestKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, QueueCommandError> {
        let kept = self
            .database
            .read(Operation::QueueCommand, |mut connection| async move {
                match idempotency::kept(&mut connection, key, fingerprint, now).await {
                    Ok(kept) => Ok(Ok(kept)),
                    Err(Refused::Conflict(conflict)) => Ok(Err(conflict)),
                    Err(Refused::Failed(failure)) => Err(failure),
                }
            })
            .await?;
        kept.map_err(|conflict: QueueCommandError| conflict)
    }

    async fn queue(
        &self,
        command: Command,
        idempotency: Option<Idempotency<Command>>,
    ) -> Result<Outcome<Command>, QueueCommandError> {
        self.database
            .transact(Operation::QueueCommand, async |transaction| {
                let request = idempotency.as_ref();
                queue::queue(transaction, &self.audit_keys, &command, request).await
            })
            .await
    }

    async fn get(
        &self,
        server: ServerId,
        command: CommandId,
    ) -> Result<Option<Command>, BackendError> {
        self.database
            .read(Operation::GetCommand, |mut connection| async move {
                rows::get(&mut connection, server, command).await
            })
            .await
    }

    async fn list(
        &self,
        server: ServerId,
        filter: CommandFilter,
    ) -> Result<Vec<Command>, BackendError> {
        self.database
            .read(Operation::ListCommands, |mut connection| async move {
                rows::list(&mut connection, server, filter).await
            })
            .await
    }

    async fn cancel(
        &self,
        server: ServerId,
        command: CommandId,
        act: &Act,
    ) -> Result<Cancelled, BackendError> {
        self.database
            .transact(Operation::CancelCommand, async |transaction| {
                Ok(ending::cancel(transaction, &self.audit_keys, server, command, act).await?)
            })
            .await
    }

    async fn enlist(&self) -> Result<Worker, BackendError> {
        self.database
            .write(Operation::KeepWorker, |mut connection| async move {
                workers::enlist(&mut connection).await
            })
            .await
    }

    async fn beat(&self, worker: Worker) -> Result<bool, BackendError> {
        self.database
            .write(Operation::KeepWorker, |mut connection| async move {
                workers::beat(&mut connection, worker).await
            })
            .await
    }

    async fn workers(&self) -> Result<Vec<(Worker, i64)>, BackendError> {
        self.database
            .read(Operation::KeepWorker, |mut connection| async move {
                workers::all(&mut connection).await
            })
            .await
    }

    async fn dismiss(&self, worker: Worker, seen: Option<i64>) -> Result<u64, BackendError> {
        self.database
            .transact(Operation::KeepWorker, async |transaction| {
                Ok(workers::dismiss(transaction, worker, seen).await?)
            })
            .await
    }

    async fn release(&self, worker: Worker, known: &[CommandId]) -> Result<u64, BackendError> {
        self.database
            .transact(Operation::KeepWorker, async |transaction| {
                // An answer may be lost before what was handed out with it is stored.
                work::stop_handing_out(transaction).await?;
                Ok(workers::release(transaction, worker, known).await?)
            })
            .await
    }

    async fn claim(
        &self,
        worker: Worker,
        now: Timestamp,
        room: Room,
    ) -> Result<Vec<Claimed>, BackendError> {
        self.database
            .transact(Operation::ClaimCommands, async |transaction| {
                Ok(work::claim(transaction, worker, now, room).await?)
            })
            .await
    }

    async fn postpone(
        &self,
        held: Held,
        again: Timestamp,
        unsure: bool,
    ) -> Result<bool, BackendError> {
        self.database
            .write(Operation::PostponeCommand, |mut connection| async move {
                work::postpone(&mut connection, held, again, unsure).await
            })
            .await
    }

    async fn finish(&self, held: Held, end: State, at: Timestamp) -> Result<bool, BackendError> {
        self.database
            .transact(Operation::FinishCommand, async |transaction| {
                let ended = (&end, at);
                Ok(ending::finish(transaction, &self.audit_keys, held, ended).await?)
            })
            .await
    }

    async fn expire(&self, now: Timestamp, limit: u16) -> Result<Vec<Command>, BackendError> {
        self.database
            .transact(Operation::ExpireCommands, async |transaction| {
                Ok(ending::expire(transaction, &self.audit_keys, now, limit).await?)
            })
            .await
    }

    async fn waiting(&self) -> Result<Waiting, BackendError> {
        self.database
            .read(Operation::CountCommands, |mut connection| async move {
                rows::waiting(&mut connection).await
            })
            .await
    }
}
