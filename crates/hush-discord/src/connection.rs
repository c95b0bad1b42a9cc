//! One connection to the gateway: hears what Discord says and hands it on. It waits for no store, so that its
//! heartbeat never does.

mod shown;

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::Stream;
use http::Uri;
use hush_domain::events::{Change, Event, Extent, Snapshot};
use hush_domain::feed::Shard;
use hush_domain::ids::ServerId;
use hush_ports::Clock;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{CloseFrame, ConfigBuilder, Message, ShardState};
use twilight_model::gateway::payload::outgoing::RequestGuildMembers;
use twilight_model::id::Id;

use crate::backlog::{Backlog, Beginning, Heard, Item, Work};
use crate::identify::Identifies;
use crate::lead::Lead;
use crate::meters::{self, Meters};
use crate::progress::Progress;
use crate::requests::Requests;
use crate::settings::Privileged;
use crate::wire::{self, Chunk, Dispatch, Generations};

pub(crate) use shown::{Shown, Standing};

/// How often it is looked whether member lists are to be asked for.
const ASK: Duration = Duration::from_secs(1);
/// How long Discord may take to confirm that a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);
/// After how many attempts to reach Discord the time between them begins anew: the last one is 16 s after the one before.
const ATTEMPTS: u8 = 6;

/// A connection as `twilight` keeps it.
pub(crate) type Gateway = twilight_gateway::Shard<Identifies>;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was told to.
    Stopped,
    /// The lead has run out.
    Deposed,
    /// Discord does not let this bot in, and says why by this code.
    Refused(u16),
}

/// What a connection works with.
pub(crate) struct Connection {
    pub(crate) shard: Shard,
    pub(crate) gateway: Gateway,
    pub(crate) privileged: Privileged,
    pub(crate) lead: Lead,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) shown: Arc<Shown>,
    pub(crate) requests: Requests,
    pub(crate) generations: Generations,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stop: watch::Receiver<bool>,
    /// The state that was shown last.
    pub(crate) state: Option<ShardState>,
}

/// What happens next on a connection.
enum Next {
    Heard(Option<Result<Message, ReceiveMessageError>>),
    Ask,
    Stop,
}

