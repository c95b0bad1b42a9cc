//! Carries commands out on what is stored, in the place of a platform: for the demo, and for tests.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hush_domain::commands::{Command, FailureCode, Order, Report};
use hush_domain::events::{Change, Event, ListedMember};
use hush_domain::ids::{CommandId, MessageId, RoleId, ServerId, UserId};
use hush_ports::{
    Attempt, BackendError, Clock, CommandExecutor, Execution, Ingest, IngestError, Users,
};

/// Whoever is thrown out leaves the store, and roles are given and taken there. Bans and messages are remembered for as long
/// as this lives; of timeouts and nicknames nothing is kept, since Hush shows neither.
pub struct MemoryExecutor {
    acts_as: UserId,
    users: Arc<dyn Users>,
    ingest: Arc<dyn Ingest>,
    clock: Arc<dyn Clock>,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    bans: BTreeSet<(ServerId, UserId)>,
    messages: HashMap<CommandId, MessageId>,
}

impl MemoryExecutor {
    /// An executor that acts as the user `acts_as` on one store, seen through two of its ports.
    pub fn new(
        acts_as: UserId,
        users: Arc<dyn Users>,
        ingest: Arc<dyn Ingest>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            acts_as,
            users,
            ingest,
            clock,
            remembered: Mutex::default(),
        }
    }
}

#[async_trait]
impl CommandExecutor for MemoryExecutor {
    async fn acts_as(&self) -> Result<UserId, BackendError> {
        Ok(self.acts_as)
    }

    async fn execute(&self, attempt: Attempt) -> Execution {
        if !(attempt.may_send)() {
            return Execution::NotDone;
        }
        match self.carry_out(&attempt.command).await {
            Ok(Ok(report)) => Execution::Done(report),
            Ok(Err(code)) => Execution::Refused(code),
            // A store that fails may have done it.
            Err(_) => Execution::Unknown,
        }
    }
}

impl MemoryExecutor {
    async fn carry_out(
        &self,
        command: &Command,
    ) -> Result<Result<Report, FailureCode>, IngestError> {
        let server = command.server;
        match &command.order {
            Order::Kick { user } => {
                let left = self.leave(server, *user).await?;
                Ok(left
                    .then_some(Report::Done)
                    .ok_or(FailureCode::UserNotFound))
            }
            Order::Ban { user, .. } => {
                self.ban(server, *user).await?;
                Ok(Ok(Report::Done))
            }
            Order::BulkBan { users, .. } => {
                let (mut banned, mut not_banned) = (Vec::new(), Vec::new());
                for user in users.as_slice() {
                    let is_new = self.ban(server, *user).await?;
                    if is_new { &mut banned } else { &mut not_banned }.push(*user);
                }
                Ok(Ok(Report::BulkBan { banned, not_banned }))
            }
            Order::Unban { user } => {
                let lifted = self.remembered().bans.remove(&(server, *user));
                Ok(lifted
                    .then_some(Report::Done)
                    .ok_or(FailureCode::BanNotFound))
            }
            Order::AddRole { user, role } => self.change_roles(server, *user, *role, true).await,
            Order::RemoveRole { user, role } => {
                self.change_roles(server, *user, *role, false).await
            }
            Order::Timeout { user, .. }
            | Order::RemoveTimeout { user }
            | Order::SetNickname { user, .. } => {
                let known = self.users.get(server, *user).await?;
                Ok(known.map(|_| Report::Done).ok_or(FailureCode::UserNotFound))
            }
            Order::SendMessage { .. } => Ok(Ok(Report::Message(self.write(command.id)))),
        }
    }

    /// Bans a user. Whether they were not banned before.
    async fn ban(&self, server: ServerId, user: UserId) -> Result<bool, IngestError> {
        let is_new = self.remembered().bans.insert((server, user));
        self.leave(server, user).await?;
        Ok(is_new)
    }

    async fn leave(&self, server: ServerId, user: UserId) -> Result<bool, IngestError> {
        let is_member = self.users.get(server, user).await?.is_some();
        self.apply(server, Change::MemberLeft(user)).await?;
        Ok(is_member)
    }

    async fn change_roles(
        &self,
        server: ServerId,
        user: UserId,
        role: RoleId,
        give: bool,
    ) -> Result<Result<Report, FailureCode>, IngestError> {
        let Some(member) = self.users.get(server, user).await? else {
            return Ok(Err(FailureCode::UserNotFound));
        };
        let mut roles: Vec<_> = member.role_ids.clone();
        roles.retain(|held| *held != role);
        if give {
            roles.push(role);
        }
        let changed = ListedMember {
            user: member.user,
            roles,
            presence: None,
        };
        self.apply(server, Change::MemberChanged(changed)).await?;
        Ok(Ok(Report::Done))
    }

    async fn apply(&self, server: ServerId, change: Change) -> Result<(), IngestError> {
        let event = Event { server, change };
        self.ingest.apply(event, self.clock.wall()).await?;
        Ok(())
    }

    /// The message of a command, which is the same whenever it is sent again.
    fn write(&self, command: CommandId) -> MessageId {
        let mut remembered = self.remembered();
        let next = MessageId::try_from(remembered.messages.len() as u64 + 1);
        let next = next.unwrap_or(MessageId::LAST);
        *remembered.messages.entry(command).or_insert(next)
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        // Nothing that can panic stands in the middle of a change.
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
