//! `audit export`: the logs as JSON, one row a line.

use hush_app::{AuditLogs, Permit};
use hush_domain::audit::chain::{Head, KeyId, Place, Row};
use hush_domain::audit::{Details, RequestId, Target};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::Ends;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::Lines;

/// A row with all that its link was computed from, its parts named as in the API.
#[derive(Serialize)]
struct RowLine<'a> {
    server: ServerId,
    number: u64,
    at: Timestamp,
    actor: ActorPart,
    action: &'static str,
    target: TargetPart,
    before: Option<Value>,
    after: Option<Value>,
    request_id: Option<&'a str>,
    commitment: Option<String>,
    reason: Option<&'a str>,
    salt: Option<String>,
    key: Option<String>,
    link: String,
}

#[derive(Serialize)]
struct ActorPart {
    r#type: &'static str,
    token_id: Option<TokenId>,
    user_id: Option<UserId>,
}

#[derive(Serialize)]
struct TargetPart {
    r#type: &'static str,
    id: Option<String>,
    user_id: Option<UserId>,
}

/// The end of a server's log.
#[derive(Serialize)]
struct EndLine {
    head: String,
    head_seal: String,
    checkpoint: String,
    checkpoint_seal: String,
}

pub(super) async fn run(
    logs: &AuditLogs,
    permit: &Permit,
    server: Option<ServerId>,
) -> Result<(), Failure> {
    let mut lines = Lines::new();
    for ends in logs.ends(permit, server).await? {
        // What is written meanwhile is left for the next time.
        let mut last = ends.checkpoint.number;
        while last < ends.head.number {
            let rows = logs.rows(permit, ends.server, last).await?;
            let Some(newest) = rows.last() else {
                break;
            };
            last = newest.number;
            for row in rows.iter().filter(|row| row.number <= ends.head.number) {
                if lines.write(&json(&RowLine::of(row))?)?.is_break() {
                    return Ok(());
                }
            }
        }
        if lines.write(&json(&EndLine::of(&ends))?)?.is_break() {
            return Ok(());
        }
    }
    lines.end()
}

impl<'a> RowLine<'a> {
    fn of(row: &'a Row) -> Self {
        let reason = row.reason.as_ref();
        Self {
            server: row.server,
            number: row.number,
            at: row.at,
            actor: ActorPart {
                r#type: row.actor.kind().as_str(),
                token_id: row.actor.token(),
                user_id: row.actor.user(),
            },
            action: row.action.as_str(),
            target: TargetPart {
                r#type: match row.target {
                    Target::Token(..) => "token",
                    Target::Command(..) => "command",
                    Target::Settings => "settings",
                },
                id: row.target.id().map(|id| id.to_string()),
                user_id: row.target.user(),
            },
            before: row.before.as_ref().map(details),
            after: row.after.as_ref().map(details),
            request_id: row.request_id.as_ref().map(RequestId::as_str),
            commitment: row.commitment.map(|bytes| hex(&bytes)),
            reason: reason.map(|reason| reason.text.as_str()),
            salt: reason.map(|reason| hex(&reason.salt)),
            key: row.key.as_ref().map(KeyId::to_string),
            link: row.link.to_string(),
        }
    }
}

impl EndLine {
    fn of(ends: &Ends) -> Self {
        let place = |place: Place| {
            let server = ends.server;
            Head { server, place }.to_string()
        };
        Self {
            head: place(ends.head),
            head_seal: ends.head_seal.to_string(),
            checkpoint: place(ends.checkpoint),
            checkpoint_seal: ends.checkpoint_seal.to_string(),
        }
    }
}

/// The fields are stored in alphabetical order and without spaces, which is how they are written again: whoever checks
/// an export has the text that was chained. What somebody has made no JSON is shown as the text that it is.
fn details(details: &Details) -> Value {
    let text = details.as_str();
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn json(line: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(line).map_err(Failure::operation)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