impl Connection {
    /// Hears until it is told to stop, the lead has run out, or Discord refuses.
    pub(crate) async fn run(mut self) -> Ended {
        let mut ask = interval(ASK);
        ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop) => Next::Stop,
                _ = ask.tick() => Next::Ask,
                heard = hear(&mut self.gateway, &self.lead) => Next::Heard(heard),
            };
            match next {
                Next::Stop => {
                    self.close().await;
                    break Ended::Stopped;
                }
                Next::Ask => self.ask(),
                Next::Heard(None) => break Ended::Deposed,
                Next::Heard(Some(Ok(Message::Text(text)))) => self.take(&text),
                Next::Heard(Some(Ok(Message::Close(frame)))) => {
                    let code = frame.as_ref().map(|frame| frame.code);
                    tracing::info!(shard = %self.shard, code, "the connection to Discord has ended");
                    self.meters.reconnects.increment(1);
                    if self.gateway.state() == ShardState::FatallyClosed {
                        break Ended::Refused(code.unwrap_or_default());
                    }
                }
                Next::Heard(Some(Err(error))) => {
                    self.complain(&error);
                    self.lose_patience();
                }
            }
            self.show_state(self.gateway.state());
            if self.backlog.is_full() {
                self.pause().await;
            }
        }
    }

    /// Ends the connection in a way that keeps its session, and takes what it still says.
    async fn close(&mut self) {
        if let ShardState::Disconnected { .. } = self.gateway.state() {
            return;
        }
        self.gateway.close(CloseFrame::RESUME);
        let closed = async {
            while let Some(heard) = hear(&mut self.gateway, &self.lead).await {
                match heard {
                    Ok(Message::Text(text)) => self.take(&text),
                    Ok(Message::Close(_)) | Err(_) => return,
                }
            }
        };
        let _ = timeout(FAREWELL, closed).await;
    }

    /// Forgets how often Discord could not be reached. twilight waits twice as long each time, up to four minutes.
    fn lose_patience(&mut self) {
        let ShardState::Disconnected { reconnect_attempts } = self.gateway.state() else {
            return;
        };
        if reconnect_attempts < ATTEMPTS {
            return;
        }
        self.connect_anew();
    }

    /// Goes on with the session where every connection begins.
    fn connect_anew(&mut self) {
        let mut config = ConfigBuilder::from(self.gateway.config().clone());
        if let Some(session) = self.gateway.session() {
            config = config.session(session.clone());
        }
        self.gateway = Gateway::with_config(self.gateway.id(), config.build());
    }

    /// Hears nothing until less is waiting. The session goes on where it is left, so nothing is missed.
    async fn pause(&mut self) {
        tracing::warn!(shard = %self.shard, "more is heard than can be stored: listening again later");
        self.close().await;
        self.show_state(ShardState::Disconnected {
            reconnect_attempts: 0,
        });
        tokio::select! {
            () = self.backlog.relief() => {}
            () = self.lead.run_out() => {}
            _ = self.stop.wait_for(|stop| *stop) => {}
        }
    }

    fn ask(&mut self) {
        if self.gateway.state() != ShardState::Active || !self.privileged.members {
            return;
        }
        for (server, nonce) in self.requests.due(Instant::now()) {
            let request = RequestGuildMembers::builder(Id::new(server.get()))
                .presences(self.privileged.presences)
                .nonce(nonce)
                .query("", None);
            self.gateway.command(&request);
            self.meters.member_requests.increment(1);
        }
    }

    fn complain(&self, error: &ReceiveMessageError) {
        if let ReceiveMessageErrorType::Reconnect = error.kind() {
            tracing::warn!(shard = %self.shard, %error, "Discord cannot be reached");
        } else {
            // Not the error's text, which repeats the frame: a session's id or an interaction's token may be in it.
            tracing::warn!(shard = %self.shard, "a frame of Discord's cannot be read, and is passed over");
            self.meters.malformed.increment(1);
        }
    }

    fn show_state(&mut self, state: ShardState) {
        if self.state == Some(state) {
            return;
        }
        self.state = Some(state);
        let live = state == ShardState::Active;
        if self.shown.set_live(live) {
            tracing::info!(shard = %self.shard, live, "following Discord");
        }
        meters::show_state(self.shard.number, Some(state));
    }

    /// Hands on what a frame says.
    fn take(&mut self, text: &str) {
        let Some(frame) = wire::frame(text) else {
            return;
        };
        let Some((sequence, name)) = frame.dispatch() else {
            return;
        };
        let heard = Heard {
            at: self.clock.wall(),
            instant: Instant::now(),
        };
        self.meters.event(name);
        #[expect(clippy::cast_precision_loss, reason = "it is a measured value")]
        self.meters
            .last_event
            .set(heard.at.unix_micros() as f64 / 1e6);
        match frame.read(self.privileged, &mut self.generations) {
            Ok(dispatch) => self.hand_on(dispatch, sequence, heard, text.len()),
            Err(error) => {
                tracing::warn!(
                    shard = %self.shard, event = name, line = error.line(), column = error.column(),
                    "an event of Discord's cannot be read, and is passed over"
                );
                self.meters.malformed.increment(1);
                self.progress.pass(sequence);
            }
        }
    }

    fn hand_on(&mut self, dispatch: Dispatch, sequence: u64, heard: Heard, weight: usize) {
        let shard = self.shard.number;
        match dispatch {
            Dispatch::Ready(named) => self.begin(named, sequence, heard),
            Dispatch::Resumed | Dispatch::Nothing => self.progress.pass(sequence),
            Dispatch::Presence(server, user, presence) => {
                let mark = self.progress.mark(sequence);
                self.requests.note_presence(server, user, presence);
                self.backlog
                    .push_presence(shard, server, (user, presence), heard, mark);
            }
            Dispatch::Server(snapshot, members) => {
                self.want(&snapshot, heard.instant);
                let server = snapshot.server;
                let work = Work::Server(Arc::new(*snapshot), members.into());
                self.push(server, work, heard, weight, sequence);
            }
            Dispatch::Changed(Event { server, change }) => {
                if let Change::ServerRemoved | Change::ServerUnavailable = change {
                    self.requests.forget(server);
                }
                self.requests.note(server, &change);
                self.push(server, Work::Change(change), heard, weight, sequence);
            }
            Dispatch::Chunk(chunk) => self.chunk(chunk, heard, weight, sequence),
            Dispatch::TooEarly {
                server,
                retry_after,
            } => {
                self.requests.too_early(server, retry_after, heard.instant);
                self.progress.pass(sequence);
            }
            Dispatch::Interaction(server, member, interaction) => {
                // Who asks may be in a part of the member list that has not come yet. Without the intent nobody would
                // say when their roles change.
                if let Some(member) = member.filter(|_| self.privileged.members) {
                    let change = Work::Change(Change::MemberSeen(*member));
                    self.backlog.push(shard, server, Item::new(change, heard));
                }
                self.push(server, Work::Answer(interaction), heard, weight, sequence);
            }
        }
    }

    /// Takes note of a session that begins: what was heard before is another one's.
    fn begin(&mut self, named: Vec<ServerId>, sequence: u64, heard: Heard) {
        tracing::info!(shard = %self.shard, servers = named.len(), "a session with Discord has begun");
        self.requests.clear();
        self.progress = Progress::since(0);
        let mark = self.progress.mark(sequence);
        if let (Some(session), Some(url)) = (self.gateway.session(), self.gateway.resume_url()) {
            self.shown.set_standing(Standing {
                intents: self.gateway.config().intents().bits(),
                id: session.id().to_owned(),
                resume_url: url.to_owned(),
                progress: Arc::clone(&self.progress),
            });
        }
        self.backlog.begin(Beginning {
            shard: self.shard.number,
            named,
            heard,
            mark,
        });
        // twilight would go on there, and end in a panic.
        if self
            .gateway
            .resume_url()
            .is_some_and(|url| !is_gateway(url))
        {
            tracing::warn!(shard = %self.shard, "where Discord says to go on is no address of a gateway");
            self.connect_anew();
        }
    }

    fn want(&mut self, snapshot: &Snapshot, now: Instant) {
        match snapshot.extent {
            Extent::Partial { generation, .. } => {
                self.requests.want(snapshot.server, generation, now);
            }
            Extent::Complete | Extent::Counted { .. } => self.requests.forget(snapshot.server),
        }
    }

    fn chunk(&mut self, chunk: Chunk, heard: Heard, weight: usize, sequence: u64) {
        let Chunk {
            server,
            members,
            index,
            count,
            nonce,
        } = chunk;
        let (nonce, now) = (nonce.as_deref(), heard.instant);
        let part = self
            .requests
            .heard(server, nonce, (index, count), members, now);
        let Some(part) = part else {
            self.progress.pass(sequence);
            return;
        };
        let change = Change::MemberChunk {
            generation: part.generation,
            members: part.members,
            last: part.last,
        };
        self.push(server, Work::Change(change), heard, weight, sequence);
        if part.last {
            // There is room for another request.
            self.ask();
        }
    }

    fn push(&self, server: ServerId, work: Work, heard: Heard, weight: usize, sequence: u64) {
        let item = Item {
            work,
            heard,
            weight,
            marks: vec![self.progress.mark(sequence)],
        };
        self.backlog.push(self.shard.number, server, item);
    }
}

impl Drop for Connection {
    /// However it ends, nothing is heard from then on.
    fn drop(&mut self) {
        self.shown.set_live(false);
        meters::show_state(self.shard.number, None);
    }
}

/// Whether this is the address of a gateway.
pub(crate) fn is_gateway(url: &str) -> bool {
    // As twilight goes on from it.
    let uri = format!("{url}/?v=10").parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("ws" | "wss")) && uri.host().is_some())
}

/// The next message; `None` once the lead has run out. It is looked at before each step of the connection, which would
/// otherwise take a session back that another process goes on with by now.
async fn hear(gateway: &mut Gateway, lead: &Lead) -> Option<Result<Message, ReceiveMessageError>> {
    std::future::poll_fn(|context| {
        if lead.holds() {
            Pin::new(&mut *gateway).poll_next(context)
        } else {
            Poll::Ready(None)
        }
    })
    .await
}
