//! Messages that a bot sends to a channel.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::effects::Deed;
use super::interactions::is_message;
use super::moderation::missing_access;
use super::{Asking, Reply};
use crate::json;
use crate::setup::permissions::{SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL};
use crate::state::State;
use crate::world::Channel;

/// For how long a message is found again by its nonce.
const NONCE_LIFE: Duration = Duration::from_mins(3);
/// The types of channels that take messages: text, voice, announcements, threads and stages.
const TALKING: [u8; 7] = [0, 2, 5, 10, 11, 12, 13];
/// The types of those that are threads.
const THREADS: [u8; 3] = [10, 11, 12];

impl State {
    /// Answers a `POST /channels/{channel}/messages`; the error is an answer too.
    pub(super) fn send_message(&mut self, to: &str, asking: &Asking) -> Result<Reply, Reply> {
        let unknown = || Reply::error(StatusCode::NOT_FOUND, 10003, "Unknown Channel");
        let id: u64 = to.parse().map_err(|_| unknown())?;
        let (guild, channel) = self.channel(id).ok_or_else(unknown)?;
        let kind = channel.kind;
        let body = &asking.body;
        let nonce = nonce(body)?;
        check(body)?;
        self.permit(guild, VIEW_CHANNEL)
            .map_err(|_| missing_access())?;
        self.permit(guild, permission(kind))?;
        if !TALKING.contains(&kind) {
            let message = "Cannot send messages in a non-text channel";
            return Err(Reply::error(StatusCode::BAD_REQUEST, 50008, message));
        }
        let known = nonce
            .clone()
            .filter(|_| body["enforce_nonce"] == true)
            .and_then(|nonce| self.rest.sent.get(&(id, nonce)))
            .filter(|(at, _)| at.elapsed() <= NONCE_LIFE)
            .map(|(_, message)| message.clone());
        self.effect(Deed::Message, guild, id, known.is_none(), asking);
        let message = known.unwrap_or_else(|| {
            let mut message = json::message(self.next_id(), to, &self.setup.bot, body);
            if let Some(nonce) = nonce {
                message["nonce"] = body["nonce"].clone();
                let sent = (Instant::now(), message.clone());
                self.rest.sent.insert((id, nonce), sent);
            }
            message
        });
        Ok(Reply::ok(message))
    }

    /// A channel or thread, with its server.
    fn channel(&self, id: u64) -> Option<(u64, &Channel)> {
        self.world.guilds.values().find_map(|guild| {
            let channel = guild.channels.get(&id).or_else(|| guild.threads.get(&id));
            channel.map(|it| (guild.id, it))
        })
    }
}

fn permission(kind: u8) -> u64 {
    if THREADS.contains(&kind) {
        SEND_MESSAGES_IN_THREADS
    } else {
        SEND_MESSAGES
    }
}

/// A number and a string with its digits are the same nonce.
fn nonce(body: &Value) -> Result<Option<String>, Reply> {
    let nonce = match &body["nonce"] {
        Value::Null => return Ok(None),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(Reply::invalid("nonce: neither a number nor a string")),
    };
    if nonce.chars().count() > 25 {
        return Err(Reply::invalid("nonce: more than 25 characters"));
    }
    Ok(Some(nonce))
}

fn check(body: &Value) -> Result<(), Reply> {
    let content = body["content"].as_str().unwrap_or_default();
    if content.chars().count() > 2000 {
        return Err(Reply::invalid("content: more than 2000 characters"));
    }
    if !is_message(body) {
        let message = "Cannot send an empty message";
        return Err(Reply::error(StatusCode::BAD_REQUEST, 50006, message));
    }
    let parsed = &body["allowed_mentions"]["parse"];
    let kinds = parsed.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_kind = |kind: &Value| ["users", "roles", "everyone"].iter().any(|it| kind == it);
    if !kinds.iter().all(is_kind) {
        return Err(Reply::invalid("allowed_mentions: unknown kind"));
    }
    Ok(())
}
