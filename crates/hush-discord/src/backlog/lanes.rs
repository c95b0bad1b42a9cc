//! The order of things to do, without anybody who waits.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hush_domain::events::PresenceChange;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;

use super::{Batch, Beginning, Heard, Item, Job, Outcome, Work};
use crate::progress::Mark;

/// About how many bytes of memory a presence takes that waits.
const PRESENCE: usize = 128;

type Fresh = (Presence, Heard, Mark);

/// What is to be done in each server, and on each connection.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    servers: HashMap<ServerId, Lane>,
    connections: HashMap<u32, Connection>,
    /// Servers of which nothing is being done and something can be.
    ready: VecDeque<ServerId>,
    /// Servers with presences that wait for nothing else, longest first. Some may be gone or busy by now.
    with_presences: VecDeque<ServerId>,
    /// Beginnings for which nothing has to be waited any more.
    beginnings: VecDeque<Beginning>,
    weight: usize,
}

/// One server.
#[derive(Debug, Default)]
struct Lane {
    shard: u32,
    queue: VecDeque<Item>,
    /// Presences that came after the queue, the last of each member. Sorted, so that what is done is always the same.
    presences: BTreeMap<UserId, Fresh>,
    /// Whether something of it is being done.
    busy: bool,
}

/// One connection.
#[derive(Debug, Default)]
struct Connection {
    /// How many things are to be done or being done that were heard on it.
    open: usize,
    /// Whether a session is beginning.
    beginning: bool,
    /// The next beginning and all that follows it.
    held: VecDeque<Held>,
}

#[derive(Debug)]
enum Held {
    Begin(Beginning),
    Item(ServerId, Item),
    Presence(ServerId, UserId, Fresh),
}

impl Lanes {
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn is_empty(&self) -> bool {
        let idle = |connection: &Connection| {
            connection.open == 0 && connection.held.is_empty() && !connection.beginning
        };
        self.connections.values().all(idle)
    }

    pub(super) fn push(&mut self, shard: u32, server: ServerId, item: Item) {
        self.weight += item.weight;
        let connection = self.connections.entry(shard).or_default();
        if connection.is_closed() {
            connection.held.push_back(Held::Item(server, item));
        } else {
            self.insert(shard, server, item);
        }
    }

    pub(super) fn push_presence(
        &mut self,
        shard: u32,
        server: ServerId,
        user: UserId,
        presence: Fresh,
    ) {
        let connection = self.connections.entry(shard).or_default();
        self.weight += PRESENCE;
        if connection.is_closed() {
            connection
                .held
                .push_back(Held::Presence(server, user, presence));
        } else {
            self.insert_presence(shard, server, user, presence);
        }
    }

    pub(super) fn begin(&mut self, beginning: Beginning) {
        let shard = beginning.shard;
        let connection = self.connections.entry(shard).or_default();
        connection.held.push_back(Held::Begin(beginning));
        self.let_begin(shard);
    }

    pub(super) fn take(&mut self) -> Option<Job> {
        if let Some(beginning) = self.beginnings.pop_front() {
            return Some(Job::Begin(beginning));
        }
        let server = self.ready.pop_front()?;
        let lane = self.servers.get_mut(&server)?;
        let item = lane.queue.pop_front()?;
        lane.busy = true;
        Some(Job::Server(server, item))
    }

    pub(super) fn take_presences(&mut self, most: usize) -> Batch {
        let mut batch = Batch::default();
        while batch.changes.len() < most
            && let Some(server) = self.with_presences.pop_front()
        {
            let Some(lane) = self.servers.get_mut(&server) else {
                continue;
            };
            if lane.busy || !lane.queue.is_empty() || lane.presences.is_empty() {
                continue;
            }
            lane.busy = true;
            let presences = std::mem::take(&mut lane.presences);
            batch.servers.push(server);
            batch.add(server, presences);
        }
        batch
    }

    pub(super) fn done(
        &mut self,
        server: ServerId,
        weight: usize,
        marks: Vec<Mark>,
        outcome: Outcome,
    ) {
        self.weight = self.weight.saturating_sub(weight);
        let things = marks.len();
        outcome.note(marks);
        self.close(server, things);
    }

    pub(super) fn batch_done(&mut self, batch: Batch, outcome: Outcome) {
        self.weight = self
            .weight
            .saturating_sub(batch.changes.len().saturating_mul(PRESENCE));
        let mut of_server: HashMap<_, usize> = HashMap::new();
        for change in &batch.changes {
            *of_server.entry(change.server).or_default() += 1;
        }
        outcome.note(batch.marks);
        for server in batch.servers {
            self.close(server, of_server.get(&server).copied().unwrap_or_default());
        }
    }

