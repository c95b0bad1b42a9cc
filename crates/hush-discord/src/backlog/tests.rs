//! The backlog against a plain list of what was heard, whatever is taken and done in whatever order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hush_domain::events::Change;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::time::Timestamp;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::progress::Progress;

/// What happens next to a backlog.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A change is heard; all changes of a server are told apart by the user that they name.
    Change(u8),
    /// A presence is heard.
    Presence(u8, u8, Presence),
    /// A session begins on a connection.
    Begin(u8),
    /// Somebody takes something to do.
    Take,
    /// Somebody takes presences.
    TakePresences,
    /// The oldest, or newest, of what was taken is done.
    Done(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let presence = proptest::sample::select(&Presence::ALL[..]);
    prop_oneof![
        4 => (0..6_u8).prop_map(Step::Change),
        8 => (0..6_u8, 0..3_u8, presence).prop_map(|(server, user, presence)| Step::Presence(server, user, presence)),
        1 => (0..2_u8).prop_map(Step::Begin),
        6 => Just(Step::Take),
        3 => Just(Step::TakePresences),
        9 => any::<bool>().prop_map(Step::Done),
    ]
}

/// What came into effect, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Change(UserId),
    Presence(UserId, Presence),
    Begin,
}

enum Taken {
    Job(Job),
    Batch(Batch),
}

#[derive(Default)]
struct Run {
    backlog: Backlog,
    taken: Vec<Taken>,
    heard: u64,
    /// What was heard, by server; a beginning in every server of its connection.
    expected: HashMap<u8, Vec<Effect>>,
    effects: HashMap<u8, Vec<Effect>>,
    progress: [Arc<Progress>; 2],
}

/// Servers 0, 2, 4 come through the first connection, 1, 3, 5 through the second.
fn connection(server: u8) -> u8 {
    server % 2
}

fn server(number: u8) -> ServerId {
    ServerId::try_from(u64::from(number) + 1).unwrap()
}

fn number(server: ServerId) -> u8 {
    u8::try_from(server.get() - 1).unwrap()
}

fn user(number: u64) -> UserId {
    UserId::try_from(number + 1).unwrap()
}

/// Now, as far as a backlog cares.
fn heard() -> Heard {
    Heard {
        at: Timestamp::EPOCH,
        instant: Instant::now(),
    }
}

impl Run {
    fn mark(&mut self, connection: u8) -> Mark {
        self.heard += 1;
        self.progress[usize::from(connection)].mark(self.heard)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Change(number) => {
                let mark = self.mark(connection(number));
                let user = user(self.heard);
                let item = Item {
                    work: Work::Change(Change::MemberLeft(user)),
                    heard: heard(),
                    weight: 10,
                    marks: vec![mark],
                };
                self.expect(number, Effect::Change(user));
                self.backlog
                    .push(connection(number).into(), server(number), item);
            }
            Step::Presence(number, member, presence) => {
                let mark = self.mark(connection(number));
                let user = user(u64::from(member));
                self.expect(number, Effect::Presence(user, presence));
                self.backlog.push_presence(
                    connection(number).into(),
                    server(number),
                    (user, presence),
                    heard(),
                    mark,
                );
            }
            Step::Begin(shard) => {
                let mark = self.mark(shard);
                for number in (0..6).filter(|number| connection(*number) == shard) {
                    self.expect(number, Effect::Begin);
                }
                self.backlog.begin(Beginning {
                    shard: shard.into(),
                    named: Vec::new(),
                    heard: heard(),
                    mark,
                });
            }
            Step::Take => {
                let job = self.backlog.lanes().take();
                self.taken.extend(job.map(Taken::Job));
            }
            Step::TakePresences => {
                let batch = self.backlog.presences(4);
                self.taken.push(Taken::Batch(batch));
            }
            Step::Done(oldest) => {
                if self.taken.is_empty() {
                    return;
                }
                let place = if oldest { 0 } else { self.taken.len() - 1 };
                match self.taken.remove(place) {
                    Taken::Job(job) => self.job_done(job),
                    Taken::Batch(batch) => {
                        self.presences_done(&batch.changes);
                        self.backlog.batch_done(batch, Outcome::Applied);
                    }
                }
            }
        }
    }

    fn job_done(&mut self, job: Job) {
        match &job {
            Job::Server(server, item) => match &item.work {
                Work::Change(Change::MemberLeft(user)) => {
                    let effect = Effect::Change(*user);
                    self.effects
                        .entry(number(*server))
                        .or_default()
                        .push(effect);
                }
                Work::Presences(changes) => self.presences_done(&changes.clone()),
                other => panic!("nobody heard of {other:?}"),
            },
            Job::Begin(beginning) => {
                let numbers =
                    (0..6).filter(|server| u32::from(connection(*server)) == beginning.shard);
                for number in numbers {
                    self.effects.entry(number).or_default().push(Effect::Begin);
                }
            }
        }
        self.backlog.done(job, Outcome::Applied);
    }

    fn presences_done(&mut self, changes: &[PresenceChange]) {
        for change in changes {
            let effect = Effect::Presence(change.user, change.presence);
            self.effects
                .entry(number(change.server))
                .or_default()
                .push(effect);
        }
    }

    fn expect(&mut self, number: u8, effect: Effect) {
        self.expected.entry(number).or_default().push(effect);
    }
}

/// The same with only the last presence of each member between two other effects, by member.
fn coalesced(effects: &[Effect]) -> Vec<Effect> {
    let mut coalesced = Vec::new();
    let mut presences = BTreeMap::new();
    for effect in effects {
        if let Effect::Presence(user, presence) = effect {
            presences.insert(*user, *presence);
            continue;
        }
        let before = std::mem::take(&mut presences).into_iter();
        coalesced.extend(before.map(|(user, presence)| Effect::Presence(user, presence)));
        coalesced.push(*effect);
    }
    let rest = presences.into_iter();
    coalesced.extend(rest.map(|(user, presence)| Effect::Presence(user, presence)));
    coalesced
}

proptest! {
    #[test]
    fn each_server_sees_what_was_heard_in_its_order(steps in proptest::collection::vec(step(), 0..120)) {
        let mut run = Run::default();
        for step in steps {
            run.take(step);
            let busy = run.taken.iter().filter_map(|taken| match taken {
                Taken::Job(Job::Server(server, _)) => Some(vec![*server]),
                Taken::Job(Job::Begin(_)) => None,
                Taken::Batch(batch) => Some(batch.servers.clone()),
            });
            let mut busy: Vec<_> = busy.flatten().collect();
            let all = busy.len();
            busy.sort();
            busy.dedup();
            prop_assert_eq!(busy.len(), all, "two things at a time in one server");
        }
        // What is left is done as workers do it.
        while !run.backlog.lanes().is_empty() {
            run.take(Step::Take);
            run.take(Step::TakePresences);
            run.take(Step::Done(true));
        }
        for (server, expected) in &run.expected {
            let effects = run.effects.get(server).cloned().unwrap_or_default();
            prop_assert_eq!(coalesced(&effects), coalesced(expected), "server {}", server);
        }
        prop_assert_eq!(run.backlog.weight(), 0);
        let applied = run.progress.iter().map(|progress| progress.applied()).max();
        prop_assert_eq!(applied, Some(run.heard));
    }
}
