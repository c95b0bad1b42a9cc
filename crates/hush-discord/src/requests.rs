//! Which member lists to ask for, when, and what of them has come.
//!
//! A list comes in parts. It is complete once every part of one request has come, whatever their order; parts of an
//! earlier request, or of one that another process made, count for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use hush_domain::events::Generation;
use hush_domain::feed::Epoch;
use hush_domain::ids::ServerId;
use tokio::time::Instant;

/// The time between two requests for the members of one server. Source: Discord refuses a second one within 30 s.
const APART: Duration = Duration::from_secs(30);
/// After how long without a part a request counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
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
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    nonce: String,
    seen: BTreeSet<u32>,
    last_heard: Instant,
}

/// A part that belongs to a list that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The series that it belongs to.
    pub(crate) generation: Generation,
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
            }
        }
        let running = self
            .wanted
            .values()
            .filter(|wanted| wanted.running.is_some());
        let places = AT_ONCE.saturating_sub(running.count());
        let due = self
            .wanted
            .iter_mut()
            .filter(|(_, wanted)| wanted.running.is_none() && wanted.not_before <= now);
        let mut requests = Vec::new();
        for (server, wanted) in due.take(places) {
            self.made += 1;
            // The platform takes 32 characters: this is never longer.
            let nonce = format!("{:x}.{:x}", self.epoch.0, self.made);
            wanted.not_before = now + APART;
            wanted.running = Some(Running {
                nonce: nonce.clone(),
                seen: BTreeSet::new(),
                last_heard: now,
            });
            self.asked.insert(*server, now);
            requests.push((*server, nonce));
        }
        requests
    }

    /// A part has come: number `index` of `count`. `None` if it belongs to no list that is waited for.
    pub(crate) fn heard(
        &mut self,
        server: ServerId,
        nonce: Option<&str>,
        (index, count): (u32, u32),
        now: Instant,
    ) -> Option<Part> {
        let wanted = self.wanted.get_mut(&server)?;
        let running = wanted.running.as_mut()?;
        if Some(running.nonce.as_str()) != nonce || index >= count {
            return None;
        }
        running.last_heard = now;
        running.seen.insert(index);
        let part = Part {
            generation: wanted.generation,
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

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: u64 = 1;

    fn server(number: u64) -> ServerId {
        number.try_into().unwrap()
    }

    fn requests() -> (Requests, Instant) {
        (Requests::new(Epoch(7)), Instant::now())
    }

    /// Asks for the one server that is wanted, and tells what the request is called.
    fn ask(requests: &mut Requests, now: Instant) -> String {
        let due = requests.due(now);
        assert_eq!(due.len(), 1, "{due:?}");
        assert_eq!(due[0].0, server(SERVER));
        due[0].1.clone()
    }

    #[test]
    fn a_list_is_complete_once_every_part_has_come_in_whatever_order() {
        let (mut requests, now) = requests();
        requests.want(server(SERVER), Generation(3), now);
        let nonce = ask(&mut requests, now);
        let mut heard = |index| requests.heard(server(SERVER), Some(&nonce), (index, 3), now);
        let part = |last| {
            Some(Part {
                generation: Generation(3),
                last,
            })
        };
        assert_eq!(heard(2), part(false));
        assert_eq!(heard(0), part(false));
        assert_eq!(heard(0), part(false), "a part that comes twice counts once");
        assert_eq!(heard(1), part(true));
        assert_eq!(heard(1), None, "nothing is waited for any more");
    }

    #[test]
    fn parts_of_other_requests_count_for_nothing() {
        let (mut requests, now) = requests();
        requests.want(server(SERVER), Generation(3), now);
        let first = ask(&mut requests, now);
        let later = now + PATIENCE;
        let second = ask(&mut requests, later);
        let mut heard = |nonce: Option<&str>| requests.heard(server(SERVER), nonce, (0, 1), later);
        assert_eq!(heard(Some(&first)), None);
        assert_eq!(heard(None), None);
        assert!(heard(Some(&second)).is_some());
    }

    #[test]
    fn a_server_is_asked_for_every_thirty_seconds_at_most() {
        let (mut requests, now) = requests();
        let second = Duration::from_secs(1);
        requests.want(server(SERVER), Generation(1), now);
        ask(&mut requests, now);
        requests.want(server(SERVER), Generation(2), now + second);
        assert_eq!(requests.due(now + APART.saturating_sub(second)), []);
        let nonce = ask(&mut requests, now + APART);
        let part = requests.heard(server(SERVER), Some(&nonce), (0, 1), now + APART);
        assert_eq!(part.map(|part| part.generation), Some(Generation(2)));
        // Also after a list was complete.
        requests.want(server(SERVER), Generation(3), now + APART + second);
        assert_eq!(requests.due(now + APART + second), []);
        ask(&mut requests, now + APART + APART);
    }

    #[test]
    fn what_does_not_come_is_asked_for_again() {
        let (mut requests, now) = requests();
        requests.want(server(SERVER), Generation(1), now);
        let nonce = ask(&mut requests, now);
        let heard = now + APART;
        requests.heard(server(SERVER), Some(&nonce), (0, 2), heard);
        assert_eq!(requests.due(now + PATIENCE), [], "a part came meanwhile");
        ask(&mut requests, heard + PATIENCE);
    }

    #[test]
    fn a_refusal_is_obeyed() {
        let (mut requests, now) = requests();
        requests.want(server(SERVER), Generation(1), now);
        ask(&mut requests, now);
        requests.too_early(server(SERVER), 45.5, now);
        assert_eq!(requests.due(now + Duration::from_secs(45)), []);
        ask(&mut requests, now + Duration::from_secs(46));
        for nonsense in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            requests.too_early(server(SERVER), nonsense, now);
        }
        ask(&mut requests, now + LONGEST_WAIT + PATIENCE);
    }

    #[test]
    fn a_few_are_asked_for_at_once() {
        let (mut requests, now) = requests();
        for number in 1..=10 {
            requests.want(server(number), Generation(1), now);
        }
        let due = requests.due(now);
        assert_eq!(due.len(), AT_ONCE);
        assert_eq!(requests.due(now), []);
        let (first, nonce) = &due[0];
        assert!(requests.heard(*first, Some(nonce), (0, 1), now).is_some());
        assert_eq!(requests.due(now).len(), 1);
        requests.clear();
        assert_eq!(requests.due(now + PATIENCE), []);
    }

    #[test]
    fn a_nonce_is_never_longer_than_the_platform_takes() {
        let mut requests = Requests::new(Epoch(i64::MAX >> 32));
        requests.made = u64::from(u32::MAX);
        let now = Instant::now();
        requests.want(server(SERVER), Generation(1), now);
        assert!(ask(&mut requests, now).len() <= 32);
    }
}
