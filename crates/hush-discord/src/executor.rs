//! Carrying commands out on Discord.
//!
//! An attempt is one request, and its outcome is as sure as it can be: what was not sent, and what was answered by a
//! 429, was not done; what was sent and not answered may have been.

mod answers;
mod bot;
mod calls;
mod connect;
mod limits;
mod rest;
mod restraint;

use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::ids::UserId;
use hush_ports::{Attempt, BackendError, Clock, CommandExecutor, Execution};

use crate::Settings;
use bot::Bot;
use calls::Call;
use rest::{Answer, Rest};

/// Carries commands out as the bot.
pub struct DiscordExecutor {
    rest: Rest,
    bot: Bot,
}

impl DiscordExecutor {
    /// An executor for the bot, which sends no timeout that is over by `clock`. Its limits are its own: there should
    /// be one in a process. Panics outside of a tokio runtime, in which it keeps account of Discord's limits.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self {
            rest: Rest::new(settings, clock),
            bot: Bot::new(&settings.token),
        }
    }
}

#[async_trait]
impl CommandExecutor for DiscordExecutor {
    async fn acts_as(&self) -> Result<UserId, BackendError> {
        self.bot.user(&self.rest).await
    }

    async fn execute(&self, attempt: Attempt) -> Execution {
        let command = &*attempt.command;
        let (id, order) = (command.id.get(), &command.order);
        let kind = order.kind().as_str();
        let call = Call::of(command);
        let execution = match self.rest.send(&call, &*attempt.may_send).await {
            Answer::Is(status, body) => answers::execution(order, status, &body),
            Answer::Lost => Execution::Unknown,
            Answer::Limited => Execution::Limited,
            Answer::NotSent => Execution::NotDone,
        };
        tracing::debug!(command = id, kind, ?execution, "a command was tried");
        execution
    }
}
