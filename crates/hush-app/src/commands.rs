//! Commands: what users let the bot do in a server.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::commands::rules::{Forbidden, check};
use hush_domain::commands::{Command, MAX_PATIENCE, Order, State};
use hush_domain::ids::{CommandId, ServerId, UserId};
use hush_domain::operations::Operation;
use hush_domain::time::Timestamp;
use hush_ports::{
    BackendError, Cancelled, Clock, CommandExecutor, CommandFilter, Commands, IdempotencyConflict,
    Outcome, QueueCommandError, Random,
};
use tokio::time::{Instant, timeout_at};

use crate::acts::Acts;
use crate::{Cause, Failure, Permit, Ports, Repeatable};

mod lease;
mod meters;
mod news;
mod outcome;
mod runner;
mod under_way;

pub use runner::CommandRunner;

pub(crate) use news::News;

/// How often another id is drawn when one is taken.
const ID_DRAWS: usize = 8;
/// How often whoever waits for a command looks at it again, which another process may have carried out.
const LOOK: Duration = Duration::from_millis(500);

/// A command to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCommand {
    /// What shall be done.
    pub order: Order,
    /// When it must not run any more; `None`: after [`Order::default_patience`].
    pub not_after: Option<Timestamp>,
}

/// What a request for a command came to.
#[derive(Debug)]
pub enum Sent {
    /// It is queued now.
    Now(Box<Command>),
    /// It had been queued before: the command as it was then.
    Before(Box<Command>),
}

/// A page of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandPage {
    /// The commands, newest first.
    pub commands: Vec<Command>,
    /// The command before which the next page begins; `None` on the last page.
    pub next: Option<CommandId>,
}

/// Why nothing was done about a command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The server has no such command.
    #[error("the server has no such command")]
    NotFound,
    /// The server is gone.
    #[error("the server is gone")]
    ServerNotFound,
    /// A rule forbids it.
    #[error("{}", .0.code.sentence())]
    Forbidden(Forbidden),
    /// Its deadline is over already.
    #[error("the deadline is over")]
    DeadlineOver,
    /// Its deadline is too far away.
    #[error("the deadline is too far away")]
    DeadlineTooFar,
    /// It was begun, or has come to its end.
    #[error("the command was begun already")]
    Started,
    /// Too many commands of the server wait.
    #[error("too many commands of the server wait")]
    TooMany,
    /// There is no bot that could carry it out.
    #[error("there is no bot that could carry it out")]
    NoBot,
    /// An earlier request with the same key stands in the way.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyConflict),
    /// It could not be carried out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<BackendError> for CommandError {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<QueueCommandError> for CommandError {
    fn from(error: QueueCommandError) -> Self {
        match error {
            QueueCommandError::TooMany => Self::TooMany,
            QueueCommandError::Idempotency(conflict) => conflict.into(),
            QueueCommandError::Backend(error) => error.into(),
            other => BackendError::permanent(other).into(),
        }
    }
}

/// Queues, shows and cancels commands of the addressed server.
pub struct CommandsOfServers {
    commands: Arc<dyn Commands>,
    rules: Rules,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    acts: Acts,
    news: Arc<News>,
}

impl CommandsOfServers {
    pub(crate) fn new(ports: &Ports, acts: Acts, news: Arc<News>) -> Self {
        Self {
            commands: ports.commands.clone(),
            rules: Rules::new(ports),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            acts,
            news,
        }
    }

    /// Queues a command of the permit's user, unless a rule forbids it.
    pub async fn create(
        &self,
        permit: &Permit,
        wanted: CreateCommand,
        cause: Cause,
        repeatable: Repeatable<Command>,
    ) -> Result<Sent, CommandError> {
        let server = permit.server_for(Operation::CreateCommand)?;
        let (token, key) = permit.key_for(Operation::CreateCommand)?;
        let act = self.acts.by(permit, cause)?;
        let repeatable = Repeatable {
            answer: Arc::new(|command: &Command| command.id.to_string().into_bytes()),
            ..repeatable
        };
        let idempotency = repeatable.of(key.token);
        // Once it was carried out, rules may forbid what is only asked for again.
        let (key, fingerprint) = (&idempotency.key, &idempotency.fingerprint);
        if let Some(kept) = self.commands.replay(key, fingerprint, act.at).await? {
            return self.before(server, &kept).await;
        }
        let not_after = deadline(&wanted, act.at)?;
        self.rules.allow(&wanted.order, token.user, server).await?;
        let mut command = Command {
            id: self.draw_id()?,
            server,
            order: wanted.order,
            token: token.id,
            user: token.user,
            request_id: act.request_id,
            reason: act.reason,
            created_at: act.at,
            not_after,
            started_at: None,
            ended_at: None,
            attempts: 0,
            state: State::Queued,
        };
        for _ in 0..ID_DRAWS {
            let queued = self
                .commands
                .queue(command.clone(), Some(idempotency.clone()));
            match queued.await {
                Err(QueueCommandError::IdTaken) => command.id = self.draw_id()?,
                Err(error) => return Err(error.into()),
                Ok(Outcome::Replayed(kept)) => return self.before(server, &kept).await,
                Ok(Outcome::Done(command)) => {
                    self.news.queued();
                    return Ok(Sent::Now(Box::new(command)));
                }
            }
        }
        Err(
            BackendError::permanent(format!("{ID_DRAWS} random command ids in a row were taken"))
                .into(),
        )
    }