    pub(super) fn begun(&mut self, shard: u32, mark: Mark) {
        mark.done();
        let Some(connection) = self.connections.get_mut(&shard) else {
            return;
        };
        connection.beginning = false;
        let mut held = std::mem::take(&mut connection.held);
        while let Some(next) = held.pop_front() {
            match next {
                Held::Item(server, item) => self.insert(shard, server, item),
                Held::Presence(server, user, presence) => {
                    self.insert_presence(shard, server, user, presence);
                }
                Held::Begin(beginning) => {
                    held.push_front(Held::Begin(beginning));
                    break;
                }
            }
        }
        if let Some(connection) = self.connections.get_mut(&shard) {
            connection.held = held;
        }
        self.let_begin(shard);
    }

    fn insert(&mut self, shard: u32, server: ServerId, item: Item) {
        let lane = self.servers.entry(server).or_default();
        lane.shard = shard;
        let was_idle = !lane.busy && lane.queue.is_empty();
        if !lane.presences.is_empty() {
            let presences = std::mem::take(&mut lane.presences);
            lane.queue
                .push_back(Item::presences(server, presences, item.heard));
        }
        let things = item.marks.len();
        lane.queue.push_back(item);
        if was_idle {
            self.ready.push_back(server);
        }
        self.connections.entry(shard).or_default().open += things;
    }

    fn insert_presence(&mut self, shard: u32, server: ServerId, user: UserId, presence: Fresh) {
        let lane = self.servers.entry(server).or_default();
        lane.shard = shard;
        if lane.presences.is_empty() && !lane.busy && lane.queue.is_empty() {
            self.with_presences.push_back(server);
        }
        match lane.presences.insert(user, presence) {
            Some((_, _, replaced)) => {
                replaced.done();
                self.weight = self.weight.saturating_sub(PRESENCE);
            }
            None => self.connections.entry(shard).or_default().open += 1,
        }
    }

    /// Lets go of a server of which `things` are done.
    fn close(&mut self, server: ServerId, things: usize) {
        let Some(lane) = self.servers.get_mut(&server) else {
            return;
        };
        lane.busy = false;
        let shard = lane.shard;
        if !lane.queue.is_empty() {
            self.ready.push_back(server);
        } else if !lane.presences.is_empty() {
            self.with_presences.push_back(server);
        } else {
            self.servers.remove(&server);
        }
        if let Some(connection) = self.connections.get_mut(&shard) {
            connection.open = connection.open.saturating_sub(things);
        }
        self.let_begin(shard);
    }

    /// Lets a session begin that waits for nothing any more.
    fn let_begin(&mut self, shard: u32) {
        let Some(connection) = self.connections.get_mut(&shard) else {
            return;
        };
        if connection.open > 0 || connection.beginning {
            return;
        }
        if let Some(Held::Begin(_)) = connection.held.front()
            && let Some(Held::Begin(beginning)) = connection.held.pop_front()
        {
            connection.beginning = true;
            self.beginnings.push_back(beginning);
        }
    }
}

impl Outcome {
    fn note(self, marks: Vec<Mark>) {
        if self == Self::Applied {
            marks.into_iter().for_each(Mark::done);
        }
    }
}

impl Connection {
    /// Whether what is heard now has to wait for the beginning of a session.
    fn is_closed(&self) -> bool {
        self.beginning || !self.held.is_empty()
    }
}

impl Item {
    /// The presences of a server, to be set before what was heard `next`.
    fn presences(server: ServerId, presences: BTreeMap<UserId, Fresh>, next: Heard) -> Self {
        let heard = presences.values().map(|(_, heard, _)| *heard);
        let heard = heard.min_by_key(|heard| heard.instant).unwrap_or(next);
        let mut batch = Batch::default();
        batch.add(server, presences);
        Self {
            weight: batch.changes.len() * PRESENCE,
            heard,
            work: Work::Presences(batch.changes),
            marks: batch.marks,
        }
    }
}

impl Batch {
    fn add(&mut self, server: ServerId, presences: BTreeMap<UserId, Fresh>) {
        for (user, (presence, heard, mark)) in presences {
            self.changes.push(PresenceChange {
                server,
                user,
                presence,
                received_at: heard.at,
            });
            self.marks.push(mark);
            let since = self.since.unwrap_or(heard.instant);
            self.since = Some(since.min(heard.instant));
        }
    }
}
