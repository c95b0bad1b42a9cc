//! A Discord with some servers, a store, and whoever has commands carried out there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord_fake::{Channel, Fake, Guild, Member, Role, Setup, Step, User, permissions};
use hush_ports::Clock;
use serde_json::{Value, json};

use crate::support::{Hush, Response, Running, Site, get, send, try_send};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Who owns the servers of which nothing else is said, and sends the commands.
pub(crate) const OWNER: u64 = 1000;
/// A user who is in no server.
pub(crate) const STRANGER: u64 = 2000;

/// The channel, the roles and the members that each server has, by what is added to its id.
pub(crate) const CHANNEL: u64 = 10;
pub(crate) const THREAD: u64 = 11;
pub(crate) const ROLES: [u64; 2] = [20, 21];
pub(crate) const MEMBERS: u64 = 100;

pub(crate) struct Scene<'a> {
    /// Runs the fake, and ends after it.
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) fake: Fake,
    pub(crate) site: &'a Site,
    /// A token of its owner for each server.
    tokens: BTreeMap<u64, String>,
}

/// A server with so many members beside its owner, in which the bot may do everything.
pub(crate) fn guild(id: u64, owner: u64, members: u64) -> Guild {
    let own = Role {
        permissions: permissions::ADMINISTRATOR,
        managed: true,
        ..Role::new(id + 1, "hush", 5)
    };
    let guild = Guild::new(id, "Analytical", owner)
        .with_role(own)
        .with_bot_roles(&[id + 1])
        .with_role(Role::new(id + ROLES[0], "reader", 1))
        .with_role(Role::new(id + ROLES[1], "writer", 2))
        .with_channel(Channel::text(id + CHANNEL, "general"))
        .with_thread(Channel::thread(id + THREAD, "birthdays", id + CHANNEL))
        .with_member(Member::new(User::new(owner, "owner")));
    (id + MEMBERS..id + MEMBERS + members).fold(guild, |guild, user| {
        guild.with_member(Member::new(User::new(user, "member")))
    })
}

impl<'a> Scene<'a> {
    /// A Discord with these servers, and a store that has tokens for them already.
    pub(crate) fn new(site: &'a Site, setup: Setup, guilds: Vec<Guild>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let fake = runtime.block_on(Fake::start(setup)).unwrap();
        // So that there are tokens before anybody follows.
        let stubs = guilds.iter().map(|guild| {
            let owner = guild.owner.to_string();
            json!({
                "id": guild.id.to_string(), "name": "stub", "owner_id": owner, "member_count": 1,
                "roles": [], "members": [{"user": {"id": owner, "username": "owner"}, "roles": []}],
            })
            .to_string()
        });
        site.import(&stubs.collect::<Vec<_>>().join("\n"));
        let mut owned: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for guild in &guilds {
            owned.entry(guild.owner).or_default().push(guild.id);
        }
        let mut scene = Self {
            runtime,
            fake,
            site,
            tokens: BTreeMap::new(),
        };
        for (owner, servers) in owned {
            for named in servers.chunks(25) {
                let token = scene.token(owner, named);
                let named = named.iter().map(|server| (*server, token.clone()));
                scene.tokens.extend(named);
            }
        }
        for guild in guilds {
            assert!(scene.fake.take(Step::GuildAdded(guild)));
        }
        scene.fake.add_user(User::new(STRANGER, "stranger"));
        scene
    }

    /// A new token of a user for these servers, made by the operator.
    pub(crate) fn token(&self, user: u64, servers: &[u64]) -> String {
        let name = format!("--name={user} {}", servers[0]);
        let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
        let servers = format!("--server={}", servers.join(","));
        let user = format!("--user={user}");
        let scopes = "--scope=commands:read,commands:write,users:read,audit:read";
        let create = ["token", "create", &servers, &user, &name, scopes];
        let secret = self.site.hush().run(&create).success();
        secret.trim_end().to_owned()
    }

