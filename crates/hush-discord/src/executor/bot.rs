//! Which user the bot is.

use std::time::Duration;

use http::StatusCode;
use hush_domain::ids::UserId;
use hush_ports::BackendError;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::calls::Call;
use super::rest::{Answer, Rest};
use crate::BotToken;

/// How long Discord may take to say it.
const ANSWER: Duration = Duration::from_secs(3);
/// For how long it is not asked again after it did not.
const AGAIN: Duration = Duration::from_secs(1);

/// Why it is not known.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Nameless {
    #[error("Discord does not know the bot by its token")]
    Unknown,
    #[error("Discord says in no way that can be read which user the bot is")]
    Unreadable,
    #[error("Discord does not say which user the bot is")]
    Unsaid,
}

/// The bot's own user, of which only the id is of interest.
#[derive(Deserialize)]
struct Own {
    id: UserId,
}

/// The bot's own user, by its token, or else once Discord has said it.
pub(super) struct Bot(Mutex<Option<Result<UserId, (Instant, Nameless)>>>);

impl Bot {
    pub(super) fn new(token: &BotToken) -> Self {
        Self(Mutex::new(token.user().map(Ok)))
    }

    /// Who it is. Whoever comes while it is being asked is answered with the one who asks.
    pub(super) async fn user(&self, rest: &Rest) -> Result<UserId, BackendError> {
        let mut known = self.0.lock().await;
        let said = match *known {
            Some(Ok(user)) => Ok(user),
            Some(Err((at, why))) if at.elapsed() < AGAIN => Err(why),
            _ => {
                let said = timeout(ANSWER, ask(rest)).await;
                let said = said.unwrap_or(Err(Nameless::Unsaid));
                *known = Some(said.map_err(|why| (Instant::now(), why)));
                said
            }
        };
        said.map_err(|why| match why {
            Nameless::Unknown | Nameless::Unreadable => BackendError::permanent(why),
            Nameless::Unsaid => BackendError::transient(why),
        })
    }
}

async fn ask(rest: &Rest) -> Result<UserId, Nameless> {
    match rest.send(&Call::own_user(), &|| true).await {
        Answer::Is(StatusCode::UNAUTHORIZED, _) => Err(Nameless::Unknown),
        Answer::Is(status, body) if status.is_success() => serde_json::from_slice(&body)
            .map(|own: Own| own.id)
            .map_err(|_| Nameless::Unreadable),
        Answer::Is(..) | Answer::Limited | Answer::NotSent | Answer::Lost => Err(Nameless::Unsaid),
    }
}
