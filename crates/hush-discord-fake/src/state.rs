//! The state of a fake, behind one lock: every step, request and fault is one visit to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::chunks::{Chunk, ChunkScript};
use crate::json;
use crate::observed::Observed;
use crate::rest::Rest;
use crate::session::{Session, frame};
use crate::setup::{Setup, intents};
use crate::step::Step;
use crate::storm::StormLog;
use crate::take::Told;
use crate::world::{User, World};

/// What the tasks of a fake share.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Tells that something may have changed.
    changed: watch::Sender<()>,
    /// Whether nothing is written to clients just now.
    pub(crate) paused: watch::Sender<bool>,
}

pub(crate) struct State {
    pub(crate) setup: Setup,
    /// Where the gateway is.
    pub(crate) gateway_url: String,
    pub(crate) world: World,
    /// Users who are in none of the servers.
    pub(crate) others: BTreeMap<u64, User>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) connections: BTreeMap<u64, Connection>,
    pub(crate) observed: Observed,
    /// When each remainder of a shard's number last identified.
    pub(crate) identified: HashMap<u32, Instant>,
    pub(crate) mute_acks: bool,
    pub(crate) refuse_connections: bool,
    pub(crate) chunk_script: ChunkScript,
    pub(crate) held: Vec<Chunk>,
    pub(crate) rest: Rest,
    pub(crate) storm: Option<StormLog>,
    /// The last id that was given away.
    last_id: u64,
}

pub(crate) struct Connection {
    pub(crate) outgoing: mpsc::UnboundedSender<Outgoing>,
    pub(crate) task: AbortHandle,
    /// How many bytes may still be written to it.
    pub(crate) budget: Arc<AtomicUsize>,
    /// The session that it is for, once there is one.
    pub(crate) session: Option<String>,
}

/// What a connection's task is asked to write.
pub(crate) enum Outgoing {
    Text(Arc<str>),
    /// A close frame with this code, and the end.
    Close(u16),
}

impl Shared {
    pub(crate) fn new(setup: Setup, gateway_url: String) -> Self {
        Self {
            state: Mutex::new(State {
                rest: Rest::new(setup.rest_faults),
                setup,
                gateway_url,
                world: World::default(),
                others: BTreeMap::new(),
                sessions: BTreeMap::new(),
                connections: BTreeMap::new(),
                observed: Observed::default(),
                identified: HashMap::new(),
                mute_acks: false,
                refuse_connections: false,
                chunk_script: ChunkScript::default(),
                held: Vec::new(),
                storm: None,
                last_id: 1_300_000_000_000_000_000,
            }),
            changed: watch::Sender::new(()),
            paused: watch::Sender::new(false),
        }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.send_replace(());
        result
    }

    /// Waits until `is_so` of the state.
    pub(crate) async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !self.read(&is_so) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that failed while it held the lock has said enough.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets something happen, and tells every session that wants to know.
    pub(crate) fn take(&mut self, step: Step) -> bool {
        let guild = step.guild();
        if let Step::MemberLeft { user, .. } | Step::Unbanned { user, .. } = &step {
            // Who is in no server any more is still a user.
            self.others
                .extend(self.user(*user).map(|it| (it.id, it.clone())));
        }
        let Some(told) = self.world.take(step, &self.setup.bot) else {
            return false;
        };
        for told in told {
            match told {
                Told::Whole => self.tell_whole(guild),
                Told::Event { name, intent, data } => self.tell(guild, intent, name, &data),
            }
        }
        true
    }

    /// Lets something happen of which nobody is told, also in a server in an outage.
    pub(crate) fn take_unseen(&mut self, step: Step) -> bool {
        let guild = step.guild();
        let outage = self.world.guilds.get_mut(&guild);
        let was_out = outage.is_some_and(|it| std::mem::take(&mut it.unavailable));
        let is_sensible = self.world.take(step, &self.setup.bot).is_some();
        if let Some(guild) = self.world.guilds.get_mut(&guild) {
            guild.unavailable |= was_out;
        }
        is_sensible
    }

    /// Dispatches an event of a server to the sessions whose shard has the server and who named the intent.
    pub(crate) fn tell(&mut self, guild: u64, intent: u64, name: &str, data: &Value) {
        let data = data.to_string();
        for id in self.sessions_with(guild, intent) {
            self.dispatch(&id, name, &data);
        }
    }

    /// Dispatches a `GUILD_CREATE` to the sessions that may see it.
    fn tell_whole(&mut self, guild: u64) {
        for id in self.sessions_with(guild, intents::GUILDS) {
            self.dispatch_whole(&id, guild);
        }
    }