    /// A command that was queued before, by the id that was kept of it: what else it says is kept nowhere else, so that it
    /// can be erased.
    async fn before(&self, server: ServerId, kept: &[u8]) -> Result<Sent, CommandError> {
        let id = std::str::from_utf8(kept)
            .ok()
            .and_then(|id| id.parse().ok());
        let id =
            id.ok_or_else(|| BackendError::permanent("what was kept of a request is no id"))?;
        let command = self.find(server, id).await?;
        Ok(Sent::Before(Box::new(Command {
            state: State::Queued,
            started_at: None,
            ended_at: None,
            attempts: 0,
            ..command
        })))
    }

    /// Whether the permit's user could give a command now, which is not queued.
    pub async fn try_out(
        &self,
        permit: &Permit,
        wanted: &CreateCommand,
    ) -> Result<(), CommandError> {
        let server = permit.server_for(Operation::CreateCommand)?;
        let (token, _) = permit.key_for(Operation::CreateCommand)?;
        deadline(wanted, self.clock.wall())?;
        self.rules.allow(&wanted.order, token.user, server).await
    }

    /// One command.
    pub async fn get(&self, permit: &Permit, command: CommandId) -> Result<Command, CommandError> {
        let server = permit.server_for(Operation::GetCommand)?;
        self.find(server, command).await
    }

    /// One command once it has come to its end, or as it is after `patience`, or when the service is about to stop.
    pub async fn wait(
        &self,
        permit: &Permit,
        command: CommandId,
        patience: Duration,
    ) -> Result<Command, CommandError> {
        let server = permit.server_for(Operation::GetCommand)?;
        let deadline = Instant::now() + patience;
        let mut ended = self.news.ended();
        loop {
            let found = self.find(server, command).await?;
            if found.state.is_final() || Instant::now() >= deadline || ended.is_over() {
                return Ok(found);
            }
            let look = deadline.min(Instant::now() + LOOK);
            // Whether it has ended, or it is time, is for the next look to tell.
            let _ = timeout_at(look, ended.of(command)).await;
        }
    }

    /// At most `limit` commands that `filter` shows, newest first.
    pub async fn page(
        &self,
        permit: &Permit,
        filter: CommandFilter,
    ) -> Result<CommandPage, CommandError> {
        let server = permit.server_for(Operation::ListCommands)?;
        // One more than asked for tells whether there is a next page.
        let one_more = CommandFilter {
            limit: filter.limit.saturating_add(1),
            ..filter
        };
        let mut commands = self.commands.list(server, one_more).await?;
        let more = commands.len() > usize::from(filter.limit);
        commands.truncate(filter.limit.into());
        let next = commands.last().filter(|_| more).map(|command| command.id);
        Ok(CommandPage { commands, next })
    }

    /// Takes a command back that is queued.
    pub async fn cancel(
        &self,
        permit: &Permit,
        command: CommandId,
        cause: Cause,
    ) -> Result<Command, CommandError> {
        let server = permit.server_for(Operation::CancelCommand)?;
        let act = self.acts.by(permit, cause)?;
        match self.commands.cancel(server, command, &act).await? {
            Cancelled::Yes(cancelled) => {
                if cancelled.ended_at == Some(act.at) {
                    meters::ended(&cancelled);
                }
                self.news.end(command);
                Ok(*cancelled)
            }
            Cancelled::TooLate => Err(CommandError::Started),
            Cancelled::Unknown => Err(CommandError::NotFound),
        }
    }

    async fn find(&self, server: ServerId, command: CommandId) -> Result<Command, CommandError> {
        let found = self.commands.get(server, command).await?;
        found.ok_or(CommandError::NotFound)
    }

    fn draw_id(&self) -> Result<CommandId, BackendError> {
        let mut random = [0; 4];
        self.random.fill(&mut random)?;
        let millis = self.clock.wall().unix_micros().max(0).cast_unsigned() / 1000;
        Ok(CommandId::from_parts(millis, u32::from_ne_bytes(random)))
    }
}

/// When a command must not run any more.
fn deadline(wanted: &CreateCommand, now: Timestamp) -> Result<Timestamp, CommandError> {
    let after = |patience| now.checked_add(patience);
    let latest = after(MAX_PATIENCE).ok_or(CommandError::DeadlineTooFar)?;
    match wanted.not_after {
        Some(not_after) if not_after <= now => Err(CommandError::DeadlineOver),
        Some(not_after) if not_after > latest => Err(CommandError::DeadlineTooFar),
        Some(not_after) => Ok(not_after),
        None => after(wanted.order.default_patience()).ok_or(CommandError::DeadlineTooFar),
    }
}

/// The rules, looked at in what is stored now.
#[derive(Clone)]
struct Rules {
    commands: Arc<dyn Commands>,
    executor: Option<Arc<dyn CommandExecutor>>,
}

impl Rules {
    fn new(ports: &Ports) -> Self {
        Self {
            commands: ports.commands.clone(),
            executor: ports.executor.clone(),
        }
    }

    /// Whether `actor` may let the bot carry out `order` in `server`.
    async fn allow(
        &self,
        order: &Order,
        actor: UserId,
        server: ServerId,
    ) -> Result<(), CommandError> {
        let executor = self.executor.as_ref().ok_or(CommandError::NoBot)?;
        let bot = executor.acts_as().await?;
        let mut users = order.users().to_vec();
        users.extend([actor, bot]);
        users.sort_unstable();
        users.dedup();
        let situation = self
            .commands
            .situation(server, &users, order.channel())
            .await?
            .ok_or(CommandError::ServerNotFound)?;
        check(order, actor, bot, &situation).map_err(CommandError::Forbidden)
    }
}
