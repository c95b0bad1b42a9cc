use std::sync::{MutexGuard, PoisonError};

use async_trait::async_trait;
use hush_domain::audit::{Act, command_ended, command_queued};
use hush_domain::commands::rules::Situation;
use hush_domain::commands::{Command, MAX_PENDING, State};
use hush_domain::idempotency::{Fingerprint, RequestKey};
use hush_domain::ids::{ChannelId, CommandId, ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{
    BackendError, Cancelled, Claimed, CommandFilter, Commands, Held, Idempotency, Outcome,
    QueueCommandError, Room, Waiting, Worker,
};

use super::Memory;

mod queue;

pub(super) use queue::Queue;

#[async_trait]
impl Commands for Memory {
    async fn situation(
        &self,
        server: ServerId,
        users: &[UserId],
        channel: Option<ChannelId>,
    ) -> Result<Option<Situation>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map(|server| server.situation(users, channel)))
    }

    async fn replay(
        &self,
        key: &RequestKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, QueueCommandError> {
        Ok(self.ledger.open().kept(key, fingerprint, now)?)
    }

    async fn queue(
        &self,
        command: Command,
        idempotency: Option<Idempotency<Command>>,
    ) -> Result<Outcome<Command>, QueueCommandError> {
        let mut queue = self.commands();
        let mut ledger = self.ledger.open();
        if let Some(answer) = ledger.replay(idempotency.as_ref(), command.created_at)? {
            return Ok(Outcome::Replayed(answer));
        }
        if queue.get(command.id).is_some() {
            return Err(QueueCommandError::IdTaken);
        }
        if queue.pending_of(command.server) >= MAX_PENDING {
            return Err(QueueCommandError::TooMany);
        }
        let act = command.act(command.created_at);
        ledger.write(&act, vec![command_queued(&command)]);
        ledger.remember(idempotency, &command, command.created_at);
        queue.add(command.clone());
        Ok(Outcome::Done(command))
    }

    async fn get(
        &self,
        server: ServerId,
        command: CommandId,
    ) -> Result<Option<Command>, BackendError> {
        let queue = self.commands();
        let known = queue.get(command).filter(|it| it.command.server == server);
        Ok(known.map(|known| known.command.clone()))
    }

    async fn list(
        &self,
        server: ServerId,
        filter: CommandFilter,
    ) -> Result<Vec<Command>, BackendError> {
        let queue = self.commands();
        let wanted = |command: &&Command| {
            command.server == server
                && filter.before.is_none_or(|before| command.id < before)
                && filter.kind.is_none_or(|kind| command.order.kind() == kind)
                && filter
                    .state
                    .is_none_or(|state| command.state.name() == state)
        };
        let newest = queue.newest().filter(wanted);
        Ok(newest.take(filter.limit.into()).cloned().collect())
    }

    async fn cancel(
        &self,
        server: ServerId,
        command: CommandId,
        act: &Act,
    ) -> Result<Cancelled, BackendError> {
        let mut queue = self.commands();
        let known = queue.get(command).filter(|it| it.command.server == server);
        Ok(match known.map(|known| &known.command) {
            None => Cancelled::Unknown,
            Some(known) if known.state == State::Cancelled => {
                Cancelled::Yes(Box::new(known.clone()))
            }
            Some(known) if known.state == State::Queued => {
                let ended = self.end(&mut queue, command, State::Cancelled, act.at, Some(act));
                ended.map_or(Cancelled::Unknown, |it| Cancelled::Yes(Box::new(it)))
            }
            Some(_) => Cancelled::TooLate,
        })
    }

    async fn enlist(&self) -> Result<Worker, BackendError> {
        Ok(self.commands().enlist())
    }

    async fn beat(&self, worker: Worker) -> Result<bool, BackendError> {
        Ok(self.commands().beat(worker))
    }

    async fn workers(&self) -> Result<Vec<(Worker, i64)>, BackendError> {
        Ok(self.commands().workers())
    }

    async fn dismiss(&self, worker: Worker, seen: Option<i64>) -> Result<u64, BackendError> {
        Ok(self.commands().dismiss(worker, seen))
    }

    async fn release(&self, worker: Worker, known: &[CommandId]) -> Result<u64, BackendError> {
        Ok(self.commands().release(worker, known))
    }

    async fn claim(
        &self,
        worker: Worker,
        now: Timestamp,
        room: Room,
    ) -> Result<Vec<Claimed>, BackendError> {
        Ok(self.commands().claim(worker, now, room))
    }

    async fn postpone(
        &self,
        held: Held,
        again: Timestamp,
        unsure: bool,
    ) -> Result<bool, BackendError> {
        Ok(self.commands().postpone(held, again, unsure))
    }

    async fn finish(&self, held: Held, end: State, at: Timestamp) -> Result<bool, BackendError> {
        let mut queue = self.commands();
        let is_held = queue.get(held.command).is_some_and(|it| it.is_held(held));
        Ok(is_held && self.end(&mut queue, held.command, end, at, None).is_some())
    }

    async fn expire(&self, now: Timestamp, limit: u16) -> Result<Vec<Command>, BackendError> {
        let mut queue = self.commands();
        let overdue = queue.overdue(now, limit.into());
        let ended = overdue
            .into_iter()
            .filter_map(|(command, end)| self.end(&mut queue, command, end, now, None));
        Ok(ended.collect())
    }

    async fn waiting(&self) -> Result<Waiting, BackendError> {
        Ok(self.commands().waiting())
    }
}

impl Memory {
    /// Ends by `act`, and then removes, what somebody ordered and what was to be done to them. Returns how many.
    pub(super) fn erase_commands_of(&self, user: UserId, act: &Act) -> u64 {
        let mut queue = self.commands();
        for (command, end) in queue.pending_about(user) {
            self.end(&mut queue, command, end, act.at, Some(act));
        }
        queue.erase_user(user)
    }

    pub(super) fn commands(&self) -> MutexGuard<'_, Queue> {
        // A poisoned lock is taken all the same: nothing that can panic stands in the middle of a write.
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a command, by whoever gave it or by `act`, and writes that down.
    fn end(
        &self,
        queue: &mut Queue,
        command: CommandId,
        end: State,
        at: Timestamp,
        act: Option<&Act>,
    ) -> Option<Command> {
        let ended = queue.end(command, end, at)?;
        let act = act.cloned().unwrap_or_else(|| ended.act(at));
        let entry = command_ended(&ended).into_iter().collect();
        self.ledger.open().write(&act, entry);
        Some(ended)
    }
}
