//! A slash command as somebody used it.
//!
//! The shapes are our own, as those of the feed are. Source: "Receiving and Responding" in Discord's developer
//! documentation.

use std::fmt;

use hush_domain::ids::{ServerId, UserId};
use serde::Deserialize;
use serde_json::Value;
use twilight_model::id::Id;
use twilight_model::id::marker::{ApplicationMarker, InteractionMarker};

use super::definition::COMMAND;

/// The number of an interaction that is the use of a command.
const USE: u64 = 2;

/// Somebody's use of the command in a server.
pub struct Interaction {
    /// What Discord calls it.
    pub id: Id<InteractionMarker>,
    /// The application whose command was used.
    pub application: Id<ApplicationMarker>,
    /// What lets the bot answer, and read its answers, for 15 minutes: a secret.
    pub token: String,
    pub(super) server: ServerId,
    pub(super) user: UserId,
    pub(super) options: Vec<Given>,
}

/// An option that was given: a group or sub-command with options of its own, or a value.
#[derive(Deserialize)]
pub(super) struct Given {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) options: Vec<Self>,
}

#[derive(Deserialize)]
struct Wire {
    id: Id<InteractionMarker>,
    application_id: Id<ApplicationMarker>,
    token: String,
    guild_id: ServerId,
    member: Member,
    data: Data,
}

#[derive(Deserialize)]
struct Member {
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    options: Vec<Given>,
}

/// What tells our command from what belongs to other programs of the same application.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: u64,
    #[serde(default)]
    data: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: Option<String>,
}

impl Interaction {
    /// The interaction in the `d` of an `INTERACTION_CREATE`; `None` if it is not the use of our command: another
    /// program of the same application may answer it.
    pub fn read(json: &str) -> Result<Option<Self>, serde_json::Error> {
        let Kind { kind, data } = serde_json::from_str(json)?;
        let name = data.and_then(|data| data.name);
        if kind != USE || name.as_deref() != Some(COMMAND) {
            return Ok(None);
        }
        let wire: Wire = serde_json::from_str(json)?;
        Ok(Some(Self {
            id: wire.id,
            application: wire.application_id,
            token: wire.token,
            server: wire.guild_id,
            user: wire.member.user.id,
            options: wire.data.options,
        }))
    }
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was given may be a secret that was pasted by mistake.
        f.debug_struct("Interaction")
            .field("id", &self.id.get())
            .field("server", &self.server)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