    pub(crate) fn dispatch_whole(&mut self, session: &str, guild: u64) {
        let Some(wishes) = self.sessions.get(session).map(|it| &it.wishes) else {
            return;
        };
        let Some(guild) = self.world.guilds.get(&guild) else {
            return;
        };
        let data = json::guild_whole(guild, wishes, &self.setup);
        self.dispatch(session, "GUILD_CREATE", &data.to_string());
    }

    /// Dispatches to one session: at once if it is connected, and in any case so that it can be replayed.
    pub(crate) fn dispatch(&mut self, id: &str, name: &str, data: &str) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let frame = session.next(name, data);
        self.observed.sent.insert(id.to_owned(), session.sequence);
        if let Some(connection) = session.connection {
            self.send(connection, Outgoing::Text(frame));
        }
    }

    /// Writes to a connection, if it is still there.
    pub(crate) fn send(&self, connection: u64, what: Outgoing) {
        if let Some(connection) = self.connections.get(&connection) {
            // A task that has just ended takes nothing more, as a broken connection would.
            drop(connection.outgoing.send(what));
        }
    }

    /// Writes the same to every connection.
    pub(crate) fn send_to_all(&self, what: impl Fn() -> Outgoing) {
        for connection in self.connections.keys() {
            self.send(*connection, what());
        }
    }

    /// Notes that a connection is gone. Its session can be resumed.
    pub(crate) fn disconnected(&mut self, connection: u64) {
        let Some(gone) = self.connections.remove(&connection) else {
            return;
        };
        self.observed.open = self.connections.len();
        let Some(id) = gone.session else { return };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.connection == Some(connection) {
            session.connection = None;
            if session.lost {
                self.forget(&id);
            }
        }
    }

    /// Cuts a connection without a word.
    pub(crate) fn cut(&mut self, connection: u64) {
        if let Some(open) = self.connections.get(&connection) {
            open.task.abort();
            self.disconnected(connection);
        }
    }

    /// Cuts every connection.
    pub(crate) fn cut_all(&mut self) {
        for connection in self.connections.keys().copied().collect::<Vec<_>>() {
            self.cut(connection);
        }
    }

    /// Ends a session. Its client may identify anew on the connection that it has.
    pub(crate) fn forget(&mut self, id: &str) {
        self.observed.sent.remove(id);
        self.held.retain(|chunk| chunk.session != id);
        let ended = self.sessions.remove(id);
        if let Some(connection) = ended.and_then(|it| it.connection)
            && let Some(connection) = self.connections.get_mut(&connection)
        {
            connection.session = None;
        }
    }

    /// Ends every session: at once, or together with its connection.
    pub(crate) fn forget_all(&mut self, at_once: bool) {
        for id in self.sessions.keys().cloned().collect::<Vec<_>>() {
            match self.sessions.get_mut(&id) {
                Some(session) if session.connection.is_some() && !at_once => session.lost = true,
                _ => self.forget(&id),
            }
        }
    }

    /// Asks those for a heartbeat who were sent something since they were last asked.
    pub(crate) fn ask_for_heartbeats(&mut self) {
        let mut asked = Vec::new();
        for session in self.sessions.values_mut() {
            if let Some(connection) = session.unasked() {
                session.asked = Some((connection, session.sequence));
                asked.push(connection);
            }
        }
        for connection in asked {
            self.send(connection, Outgoing::Text(frame(1, &Value::Null)));
        }
    }

    /// Whether somebody was sent something since they were last asked for a heartbeat.
    pub(crate) fn has_unasked(&self) -> bool {
        self.sessions.values().any(|it| it.unasked().is_some())
    }

    fn sessions_with(&self, guild: u64, intent: u64) -> Vec<String> {
        self.sessions
            .iter()
            .filter(|(_, session)| session.has(guild) && session.wishes.intents & intent == intent)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Which of a session's servers are there, and whether Discord can reach them.
    pub(crate) fn guilds_of(&self, session: &Session) -> Vec<(u64, bool)> {
        self.world
            .guilds
            .values()
            .filter(|guild| session.has(guild.id))
            .map(|guild| (guild.id, !guild.unavailable))
            .collect()
    }

    pub(crate) fn session_start_limit(&self) -> Value {
        let limit = self.setup.start_limit;
        json!({
            "total": limit.total,
            "remaining": limit.remaining,
            "reset_after": limit.reset_after.as_millis(),
            "max_concurrency": self.setup.max_concurrency,
        })
    }

    /// A user that Discord knows.
    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        let mut guilds = self.world.guilds.values();
        guilds
            .find_map(|guild| guild.user(id))
            .or_else(|| self.others.get(&id))
    }

    /// An id that nothing else has.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
