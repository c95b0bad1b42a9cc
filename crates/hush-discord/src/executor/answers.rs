//! What Discord's answers say.

use http::StatusCode;
use hush_domain::commands::{FailureCode, Order, Report};
use hush_domain::ids::{MessageId, UserId};
use hush_ports::Execution;
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

/// What an answer says of an order.
pub(super) fn execution(order: &Order, status: StatusCode, body: &[u8]) -> Execution {
    if status.is_success() {
        return report(order, body).map_or(Execution::Unknown, Execution::Done);
    }
    match status {
        StatusCode::UNAUTHORIZED => Execution::Refused(FailureCode::BotUnauthorized),
        // A proxy in between says so when it has waited in vain, whatever has come of the request.
        StatusCode::REQUEST_TIMEOUT => Execution::Unknown,
        _ if status.is_client_error() => not_done(order, status, body),
        _ => Execution::Unknown,
    }
}

/// What was done. An answer that cannot be read is still one: the command was carried out. `None` if it is not known for
/// whom.
fn report(order: &Order, body: &[u8]) -> Option<Report> {
    match order {
        Order::BulkBan { .. } => {
            let bans: Bans = serde_json::from_slice(body).ok()?;
            Some(Report::BulkBan {
                banned: bans.banned_users,
                not_banned: bans.failed_users,
            })
        }
        Order::SendMessage { .. } => {
            let message = serde_json::from_slice(body);
            Some(message.map_or(Report::Done, |message: Message| Report::Message(message.id)))
        }
        _ => Some(Report::Done),
    }
}

/// Why it was not done: by Discord's own code if it says what the order is about, else by the status.
///
/// Source: "JSON Error Codes" in Discord's developer documentation.
fn not_done(order: &Order, status: StatusCode, body: &[u8]) -> Execution {
    let is_message = matches!(order, Order::SendMessage { .. });
    let problem = serde_json::from_slice(body).map(|problem: Problem| problem.code);
    let code = problem.unwrap_or_default();
    // Nobody was banned.
    if let (500_000, Order::BulkBan { users, .. }) = (code, order) {
        return Execution::Done(Report::BulkBan {
            banned: Vec::new(),
            not_banned: users.as_slice().to_vec(),
        });
    }
    Execution::Refused(match code {
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
    })
}
