//! The commands by their ids, and what of them waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hush_domain::commands::{Command, Lane, OrderType, State};
use hush_domain::ids::{CommandId, ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{Claimed, Held, PLACES_OF_A_SERVER, Room, Waiting, Worker};

#[derive(Default)]
pub(in crate::memory) struct Queue {
    commands: BTreeMap<CommandId, Kept>,
    /// Those that have not come to their end, messages last, each by when it came.
    pending: BTreeMap<Place, CommandId>,
    /// The places of those, by what they act on.
    lanes: HashMap<(ServerId, Lane), BTreeSet<u64>>,
    workers: BTreeMap<Worker, i64>,
    last_worker: i64,
    last_position: u64,
}

/// Where a command stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    is_message: bool,
    position: u64,
}

pub(super) struct Kept {
    pub(super) command: Command,
    place: Place,
    worker: Option<Worker>,
    again: Timestamp,
    unsure: bool,
}

impl Kept {
    /// Whether this is the attempt in which it is being carried out.
    pub(super) fn is_held(&self, held: Held) -> bool {
        self.worker == Some(held.worker) && self.command.attempts == held.attempt
    }
}

impl Queue {
    pub(super) fn get(&self, command: CommandId) -> Option<&Kept> {
        self.commands.get(&command)
    }

    pub(super) fn newest(&self) -> impl Iterator<Item = &Command> {
        self.commands.values().rev().map(|kept| &kept.command)
    }

    pub(super) fn pending_of(&self, server: ServerId) -> usize {
        let pending = self.pending().filter(|it| it.command.server == server);
        pending.count()
    }

    pub(super) fn add(&mut self, command: Command) {
        self.last_position += 1;
        let place = Place {
            is_message: command.order.kind() == OrderType::SendMessage,
            position: self.last_position,
        };
        self.pending.insert(place, command.id);
        for lane in command.order.lanes() {
            let lane = self.lanes.entry((command.server, lane)).or_default();
            lane.insert(place.position);
        }
        let kept = Kept {
            place,
            worker: None,
            again: command.created_at,
            unsure: false,
            command,
        };
        self.commands.insert(kept.command.id, kept);
    }

