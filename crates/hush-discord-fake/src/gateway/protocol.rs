//! What the gateway answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Ending;
use crate::chunks::id;
use crate::json;
use crate::observed::{Heartbeat, Identify, Resume};
use crate::session::{Session, Wishes, frame};
use crate::setup::intents;
use crate::state::{Outgoing, State};

/// The close codes of the gateway that the fake uses.
mod codes {
    pub(super) const UNKNOWN_OPCODE: u16 = 4001;
    pub(super) const DECODE_ERROR: u16 = 4002;
    pub(super) const NOT_AUTHENTICATED: u16 = 4003;
    pub(super) const AUTHENTICATION_FAILED: u16 = 4004;
    pub(super) const ALREADY_AUTHENTICATED: u16 = 4005;
    pub(super) const INVALID_SEQUENCE: u16 = 4007;
    pub(super) const INVALID_SHARD: u16 = 4010;
    pub(super) const INVALID_INTENTS: u16 = 4013;
    pub(super) const DISALLOWED_INTENTS: u16 = 4014;
}

impl State {
    /// Answers what came over a connection.
    pub(super) fn receive(&mut self, connection: u64, text: &str) {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return self.refuse(connection, codes::DECODE_ERROR);
        };
        let data = &message["d"];
        let session = self
            .connections
            .get(&connection)
            .and_then(|it| it.session.clone());
        match (message["op"].as_u64(), session) {
            (Some(1), session) => self.heartbeat(connection, session, data),
            (Some(2 | 6), Some(_)) => self.refuse(connection, codes::ALREADY_AUTHENTICATED),
            (Some(2), None) => self.identify(connection, data),
            (Some(6), None) => self.resume(connection, data),
            (Some(8), Some(session)) => self.request_members(&session, data),
            // The bot's own presence and voice state are nobody's concern here.
            (Some(3 | 4), Some(_)) => {}
            (Some(3 | 4 | 8), None) => self.refuse(connection, codes::NOT_AUTHENTICATED),
            _ => self.refuse(connection, codes::UNKNOWN_OPCODE),
        }
    }

    /// Notes that a connection ended. A client that says goodbye (1000, 1001) ends its session too.
    pub(super) fn ended(&mut self, connection: u64, ending: Ending) {
        let Some(open) = self.connections.get(&connection) else {
            return;
        };
        let session = open.session.clone();
        let was_cut = open.budget.load(Ordering::Relaxed) == 0;
        match ending {
            Ending::Client(code) => self.observed.client_closes.push(Some(code)),
            Ending::Broken if !was_cut => self.observed.client_closes.push(None),
            Ending::Broken | Ending::Fake => {}
        }
        self.disconnected(connection);
        if let (Some(session), Ending::Client(1000 | 1001)) = (session, ending) {
            self.forget(&session);
        }
    }

    /// Closes because of what the client did.
    fn refuse(&mut self, connection: u64, code: u16) {
        self.observed.own_closes.push(code);
        self.send(connection, Outgoing::Close(code));
    }

    fn heartbeat(&mut self, connection: u64, session: Option<String>, data: &Value) {
        let sequence = data.as_u64();
        self.observed.heartbeats.push(Heartbeat {
            at: Instant::now(),
            connection,
            sequence,
        });
        if let (Some(id), Some(sequence)) = (session, sequence)
            && let Some(session) = self.sessions.get_mut(&id)
        {
            if sequence > session.sequence {
                return self.refuse(connection, codes::INVALID_SEQUENCE);
            }
            if self.setup.forget_acknowledged {
                session.forget_until(sequence);
            }
            self.observed.acknowledged.insert(id, sequence);
        }
        if !self.mute_acks {
            self.send(connection, Outgoing::Text(frame(11, &Value::Null)));
        }
    }

    fn identify(&mut self, connection: u64, data: &Value) {
        let now = Instant::now();
        let Some(wishes) = wishes(data) else {
            return self.refuse(connection, codes::DECODE_ERROR);
        };
        let (shard, total) = wishes.shard;
        let setup = &self.setup;
        let refused = if !is_token(&setup.token, &data["token"]) || setup.start_limit.remaining == 0
        {
            Some(codes::AUTHENTICATION_FAILED)
        } else if shard >= total {
            Some(codes::INVALID_SHARD)
        } else if wishes.intents & !intents::KNOWN != 0 {
            Some(codes::INVALID_INTENTS)
        } else if wishes.intents & !setup.allowed_intents != 0 {
            Some(codes::DISALLOWED_INTENTS)
        } else {
            None
        };
        let key = shard % setup.max_concurrency.max(1);
        let last = self.identified.get(&key);
        let too_soon = last.is_some_and(|last| now.duration_since(*last) < setup.identify_every);
        self.observed.identifies.push(Identify {
            at: now,
            shard: wishes.shard,
            intents: wishes.intents,
            large_threshold: wishes.large_threshold,
            accepted: refused.is_none() && !too_soon,
        });
        if let Some(code) = refused {
            return self.refuse(connection, code);
        }
        if too_soon {
            return self.send(connection, Outgoing::Text(frame(9, &false.into())));
        }
        self.identified.insert(key, now);
        self.setup.start_limit.remaining -= 1;
        self.start(connection, wishes);
    }

    /// Starts a session: READY, then each of its servers.
    fn start(&mut self, connection: u64, wishes: Wishes) {
        let id = format!("{:032x}", fastrand::u128(..));
        let session = Session::new(wishes, connection, self.setup.replay);
        let guilds = self.guilds_of(&session);
        let bot = &self.setup.bot;
        let unavailable =
            |(guild, _): &(u64, bool)| json!({"id": guild.to_string(), "unavailable": true});
        let ready = json!({
            "v": 10,
            "user": json::own_user(bot),
            "user_settings": {},
            "session_type": "normal",
            "session_id": id,
            "resume_gateway_url": self.setup.resume_at.as_ref().unwrap_or(&self.gateway_url),
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guilds": guilds.iter().map(unavailable).collect::<Value>(),
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "auth": {},
            "application": {"id": bot.id.to_string(), "flags": 0},
            "shard": [session.wishes.shard.0, session.wishes.shard.1],
            "_trace": [],
        });
        let sees_guilds = session.wishes.intents & intents::GUILDS != 0;
        self.sessions.insert(id.clone(), session);
        self.attach(connection, &id);
        self.dispatch(&id, "READY", &ready.to_string());
        for (guild, _) in guilds
            .iter()
            .filter(|(_, is_there)| sees_guilds && *is_there)
        {
            self.dispatch_whole(&id, *guild);
        }
    }

    fn resume(&mut self, connection: u64, data: &Value) {
        let (Some(id), Some(sequence)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
            return self.refuse(connection, codes::DECODE_ERROR);
        };
        if !is_token(&self.setup.token, &data["token"]) {
            return self.refuse(connection, codes::AUTHENTICATION_FAILED);
        }
        let session = self.sessions.get(id);
        let is_ahead = session.is_some_and(|session| sequence > session.sequence);
        let missed = session.and_then(|session| session.after(sequence));
        self.observed.resumes.push(Resume {
            at: Instant::now(),
            session: id.to_owned(),
            sequence,
            accepted: missed.is_some() && !is_ahead,
        });
        if is_ahead {
            return self.refuse(connection, codes::INVALID_SEQUENCE);
        }
        let Some(missed) = missed else {
            self.forget(id);
            return self.send(connection, Outgoing::Text(frame(9, &false.into())));
        };
        self.attach(connection, id);
        for frame in missed {
            self.send(connection, Outgoing::Text(Arc::clone(&frame)));
        }
        self.dispatch(id, "RESUMED", r#"{"_trace":[]}"#);
    }

    /// Puts a session on a connection. The one that it was on is cut: there is one for each session.
    fn attach(&mut self, connection: u64, id: &str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let before = session.connection.replace(connection);
        if let Some(open) = self.connections.get_mut(&connection) {
            open.session = Some(id.to_owned());
        }
        if let Some(before) = before.filter(|before| *before != connection) {
            self.cut(before);
        }
    }
}

/// What an identify asks for.
fn wishes(data: &Value) -> Option<Wishes> {
    let shard = match &data["shard"] {
        Value::Null => (0, 1),
        shard => (number(&shard[0])?, number(&shard[1])?),
    };
    Some(Wishes {
        shard,
        intents: id(&data["intents"])?,
        large_threshold: number(&data["large_threshold"]).map_or(50, |it| it as usize),
    })
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|it| it.try_into().ok())
}

/// Whether it is the bot's token, with the word `Bot` or without.
pub(crate) fn is_token(token: &str, shown: &Value) -> bool {
    shown
        .as_str()
        .map(|shown| shown.strip_prefix("Bot ").unwrap_or(shown))
        == Some(token)
}
