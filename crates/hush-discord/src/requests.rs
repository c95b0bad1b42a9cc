//! Which member lists to ask for, when, and what of them has come.
//!
//! A list comes in parts. It is complete once every part of one request has come, whatever their order; parts of an
//! earlier request, or of one that another process made, count for nothing. A part may be older than what was heard since
//! the request: who joined, changed or left meanwhile is as that said.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use hush_domain::events::{Change, Generation, ListedMember};
use hush_domain::feed::Epoch;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use tokio::time::Instant;

/// The time between two requests for the members of one server. Source: Discord refuses a second one within 30 s.
const APART: Duration = Duration::from_secs(30);
/// After how long without a part a request counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server whose request was lost leaves its place to others, at most. The first time it is as long as it takes
/// to ask again at all, and twice as long each time.
const LONGEST_LEAVE: Duration = Duration::from_mins(16);
/// The most requests that are being answered at once, so that a thousand large servers do not come all together.
const AT_ONCE: usize = 4;
/// The longest that the platform can make us wait.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The member lists of one connection.
#[derive(Debug)]
pub(crate) struct Requests {
    epoch: Epoch,
    /// How many requests were made, which names the next one.
    made: u64,
    wanted: BTreeMap<ServerId, Wanted>,
    /// When each server was asked for last.
    asked: HashMap<ServerId, Instant>,
}

#[derive(Debug)]
struct Wanted {
    generation: Generation,
    not_before: Instant,
    /// How many requests were lost.
    lost: u32,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    nonce: String,
    seen: BTreeSet<u32>,
    last_heard: Instant,
    /// What was heard of members since the request was made.
    since: HashMap<UserId, Since>,
}

/// What was heard of somebody.
#[derive(Debug, Default)]
struct Since {
    /// As whom they joined or changed; that they left.
    member: Option<Membership>,
    presence: Option<Presence>,
}

#[derive(Debug)]
enum Membership {
    Is(ListedMember),
    Left,
}

impl Since {
    /// What is so of a member who was listed, if they still are one.
    fn after(&self, listed: ListedMember) -> Option<ListedMember> {
        let presence = self.presence.or(listed.presence);
        match &self.member {
            Some(Membership::Left) => None,
            Some(Membership::Is(member)) => Some(ListedMember {
                presence,
                ..member.clone()
            }),
            None => Some(ListedMember { presence, ..listed }),
        }
    }
}

/// A part that belongs to a list that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The series that it belongs to.
    pub(crate) generation: Generation,
    /// The members, each as heard last.
    pub(crate) members: Vec<ListedMember>,
    /// Whether all other parts have come before.
    pub(crate) last: bool,
}

impl Requests {
    /// The requests of whoever leads in `epoch`.
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            made: 0,
            wanted: BTreeMap::new(),
            asked: HashMap::new(),
        }
    }

    /// The members of `server` are wanted, in the place of an earlier wish.
    pub(crate) fn want(&mut self, server: ServerId, generation: Generation, now: Instant) {
        let asked = self.asked.get(&server);
        let wanted = Wanted {
            generation,
            not_before: asked.map_or(now, |asked| (*asked + APART).max(now)),
            lost: 0,
            running: None,
        };
        self.wanted.insert(server, wanted);
    }

    /// The members of `server` are not wanted any more.
    pub(crate) fn forget(&mut self, server: ServerId) {
        self.wanted.remove(&server);
    }

    /// Nobody's members are wanted any more: another session has begun.
    pub(crate) fn clear(&mut self) {
        self.wanted.clear();
    }

    /// The requests to make now: the server, and what to call the request.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(ServerId, String)> {
        self.asked.retain(|_, asked| *asked + APART > now);
        for wanted in self.wanted.values_mut() {
            let running = wanted.running.as_ref();
            if running.is_some_and(|running| running.last_heard + PATIENCE <= now) {
                wanted.running = None;
                let leave = APART.saturating_mul(1 << wanted.lost.min(5));
                wanted.not_before = now + leave.min(LONGEST_LEAVE);
                wanted.lost += 1;
            }
        }
        let running = self
            .wanted
            .values()
            .filter(|wanted| wanted.running.is_some());
        let places = AT_ONCE.saturating_sub(running.count());
        let mut due: Vec<_> = self
            .wanted
            .iter_mut()
            .filter(|(_, wanted)| wanted.running.is_none() && wanted.not_before <= now)
            .collect();
        due.sort_by_key(|(_, wanted)| wanted.not_before);
        let mut requests = Vec::new();
        for (server, wanted) in due.into_iter().take(places) {
            self.made += 1;
            // The platform takes 32 characters: this is never longer.
            let nonce = format!("{:x}.{:x}", self.epoch.0, self.made);
            wanted.not_before = now + APART;
            wanted.running = Some(Running {
                nonce: nonce.clone(),
                seen: BTreeSet::new(),
                last_heard: now,
                since: HashMap::new(),
            });
            self.asked.insert(*server, now);
            requests.push((*server, nonce));
        }
        requests
    }

    /// Somebody joined, changed or left, if `change` says so.
    pub(crate) fn note(&mut self, server: ServerId, change: &Change) {
        let (user, member) = match change {
            Change::MemberJoined(member) | Change::MemberChanged(member) => {
                (member.user.id, Membership::Is(member.clone()))
            }
            Change::MemberLeft(user) => (*user, Membership::Left),
            _ => return,
        };
        if let Some(since) = self.since(server, user) {
            since.member = Some(member);
        }
    }

    /// Somebody's presence changed.
    pub(crate) fn note_presence(&mut self, server: ServerId, user: UserId, presence: Presence) {
        if let Some(since) = self.since(server, user) {
            since.presence = Some(presence);
        }
    }

    fn since(&mut self, server: ServerId, user: UserId) -> Option<&mut Since> {
        let running = self.wanted.get_mut(&server)?.running.as_mut()?;
        Some(running.since.entry(user).or_default())
    }

    /// A part has come: number `index` of `count`. `None` if it belongs to no list that is waited for.
    pub(crate) fn heard(
        &mut self,
        server: ServerId,
        nonce: Option<&str>,
        (index, count): (u32, u32),
        members: Vec<ListedMember>,
        now: Instant,
    ) -> Option<Part> {
        let wanted = self.wanted.get_mut(&server)?;
        let running = wanted.running.as_mut()?;
        if Some(running.nonce.as_str()) != nonce || index >= count {
            return None;
        }
        running.last_heard = now;
        running.seen.insert(index);
        let members =
            members
                .into_iter()
                .filter_map(|member| match running.since.get(&member.user.id) {
                    Some(since) => since.after(member),
                    None => Some(member),
                });
        let part = Part {
            generation: wanted.generation,
            members: members.collect(),
            last: running.seen.len() >= usize::try_from(count).unwrap_or(usize::MAX),
        };
        if part.last {
            self.wanted.remove(&server);
        }
        Some(part)
    }

    /// The platform refuses to be asked for `server` before `retry_after` is over.
    pub(crate) fn too_early(&mut self, server: ServerId, retry_after: f64, now: Instant) {
        if let Some(wanted) = self.wanted.get_mut(&server) {
            let wait = Duration::try_from_secs_f64(retry_after).unwrap_or(APART);
            wanted.running = None;
            wanted.not_before = now + wait.min(LONGEST_WAIT);
        }
    }
}
