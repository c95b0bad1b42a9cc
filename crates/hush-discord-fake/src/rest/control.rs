//! The door for whoever does not hold the [`Fake`](crate::Fake) itself: benchmarks, and people who try things out.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /_fake/observed` | what clients did, in numbers |
//! | `GET /_fake/world-counts` | members, bots and online of each server |
//! | `GET /_fake/effects` | what each request came to that was not refused, with its reason and nonce |
//! | `POST /_fake/cut` | cuts every connection |
//! | `POST /_fake/roles` | gives a member other roles: `{"guild": "4194304", "user": "1", "roles": ["4194314"]}` |
//! | `POST /_fake/storm` | begins a storm: `{"rate": 5000, "seconds": 60, "seed": 1}` |
//! | `GET /_fake/storm` | how far it is; times are microseconds since it began |
//! | `GET /_fake/storm/{n}` | when the presence with that number, from 0, was sent |

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Reply;
use crate::state::{Shared, State};
use crate::step::Step;
use crate::storm::{self, Storm, StormLog};

/// Answers a request for a path below `/_fake/`.
pub(super) fn answer(shared: &Arc<Shared>, method: &Method, path: &str, body: &Value) -> Reply {
    let segments: Vec<&str> = path.split('/').collect();
    match (method, &segments[..]) {
        (&Method::GET, ["observed"]) => Reply::ok(shared.read(observed)),
        (&Method::GET, ["world-counts"]) => Reply::ok(shared.read(counts)),
        (&Method::GET, ["effects"]) => Reply::ok(shared.read(effects)),
        (&Method::POST, ["cut"]) => {
            shared.change(State::cut_all);
            Reply::nothing()
        }
        (&Method::POST, ["roles"]) => {
            let changed = shared.change(|state| change_roles(state, body));
            reply(changed.map(|()| json!({})))
        }
        (&Method::POST, ["storm"]) => begin(shared, body),
        (&Method::GET, ["storm"]) => shared.read(|state| reply(state.storm.as_ref().map(progress))),
        (&Method::GET, ["storm", number]) => {
            let number = number.parse().unwrap_or(usize::MAX);
            shared.read(|state| {
                let log = state.storm.as_ref();
                reply(log.and_then(|log| sent_at(log, number)))
            })
        }
        _ => reply(None),
    }
}

fn reply(found: Option<Value>) -> Reply {
    found.map_or_else(
        || Reply::error(StatusCode::NOT_FOUND, 0, "the fake has nothing there"),
        Reply::ok,
    )
}

/// `None` if nobody there is meant.
fn change_roles(state: &mut State, body: &Value) -> Option<()> {
    let id = |value: &Value| value.as_str()?.parse::<u64>().ok();
    let (guild, user) = (id(&body["guild"])?, id(&body["user"])?);
    let roles = body["roles"].as_array()?.iter();
    let roles = roles.map(id).collect::<Option<_>>()?;
    let members = &state.world.guilds.get(&guild)?.members;
    let user = members.get(&user)?.user.clone();
    let step = Step::MemberChanged { guild, user, roles };
    state.take(step).then_some(())
}

fn begin(shared: &Arc<Shared>, body: &Value) -> Reply {
    let rate = body["rate"].as_u64().and_then(|it| it.try_into().ok());
    let (Some(rate), Some(seconds)) = (rate, body["seconds"].as_u64()) else {
        let wanted = "wanted: {\"rate\": a second, \"seconds\": for how long}";
        return Reply::error(StatusCode::BAD_REQUEST, 0, wanted);
    };
    if shared.read(|state| state.storm.as_ref().is_some_and(StormLog::is_running)) {
        return Reply::error(StatusCode::CONFLICT, 0, "a storm is under way");
    }
    let storm = Storm {
        rate,
        duration: Duration::from_secs(seconds),
        seed: body["seed"].as_u64().unwrap_or_default(),
    };
    tokio::spawn(storm::run(Arc::clone(shared), storm));
    Reply::of(StatusCode::ACCEPTED, json!({}))
}

fn progress(log: &StormLog) -> Value {
    json!({
        "now_us": micros(log, Instant::now()),
        "total": log.total,
        "sent": log.sent.len(),
        "late_us": u64::try_from(log.late.as_micros()).unwrap_or(u64::MAX),
        "running": log.is_running(),
    })
}

fn sent_at(log: &StormLog, number: usize) -> Option<Value> {
    let sent = log.sent.get(number)?;
    Some(json!({"now_us": micros(log, Instant::now()), "sent_us": micros(log, *sent)}))
}

fn micros(log: &StormLog, at: Instant) -> u64 {
    u64::try_from(at.duration_since(log.started).as_micros()).unwrap_or(u64::MAX)
}

fn observed(state: &State) -> Value {
    let observed = &state.observed;
    json!({
        "connections": observed.connections,
        "open": observed.open,
        "identifies": observed.identifies.len(),
        "identified": observed.identified(),
        "resumes": observed.resumes.len(),
        "resumed": observed.resumed(),
        "heartbeats": observed.heartbeats.len(),
        "member_requests": observed.member_requests.len(),
        "member_requests_limited": observed.member_requests.iter().filter(|it| it.limited).count(),
        "client_closes": observed.client_closes,
        "own_closes": observed.own_closes,
        "acknowledged": observed.acknowledged,
        "sent": observed.sent,
        "effects": state.rest.effects.len(),
        "changes": state.rest.effects.iter().filter(|it| it.changed).count(),
        "invalid_requests": state.rest.invalid,
    })
}

fn effects(state: &State) -> Value {
    let effects = state.rest.effects.iter().map(|effect| {
        json!({
            "guild": effect.guild.to_string(),
            "target": effect.target.to_string(),
            "changed": effect.changed,
            "reason": effect.reason.as_deref(),
            "nonce": effect.body["nonce"],
        })
    });
    effects.collect()
}

fn counts(state: &State) -> Value {
    let guilds = state.world.guilds.values();
    let counts: Map<String, Value> = guilds
        .map(|guild| {
            let counts = json!({
                "members": guild.member_count(),
                "bots": guild.bots(),
                "online": guild.online(),
            });
            (guild.id.to_string(), counts)
        })
        .collect();
    counts.into()
}
