//! A mix of commands by chance, of all types, in which many are about the same users and channels.

use fastrand::Rng;
use serde_json::{Value, json};

use super::scene::{CHANNEL, MEMBERS, ROLES};

/// How many members of a server stay whatever is ordered, and how many may be thrown out.
pub(super) const STAYING: u64 = 3;
pub(super) const LEAVING: u64 = 3;
/// In how many of the servers there is talk.
const TALKING: usize = 6;

/// A command that somebody wants.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) server: u64,
    /// What it is about: what is about the same is sent one after the other.
    pub(super) subject: (u64, Subject),
    pub(super) body: Value,
    /// Whether it is taken back as soon as it is queued.
    pub(super) regretted: bool,
}

/// What commands are about that have to keep an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Staying,
    Leaving,
    Channel,
}

/// So many commands, which may be carried out until `not_after`.
pub(super) fn mix(rng: &mut Rng, count: usize, servers: &[u64], not_after: &str) -> Vec<Wanted> {
    // Who may be gone once the commands before are carried out.
    let mut gone = Vec::new();
    let wanted = (0..count).map(|number| {
        let server = servers[rng.usize(..servers.len())];
        let (server, subject, mut body) = match rng.u8(..20) {
            0..9 => {
                let user = server + MEMBERS + rng.u64(..STAYING);
                (
                    server,
                    Subject::Staying,
                    harmless(rng, server, user, number),
                )
            }
            9..16 => (
                server,
                Subject::Leaving,
                harmful(rng, server, number, &mut gone),
            ),
            _ => {
                let server = servers[rng.usize(..TALKING.min(servers.len()))];
                let channel = (server + CHANNEL).to_string();
                let content = format!("message {number}");
                let body =
                    json!({"type": "send_message", "channel_id": channel, "content": content});
                (server, Subject::Channel, body)
            }
        };
        body["not_after"] = not_after.into();
        Wanted {
            server,
            subject: (server, subject),
            body,
            regretted: rng.u8(..12) == 0,
        }
    });
    wanted.collect()
}

/// What a member stays after.
fn harmless(rng: &mut Rng, server: u64, user: u64, number: usize) -> Value {
    let role = (server + ROLES[rng.usize(..ROLES.len())]).to_string();
    let user = user.to_string();
    match rng.u8(..6) {
        0 => json!({"type": "timeout", "user_id": user, "duration_seconds": rng.u64(60..3600)}),
        1 => json!({"type": "remove_timeout", "user_id": user}),
        2 => json!({"type": "add_role", "user_id": user, "role_id": role}),
        3 => json!({"type": "remove_role", "user_id": user, "role_id": role}),
        4 => json!({"type": "set_nickname", "user_id": user, "nickname": null}),
        _ => json!({"type": "set_nickname", "user_id": user, "nickname": format!("n{number}")}),
    }
}

/// What a member may be gone after. Who may be gone is only banned, and let in again.
fn harmful(rng: &mut Rng, server: u64, number: usize, gone: &mut Vec<u64>) -> Value {
    let first = server + MEMBERS + STAYING;
    let mut users: Vec<u64> = (first..first + LEAVING).collect();
    rng.shuffle(&mut users);
    let user = users[0];
    let (is_gone, kind) = (gone.contains(&user), rng.u8(..6));
    if !is_gone && kind < 2 {
        return harmless(rng, server, user, number);
    }
    match kind {
        0 | 1 => json!({"type": "unban", "user_id": user.to_string()}),
        2 if !is_gone => {
            gone.push(user);
            json!({"type": "kick", "user_id": user.to_string()})
        }
        5 => {
            users.truncate(rng.usize(1..=users.len()));
            gone.extend(&users);
            let users: Vec<_> = users.iter().map(ToString::to_string).collect();
            json!({"type": "bulk_ban", "user_ids": users})
        }
        _ => {
            gone.push(user);
            json!({"type": "ban", "user_id": user.to_string()})
        }
    }
}

/// For some members of each server first a role, then a nickname, then a command of this type; and messages. Each of them
/// changes something.
pub(super) fn in_turn(servers: &[u64], last: &str) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for &server in servers {
        let mut want = |subject, body| {
            wanted.push(Wanted {
                server,
                subject: (server, subject),
                body,
                regretted: false,
            });
        };
        let channel = (server + CHANNEL).to_string();
        for turn in 0..3 {
            let content = format!("message {turn}");
            let body = json!({"type": "send_message", "channel_id": channel, "content": content});
            want(Subject::Channel, body);
            for user in (server + MEMBERS..).take(3).map(|user| user.to_string()) {
                let role = (server + ROLES[0]).to_string();
                let body = match turn {
                    0 => json!({"type": "add_role", "user_id": user, "role_id": role}),
                    1 => json!({"type": "set_nickname", "user_id": user, "nickname": "n"}),
                    _ => json!({"type": last, "user_id": user}),
                };
                want(Subject::Staying, body);
            }
        }
    }
    wanted
}
