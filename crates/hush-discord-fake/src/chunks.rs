//! Lists of members in chunks, and what may go wrong with them.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::json;
use crate::observed::MemberRequest;
use crate::setup::intents;
use crate::state::State;
use crate::world::{Guild, Member};

/// What happens to the chunks of each request from now on. The default is nothing: they come at once and in order.
#[derive(Clone, Debug, Default)]
pub struct ChunkScript {
    /// How many come at once; the others come when they are released.
    pub hold_after: Option<usize>,
    /// The chunks that never come, counted from 0.
    pub lost: Vec<usize>,
    /// The chunks that come twice.
    pub twice: Vec<usize>,
    /// Whether the last one comes first.
    pub reversed: bool,
    /// Whether each tells what was so when it was asked for, whatever has happened since.
    pub stale: bool,
}

/// A chunk that is made when it is sent, so that it never tells less than the events before it, unless it is stale.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) session: String,
    guild: u64,
    index: usize,
    count: usize,
    nonce: Option<String>,
    presences: bool,
    members: Vec<u64>,
    stale: Option<Vec<Member>>,
    not_found: Vec<u64>,
}

impl ChunkScript {
    /// The chunks that come at once, and those that are held back.
    fn play(&self, chunks: Vec<Chunk>) -> (Vec<Chunk>, Vec<Chunk>) {
        let mut played = Vec::new();
        for (index, chunk) in chunks.into_iter().enumerate() {
            if self.twice.contains(&index) {
                played.push(chunk.clone());
            }
            if !self.lost.contains(&index) {
                played.push(chunk);
            }
        }
        if self.reversed {
            played.reverse();
        }
        let at_once = self.hold_after.unwrap_or(played.len()).min(played.len());
        let held = played.split_off(at_once);
        (played, held)
    }
}

impl State {
    /// Answers a request of members.
    pub(crate) fn request_members(&mut self, session: &str, request: &Value) {
        let now = Instant::now();
        let Some(guild) = id(&request["guild_id"]) else {
            return;
        };
        let nonce = request["nonce"].as_str().map(str::to_owned);
        let all = request["query"] == "" && request["limit"] == 0;
        let every = self.setup.full_request_every;
        let Some(asking) = self.sessions.get_mut(session).filter(|it| it.has(guild)) else {
            return;
        };
        let wait = asking
            .full_requests
            .get(&guild)
            .map(|last| every.saturating_sub(now.duration_since(*last)))
            .filter(|wait| all && !wait.is_zero());
        self.observed.member_requests.push(MemberRequest {
            at: now,
            guild,
            all,
            nonce: nonce.clone(),
            limited: wait.is_some(),
        });
        if let Some(wait) = wait {
            let limited = json!({
                "opcode": 8,
                "retry_after": wait.as_secs_f64(),
                "meta": {"guild_id": guild.to_string(), "nonce": nonce},
            });
            return self.dispatch(session, "RATE_LIMITED", &limited.to_string());
        }
        if all {
            asking.full_requests.insert(guild, now);
            if asking.wishes.intents & intents::GUILD_MEMBERS == 0 {
                return;
            }
        }
        let Some(guild) = self.world.guilds.get(&guild).filter(|it| !it.unavailable) else {
            return;
        };
        let (found, not_found) = wanted(guild, request);
        let size = self.setup.chunk_size.max(1);
        let count = found.len().div_ceil(size).max(1);
        let presences =
            request["presences"] == true && asking.wishes.intents & intents::GUILD_PRESENCES != 0;
        let stale = self.chunk_script.stale;
        let chunks = found.chunks(size).map(<[u64]>::to_vec);
        let chunks = chunks.chain(found.is_empty().then(Vec::new)).enumerate();
        let chunks = chunks.map(|(index, members)| Chunk {
            session: session.to_owned(),
            guild: guild.id,
            index,
            count,
            nonce: nonce.clone(),
            presences,
            stale: stale.then(|| of(guild, &members).cloned().collect()),
            members,
            not_found: if index == 0 {
                not_found.clone()
            } else {
                Vec::new()
            },
        });
        let (at_once, held) = self.chunk_script.play(chunks.collect());
        self.held.extend(held);
        for chunk in at_once {
            self.send_chunk(&chunk);
        }
    }

    /// Sends what was held back.
    pub(crate) fn release_chunks(&mut self) {
        for chunk in std::mem::take(&mut self.held) {
            self.send_chunk(&chunk);
        }
    }

    fn send_chunk(&mut self, chunk: &Chunk) {
        let Some(guild) = self.world.guilds.get(&chunk.guild) else {
            return;
        };
        let members: Vec<&Member> = match &chunk.stale {
            Some(stale) => stale.iter().collect(),
            None => of(guild, &chunk.members).collect(),
        };
        let mut data = json!({
            "guild_id": chunk.guild.to_string(),
            "chunk_index": chunk.index,
            "chunk_count": chunk.count,
            "members": members.iter().map(|it| json::member(it)).collect::<Value>(),
            "not_found": json::ids(&chunk.not_found),
        });
        if let Some(nonce) = &chunk.nonce {
            data["nonce"] = nonce.as_str().into();
        }
        if chunk.presences {
            let seen = members.iter().filter(|it| it.status.is_seen());
            data["presences"] = seen.map(|it| json::presence(it)).collect();
        }
        self.dispatch(&chunk.session, "GUILD_MEMBERS_CHUNK", &data.to_string());
    }
}

/// Those of the members that there are.
fn of<'a>(guild: &'a Guild, members: &'a [u64]) -> impl Iterator<Item = &'a Member> {
    members.iter().filter_map(|id| guild.members.get(id))
}

/// The members that a request is about, and the ids in it that are no member's.
fn wanted(guild: &Guild, request: &Value) -> (Vec<u64>, Vec<u64>) {
    let named: Option<Vec<u64>> = match &request["user_ids"] {
        Value::Array(ids) => Some(ids.iter().filter_map(id).collect()),
        Value::Null => None,
        one => id(one).map(|it| vec![it]),
    };
    if let Some(named) = named {
        return named
            .into_iter()
            .partition(|id| guild.members.contains_key(id));
    }
    let query = request["query"].as_str().unwrap_or_default().to_lowercase();
    let limit = match request["limit"].as_u64() {
        Some(0) | None => usize::MAX,
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let found = guild
        .members
        .values()
        .filter(|member| member.user.name.to_lowercase().starts_with(&query))
        .take(limit)
        .map(|member| member.user.id)
        .collect();
    (found, Vec::new())
}

/// An id, which clients write as a string or as a number.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
