//! Whatever happens, and whatever goes wrong meanwhile, the store is as the world in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use hush_discord_fake::{ChunkScript, Observed, Setup, Step};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use tokio::runtime::Builder;

use crate::support::{EVERYTHING, OWNER, PATIENCE, SERVER, Site, guild};

/// Two servers that come and go, and one whose members come in parts.
const SERVERS: [u64; 3] = [SERVER, 2 << 22, LARGE];
const LARGE: u64 = 3 << 22;
/// How many connections there are.
const SHARDS: u32 = 2;
/// How many members the gateway shows with their server.
const SHOWN: usize = 60;

/// What comes next. A seed stands for a step by chance.
#[derive(Clone, Copy, Debug)]
enum Move {
    Step(usize, u64),
    /// The last event comes twice.
    Again,
    /// A presence comes before who it is of, or long after.
    Stray(usize, u64),
    Cut,
    CutAfter(usize),
    Reconnect,
    Invalidate,
    /// From now on parts of lists come in another order, and the rest of them later.
    Hold(usize),
    Release,
    /// A new process, after an orderly end or after none.
    Restart,
    Crash,
    /// The session is lost while nobody follows, and something happens meanwhile.
    Lose(usize, u64),
}

fn moves() -> impl Strategy<Value = Move> {
    let server = || 0..SERVERS.len();
    prop_oneof![
        80 => (server(), any::<u64>()).prop_map(|(server, seed)| Move::Step(server, seed)),
        4 => Just(Move::Again),
        4 => (server(), 1000..1_000_000_u64).prop_map(|(server, user)| Move::Stray(server, user)),
        2 => Just(Move::Cut),
        2 => (0..5000_usize).prop_map(Move::CutAfter),
        1 => Just(Move::Reconnect),
        1 => Just(Move::Invalidate),
        1 => (0..4_usize).prop_map(Move::Hold),
        1 => Just(Move::Release),
        1 => Just(Move::Restart),
        1 => Just(Move::Crash),
        1 => (server(), any::<u64>()).prop_map(|(server, seed)| Move::Lose(server, seed)),
    ]
}

/// Who follows through all of it.
struct Run {
    site: Site,
    /// How far the clock is ahead: whoever begins a session has done so longer than a minute ago.
    ahead: u64,
}

impl Run {
    async fn start() -> Self {
        let setup = Setup {
            shards: SHARDS,
            max_concurrency: 2,
            identify_every: Duration::ZERO,
            full_request_every: Duration::ZERO,
            shown_up_to: SHOWN,
            chunk_size: 16,
            ..Setup::default()
        };
        let site = Site::start(setup, EVERYTHING).await;
        assert!(site.fake.take(Step::GuildAdded(guild(LARGE, 99))));
        let run = Self { site, ahead: 0 };
        run.connected(&Observed::default()).await;
        run
    }

    /// Waits until both connections know their sessions: another one is begun a minute later if a first one is cut
    /// before that.
    async fn connected(&self, before: &Observed) {
        let fake = &self.site.fake;
        let sessions = |seen: &Observed| seen.identified() + seen.resumed();
        let begun = |seen: &Observed| sessions(seen) >= sessions(before) + SHARDS as usize;
        assert!(fake.until(begun, PATIENCE).await);
        fake.request_heartbeat();
        let known = |seen: &Observed| {
            let heard = seen.heartbeats.iter().filter(|it| it.sequence.is_some());
            let heard = heard.map(|it| it.connection);
            let new = heard.filter(|it| *it > before.connections as u64);
            new.collect::<BTreeSet<_>>().len() >= SHARDS as usize
        };
        assert!(fake.until(known, PATIENCE).await);
    }

    /// A step by chance. The large server neither leaves nor goes out: its list is asked for once in 30 s.
    fn step(&self, server: usize, seed: u64) -> Option<Step> {
        let (mut rng, world) = (Rng::with_seed(seed), self.site.fake.world());
        let step = Step::by_chance(&mut rng, &world, SERVERS[server], OWNER);
        let is_whole = matches!(step, Step::GuildLeft(LARGE) | Step::Outage(LARGE));
        (!is_whole).then_some(step)
    }

    async fn play(mut self, next: Move) -> Self {
        let fake = &self.site.fake;
        match next {
            Move::Step(server, seed) => {
                if let Some(step) = self.step(server, seed) {
                    fake.take(step);
                }
            }
            Move::Again => fake.repeat_last(),
            Move::Stray(server, user) => {
                let server = SERVERS[server];
                let guild = fake.world().guilds.remove(&server);
                if !guild.is_some_and(|guild| guild.members.contains_key(&user)) {
                    let user = json!({"id": user.to_string()});
                    let stray =
                        json!({"guild_id": server.to_string(), "user": user, "status": "online"});
                    fake.dispatch(server, "PRESENCE_UPDATE", &stray);
                }
            }
            Move::Cut => fake.cut(),
            Move::CutAfter(bytes) => fake.cut_after(bytes),
            Move::Reconnect => fake.request_reconnect(PATIENCE),
            Move::Invalidate => fake.invalidate(true),
            Move::Hold(parts) => fake.script_chunks(ChunkScript {
                hold_after: Some(parts),
                reversed: true,
                ..ChunkScript::default()
            }),
            Move::Release => fake.release_chunks(),
            Move::Restart | Move::Crash | Move::Lose(..) => {
                let lost = match next {
                    Move::Lose(server, seed) => self.step(server, seed),
                    _ => None,
                };
                let (fake, memory) = match next {
                    Move::Crash => self.site.crash().await,
                    _ => self.site.stop().await,
                };
                if let Some(step) = lost {
                    fake.forget_sessions();
                    fake.take_unseen(step);
                }
                let before = fake.observed();
                self.ahead += 120;
                self.site = Site::later(fake, memory, self.ahead);
                self.connected(&before).await;
            }
        }
        self
    }

    async fn end(self) {
        let fake = &self.site.fake;
        fake.script_chunks(ChunkScript::default());
        fake.release_chunks();
        for server in SERVERS {
            fake.take(Step::Back(server));
        }
        self.site.agree().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        // One that fails does so after a while. The variable `PROPTEST_MAX_SHRINK_ITERS` does not reach further than this.
        max_shrink_iters: 8,
        ..ProptestConfig::with_cases(6)
    })]

    #[test]
    fn whatever_happens_and_goes_wrong_the_store_is_as_the_world(
        moves in proptest::collection::vec(moves(), 50..150),
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::start().await;
            for next in moves {
                run = run.play(next).await;
            }
            run.end().await;
        });
    }
}
