//! Commands as databases hold them, and what rules about them look at.

use std::time::Duration;

use hush_domain::audit::GivenReason;
use hush_domain::channels::ChannelKind;
use hush_domain::commands::rules::Situation;
use hush_domain::commands::{
    BannedUsers, Command, Lane, Order, OrderType, Report, State, StateName,
};
use hush_domain::ids::{ChannelId, CommandId, MessageId, RoleId, ServerId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::time::Timestamp;
use hush_ports::{Claimed, Waiting};
use serde::{Deserialize, Serialize};

use super::{
    Invalid, bytes, channel_id, count, invalid, role_id, server_id, time, token_id, user_id,
};

/// A command in its parts, with its times in microseconds since the Unix epoch.
#[derive(sqlx::FromRow)]
pub(crate) struct CommandRow {
    pub(crate) id: i64,
    pub(crate) server_id: i64,
    pub(crate) r#type: String,
    pub(crate) body: String,
    pub(crate) token_id: i64,
    pub(crate) user_id: i64,
    pub(crate) request_id: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) reason_salt: Option<Vec<u8>>,
    pub(crate) created_at: i64,
    pub(crate) not_after: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) attempts: i64,
    pub(crate) state: String,
    pub(crate) code: Option<String>,
    pub(crate) report: Option<String>,
    pub(crate) unsure: bool,
}

/// What an order says beside its type, as the JSON that is stored. What a type does not have is not there.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ids: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

/// What was done, as far as more is stored than that it was.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredReport {
    BulkBan {
        banned: Vec<i64>,
        not_banned: Vec<i64>,
    },
    Message {
        message_id: i64,
    },
}

/// What is stored of an order beside its type.
pub(crate) fn body(order: &Order) -> String {
    let mut body = Body::default();
    match order {
        Order::BulkBan { users, .. } => {
            body.user_ids = Some(users.as_slice().iter().map(|it| it.to_i64()).collect());
        }
        other => body.user_id = other.users().first().map(|it| it.to_i64()),
    }
    body.role_id = order.role().map(RoleId::to_i64);
    body.channel_id = order.channel().map(ChannelId::to_i64);
    match order {
        Order::Timeout { lasting, .. } => body.seconds = Some(lasting.as_secs()),
        Order::Ban { deleting, .. } | Order::BulkBan { deleting, .. } => {
            body.seconds = Some(deleting.as_secs());
        }
        Order::SetNickname { nickname, .. } => {
            body.nickname = nickname.as_ref().map(|it| it.as_str().to_owned());
        }
        Order::SendMessage { content, .. } => body.content = Some(content.as_str().to_owned()),
        _ => {}
    }
    json(&body)
}

/// What is stored of an end beside its name: a code, or a report.
pub(crate) fn end(state: &State) -> (Option<&'static str>, Option<String>) {
    match state {
        State::Failed(code) => (Some(code.as_str()), None),
        State::Succeeded(report) => (None, report_json(report)),
        _ => (None, None),
    }
}

fn report_json(report: &Report) -> Option<String> {
    let ids = |users: &[UserId]| users.iter().map(|user| user.to_i64()).collect();
    let stored = match report {
        Report::Done => return None,
        Report::BulkBan { banned, not_banned } => StoredReport::BulkBan {
            banned: ids(banned),
            not_banned: ids(not_banned),
        },
        Report::Message(message) => StoredReport::Message {
            message_id: message.to_i64(),
        },
    };
    Some(json(&stored))
}

