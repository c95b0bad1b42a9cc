//! What Discord's answers say.

use http::StatusCode;
use hush_domain::commands::{FailureCode, Order, Report};
use hush_domain::ids::{MessageId, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Bans {
    banned_users: Vec<UserId>,
    failed_users: Vec<UserId>,
}

#[derive(Deserialize)]
struct Message {
    id: MessageId,
}

#[derive(Deserialize)]
struct Problem {
    code: u64,
}

/// What was done. An answer that cannot be read is still one: the command was carried out.
pub(super) fn report(order: &Order, body: &[u8]) -> Report {
    let report = match order {
        Order::BulkBan { .. } => serde_json::from_slice(body).map(|bans: Bans| Report::BulkBan {
            banned: bans.banned_users,
            not_banned: bans.failed_users,
        }),
        Order::SendMessage { .. } => {
            serde_json::from_slice(body).map(|message: Message| Report::Message(message.id))
        }
        _ => Ok(Report::Done),
    };
    report.unwrap_or(Report::Done)
}

/// Why it was not done: by Discord's own code if it says what the order is about, else by the status.
///
/// Source: "JSON Error Codes" in Discord's developer documentation.
pub(super) fn refusal(order: &Order, status: StatusCode, body: &[u8]) -> FailureCode {
    let is_message = matches!(order, Order::SendMessage { .. });
    let problem = serde_json::from_slice(body).map(|problem: Problem| problem.code);
    match problem.unwrap_or_default() {
        10003 => FailureCode::ChannelNotFound,
        10007 | 10013 => FailureCode::UserNotFound,
        10011 => FailureCode::RoleNotFound,
        10026 => FailureCode::BanNotFound,
        // Of a channel it says that the bot does not see it.
        50001 if !is_message => FailureCode::BotNotInServer,
        10004 => FailureCode::BotNotInServer,
        // A channel without text, and one of a type that does not do this.
        50008 | 50024 => FailureCode::ChannelTakesNoMessages,
        _ if status == StatusCode::FORBIDDEN => FailureCode::DiscordForbids,
        _ => FailureCode::DiscordRefuses,
    }
}
