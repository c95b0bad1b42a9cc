//! Interactions as the bot answers them: once, and within three seconds.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::Reply;
use crate::json;
use crate::state::State;

/// How long a bot has for its first answer.
const IN_TIME: Duration = Duration::from_secs(3);
/// How long it may edit it, and say more.
const TOKEN_LIFE: Duration = Duration::from_mins(15);
/// The types of an answer: pong, a message, one later, an update of it, choices, a form.
const TYPES: [u64; 7] = [1, 4, 5, 6, 7, 8, 9];

/// An interaction that a bot was asked to answer.
pub(crate) struct Asked {
    pub(crate) token: String,
    pub(crate) at: Instant,
    /// The bot's answer.
    pub(crate) answer: Option<Value>,
    /// What it said instead of it later.
    pub(crate) edits: Vec<Value>,
    /// What it said beside it.
    pub(crate) followups: Vec<Value>,
}

impl State {
    pub(super) fn answer_callback(&mut self, id: &str, token: &str, body: &Value) -> Reply {
        let id = id.parse().unwrap_or_default();
        let Some(asked) = self
            .rest
            .interactions
            .get_mut(&id)
            .filter(|asked| asked.token == token && asked.at.elapsed() <= IN_TIME)
        else {
            return Reply::error(StatusCode::NOT_FOUND, 10062, "Unknown interaction");
        };
        if asked.answer.is_some() {
            let already = "Interaction has already been acknowledged.";
            return Reply::error(StatusCode::BAD_REQUEST, 40060, already);
        }
        let kind = body["type"].as_u64().unwrap_or_default();
        if !TYPES.contains(&kind) || kind == 4 && !is_message(&body["data"]) {
            return Reply::error(StatusCode::BAD_REQUEST, 50035, "Invalid Form Body");
        }
        asked.answer = Some(body.clone());
        Reply::nothing()
    }

    pub(super) fn edit_answer(&mut self, application: &str, token: &str, body: &Value) -> Reply {
        let Some(asked) = self.asked(application, token) else {
            return Reply::error(StatusCode::NOT_FOUND, 10015, "Unknown Webhook");
        };
        if asked.answer.is_none() {
            return Reply::error(StatusCode::NOT_FOUND, 10008, "Unknown Message");
        }
        asked.edits.push(body.clone());
        Reply::ok(self.message(body))
    }

    pub(super) fn follow_up(&mut self, application: &str, token: &str, body: &Value) -> Reply {
        let Some(asked) = self
            .asked(application, token)
            .filter(|it| it.answer.is_some())
        else {
            return Reply::error(StatusCode::NOT_FOUND, 10015, "Unknown Webhook");
        };
        if !is_message(body) {
            return Reply::error(
                StatusCode::BAD_REQUEST,
                50006,
                "Cannot send an empty message",
            );
        }
        asked.followups.push(body.clone());
        Reply::ok(self.message(body))
    }

    fn asked(&mut self, application: &str, token: &str) -> Option<&mut Asked> {
        if application != self.setup.bot.id.to_string() {
            return None;
        }
        self.rest
            .interactions
            .values_mut()
            .find(|it| it.token == token && it.at.elapsed() <= TOKEN_LIFE)
    }

    /// A message of the bot's.
    fn message(&mut self, body: &Value) -> Value {
        let bot = self.setup.bot.id.to_string();
        let mut message = json::message(self.next_id(), "1", &self.setup.bot, body);
        message["application_id"] = bot.as_str().into();
        message["webhook_id"] = bot.into();
        message
    }
}

/// Whether it says anything, and no more than Discord takes.
pub(super) fn is_message(data: &Value) -> bool {
    let content = data["content"].as_str().unwrap_or_default();
    let has_more = ["embeds", "components", "attachments"]
        .iter()
        .any(|it| data[it].as_array().is_some_and(|it| !it.is_empty()));
    content.chars().count() <= 2000 && (has_more || !content.trim().is_empty())
}
