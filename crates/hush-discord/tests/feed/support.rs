//! A feed over a store in memory, and a Discord for it to follow.

use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::Memory;
use hush_adapters::memory::MemoryLimiter;
use hush_adapters::system::{SystemClock, SystemRandom};
use hush_app::{App, Limits};
use hush_discord::commands::Commands;
use hush_discord::{BotToken, Ports, Privileged, Settings};
use hush_discord_fake::{Fake, Setup};
use hush_domain::audit::chain::Keyring;
use hush_domain::ids::ServerId;
use hush_domain::limits::Rule;
use hush_domain::stats::Stats;
use hush_ports::StatsReader;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// As long as anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Site {
    pub(crate) fake: Fake,
    pub(crate) memory: Memory,
    stop: watch::Sender<bool>,
    following: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start(setup: Setup, privileged: Privileged) -> Self {
        let fake = Fake::start(setup.clone()).await.unwrap();
        Self::over(fake, Memory::new(), privileged)
    }

    pub(crate) fn over(fake: Fake, memory: Memory, privileged: Privileged) -> Self {
        let store = Arc::new(memory.clone());
        let clock = Arc::new(SystemClock::new());
        let ports = Ports {
            feed: store.clone(),
            sessions: store.clone(),
            samples: store.clone(),
            clock: clock.clone(),
        };
        let limiter = Arc::new(MemoryLimiter::new(clock.clone(), 1024));
        let minute = Rule::new(60, Duration::from_secs(60)).unwrap();
        let limits = Limits {
            requests: Some(minute),
            unknown_tokens: minute,
        };
        let app = App::new(
            &hush_app::Ports {
                tokens: store.clone(),
                users: store.clone(),
                stats: store.clone(),
                limiter: limiter.clone(),
                auth_limiter: limiter,
                audit: store.clone(),
                audit_keys: Keyring::default(),
                settings: store.clone(),
                usage: store.clone(),
                upkeep: store.clone(),
                health: store,
                clock,
                random: Arc::new(SystemRandom),
            },
            limits,
        );
        let settings = Settings {
            token: BotToken::new(&Setup::default().token).unwrap(),
            api: Some(fake.api_url().parse().unwrap()),
            privileged,
            alone: true,
        };
        let public_url = "https://hush.example.com";
        let commands = Commands::new(Arc::new(app), public_url, settings.api.as_ref());
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(hush_discord::follow(
            settings,
            ports,
            Arc::new(commands),
            stopped,
        ));
        Self {
            fake,
            memory,
            stop,
            following,
        }
    }

    pub(crate) async fn stop(self) -> (Fake, Memory) {
        self.stop.send(true).unwrap();
        self.following.await.unwrap();
        (self.fake, self.memory)
    }

    /// Waits until the counts of every server are those of the world.
    pub(crate) async fn agree(&self) {
        let agreed = async {
            loop {
                let disagreement = self.disagreement().await;
                if disagreement.is_none() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let agreed = tokio::time::timeout(PATIENCE, agreed).await;
        assert!(agreed.is_ok(), "{:?}", self.disagreement().await);
    }

    async fn disagreement(&self) -> Option<String> {
        for (id, guild) in self.fake.world().guilds {
            let stats = self.stats(id).await;
            let counts = |count: usize| Some(count as u64);
            let expected = (
                counts(guild.member_count()),
                counts(guild.bots()),
                counts(guild.online()),
            );
            let found = stats.map(|stats| (stats.members, stats.bots, stats.online));
            if found != Some(expected) {
                return Some(format!("server {id}: {found:?} instead of {expected:?}"));
            }
        }
        None
    }

    pub(crate) async fn stats(&self, server: u64) -> Option<Stats> {
        let server = ServerId::try_from(server).unwrap();
        self.memory.server_stats(server).await.unwrap()
    }
}

pub(crate) const EVERYTHING: Privileged = Privileged {
    members: true,
    presences: true,
};