fn json(value: &impl Serialize) -> String {
    // Numbers and texts always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}

/// What a command acts on, as the number of its kind and an id.
pub(crate) fn lane(lane: Lane) -> (i16, i64) {
    match lane {
        Lane::User(user) => (0, user.to_i64()),
        Lane::Channel(channel) => (1, channel.to_i64()),
    }
}

impl CommandRow {
    pub(crate) fn claimed(self) -> Result<Claimed, Invalid> {
        let unsure = self.unsure;
        Ok(Claimed {
            command: self.read()?,
            unsure,
        })
    }

    pub(crate) fn read(self) -> Result<Command, Invalid> {
        let reason = match (self.reason, self.reason_salt) {
            (Some(text), Some(salt)) => Some(GivenReason {
                text: text.parse().map_err(invalid("reason"))?,
                salt: bytes("salt", &salt)?,
            }),
            _ => None,
        };
        let request_id = self.request_id.map(|id| id.parse()).transpose();
        Ok(Command {
            id: CommandId::try_from(self.id).map_err(invalid("command id"))?,
            server: server_id(self.server_id)?,
            order: order(&self.r#type, &self.body)?,
            token: token_id(self.token_id)?,
            user: user_id(self.user_id)?,
            request_id: request_id.map_err(invalid("request id"))?,
            reason,
            created_at: time(self.created_at)?,
            not_after: time(self.not_after)?,
            started_at: self.started_at.map(time).transpose()?,
            ended_at: self.ended_at.map(time).transpose()?,
            attempts: u32::try_from(self.attempts).map_err(invalid("number of attempts"))?,
            state: state(&self.state, self.code.as_deref(), self.report.as_deref())?,
        })
    }
}

fn order(kind: &str, body: &str) -> Result<Order, Invalid> {
    let kind: OrderType = kind.parse().map_err(invalid("type of a command"))?;
    let body: Body = serde_json::from_str(body).map_err(invalid("body of a command"))?;
    let missing = |field: &'static str| move || invalid("body of a command")(field);
    let user = || user_id(body.user_id.ok_or_else(missing("no user_id"))?);
    let role = || role_id(body.role_id.ok_or_else(missing("no role_id"))?);
    let seconds = || {
        Ok(Duration::from_secs(
            body.seconds.ok_or_else(missing("no seconds"))?,
        ))
    };
    Ok(match kind {
        OrderType::Timeout => Order::Timeout {
            user: user()?,
            lasting: seconds()?,
        },
        OrderType::RemoveTimeout => Order::RemoveTimeout { user: user()? },
        OrderType::Kick => Order::Kick { user: user()? },
        OrderType::Ban => Order::Ban {
            user: user()?,
            deleting: seconds()?,
        },
        OrderType::Unban => Order::Unban { user: user()? },
        OrderType::BulkBan => {
            let ids = body.user_ids.iter().flatten().copied();
            let users = ids.map(user_id).collect::<Result<_, _>>()?;
            Order::BulkBan {
                users: BannedUsers::new(users).map_err(invalid("body of a command"))?,
                deleting: seconds()?,
            }
        }
        OrderType::AddRole => Order::AddRole {
            user: user()?,
            role: role()?,
        },
        OrderType::RemoveRole => Order::RemoveRole {
            user: user()?,
            role: role()?,
        },
        OrderType::SetNickname => Order::SetNickname {
            user: user()?,
            nickname: body
                .nickname
                .as_deref()
                .map(|name| name.parse().map_err(invalid("nickname")))
                .transpose()?,
        },
        OrderType::SendMessage => {
            let content = body.content.as_deref().ok_or_else(missing("no content"))?;
            Order::SendMessage {
                channel: channel_id(body.channel_id.ok_or_else(missing("no channel_id"))?)?,
                content: content.parse().map_err(invalid("content"))?,
            }
        }
    })
}

fn state(name: &str, code: Option<&str>, report: Option<&str>) -> Result<State, Invalid> {
    let name: StateName = name.parse().map_err(invalid("state"))?;
    Ok(match name {
        StateName::Queued => State::Queued,
        StateName::Running => State::Running,
        StateName::Expired => State::Expired,
        StateName::Cancelled => State::Cancelled,
        StateName::Failed => {
            State::Failed(code.unwrap_or_default().parse().map_err(invalid("code"))?)
        }
        StateName::Succeeded => State::Succeeded(report.map_or(Ok(Report::Done), read_report)?),
    })
}

fn read_report(report: &str) -> Result<Report, Invalid> {
    let users = |ids: Vec<i64>| ids.into_iter().map(user_id).collect::<Result<_, _>>();
    Ok(
        match serde_json::from_str(report).map_err(invalid("report"))? {
            StoredReport::BulkBan { banned, not_banned } => Report::BulkBan {
                banned: users(banned)?,
                not_banned: users(not_banned)?,
            },
            StoredReport::Message { message_id } => {
                Report::Message(MessageId::try_from(message_id).map_err(invalid("message id"))?)
            }
        },
    )
}

/// How many commands wait, by type, with the time of the oldest of each in microseconds since the Unix epoch.
pub(crate) fn waiting(rows: Vec<(String, i64, i64)>) -> Result<Waiting, Invalid> {
    let mut waiting = Waiting::default();
    for (kind, pending, oldest) in rows {
        let kind = kind.parse().map_err(invalid("type of a command"))?;
        waiting.pending.push((kind, count(pending)?));
        let oldest = time(oldest)?;
        waiting.oldest = Some(
            waiting
                .oldest
                .map_or(oldest, |other: Timestamp| other.min(oldest)),
        );
    }
    Ok(waiting)
}

/// What is known of a server, as the JSON that a database makes of it: roles by id, name, position, permissions and whether
/// they are managed, and members by id with the roles that they hold.
#[derive(Deserialize)]
pub(crate) struct SituationJson {
    owner: i64,
    complete: bool,
    roles: Vec<(i64, String, i32, i64, bool)>,
    members: Vec<(i64, Vec<i64>)>,
    channel: Option<u8>,
}

impl SituationJson {
    pub(crate) fn read(self, server: ServerId) -> Result<Situation, Invalid> {
        let role = |(id, name, position, bits, managed): (i64, String, i32, i64, bool)| {
            Ok(Role {
                id: role_id(id)?,
                name: name.parse().map_err(invalid("role name"))?,
                position,
                permissions: Permissions::from_bits(bits.cast_unsigned()),
                managed,
            })
        };
        let member = |(id, held): (i64, Vec<i64>)| {
            let held = held.into_iter().map(role_id).collect::<Result<_, _>>()?;
            Ok((user_id(id)?, held))
        };
        Ok(Situation {
            server,
            owner: user_id(self.owner)?,
            roles: self
                .roles
                .into_iter()
                .map(role)
                .collect::<Result<_, Invalid>>()?,
            members: self
                .members
                .into_iter()
                .map(member)
                .collect::<Result<_, Invalid>>()?,
            complete: self.complete,
            channel: self.channel.map(ChannelKind),
        })
    }
}
