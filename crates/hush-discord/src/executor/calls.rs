//! The request that carries a command out.
//!
//! Source: "Guild", "Channel" and "Message" in Discord's developer documentation.

use hush_domain::commands::{Command, Nickname, Order, OrderType};
use hush_domain::ids::UserId;
use hush_domain::time::Timestamp;
use serde_json::{Value, json};
use twilight_http_ratelimiting::{Endpoint, Method};

/// A request to Discord.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path below the version, such as `guilds/1/members/2`.
    pub(super) path: String,
    /// The path with a word for each id below the server or channel: what one limit is for.
    route: String,
    /// What it carries out.
    command: Option<&'a Command>,
}

impl<'a> Call<'a> {
    /// Who the bot is.
    pub(super) fn own_user() -> Self {
        Self {
            method: Method::Get,
            path: "users/@me".to_owned(),
            route: "users/@me".to_owned(),
            command: None,
        }
    }

    /// What carries `command` out.
    pub(super) fn of(command: &'a Command) -> Self {
        let (method, route, below) = match &command.order {
            Order::Timeout { user, .. }
            | Order::RemoveTimeout { user }
            | Order::SetNickname { user, .. } => (Method::Patch, "members/user", member(*user)),
            Order::Kick { user } => (Method::Delete, "members/user", member(*user)),
            Order::Ban { user, .. } => (Method::Put, "bans/user", format!("bans/{user}")),
            Order::Unban { user } => (Method::Delete, "bans/user", format!("bans/{user}")),
            Order::BulkBan { .. } => (Method::Post, "bulk-ban", "bulk-ban".to_owned()),
            Order::AddRole { user, role } => {
                let below = format!("members/{user}/roles/{role}");
                (Method::Put, "members/user/roles/role", below)
            }
            Order::RemoveRole { user, role } => {
                let below = format!("members/{user}/roles/{role}");
                (Method::Delete, "members/user/roles/role", below)
            }
            Order::SendMessage { channel, .. } => {
                return Self {
                    method: Method::Post,
                    path: format!("channels/{channel}/messages"),
                    route: format!("channels/{channel}/messages"),
                    command: Some(command),
                };
            }
        };
        let server = command.server;
        Self {
            method,
            path: format!("guilds/{server}/{below}"),
            route: format!("guilds/{server}/{route}"),
            command: Some(command),
        }
    }

    /// The type of order that it carries out.
    pub(super) fn kind(&self) -> Option<OrderType> {
        self.command.map(|command| command.order.kind())
    }

    /// Whether it would time a member out until a time that is over at `now`, which Discord takes for none.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let until = self.command.and_then(Command::timeout_until);
        until.is_some_and(|until| until <= now)
    }

    /// What is sent with it.
    pub(super) fn body(&self) -> Option<Value> {
        let command = self.command?;
        let order = &command.order;
        match order {
            Order::Timeout { .. } => {
                // In the last days of the year 9999 there is no such end, and this one Discord refuses.
                let until = command.timeout_until().unwrap_or(command.not_after);
                Some(json!({"communication_disabled_until": until.to_string()}))
            }
            Order::RemoveTimeout { .. } => Some(json!({"communication_disabled_until": null})),
            Order::SetNickname { nickname, .. } => {
                Some(json!({"nick": nickname.as_ref().map(Nickname::as_str)}))
            }
            Order::Ban { deleting, .. } => {
                Some(json!({"delete_message_seconds": deleting.as_secs()}))
            }
            Order::BulkBan { users, deleting } => {
                let users: Vec<String> = users.as_slice().iter().map(ToString::to_string).collect();
                let seconds = deleting.as_secs();
                Some(json!({"user_ids": users, "delete_message_seconds": seconds}))
            }
            Order::SendMessage { content, .. } => Some(json!({
                "content": content.as_str(),
                "allowed_mentions": {"parse": ["users"]},
                // With it Discord takes a message once, however often it is sent.
                "nonce": command.id.to_string(),
                "enforce_nonce": true,
            })),
            Order::Kick { .. }
            | Order::Unban { .. }
            | Order::AddRole { .. }
            | Order::RemoveRole { .. } => None,
        }
    }

    /// The reason for Discord's audit log, in the words of who gave the command, or else by whom. A message has none.
    pub(super) fn reason(&self) -> Option<String> {
        let command = self.command?;
        if matches!(command.order, Order::SendMessage { .. }) {
            return None;
        }
        Some(match &command.reason {
            Some(reason) => reason.text.as_str().to_owned(),
            None => format!("Hush command {} of user {}", command.id, command.user),
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
