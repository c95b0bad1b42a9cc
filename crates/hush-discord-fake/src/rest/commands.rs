//! The application's global commands, checked as Discord checks them.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Reply;
use crate::state::State;

/// The types of an option that hold options: a sub-command and a group of them.
const NESTING: [u64; 2] = [1, 2];

impl State {
    pub(super) fn answer_commands(
        &mut self,
        method: &Method,
        rest: &[&str],
        body: &Value,
    ) -> Reply {
        let id: Option<u64> = rest.first().and_then(|it| it.parse().ok());
        match (method, rest, id) {
            (&Method::GET, [], _) => Reply::ok(self.rest.commands.values().cloned().collect()),
            (&Method::POST, [], _) => self.set_command(body),
            (&Method::PUT, [], _) => self.replace_commands(body),
            (&Method::GET, [_], Some(id)) => self
                .rest
                .commands
                .get(&id)
                .map_or_else(unknown, |it| Reply::ok(it.clone())),
            (&Method::PATCH, [_], Some(id)) => self.change_command(id, body),
            (&Method::DELETE, [_], Some(id)) => match self.rest.commands.remove(&id) {
                Some(_) => Reply::nothing(),
                None => unknown(),
            },
            _ => unknown(),
        }
    }

    /// Makes a command, or puts it in the place of the one with its name and type.
    fn set_command(&mut self, body: &Value) -> Reply {
        if let Err(fault) = check(body) {
            return Reply::invalid(&fault);
        }
        let is_new = self.command_like(body).is_none();
        let status = if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Reply::of(status, self.store_command(body))
    }

    /// Puts these commands in the place of all.
    fn replace_commands(&mut self, body: &Value) -> Reply {
        let Some(commands) = body.as_array() else {
            return Reply::invalid("a list is wanted");
        };
        if let Some(fault) = commands.iter().find_map(|it| check(it).err()) {
            return Reply::invalid(&fault);
        }
        let kept: Vec<u64> = commands
            .iter()
            .filter_map(|it| self.command_like(it))
            .collect();
        self.rest.commands.retain(|id, _| kept.contains(id));
        Reply::ok(commands.iter().map(|it| self.store_command(it)).collect())
    }

    fn change_command(&mut self, id: u64, body: &Value) -> Reply {
        let Some(command) = self.rest.commands.get(&id) else {
            return unknown();
        };
        let mut changed = command.clone();
        for (name, value) in body.as_object().into_iter().flatten() {
            changed[name.as_str()] = value.clone();
        }
        if let Err(fault) = check(&changed) {
            return Reply::invalid(&fault);
        }
        self.rest.commands.insert(id, changed.clone());
        Reply::ok(changed)
    }

    /// Stores a command as it is, foreign ones of other programs included, and gives back what Discord makes of it.
    pub(crate) fn store_command(&mut self, body: &Value) -> Value {
        let id = self.command_like(body).unwrap_or_else(|| self.next_id());
        let mut command = json!({
            "id": id.to_string(),
            "application_id": self.setup.bot.id.to_string(),
            "version": self.next_id().to_string(),
            "type": 1,
            "name_localizations": null,
            "description": "",
            "description_localizations": null,
            "default_member_permissions": null,
            "dm_permission": true,
            "contexts": null,
            "integration_types": [0],
            "nsfw": false,
        });
        let said = body.as_object().into_iter().flatten();
        // What is null is as if it had not been said: there are no null options in an answer.
        for (name, value) in said.filter(|(_, value)| !value.is_null()) {
            command[name.as_str()] = value.clone();
        }
        self.rest.commands.insert(id, command.clone());
        command
    }

    /// The id of the command that has this one's name and type.
    pub(crate) fn command_like(&self, body: &Value) -> Option<u64> {
        let kind = |command: &Value| command["type"].as_u64().unwrap_or(1);
        self.rest
            .commands
            .iter()
            .find(|(_, it)| it["name"] == body["name"] && kind(it) == kind(body))
            .map(|(id, _)| *id)
    }
}

fn unknown() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, 10063, "Unknown application command")
}

