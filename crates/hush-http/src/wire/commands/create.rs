//! What a command shall be.

use std::time::Duration;

use hush_app::CreateCommand as Wanted;
use hush_domain::audit::Reason;
use hush_domain::commands::{
    BannedUsers, Content, MAX_DELETED, MAX_TIMEOUT, Nickname, Order, OrderType,
};
use hush_domain::ids::UserId;
use hush_domain::time::Timestamp;

use crate::body::{Fields, FromBody, Whole};
use crate::expected::{
    BANNED, CONTENT, DELETED, NICKNAME, SNOWFLAKE, TIME, TIMEOUT, WORDS, one_of,
};
use crate::problem::Problem;

/// What a command shall be: its type, what commands of this type have, and what all have.
#[derive(Debug)]
pub(crate) struct CreateCommand {
    order: Order,
    not_after: Option<Timestamp>,
    reason: Option<Reason>,
}

impl CreateCommand {
    /// The kind of command.
    pub(crate) fn kind(&self) -> OrderType {
        self.order.kind()
    }

    /// What is to be queued, and the reason that stands in the body.
    pub(crate) fn split(self) -> (Wanted, Option<Reason>) {
        let wanted = Wanted {
            order: self.order,
            not_after: self.not_after,
        };
        (wanted, self.reason)
    }
}

impl FromBody for CreateCommand {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let types = one_of(OrderType::ALL.map(OrderType::as_str));
        let kind = fields.required("type", &types, |text: String| text.parse().ok())?;
        Ok(Self {
            order: order(kind, fields)?,
            not_after: fields.optional("not_after", TIME, |text: String| text.parse().ok())?,
            reason: fields.optional("reason", WORDS, |text: String| text.parse().ok())?,
        })
    }
}

/// The fields that commands of this type have.
fn order(kind: OrderType, fields: &mut Fields<'_>) -> Result<Order, Problem> {
    Ok(match kind {
        OrderType::Timeout => Order::Timeout {
            user: user(fields)?,
            lasting: fields.required("duration_seconds", TIMEOUT, |Whole(seconds)| {
                let lasting = Duration::from_secs(seconds);
                (Duration::from_secs(1)..=MAX_TIMEOUT)
                    .contains(&lasting)
                    .then_some(lasting)
            })?,
        },
        OrderType::RemoveTimeout => Order::RemoveTimeout {
            user: user(fields)?,
        },
        OrderType::Kick => Order::Kick {
            user: user(fields)?,
        },
        OrderType::Ban => Order::Ban {
            user: user(fields)?,
            deleting: deleting(fields)?,
        },
        OrderType::Unban => Order::Unban {
            user: user(fields)?,
        },
        OrderType::BulkBan => Order::BulkBan {
            users: fields.required("user_ids", BANNED, |ids: Vec<String>| {
                let users: Option<Vec<UserId>> = ids.iter().map(|id| id.parse().ok()).collect();
                BannedUsers::new(users?).ok()
            })?,
            deleting: deleting(fields)?,
        },
        OrderType::AddRole => Order::AddRole {
            user: user(fields)?,
            role: fields.required("role_id", SNOWFLAKE, |id: String| id.parse().ok())?,
        },
        OrderType::RemoveRole => Order::RemoveRole {
            user: user(fields)?,
            role: fields.required("role_id", SNOWFLAKE, |id: String| id.parse().ok())?,
        },
        OrderType::SetNickname => Order::SetNickname {
            user: user(fields)?,
            nickname: fields.required("nickname", NICKNAME, |name: Option<String>| {
                let name: Option<Result<Nickname, _>> = name.map(|name| name.parse());
                name.transpose().ok()
            })?,
        },
        OrderType::SendMessage => Order::SendMessage {
            channel: fields.required("channel_id", SNOWFLAKE, |id: String| id.parse().ok())?,
            content: fields.required("content", CONTENT, |text: String| {
                text.parse::<Content>().ok()
            })?,
        },
    })
}

fn user(fields: &mut Fields<'_>) -> Result<UserId, Problem> {
    fields.required("user_id", SNOWFLAKE, |id: String| id.parse().ok())
}

fn deleting(fields: &mut Fields<'_>) -> Result<Duration, Problem> {
    let deleting = fields.optional("delete_message_seconds", DELETED, |Whole(seconds)| {
        let deleting = Duration::from_secs(seconds);
        (deleting <= MAX_DELETED).then_some(deleting)
    })?;
    Ok(deleting.unwrap_or_default())
}
