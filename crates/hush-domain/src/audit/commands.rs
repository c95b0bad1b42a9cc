//! What the log says of commands. What somebody wrote, a message or a nickname, is not in it.

use super::entries::{text, texts};
use super::{Action, Details, Entry, Target};
use crate::commands::{Command, Order, Report, State};

/// A command was queued.
pub fn command_queued(command: &Command) -> Entry {
    let mut fields = vec![("type", text(command.order.kind()))];
    match &command.order {
        Order::Timeout { lasting, .. } => {
            fields.push(("duration_seconds", lasting.as_secs().to_string()));
        }
        Order::Ban { deleting, .. } | Order::BulkBan { deleting, .. } => {
            fields.push(("delete_message_seconds", deleting.as_secs().to_string()));
        }
        Order::AddRole { role, .. } | Order::RemoveRole { role, .. } => {
            fields.push(("role_id", text(role)));
        }
        Order::SendMessage { channel, .. } => fields.push(("channel_id", text(channel))),
        _ => {}
    }
    if let Order::BulkBan { users, .. } = &command.order {
        fields.push(("user_ids", texts(users.as_slice().iter())));
    }
    fields.push(("not_after", text(command.not_after)));
    entry(command, Action::CommandQueued, Some(Details::of(fields)))
}

/// A command came to the end at which it is; `None` if it has not.
pub fn command_ended(command: &Command) -> Option<Entry> {
    let attempts = ("attempts", command.attempts.to_string());
    Some(match &command.state {
        State::Queued | State::Running => return None,
        State::Succeeded(report) => {
            let mut fields = vec![attempts];
            match report {
                Report::Done => {}
                Report::BulkBan { not_banned, .. } => {
                    fields.push(("not_banned", texts(not_banned.iter())));
                }
                Report::Message(message) => fields.push(("message_id", text(message))),
            }
            entry(command, Action::CommandSucceeded, Some(Details::of(fields)))
        }
        State::Failed(code) => {
            let fields = [attempts, ("code", text(code))];
            entry(command, Action::CommandFailed, Some(Details::of(fields)))
        }
        State::Expired => entry(
            command,
            Action::CommandExpired,
            Some(Details::of([attempts])),
        ),
        State::Cancelled => entry(command, Action::CommandCancelled, None),
    })
}

fn entry(command: &Command, action: Action, after: Option<Details>) -> Entry {
    let user = match command.order.users() {
        [user] => Some(*user),
        _ => None,
    };
    Entry {
        server: command.server,
        action,
        target: Target::Command(command.id, user),
        before: None,
        after,
    }
}
