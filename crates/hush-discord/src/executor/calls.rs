//! The request that carries a command out.
//!
//! Source: "Guild", "Channel" and "Message" in Discord's developer documentation.

use hush_domain::commands::{Command, Nickname, Order};
use hush_domain::ids::UserId;
use serde_json::{Value, json};
use twilight_http_ratelimiting::{Endpoint, Method};

/// A request to Discord.
pub(super) struct Call {
    pub(super) method: Method,
    /// The path below the version, such as `guilds/1/members/2`.
    pub(super) path: String,
    /// The path with a word for each id below the server or channel: what one limit is for.
    pub(super) route: String,
    pub(super) body: Option<Value>,
    /// The reason for Discord's audit log.
    pub(super) reason: Option<String>,
}

impl Call {
    /// Who the bot is.
    pub(super) fn own_user() -> Self {
        Self {
            method: Method::Get,
            path: "users/@me".to_owned(),
            route: "users/@me".to_owned(),
            body: None,
            reason: None,
        }
    }

    /// What carries `command` out. `None` for a timeout that has no end, since the command was never begun.
    pub(super) fn of(command: &Command) -> Option<Self> {
        let until = command.timeout_until().map(|until| until.to_string());
        let (method, route, below, body) = match &command.order {
            Order::Timeout { user, .. } => {
                let body = json!({"communication_disabled_until": until?});
                (Method::Patch, "members/user", member(*user), Some(body))
            }
            Order::RemoveTimeout { user } => {
                let body = json!({"communication_disabled_until": null});
                (Method::Patch, "members/user", member(*user), Some(body))
            }
            Order::SetNickname { user, nickname } => {
                let body = json!({"nick": nickname.as_ref().map(Nickname::as_str)});
                (Method::Patch, "members/user", member(*user), Some(body))
            }
            Order::Kick { user } => (Method::Delete, "members/user", member(*user), None),
            Order::Ban { user, deleting } => {
                let body = json!({"delete_message_seconds": deleting.as_secs()});
                (Method::Put, "bans/user", format!("bans/{user}"), Some(body))
            }
            Order::Unban { user } => (Method::Delete, "bans/user", format!("bans/{user}"), None),
            Order::BulkBan { users, deleting } => {
                let users: Vec<String> = users.as_slice().iter().map(ToString::to_string).collect();
                let seconds = deleting.as_secs();
                let body = json!({"user_ids": users, "delete_message_seconds": seconds});
                (Method::Post, "bulk-ban", "bulk-ban".to_owned(), Some(body))
            }
            Order::AddRole { user, role } => {
                let below = format!("members/{user}/roles/{role}");
                (Method::Put, "members/user/roles/role", below, None)
            }
            Order::RemoveRole { user, role } => {
                let below = format!("members/{user}/roles/{role}");
                (Method::Delete, "members/user/roles/role", below, None)
            }
            Order::SendMessage { channel, content } => {
                let body = json!({
                    "content": content.as_str(),
                    "allowed_mentions": {"parse": ["users"]},
                    // With it Discord takes a message once, however often it is sent.
                    "nonce": command.id.to_string(),
                    "enforce_nonce": true,
                });
                return Some(Self {
                    method: Method::Post,
                    path: format!("channels/{channel}/messages"),
                    route: format!("channels/{channel}/messages"),
                    body: Some(body),
                    reason: None,
                });
            }
        };
        let server = command.server;
        Some(Self {
            method,
            path: format!("guilds/{server}/{below}"),
            route: format!("guilds/{server}/{route}"),
            body,
            reason: Some(reason(command)),
        })
    }

    /// What its limit is kept for.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            method: self.method,
            path: self.route.clone(),
        }
    }
}

fn member(user: UserId) -> String {
    format!("members/{user}")
}

/// Why, in the words of who gave the command, or else by whom.
fn reason(command: &Command) -> String {
    match &command.reason {
        Some(reason) => reason.text.as_str().to_owned(),
        None => format!("Hush command {} of user {}", command.id, command.user),
    }
}