    /// Ends a command that has not come to its end.
    pub(super) fn end(&mut self, id: CommandId, end: State, at: Timestamp) -> Option<Command> {
        let kept = self.commands.get_mut(&id)?;
        self.pending.remove(&kept.place)?;
        for lane in kept.command.order.lanes() {
            let key = (kept.command.server, lane);
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.remove(&kept.place.position);
                if lane.is_empty() {
                    self.lanes.remove(&key);
                }
            }
        }
        kept.worker = None;
        kept.command.state = end;
        kept.command.ended_at = Some(at);
        Some(kept.command.clone())
    }

    pub(super) fn enlist(&mut self) -> Worker {
        self.last_worker += 1;
        let worker = Worker(self.last_worker);
        self.workers.insert(worker, 0);
        worker
    }

    pub(super) fn beat(&mut self, worker: Worker) -> bool {
        let beat = self.workers.get_mut(&worker);
        beat.map(|beat| *beat += 1).is_some()
    }

    pub(super) fn workers(&self) -> Vec<(Worker, i64)> {
        let workers = self.workers.iter();
        workers.map(|(worker, beat)| (*worker, *beat)).collect()
    }

    pub(super) fn dismiss(&mut self, worker: Worker, seen: Option<i64>) -> u64 {
        let beat = self.workers.get(&worker).copied();
        if seen.is_some() && beat != seen {
            return 0;
        }
        self.workers.remove(&worker);
        self.release(worker, &[])
    }

    pub(super) fn release(&mut self, worker: Worker, known: &[CommandId]) -> u64 {
        let theirs = self.commands.values_mut();
        let unknown =
            theirs.filter(|kept| kept.worker == Some(worker) && !known.contains(&kept.command.id));
        unknown.fold(0, |count, kept| {
            kept.worker = None;
            kept.unsure = true;
            count + 1
        })
    }

    pub(super) fn claim(&mut self, worker: Worker, now: Timestamp, room: Room) -> Vec<Claimed> {
        let mut claimed = Vec::new();
        if !self.workers.contains_key(&worker) {
            return claimed;
        }
        let mut busy: HashMap<ServerId, usize> = HashMap::new();
        for kept in self.pending().filter(|kept| kept.worker.is_some()) {
            *busy.entry(kept.command.server).or_default() += 1;
        }
        let mut messages = room.messages;
        let ready: Vec<_> = self
            .pending()
            .filter(|kept| self.is_ready(kept, now))
            .filter(|kept| {
                let of_server = busy.entry(kept.command.server).or_default();
                let places = PLACES_OF_A_SERVER - usize::from(kept.place.is_message);
                let fits = *of_server < places && (!kept.place.is_message || messages > 0);
                *of_server += usize::from(fits);
                messages -= u16::from(fits && kept.place.is_message);
                fits
            })
            .map(|kept| kept.command.id)
            .take(room.commands.into())
            .collect();
        for id in ready {
            let Some(kept) = self.commands.get_mut(&id) else {
                continue;
            };
            kept.worker = Some(worker);
            kept.command.state = State::Running;
            let begun = kept.command.started_at.filter(|_| kept.unsure);
            kept.command.started_at = begun.or(Some(now));
            kept.command.attempts += 1;
            claimed.push(Claimed {
                command: kept.command.clone(),
                unsure: kept.unsure,
            });
        }
        claimed
    }

    pub(super) fn postpone(&mut self, held: Held, again: Timestamp, unsure: bool) -> bool {
        let kept = self.commands.get_mut(&held.command);
        let Some(kept) = kept.filter(|kept| kept.is_held(held)) else {
            return false;
        };
        kept.worker = None;
        kept.again = again;
        kept.unsure = unsure;
        true
    }

    /// The commands on which nobody works and whose deadline has come, each with how it ends.
    pub(super) fn overdue(&self, now: Timestamp, limit: usize) -> Vec<(CommandId, State)> {
        let overdue = self
            .pending()
            .filter(|kept| kept.worker.is_none() && kept.command.not_after <= now);
        let overdue = overdue.take(limit);
        overdue
            .map(|kept| (kept.command.id, kept.command.overdue(kept.unsure)))
            .collect()
    }

    pub(super) fn waiting(&self) -> Waiting {
        let mut pending: BTreeMap<_, u64> = BTreeMap::new();
        for kept in self.pending() {
            *pending.entry(kept.command.order.kind()).or_default() += 1;
        }
        Waiting {
            pending: pending.into_iter().collect(),
            oldest: self.pending().map(|kept| kept.command.created_at).min(),
        }
    }

    /// Removes commands that came to their end before `cutoff`. Returns how many.
    pub(in crate::memory) fn tidy(&mut self, cutoff: Timestamp) -> u64 {
        self.remove(|command| command.ended_at.is_some_and(|end| end < cutoff))
    }

    /// What somebody ordered or was to be done to them and has not come to its end, each with how it ends once it must.
    pub(super) fn pending_about(&self, user: UserId) -> Vec<(CommandId, State)> {
        let theirs = self.pending().filter(|kept| kept.command.is_about(user));
        theirs
            .map(|kept| (kept.command.id, kept.command.broken_off()))
            .collect()
    }

    /// Removes what somebody ordered and what was to be done to them.
    pub(super) fn erase_user(&mut self, user: UserId) -> u64 {
        self.remove(|command| command.is_about(user))
    }

    pub(in crate::memory) fn erase_server(&mut self, server: ServerId) -> u64 {
        self.remove(|command| command.server == server)
    }

    fn remove(&mut self, is_gone: impl Fn(&Command) -> bool) -> u64 {
        let gone: Vec<_> = self
            .newest()
            .filter(|command| is_gone(command))
            .map(|command| (command.id, command.created_at))
            .collect();
        for (id, at) in &gone {
            self.end(*id, State::Cancelled, *at);
            self.commands.remove(id);
        }
        gone.len() as u64
    }

    fn pending(&self) -> impl Iterator<Item = &Kept> {
        self.pending.values().filter_map(|id| self.commands.get(id))
    }

    /// Whether a command can be carried out at `now`: nobody does so, its time has come and is not over, and nothing
    /// that came before acts on the same.
    fn is_ready(&self, kept: &Kept, now: Timestamp) -> bool {
        let command = &kept.command;
        kept.worker.is_none()
            && kept.again <= now
            && now < command.not_after
            && command.order.lanes().into_iter().all(|lane| {
                let lane = self.lanes.get(&(command.server, lane));
                lane.and_then(BTreeSet::first) == Some(&kept.place.position)
            })
    }
}
