//! The way of answers to Discord.

use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use twilight_http::{Client, Error};
use twilight_model::channel::message::{AllowedMentions, MessageFlags};
use twilight_model::http::interaction::{
    InteractionResponse, InteractionResponseData, InteractionResponseType,
};

use super::{Answer, Commands, Interaction};
use crate::Proxy;

/// For how long Discord waits for a first answer. Source: "Receiving and Responding" in its documentation.
const WAITS: Duration = Duration::from_secs(3);
/// How long an answer may be on its way. Where Discord says that there were too many requests, twilight asks again until
/// this is over.
const PATIENCE: Duration = Duration::from_secs(10);

/// What answers are sent by.
///
/// An interaction's own token is all that an answer needs, and whoever has it can read the answer for 15 minutes. So the
/// bot's token is not here, and neither is what would write the interaction's into a log: twilight's spans, which name
/// the path of a request, and its rate limiter, which has nothing to do where each path is used twice at most.
pub(super) struct Replies(Client);

impl Replies {
    /// To Discord, or to the proxy before it.
    pub(super) fn new(api: Option<&Proxy>) -> Self {
        let mut client = Client::builder().ratelimiter(None);
        if let Some(api) = api {
            client = client.proxy(api.authority(), true);
        }
        Self(client.build())
    }

    async fn first(
        &self,
        interaction: &Interaction,
        response: &InteractionResponse,
    ) -> Result<(), Error> {
        let sent = async {
            let interactions = self.0.interaction(interaction.application);
            interactions
                .create_response(interaction.id, &interaction.token, response)
                .await
        };
        sent.with_subscriber(NoSubscriber::default()).await?;
        Ok(())
    }

    async fn later(&self, interaction: &Interaction, answer: &Answer) -> Result<(), Error> {
        let sent = async {
            let interactions = self.0.interaction(interaction.application);
            interactions
                .update_response(&interaction.token)
                .content(Some(answer.text()))
                .allowed_mentions(Some(&AllowedMentions::default()))
                .await
        };
        sent.with_subscriber(NoSubscriber::default()).await?;
        Ok(())
    }
}

impl Commands {
    /// Answers the interaction in `json`, the `d` of an `INTERACTION_CREATE` that was heard at `heard`, if it is the use
    /// of our command. What is too late to be answered is not done either.
    pub async fn serve(&self, json: &str, heard: Instant) {
        let interaction = match Interaction::read(json) {
            Ok(Some(interaction)) => interaction,
            Ok(None) => return,
            Err(error) => {
                // Not its text, which may repeat what was given.
                let (line, column) = (error.line(), error.column());
                tracing::warn!(line, column, "a slash command cannot be read");
                return;
            }
        };
        let id = interaction.id.get();
        if heard.elapsed() >= WAITS {
            tracing::warn!(id, "a slash command could not be answered in time");
            return;
        }
        match self.reply(&interaction, heard + WAITS).await {
            Ok(Ok(())) => tracing::debug!(id, "a slash command was answered"),
            Ok(Err(error)) => {
                tracing::warn!(id, %error, "the answer to a slash command did not arrive");
            }
            Err(_) => tracing::warn!(id, "the answer to a slash command did not arrive in time"),
        }
    }

    /// Whoever asks is told that the answer is coming, and nothing is done unless Discord has taken that, which it does
    /// once for each interaction. So what was asked is done at most once, even if it is heard again after a restart, and
    /// not when nobody would see the answer: a token that is shown to nobody would only stand in the way of its name.
    /// What can still come between is an end of the process, or of the way to Discord.
    async fn reply(
        &self,
        interaction: &Interaction,
        until: Instant,
    ) -> Result<Result<(), Error>, Elapsed> {
        let coming = coming();
        let told = timeout_at(until, self.replies.first(interaction, &coming));
        if let Err(error) = told.await? {
            return Ok(Err(error));
        }
        let answer = self.answer(interaction).await;
        timeout(PATIENCE, self.replies.later(interaction, &answer)).await
    }
}

/// Lets who asked see that the answer will come, to them alone.
fn coming() -> InteractionResponse {
    InteractionResponse {
        kind: InteractionResponseType::DeferredChannelMessageWithSource,
        data: Some(InteractionResponseData {
            flags: Some(MessageFlags::EPHEMERAL),
            ..InteractionResponseData::default()
        }),
    }
}
