//! What may go wrong, on demand. Each fault meets every connection or session there is.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Fake;
use crate::chunks::ChunkScript;
use crate::json;
use crate::rest::Scripted;
use crate::session::frame;
use crate::setup::intents;
use crate::state::{Outgoing, State};

impl Fake {
    /// Cuts every connection without a word. Sessions can be resumed.
    pub fn cut(&self) {
        self.shared.change(State::cut_all);
    }

    /// Cuts every open connection once so many more bytes have been written to it, in the middle of a frame if that is
    /// where they end.
    pub fn cut_after(&self, bytes: usize) {
        self.shared.change(|state| {
            for connection in state.connections.values() {
                connection.budget.store(bytes, Ordering::Relaxed);
            }
        });
    }

    /// Asks every client to reconnect (op 7), and closes what is still open after a while.
    pub fn request_reconnect(&self, patience: Duration) {
        let asked = self.shared.change(|state| {
            state.send_to_all(|| Outgoing::Text(frame(7, &Value::Null)));
            state.connections.keys().copied().collect::<Vec<_>>()
        });
        let shared = self.shared.clone();
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            shared.change(|state| {
                for connection in asked {
                    state.send(connection, Outgoing::Close(4000));
                }
            });
        });
    }

    /// Tells every client that its session is invalid (op 9). Unless it is resumable it is forgotten.
    pub fn invalidate(&self, resumable: bool) {
        self.shared.change(|state| {
            state.send_to_all(|| Outgoing::Text(frame(9, &resumable.into())));
            if !resumable {
                state.forget_all(true);
            }
        });
    }

    /// Lets no session outlive its connection any more, which its client learns when it tries to resume.
    pub fn forget_sessions(&self) {
        self.shared.change(|state| state.forget_all(false));
    }

    /// Closes every connection with this code. Sessions can be resumed.
    pub fn close(&self, code: u16) {
        self.shared
            .change(|state| state.send_to_all(|| Outgoing::Close(code)));
    }

    /// Recommends so many shards from now on.
    pub fn recommend(&self, shards: u32) {
        self.shared.change(|state| state.setup.shards = shards);
    }

    /// Lets heartbeats go without an answer, or answers them again.
    pub fn mute_acks(&self, mute: bool) {
        self.shared.change(|state| state.mute_acks = mute);
    }

    /// Ends new connections to the gateway before a word is said, or takes them again.
    pub fn refuse_connections(&self, refuse: bool) {
        self.shared
            .change(|state| state.refuse_connections = refuse);
    }

    /// Writes nothing more to any client, though it goes on reading, or goes on with what has gathered.
    pub fn pause_writes(&self, pause: bool) {
        self.shared.paused.send_replace(pause);
    }

    /// Writes a text to every client as it is: no JSON, an unknown op, a field that is missing. It is in no session's
    /// sequence, and is not replayed.
    pub fn send_raw(&self, text: &str) {
        self.shared
            .change(|state| state.send_to_all(|| Outgoing::Text(text.into())));
    }

    /// Dispatches an event of a server, whatever it is, in every session's sequence: an unknown type, data with a field
    /// missing or with one too much.
    pub fn dispatch(&self, guild: u64, name: &str, data: &Value) {
        self.shared.change(|state| state.tell(guild, 0, name, data));
    }

    /// Dispatches a `GUILD_UPDATE` that says nothing new, in so many bytes or a few more.
    pub fn dispatch_long(&self, guild: u64, bytes: usize) -> bool {
        self.shared.change(|state| {
            let Some(data) = state.world.guilds.get(&guild).map(json::guild_alone) else {
                return false;
            };
            let mut data = data;
            data["unknown_field"] = json!("x".repeat(bytes));
            state.tell(guild, intents::GUILDS, "GUILD_UPDATE", &data);
            true
        })
    }

    /// Writes the last dispatch of every session once more, with its number.
    pub fn repeat_last(&self) {
        self.shared.change(|state| {
            for session in state.sessions.values() {
                if let (Some(connection), Some(last)) = (session.connection, session.last()) {
                    state.send(connection, Outgoing::Text(last));
                }
            }
        });
    }

    /// Asks every client for a heartbeat (op 1).
    pub fn request_heartbeat(&self) {
        self.shared
            .change(|state| state.send_to_all(|| Outgoing::Text(frame(1, &Value::Null))));
    }

    /// Lets the chunks of the next requests of members go wrong.
    pub fn script_chunks(&self, script: ChunkScript) {
        self.shared.change(|state| state.chunk_script = script);
    }

    /// Sends the chunks that were held back.
    pub fn release_chunks(&self) {
        self.shared.change(State::release_chunks);
    }

    /// Writes the answers of the next requests to the REST API whose path begins so, such as `/applications`. Scripts
    /// for one path are played one after the other.
    pub fn script_requests(&self, prefix: &str, requests: usize, scripted: Scripted) {
        self.shared
            .change(|state| state.rest.script(prefix, requests, scripted));
    }
}
