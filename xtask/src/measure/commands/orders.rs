//! What is ordered in each server: every type, and some of it about the same members and channel.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hush_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::measure::fixture::Key;

/// How many commands each server gets.
const EACH: u64 = 20;
/// For how long commands may wait: so long that none ends by it.
const PATIENCE: Duration = Duration::from_hours(12);

/// The requests that send the commands: first one for each server, then the next.
pub(super) fn for_all(keys: &[Key]) -> Result<Vec<Vec<u8>>> {
    let not_after = not_after()?;
    let mut requests = Vec::new();
    for turn in 0..EACH {
        for key in keys {
            let mut body = order(turn, key.server.parse()?, key.user.parse()?);
            body["not_after"] = not_after.as_str().into();
            requests.push(request(key, turn, &body.to_string()));
        }
    }
    Ok(requests)
}

fn not_after() -> Result<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let micros = i64::try_from((now + PATIENCE).as_micros())?;
    let end = Timestamp::from_unix_micros(micros).context("the clock is wrong")?;
    Ok(end.to_string())
}

/// The members are numbered from the owner on. Whoever is thrown out is only banned or let in again from then on.
fn order(turn: u64, server: u64, owner: u64) -> Value {
    let user = |number: u64| (owner + number).to_string();
    let (role, channel) = ((server + 10).to_string(), (server + 1).to_string());
    match turn {
        0 => json!({"type": "set_nickname", "user_id": user(1), "nickname": "first"}),
        1 | 17 => json!({"type": "add_role", "user_id": user(turn), "role_id": role}),
        2 | 9 => json!({"type": "timeout", "user_id": user(turn), "duration_seconds": 600}),
        4 => json!({"type": "add_role", "user_id": user(2), "role_id": role}),
        5 => json!({"type": "set_nickname", "user_id": user(2), "nickname": "second"}),
        7 => json!({"type": "ban", "user_id": user(10)}),
        8 => json!({"type": "remove_role", "user_id": user(1), "role_id": role}),
        10 => json!({"type": "kick", "user_id": user(11)}),
        12 => json!({"type": "unban", "user_id": user(10)}),
        13 => json!({"type": "set_nickname", "user_id": user(1), "nickname": null}),
        14 => json!({"type": "remove_timeout", "user_id": user(2)}),
        15 => json!({"type": "bulk_ban", "user_ids": [user(12), user(13)]}),
        18 => json!({"type": "set_nickname", "user_id": user(3), "nickname": "third"}),
        _ => {
            json!({"type": "send_message", "channel_id": channel, "content": format!("message {turn}")})
        }
    }
}

fn request(key: &Key, turn: u64, body: &str) -> Vec<u8> {
    let Key { server, secret, .. } = key;
    format!(
        "POST /v1/servers/{server}/commands HTTP/1.1\r\nHost: hush\r\nAuthorization: Bearer {secret}\r\n\
         Idempotency-Key: command-{turn}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