    /// The token of a server's owner.
    pub(crate) fn token_for(&self, server: u64) -> &str {
        &self.tokens[&server]
    }

    /// The binary, configured to follow and to carry commands out.
    pub(crate) fn hush(&self) -> Hush {
        self.site
            .hush()
            .with("HUSH_DISCORD_TOKEN", &Setup::default().token)
            .with("HUSH_DISCORD_API", &self.fake.api_url())
            .with("HUSH_RATE_LIMIT__ENABLED", "false")
    }

    pub(crate) fn serve(&self) -> Running {
        Running::start(&self.hush(), &["serve"])
    }

    /// A service that knows everything of the servers.
    pub(crate) fn serve_and_know(&self) -> Running {
        let service = self.serve();
        self.know(&service);
        service
    }

    /// Waits until the service knows everything of the servers: before that it cannot tell of a stranger that they are none
    /// of the members.
    pub(crate) fn know(&self, service: &Running) {
        let ban = json!({"type": "ban", "user_id": STRANGER.to_string()}).to_string();
        let clock = SystemClock::new();
        for (server, token) in &self.tokens {
            let path = format!("/v1/servers/{server}/commands?dry_run=true");
            loop {
                let tried = send(service.api, "POST", &path, token, &[], &ban);
                let trial: Value = serde_json::from_str(&tried.body).unwrap();
                if trial["allowed"] == true {
                    break;
                }
                assert!(clock.monotonic() < PATIENCE, "{tried:?}");
            }
        }
    }

    /// Waits until the fake has had so many requests.
    pub(crate) fn heard(&self, requests: usize) {
        let heard = self
            .fake
            .until_requests(|log| log.len() >= requests, PATIENCE);
        assert!(
            self.runtime.block_on(heard),
            "{} of {requests} requests",
            self.fake.requests().len()
        );
    }

    /// How many requests the fake had that do something.
    pub(crate) fn doings(&self) -> usize {
        let requests = self.fake.requests();
        requests.iter().filter(|it| it.method != "GET").count()
    }

    /// Waits until a command of a server has come to its end, and returns it.
    pub(crate) fn ended(&self, api: SocketAddr, server: u64, command: &str) -> Value {
        let path = format!("/v1/servers/{server}/commands/{command}?wait=20");
        let clock = SystemClock::new();
        loop {
            let found = get(api, &path, self.token_for(server));
            assert_eq!(found.status, 200, "{found:?}");
            let found: Value = serde_json::from_str(&found.body).unwrap();
            if is_final(&found) {
                return found;
            }
            assert!(clock.monotonic() < PATIENCE, "{found}");
        }
    }

    /// Queues a command with its owner's token, and returns its id.
    pub(crate) fn queue(&self, api: SocketAddr, server: u64, key: &str, body: &Value) -> String {
        let sent = order(api, self.token_for(server), server, key, body).unwrap();
        assert_eq!(sent.status, 202, "{sent:?}");
        id(&sent)
    }
}

/// Sends a command to a service that may be killed meanwhile.
pub(crate) fn order(
    api: SocketAddr,
    token: &str,
    server: u64,
    key: &str,
    body: &Value,
) -> Option<Response> {
    let path = format!("/v1/servers/{server}/commands");
    let keyed = [("Idempotency-Key", key)];
    try_send(api, "POST", &path, token, &keyed, &body.to_string())
}

/// The id of the command that an answer shows.
pub(crate) fn id(answer: &Response) -> String {
    let command: Value = serde_json::from_str(&answer.body).unwrap();
    command["id"].as_str().unwrap().to_owned()
}

/// Whether a command has come to its end.
pub(crate) fn is_final(command: &Value) -> bool {
    let has_ended = !command["ended_at"].is_null();
    assert_eq!(
        has_ended,
        !["queued", "running"]
            .iter()
            .any(|it| command["state"] == *it)
    );
    has_ended
}
