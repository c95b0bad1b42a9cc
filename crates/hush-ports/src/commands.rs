//! The queue of commands.

use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::commands::rules::Situation;
use hush_domain::commands::{Command, OrderType, State, StateName};
use hush_domain::idempotency::{Fingerprint, RequestKey};
use hush_domain::ids::{ChannelId, CommandId, ServerId, UserId};
use hush_domain::time::Timestamp;

use crate::{BackendError, Idempotency, IdempotencyConflict, Outcome};

/// How many commands of one server are carried out at once, so that none takes every place. Messages leave one of them free.
pub const PLACES_OF_A_SERVER: usize = 4;

/// Somebody who carries out commands. Never the same again once dismissed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Worker(pub i64);

/// How many commands a worker has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of all kinds.
    pub commands: u16,
    /// Messages among them, so that messages that hang leave room for all else.
    pub messages: u16,
}

/// Which commands of a server to list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandFilter {
    /// Only those that stand so.
    pub state: Option<StateName>,
    /// Only those of this type.
    pub kind: Option<OrderType>,
    /// Only those before this one.
    pub before: Option<CommandId>,
    /// At most so many.
    pub limit: u16,
}

/// A command that one worker has to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The command, which is running.
    pub command: Command,
    /// Whether it may have been carried out in an earlier attempt.
    pub unsure: bool,
}

/// One attempt of a worker. Whoever comes late, with an attempt that was followed by another, changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Whose it is.
    pub worker: Worker,
    /// What is carried out.
    pub command: CommandId,
    /// Which one it is of the command's ([`Command::attempts`]).
    pub attempt: u32,
}

/// Why a command was not queued. Nothing was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueCommandError {
    /// The id is taken; another random one will do.
    #[error("the command's id is taken")]
    IdTaken,
    /// The server has as many commands as can wait.
    #[error(
        "{} commands of the server wait already",
        hush_domain::commands::MAX_PENDING
    )]
    TooMany,
    /// An earlier request stands in the way.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyConflict),
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// What became of taking a command back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It is cancelled, now or before.
    Yes(Box<Command>),
    /// It was begun, or has come to another end.
    TooLate,
    /// The server has no such command.
    Unknown,
}

/// How many commands wait, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many commands of a type have not come to their end, for each type of which there are any.
    pub pending: Vec<(OrderType, u64)>,
    /// When the oldest of them was given.
    pub oldest: Option<Timestamp>,
}

/// Stores commands and hands them out.
///
/// **Audit.** Queueing a command, and its end, are written into the audit log of its server in the same transaction
/// ([`command_queued`](hush_domain::audit::command_queued), [`command_ended`](hush_domain::audit::command_ended)).
///
/// **Order.** Two commands that have a [`Lane`](hush_domain::commands::Lane) in common are carried out in the order in which they were queued: the second is handed
/// out once the first has come to its end. Others wait for nobody, and messages for all else.
///
/// **Leases.** Whoever carries out commands is enlisted, and beats. Who is found not to beat any more is dismissed by
/// another one: that ends, in one moment, what the dismissed one may do here, and its commands are handed out again. No
/// clock is compared with another's: a beat is a number that changes.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Commands: Send + Sync {
    /// What is known of a server, of `users` in it and of `channel`, from one moment. `None` if the server is not known.
    async fn situation(
        &self,
        server: ServerId,
        users: &[UserId],
        channel: Option<ChannelId>,
    ) -> Result<Option<Situation>, BackendError>;

    /// The answer to a request that was carried out before, at `now`.
    async fn replay(
        &self,
        key: &RequestKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, QueueCommandError>;

    /// Stores a queued command, provided that less than [`MAX_PENDING`](hush_domain::commands::MAX_PENDING) of its server
    /// have not come to their end.
    async fn queue(
        &self,
        command: Command,
        idempotency: Option<Idempotency<Command>>,
    ) -> Result<Outcome<Command>, QueueCommandError>;

    /// One command of a server.
    async fn get(
        &self,
        server: ServerId,
        command: CommandId,
    ) -> Result<Option<Command>, BackendError>;

    /// Commands of a server, newest first.
    async fn list(
        &self,
        server: ServerId,
        filter: CommandFilter,
    ) -> Result<Vec<Command>, BackendError>;

    /// Takes back a command that is queued.
    async fn cancel(
        &self,
        server: ServerId,
        command: CommandId,
        act: &Act,
    ) -> Result<Cancelled, BackendError>;

    /// Enlists somebody new who carries out commands.
    async fn enlist(&self) -> Result<Worker, BackendError>;

    /// Shows that a worker is there. `false` if it was dismissed.
    async fn beat(&self, worker: Worker) -> Result<bool, BackendError>;

    /// Everybody who is enlisted, each with their beat, by ascending number.
    async fn workers(&self) -> Result<Vec<(Worker, i64)>, BackendError>;

    /// Dismisses a worker, unless it has beaten since `seen`, if that is given. What it was carrying out may have been done,
    /// and is handed out again. Returns how many commands that are.
    async fn dismiss(&self, worker: Worker, seen: Option<i64>) -> Result<u64, BackendError>;

    /// Takes from a worker all commands but those that it knows of: some may have been handed out in an answer that it never
    /// got. They may have been carried out as far as anybody can tell. Returns how many.
    async fn release(&self, worker: Worker, known: &[CommandId]) -> Result<u64, BackendError>;

    /// Hands out commands to a worker, for which it has `room`: those that wait, whose time for another attempt has come, and
    /// whose deadline has not, at `now`. Of one server
    /// [`PLACES_OF_A_SERVER`] are being carried out at most. They are running from then on. Nothing for who was dismissed.
    async fn claim(
        &self,
        worker: Worker,
        now: Timestamp,
        room: Room,
    ) -> Result<Vec<Claimed>, BackendError>;

    /// Puts a command back until `again`, on which a worker works. `unsure` says whether it may have been carried out by
    /// now. `false` if it is no longer held.
    async fn postpone(
        &self,
        held: Held,
        again: Timestamp,
        unsure: bool,
    ) -> Result<bool, BackendError>;

    /// Ends a command on which a worker works, at `at`. `false` if it is no longer held.
    async fn finish(&self, held: Held, end: State, at: Timestamp) -> Result<bool, BackendError>;

    /// Ends at most `limit` commands on which nobody works and whose deadline has come at `now`
    /// ([`Command::overdue`]), and returns them.
    async fn expire(&self, now: Timestamp, limit: u16) -> Result<Vec<Command>, BackendError>;

    /// How many commands wait.
    async fn waiting(&self) -> Result<Waiting, BackendError>;
}
