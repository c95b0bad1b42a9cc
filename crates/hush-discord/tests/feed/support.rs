//! A feed over a store in memory, and a Discord for it to follow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::system::{SystemClock, SystemRandom};
use hush_app::{App, Limits};
use hush_discord::commands::Commands;
use hush_discord::{BotToken, Ports, Privileged, Settings};
use hush_discord_fake::{Fake, Guild, Member, Setup, Status, Step, User};
use hush_domain::audit::chain::Keyring;
use hush_domain::feed::Shard;
use hush_domain::ids::{ChannelId, ServerId, UserId};
use hush_domain::limits::Rule;
use hush_domain::stats::Stats;
use hush_domain::time::Timestamp;
use hush_ports::{Channels, Clock, Feed, PageRequest, Sessions, StatsReader, Tokens, Users};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// As long as anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server with so many members, every third of whom is online.
pub(crate) fn guild(id: u64, members: u64) -> Guild {
    (0..members).fold(Guild::new(id, "Analytical", OWNER), |guild, number| {
        let status = if number % 3 == 0 {
            Status::Online
        } else {
            Status::Offline
        };
        let user = User::new(OWNER + number, &format!("reader {number}"));
        guild.with_member(Member::new(user).with_status(status))
    })
}

/// The server of most tests, and its owner.
pub(crate) const SERVER: u64 = 1 << 22;
pub(crate) const OWNER: u64 = 1000;

/// The system's clock, which can be put forward.
pub(crate) struct Hands {
    clock: SystemClock,
    ahead: AtomicU64,
    /// Whether whoever asks next for the time fails.
    broken: AtomicBool,
}

