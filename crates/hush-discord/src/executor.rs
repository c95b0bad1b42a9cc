//! Carrying commands out on Discord.
//!
//! An attempt is one request, and its outcome is as sure as it can be: what was not sent, and what was answered by a
//! 429, was not done; what was sent and not answered may have been.

mod answers;
mod calls;
mod connect;
mod limits;
mod rest;
mod restraint;

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use hush_domain::ids::UserId;
use hush_ports::{Attempt, BackendError, Clock, CommandExecutor, Execution};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::Settings;
use calls::Call;
use rest::{Answer, Rest};

/// Carries commands out as the bot.
pub struct DiscordExecutor {
    rest: Rest,
    /// The bot's own user.
    own: OnceCell<UserId>,
}

/// The bot's own user, of which only the id is of interest.
#[derive(Deserialize)]
struct Own {
    id: UserId,
}

impl DiscordExecutor {
    /// An executor for the bot, whose timeouts count from when they are sent by `clock`. Its limits are its own: there should
    /// be one in a process. Panics outside of a tokio runtime, in which it keeps account of Discord's limits.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        Self {
            rest: Rest::new(settings, clock),
            own: OnceCell::new(),
        }
    }

    async fn ask_who_it_is(&self) -> Result<UserId, BackendError> {
        match self.rest.send(&Call::own_user(), &|| true).await {
            Answer::Is(StatusCode::UNAUTHORIZED, _) => Err(BackendError::permanent(
                "Discord does not know the bot by its token",
            )),
            Answer::Is(status, body) if status.is_success() => serde_json::from_slice(&body)
                .map(|own: Own| own.id)
                .map_err(BackendError::permanent),
            Answer::Is(..) | Answer::Limited | Answer::NotSent | Answer::Lost => Err(
                BackendError::transient("Discord does not say which user the bot is"),
            ),
        }
    }
}

#[async_trait]
impl CommandExecutor for DiscordExecutor {
    async fn acts_as(&self) -> Result<UserId, BackendError> {
        let own = self.own.get_or_try_init(|| self.ask_who_it_is());
        own.await.copied()
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
