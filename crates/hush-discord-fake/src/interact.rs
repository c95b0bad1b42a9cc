//! People who use the bot's commands.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Fake;
use crate::json;
use crate::rest::Asked;
use crate::state::State;
use crate::world::Guild;

/// A command that somebody used, and what the bot says to it.
#[derive(Clone)]
pub struct Interaction {
    fake: Fake,
    id: u64,
}

/// The data of a slash command, nested as Discord nests it: `["api", "token", "create"]` is the sub-command `create` in
/// the group `token` of the command `api`, `["api", "stats"]` a sub-command without a group. The type of an option
/// follows from its value: a string, an integer, a number or a boolean.
pub fn slash(path: &[&str], options: &[(&str, Value)]) -> Value {
    let mut options: Value = options
        .iter()
        .map(|(name, value)| json!({"name": name, "type": type_of(value), "value": value}))
        .collect();
    for (depth, name) in path.iter().enumerate().skip(1).rev() {
        // Whatever holds the last one is a group.
        let kind = if depth + 1 == path.len() { 1 } else { 2 };
        options = json!([{"name": name, "type": kind, "options": options}]);
    }
    let name = path.first().copied().unwrap_or_default();
    json!({"name": name, "type": 1, "options": options})
}

fn type_of(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 5,
        Value::Number(number) if number.is_f64() => 10,
        Value::Number(_) => 4,
        _ => 3,
    }
}

impl Fake {
    /// Lets a member use a command, in the server's first channel. The command's id is filled in. `None` if the server is not there or the user no
    /// member.
    pub fn interact(&self, guild: u64, user: u64, data: Value) -> Option<Interaction> {
        let id = self
            .shared
            .change(|state| state.interact(guild, user, data))?;
        Some(Interaction {
            fake: self.clone(),
            id,
        })
    }
}

impl Interaction {
    /// The bot's answer as it sent it, with `type` and `data`, once it is there; `None` if it is not in time.
    pub async fn answer(&self, timeout: Duration) -> Option<Value> {
        self.wait(timeout, |asked| asked.answer.clone()).await
    }

    /// What the bot said last instead of its answer, once it has; `None` if it has not in time.
    pub async fn edit(&self, timeout: Duration) -> Option<Value> {
        self.wait(timeout, |asked| asked.edits.last().cloned())
            .await
    }

    /// What the bot said beside its answer so far.
    pub fn followups(&self) -> Vec<Value> {
        self.look(|asked| Some(asked.followups.clone()))
            .unwrap_or_default()
    }

    async fn wait(
        &self,
        timeout: Duration,
        said: impl Fn(&Asked) -> Option<Value>,
    ) -> Option<Value> {
        let waiting = self.fake.shared.until(|state| {
            let asked = state.rest.interactions.get(&self.id);
            asked.and_then(&said).is_some()
        });
        tokio::time::timeout(timeout, waiting).await.ok()?;
        self.look(said)
    }

    fn look<R>(&self, look: impl FnOnce(&Asked) -> Option<R>) -> Option<R> {
        self.fake
            .shared
            .read(|state| state.rest.interactions.get(&self.id).and_then(look))
    }
}

impl State {
    fn interact(&mut self, guild_id: u64, user: u64, mut data: Value) -> Option<u64> {
        let id = self.next_id();
        if data["id"].is_null() {
            // The command need not be registered, for tests that are not about that.
            let registered = self.command_like(&data);
            let command = registered.unwrap_or_else(|| self.next_id());
            data["id"] = command.to_string().into();
        }
        let token = format!("{:064x}", fastrand::u128(..));
        let guild = self
            .world
            .guilds
            .get(&guild_id)
            .filter(|it| !it.unavailable)?;
        let mut member = json::member(guild.members.get(&user)?);
        member["permissions"] = guild.permissions_of(user).to_string().into();
        let bot = self.setup.bot.id;
        let told = json!({
            "id": id.to_string(),
            "application_id": bot.to_string(),
            "type": 2,
            "data": data,
            "guild_id": guild.id.to_string(),
            "guild": {"id": guild.id.to_string(), "locale": "en-US", "features": []},
            "channel_id": channel_of(guild).to_string(),
            "channel": {"id": channel_of(guild).to_string(), "type": 0, "name": "general"},
            "member": member,
            "token": token,
            "version": 1,
            "app_permissions": guild.permissions_of(bot).to_string(),
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild.id.to_string()},
            "context": 0,
            "attachment_size_limit": 10_485_760,
        });
        let asked = Asked {
            token,
            at: Instant::now(),
            answer: None,
            edits: Vec::new(),
            followups: Vec::new(),
        };
        self.rest.interactions.insert(id, asked);
        self.tell(guild_id, 0, "INTERACTION_CREATE", &told);
        Some(id)
    }
}

fn channel_of(guild: &Guild) -> u64 {
    guild.channels.keys().next().copied().unwrap_or(guild.id)
}
