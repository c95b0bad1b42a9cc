//! A server in memory whose people use the command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::system::SystemRandom;
use hush_app::{App, CreateToken, Limits, Ports};
use hush_discord::commands::{Commands, Interaction};
use hush_discord_fake::slash;
use hush_domain::audit::chain::Keyring;
use hush_domain::events::{Extent, ListedMember, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::limits::Rule;
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_domain::users::{User, Username};
use hush_ports::{Clock, Ingest, TokenFilter, Tokens};
use serde_json::{Value, json};

pub(crate) const OWNER: u64 = 1;
pub(crate) const ADMIN: u64 = 2;
pub(crate) const MEMBER: u64 = 3;
pub(crate) const STRANGER: u64 = 4;
pub(crate) const HOME: u64 = 100;
pub(crate) const AWAY: u64 = 200;
/// When all of it happens, in seconds since the Unix epoch.
pub(crate) const NOW: i64 = 1_800_000_000;

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct StillClock(AtomicU64);

impl StillClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        let seconds = NOW + self.0.load(Ordering::SeqCst).cast_signed();
        Timestamp::from_unix_micros(seconds * 1_000_000).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) commands: Commands,
    pub(crate) app: Arc<App>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Arc<StillClock>,
}

impl World {
    /// Two servers with the same owner, admin and member.
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// The same over ports of which some are others.
    pub(crate) async fn with(change: impl FnOnce(&mut Ports)) -> Self {
        let (memory, clock) = (Arc::new(Memory::new()), Arc::new(StillClock::default()));
        for id in [HOME, AWAY] {
            let snapshot = snapshot(id, Extent::Complete);
            let members = [OWNER, ADMIN, MEMBER].map(|user| listed(user, id)).to_vec();
            let members = Box::new(members.into_iter());
            let applied = memory.apply_snapshot(snapshot, members, clock.wall());
            applied.await.unwrap();
        }
        let mut ports = ports(&memory, &clock);
        change(&mut ports);
        let minute = Duration::from_secs(60);
        let limits = Limits {
            requests: Some(Rule::new(60, minute).unwrap()),
            unknown_tokens: Rule::new(300, minute).unwrap(),
        };
        let app = Arc::new(App::new(&ports, limits));
        Self {
            commands: Commands::new(app.clone(), "https://hush.example.com/", None),
            app,
            memory,
            clock,
        }
    }

    /// What is said to `user` who uses the command in `server`.
    pub(crate) async fn ask(&self, user: u64, server: u64, data: Value) -> String {
        let interaction = interaction(user, server, &data);
        let answer = self.commands.answer(&interaction).await;
        assert!(answer.text().chars().count() <= 2000, "{}", answer.text());
        let response = serde_json::to_value(answer.response()).unwrap();
        let expected = json!({
            "type": 4,
            "data": {"content": answer.text(), "flags": 64, "allowed_mentions": {"parse": []}},
        });
        assert_eq!(response, expected);
        answer.text().to_owned()
    }

    /// Makes a token by the command, and returns its secret.
    pub(crate) async fn create(&self, user: u64, server: u64, name: &str) -> Secret {
        let text = self.ask(user, server, create(&[("name", name)])).await;
        secret(&text).unwrap_or_else(|| panic!("{text}"))
    }

    /// Makes a token as the operator does.
    pub(crate) async fn issue(&self, user: u64, wanted: CreateToken) -> Token {
        let user = UserId::try_from(user).unwrap();
        let operator = self.app.admission.operator();
        let issued = self.app.tokens.create(&operator, user, wanted).await;
        issued.unwrap().token
    }

    /// Every token that there is, by ascending id.
    pub(crate) async fn tokens(&self) -> Vec<Token> {
        let everything = TokenFilter {
            limit: 1000,
            ..TokenFilter::default()
        };
        self.memory.list(everything).await.unwrap()
    }
}

pub(crate) fn create(options: &[(&str, &str)]) -> Value {
    let options: Vec<_> = options
        .iter()
        .map(|(name, value)| (*name, json!(value)))
        .collect();
    slash(&["api", "token", "create"], &options)
}

pub(crate) fn list() -> Value {
    slash(&["api", "token", "list"], &[])
}

pub(crate) fn revoke(token: &str) -> Value {
    slash(&["api", "token", "revoke"], &[("token", json!(token))])
}

pub(crate) fn stats() -> Value {
    slash(&["api", "stats"], &[])
}

/// The interaction as Discord sends it, but for what nobody reads.
pub(crate) fn wire(user: u64, server: u64, data: &Value) -> Value {
    json!({
        "id": "900",
        "application_id": "800",
        "type": 2,
        "token": "of the interaction",
        "guild_id": server.to_string(),
        "member": {"user": {"id": user.to_string(), "username": "somebody"}, "roles": []},
        "data": data,
        "version": 1,
    })
}

pub(crate) fn interaction(user: u64, server: u64, data: &Value) -> Interaction {
    let json = wire(user, server, data).to_string();
    Interaction::read(&json).unwrap().unwrap()
}

/// The secret that an answer shows.
pub(crate) fn secret(text: &str) -> Option<Secret> {
    let start = text.find("hush_")?;
    text.get(start..start + 41)?.parse().ok()
}

pub(crate) fn server(id: u64) -> ServerId {
    id.try_into().unwrap()
}

pub(crate) fn snapshot(id: u64, extent: Extent) -> Snapshot {
    let role = |id: u64, permissions| Role {
        id: id.try_into().unwrap(),
        name: format!("Role {id}").parse().unwrap(),
        position: 1,
        permissions,
        managed: false,
    };
    Snapshot {
        server: server(id),
        name: format!("Server {id}").parse().unwrap(),
        owner: OWNER.try_into().unwrap(),
        roles: vec![
            role(id, Permissions::default()),
            role(id + 10, Permissions::ADMINISTRATOR),
        ],
        channels: vec![],
        extent,
        presences_known: true,
    }
}

/// The admin holds the role with ADMINISTRATOR, the owner is online.
fn listed(user: u64, there: u64) -> ListedMember {
    ListedMember {
        user: User {
            id: user.try_into().unwrap(),
            username: Username::new(&format!("user{user}"), None).unwrap(),
            bot: user == MEMBER,
        },
        roles: (user == ADMIN)
            .then(|| (there + 10).try_into().unwrap())
            .into_iter()
            .collect(),
        presence: (user == OWNER).then_some(Presence::Online),
    }
}

fn ports(memory: &Arc<Memory>, clock: &Arc<StillClock>) -> Ports {
    Ports {
        tokens: memory.clone(),
        users: memory.clone(),
        servers: memory.clone(),
        channels: memory.clone(),
        stats: memory.clone(),
        limiter: Arc::new(MemoryLimiter::new(clock.clone(), 1024)),
        auth_limiter: Arc::new(MemoryLimiter::new(clock.clone(), 1024)),
        audit: memory.clone(),
        audit_keys: Keyring::default(),
        settings: memory.clone(),
        usage: memory.clone(),
        commands: memory.clone(),
        executor: None,
        upkeep: memory.clone(),
        health: memory.clone(),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
    }
}
