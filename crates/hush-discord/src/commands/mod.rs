//! The slash command `/api`, by which people get their personal tokens without an operator. The same use cases, rules
//! and audit log as over HTTP; the answers are for whoever asked alone.

mod answer;
mod ask;
mod definition;
mod interaction;
mod markdown;
mod registration;
mod reply;
mod token_answers;

use std::sync::Arc;

use hush_app::{App, Cause, Denied, Failure, Refused, TokenError};

pub use answer::Answer;
pub use definition::definition;
pub use interaction::Interaction;
pub use registration::{RegisterError, Registered, register};

use ask::{Asked, Mistake};
use reply::Replies;

use crate::Proxy;

/// Answers the slash command.
pub struct Commands {
    app: Arc<App>,
    /// Where the API is, without a slash at the end.
    public_url: String,
    replies: Replies,
}

/// Why what was asked was not done.
#[derive(Debug)]
enum NotDone {
    /// What was given cannot be.
    Mistake(Mistake),
    /// It may not be, or not so often.
    Denied(Denied),
    /// Something about a token stands in the way.
    Token(TokenError),
}

impl From<Mistake> for NotDone {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Refused> for NotDone {
    fn from(refused: Refused) -> Self {
        Self::Denied(refused.why)
    }
}

impl From<TokenError> for NotDone {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        Self::Denied(Denied::Failed(failure))
    }
}

impl NotDone {
    /// The cause, if it is no fault of who asked.
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Denied(Denied::Failed(failure)) | Self::Token(TokenError::Failed(failure)) => {
                Some(failure)
            }
            _ => None,
        }
    }
}

impl Commands {
    /// Answers over `app`, whose API people find at `public_url`, to Discord or to the proxy `api` before it.
    pub fn new(app: Arc<App>, public_url: &str, api: Option<&Proxy>) -> Self {
        Self {
            app,
            public_url: public_url.trim_end_matches('/').to_owned(),
            replies: Replies::new(api),
        }
    }

    /// Does what was asked, if it may be done, and says what became of it. What fails is logged.
    pub async fn answer(&self, interaction: &Interaction) -> Answer {
        let request_id = format!("discord-{}", interaction.id);
        let not_done = match self.carry_out(interaction, &request_id).await {
            Ok(answer) => return answer,
            Err(not_done) => not_done,
        };
        let server = interaction.server;
        match not_done.failure() {
            Some(error @ Failure::Internal(_)) => {
                tracing::error!(request_id, %server, %error, "a slash command failed");
            }
            Some(error @ Failure::Unavailable(_)) => {
                tracing::warn!(request_id, %server, %error, "a slash command could not be answered");
            }
            None => {}
        }
        Answer::not_done(&not_done, &request_id)
    }

    async fn carry_out(
        &self,
        interaction: &Interaction,
        request_id: &str,
    ) -> Result<Answer, NotDone> {
        let (asked, values) = Asked::read(&interaction.options)?;
        let (server, user) = (interaction.server, interaction.user);
        let admission = &self.app.admission;
        let permit = admission
            .admit_interaction(server, user, asked.operation())
            .await?;
        let cause = Cause {
            request_id: request_id.parse().ok(),
            reason: None,
        };
        let tokens = &self.app.tokens;
        Ok(match asked {
            Asked::Create => {
                let wanted = ask::wanted(values)?;
                let issued = tokens.create_in_person(&permit, wanted, cause).await?;
                Answer::created(&issued, server, &self.public_url)
            }
            Asked::List => Answer::listed(&tokens.list_in_person(&permit).await?),
            Asked::Revoke => {
                let named = ask::named(values)?;
                let revoked = tokens.revoke_in_person(&permit, named, cause).await?;
                Answer::revoked(&revoked)
            }
            Asked::Stats => {
                let stats = self.app.stats.get(&permit).await?;
                let stats = stats.ok_or(NotDone::Denied(Denied::ServerNotFound))?;
                Answer::stats(&stats)
            }
        })
    }
}