/// What is wrong with a command.
fn check(command: &Value) -> Result<(), String> {
    match command["type"].as_u64() {
        // The commands of a message's or a user's menu: any name, no description.
        Some(2 | 3) => Ok(()),
        _ => check_entry(command, 0),
    }
}

/// What is wrong with a command or an option that lies so deep in one.
fn check_entry(entry: &Value, depth: usize) -> Result<(), String> {
    let name = entry["name"].as_str().unwrap_or_default();
    let is_allowed = |it: char| matches!(it, '-' | '_' | 'a'..='z' | '0'..='9');
    if !(1..=32).contains(&name.len()) || !name.chars().all(is_allowed) {
        return Err(format!(
            "name: {name:?} does not match ^[-_a-z0-9]{{1,32}}$"
        ));
    }
    let description = entry["description"].as_str().unwrap_or_default();
    if !(1..=100).contains(&description.chars().count()) {
        return Err(format!(
            "{name}: the description has not 1 to 100 characters"
        ));
    }
    for choice in list(&entry["choices"]) {
        let named = choice["name"].as_str().map_or(0, |it| it.chars().count());
        if !(1..=100).contains(&named) || choice["value"].is_null() {
            return Err(format!("{name}: a choice lacks its name or value"));
        }
    }
    if list(&entry["choices"]).len() > 25 {
        return Err(format!("{name}: more than 25 choices"));
    }
    check_options(name, list(&entry["options"]), depth)
}

fn check_options(name: &str, options: &[Value], depth: usize) -> Result<(), String> {
    if options.len() > 25 {
        return Err(format!("{name}: more than 25 options"));
    }
    let mut had_optional = false;
    let mut names = Vec::new();
    for option in options {
        let kind = option["type"].as_u64().unwrap_or(0);
        if !(1..=11).contains(&kind) {
            return Err(format!("{name}: an option without a type"));
        }
        let nests = NESTING.contains(&kind);
        // A group stands in a command alone, and holds nothing but sub-commands.
        if nests && (kind == 2 && depth > 0 || depth > 1)
            || !nests && !list(&option["options"]).is_empty()
        {
            return Err(format!("{name}: options nested where they must not be"));
        }
        let required = option["required"] == true;
        if required && had_optional {
            return Err(format!("{name}: a required option after an optional one"));
        }
        had_optional |= !required && !nests;
        if names.contains(&&option["name"]) {
            return Err(format!("{name}: two options with one name"));
        }
        names.push(&option["name"]);
        check_entry(option, depth + 1)?;
    }
    let nesting = options
        .iter()
        .filter(|it| {
            it["type"]
                .as_u64()
                .is_some_and(|kind| NESTING.contains(&kind))
        })
        .count();
    if nesting != 0 && nesting != options.len() {
        return Err(format!("{name}: sub-commands beside other options"));
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(kind: u8, name: &str, required: bool) -> Value {
        json!({"type": kind, "name": name, "description": "It says.", "required": required})
    }

    #[test]
    fn what_discord_refuses_is_refused() {
        let command = |name: &str, description: &str, options: Value| json!({"name": name, "description": description, "options": options});
        let create = json!({"type": 1, "name": "create", "description": "Makes one.",
            "options": [option(3, "name", true), option(3, "scopes", false)]});
        let group =
            json!({"type": 2, "name": "token", "description": "Tokens.", "options": [create]});
        let stats = json!({"type": 1, "name": "stats", "description": "Numbers."});
        check(&command("api", "The API.", json!([group, stats]))).unwrap();
        for (name, description, options) in [
            ("API", "The API.", json!([])),
            ("", "The API.", json!([])),
            ("api", "", json!([])),
            ("api", &"x".repeat(101), json!([])),
            (
                "api",
                "Late.",
                json!([option(3, "a", false), option(3, "b", true)]),
            ),
            (
                "api",
                "Twice.",
                json!([option(3, "a", false), option(3, "a", false)]),
            ),
            ("api", "Mixed.", json!([stats, option(3, "a", false)])),
            (
                "api",
                "Deep.",
                json!([{"type": 2, "name": "a", "description": "x", "options": [group]}]),
            ),
        ] {
            check(&command(name, description, options)).unwrap_err();
        }
    }
}