impl Hands {
    /// Lets whoever asks next for the time end in a panic.
    pub(crate) fn break_once(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Puts the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn wall(&self) -> Timestamp {
        assert!(!self.broken.swap(false, Ordering::Relaxed), "as told");
        let ahead = Duration::from_secs(self.ahead.load(Ordering::Relaxed));
        self.clock.wall().checked_add(ahead).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// Who follows what into which store.
pub(crate) struct Site {
    pub(crate) fake: Fake,
    pub(crate) memory: Memory,
    pub(crate) clock: Arc<Hands>,
    stop: watch::Sender<bool>,
    following: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start(setup: Setup, privileged: Privileged) -> Self {
        let fake = Fake::start(setup).await.unwrap();
        Self::over(fake, Memory::new(), privileged)
    }

    /// Follows with one server of so many members, and agrees about it.
    pub(crate) async fn with_server(setup: Setup, members: u64) -> Self {
        let site = Self::start(setup, EVERYTHING).await;
        assert!(site.fake.take(Step::GuildAdded(guild(SERVER, members))));
        site.agree().await;
        site
    }

    pub(crate) fn over(fake: Fake, memory: Memory, privileged: Privileged) -> Self {
        let store = Arc::new(memory.clone());
        Self::through(fake, memory, (store.clone(), store), privileged, 0)
    }

    /// The same so many seconds later.
    pub(crate) fn later(fake: Fake, memory: Memory, seconds: u64) -> Self {
        let store = Arc::new(memory.clone());
        Self::through(fake, memory, (store.clone(), store), EVERYTHING, seconds)
    }

    /// Follows through ports that may do otherwise than the store.
    pub(crate) fn through(
        fake: Fake,
        memory: Memory,
        (feed, sessions): (Arc<dyn Feed>, Arc<dyn Sessions>),
        privileged: Privileged,
        ahead: u64,
    ) -> Self {
        let store = Arc::new(memory.clone());
        let clock = Arc::new(Hands {
            clock: SystemClock::new(),
            ahead: AtomicU64::new(ahead),
            broken: AtomicBool::new(false),
        });
        let ports = Ports {
            feed,
            sessions,
            samples: store.clone(),
            clock: clock.clone(),
        };
        let settings = Settings {
            token: BotToken::new(&Setup::default().token).unwrap(),
            api: Some(fake.api_url().parse().unwrap()),
            privileged,
            sample_every: Duration::from_millis(20),
            alone: true,
        };
        let commands = Commands::new(
            Arc::new(app(&store, clock.clone())),
            "https://hush.example.com",
            settings.api.as_ref(),
        );
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
            clock,
            stop,
            following,
        }
    }

    /// Waits until following has ended by itself.
    pub(crate) async fn ended(self) -> Fake {
        let ended = tokio::time::timeout(PATIENCE, self.following).await;
        ended.unwrap().unwrap();
        self.fake
    }

    pub(crate) async fn stop(self) -> (Fake, Memory) {
        self.stop.send(true).unwrap();
        self.following.await.unwrap();
        (self.fake, self.memory)
    }

    /// Ends it in the middle of whatever it does, as if its process were killed.
    pub(crate) async fn crash(self) -> (Fake, Memory) {
        self.following.abort();
        assert!(self.following.await.unwrap_err().is_cancelled());
        (self.fake, self.memory)
    }

    /// Waits until every server is as it is in the world: counts, channels, members, and what each of them may do.
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
        let all = Shard {
            number: 0,
            total: 1,
        };
        let world = self.fake.world();
        let followed = self.memory.followed(all).await.unwrap();
        let mut followed = followed.iter().map(|it| it.server.get());
        if let Some(left) = followed.find(|id| !world.guilds.contains_key(id)) {
            return Some(format!("the bot has left server {left}"));
        }
        for (id, guild) in world.guilds {
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
            let (found, expected) = (self.channels(id).await, channels_of(&guild));
            if found != expected {
                return Some(format!("server {id}: {found:?} instead of {expected:?}"));
            }
            let (found, expected) = (self.users(id).await, users_of(&guild));
            if found != expected {
                return Some(format!("server {id}: {found:?} instead of {expected:?}"));
            }
            for user in guild.members.keys() {
                let found = self.standing(id, *user).await;
                let expected = Some((guild.owner == *user, held(&guild, *user)));
                if found != expected {
                    return Some(format!(
                        "user {user} in server {id}: {found:?} instead of {expected:?}"
                    ));
                }
            }
        }
        None
    }

    /// Whether a user owns a server, and the union of what the user's roles allow there.
    pub(crate) async fn standing(&self, server: u64, user: u64) -> Option<(bool, u64)> {
        let (server, user) = (ServerId::try_from(server), UserId::try_from(user));
        let standing = self.memory.standing(user.unwrap(), server.unwrap()).await;
        let standing = standing.unwrap()?;
        Some((standing.owner, standing.permissions.bits()))
    }

    /// Waits until it is stored where a session stands.
    pub(crate) async fn until_recorded(&self) {
        let recorded = async {
            while self.memory.stored().await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, recorded).await.unwrap();
    }

    /// Waits until a user has no standing in a server any more.
    pub(crate) async fn until_gone(&self, server: u64, user: u64) {
        let gone = async {
            while self.standing(server, user).await.is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.unwrap();
    }

    /// Each member's id, name and roles.
    pub(crate) async fn users(&self, server: u64) -> Vec<(u64, String, Vec<String>)> {
        let page = PageRequest {
            limit: u16::MAX,
            ..PageRequest::default()
        };
        let server = ServerId::try_from(server).unwrap();
        let members = self.memory.page(server, page).await.unwrap();
        let shown = members.into_iter().map(|member| {
            let roles = member.roles.iter().map(ToString::to_string).collect();
            (
                member.user.id.get(),
                member.user.username.to_string(),
                roles,
            )
        });
        shown.collect()
    }

    async fn channels(&self, server: u64) -> Vec<(u64, String, u8, Option<u64>)> {
        let server = ServerId::try_from(server).unwrap();
        let channels = Channels::list(&self.memory, server).await.unwrap();
        let shown = channels.into_iter().flatten().map(|it| {
            let parent = it.parent.map(ChannelId::get);
            (it.id.get(), it.name.to_string(), it.kind.0, parent)
        });
        shown.collect()
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

fn channels_of(guild: &Guild) -> Vec<(u64, String, u8, Option<u64>)> {
    let all = guild.channels.values().chain(guild.threads.values());
    let mut shown: Vec<_> = all
        .map(|it| (it.id, it.name.clone(), it.kind, it.parent))
        .collect();
    shown.sort();
    shown
}

/// What the roles of a member allow, and the everyone-role.
fn held(guild: &Guild, user: u64) -> u64 {
    let held = &guild.members[&user].roles;
    let roles = guild.roles.values();
    roles
        .filter(|role| role.id == guild.id || held.contains(&role.id))
        .fold(0, |union, role| union | role.permissions)
}

fn users_of(guild: &Guild) -> Vec<(u64, String, Vec<String>)> {
    let shown = guild.members.values().map(|member| {
        let User {
            id,
            name,
            discriminator,
            ..
        } = &member.user;
        let name = match discriminator {
            0 => name.clone(),
            digits => format!("{name}#{digits:04}"),
        };
        let roles = guild.roles_of(*id).into_iter().map(str::to_owned);
        (*id, name, roles.collect())
    });
    shown.collect()
}

fn app(store: &Arc<Memory>, clock: Arc<Hands>) -> App {
    let limiter = Arc::new(MemoryLimiter::new(clock.clone(), 1024));
    let minute = Rule::new(60, Duration::from_secs(60)).unwrap();
    let limits = Limits {
        requests: Some(minute),
        unknown_tokens: minute,
    };
    let ports = hush_app::Ports {
        tokens: store.clone(),
        users: store.clone(),
        servers: store.clone(),
        channels: store.clone(),
        stats: store.clone(),
        limiter: limiter.clone(),
        auth_limiter: limiter,
        audit: store.clone(),
        audit_keys: Keyring::default(),
        settings: store.clone(),
        usage: store.clone(),
        commands: store.clone(),
        executor: None,
        upkeep: store.clone(),
        health: store.clone(),
        clock,
        random: Arc::new(SystemRandom),
    };
    App::new(&ports, limits)
}
