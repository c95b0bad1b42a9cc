//! A Discord, a store and whoever follows.

use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord_fake::{Fake, Guild, Member, Role, Setup, Status, Step, User};
use hush_ports::Clock;
use serde_json::{Value, json};

use crate::support::{Hush, Running, Site, get};

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The owner of every server.
pub(super) const OWNER: u64 = 1000;
/// The servers.
pub(super) const SERVERS: [u64; 3] = [1 << 22, 2 << 22, 3 << 22];

pub(super) struct Scene<'a> {
    /// Runs the fake, and ends after it.
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) fake: Fake,
    site: &'a Site,
    /// A token of the owner for each server.
    tokens: Vec<(u64, String)>,
}

/// A server with an admin's role, a bot and so many members of whom every third is online.
pub(super) fn guild(id: u64, members: u64) -> Guild {
    let admin = Role {
        permissions: 8,
        ..Role::new(id + 1, "Admin", 2)
    };
    let guild = Guild::new(id, "Analytical", OWNER)
        .with_role(admin)
        .with_role(Role::new(id + 2, "Reader", 1))
        .with_member(Member::new(User::bot(999, "calculator")));
    (0..members).fold(guild, |guild, number| {
        let status = if number % 3 == 0 {
            Status::Online
        } else {
            Status::Offline
        };
        let user = User::new(OWNER + number, &format!("reader {number}"));
        let member = Member::new(user).with_roles(&[id + 2]);
        guild.with_member(member.with_status(status))
    })
}

impl<'a> Scene<'a> {
    /// A Discord with the servers, and a store that has tokens for them already.
    pub(super) fn new(site: &'a Site, setup: Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let fake = runtime.block_on(Fake::start(setup)).unwrap();
        let mut scene = Self {
            runtime,
            fake,
            site,
            tokens: Vec::new(),
        };
        for (server, members) in SERVERS.into_iter().zip([10, 60, 600]) {
            assert!(scene.take(Step::GuildAdded(guild(server, members))));
            // So that there is a token before anybody follows.
            let stub = json!({
                "id": server.to_string(), "name": "stub", "owner_id": OWNER.to_string(), "member_count": 1,
                "roles": [], "members": [{"user": {"id": OWNER.to_string(), "username": "owner"}, "roles": []}],
            });
            site.import(&stub.to_string());
            let token = scene.token(server, OWNER);
            scene.tokens.push((server, token));
        }
        scene
    }

    /// A new token of `user` for `server`, made by the operator.
    pub(super) fn token(&self, server: u64, user: u64) -> String {
        let (server, user) = (format!("--server={server}"), format!("--user={user}"));
        let create = [
            "token",
            "create",
            &server,
            &user,
            &format!("--name={server}{user}"),
        ];
        self.site
            .hush()
            .run(&create)
            .success()
            .trim_end()
            .to_owned()
    }

    pub(super) fn take(&self, step: Step) -> bool {
        let _inside = self.runtime.enter();
        self.fake.take(step)
    }

    /// The binary, configured to follow.
    pub(super) fn hush(&self) -> Hush {
        self.site
            .hush()
            .with("HUSH_DISCORD_TOKEN", &Setup::default().token)
            .with("HUSH_DISCORD_API", &self.fake.api_url())
            .with("HUSH_RATE_LIMIT__ENABLED", "false")
    }

    pub(super) fn serve(&self) -> Running {
        Running::start(&self.hush(), &["serve"])
    }

    /// Waits until the fake has seen something.
    pub(super) fn until(&self, what: impl Fn(&hush_discord_fake::Observed) -> bool) {
        assert!(self.runtime.block_on(self.fake.until(what, PATIENCE)));
    }

    /// Waits until the API says of every server what is so at Discord.
    pub(super) fn agree(&self, service: &Running) {
        let clock = SystemClock::new();
        while let Some(disagreement) = self.disagreement(service) {
            assert!(clock.monotonic() < PATIENCE, "{disagreement}");
        }
    }

    fn disagreement(&self, service: &Running) -> Option<String> {
        let world = self.fake.world();
        self.tokens.iter().find_map(|(server, token)| {
            let stats = get(service.api, &format!("/v1/servers/{server}/stats"), token);
            let Some(guild) = world.guilds.get(server) else {
                return (stats.status != 404).then(|| format!("{server} is gone: {stats:?}"));
            };
            let expected = json!({
                "members": guild.member_count(), "bots": guild.bots(), "online": guild.online(),
            });
            let found: Value = serde_json::from_str(&stats.body).unwrap();
            if found != expected {
                return Some(format!("{server}: {found} instead of {expected}"));
            }
            assert!(!stats.header("last-modified").is_empty());
            let users = get(service.api, "/v1/users?limit=1000", token);
            let users: Value = serde_json::from_str(&users.body).unwrap();
            let expected = users_of(guild);
            (users["users"] != expected).then(|| format!("{server}: {users} instead of {expected}"))
        })
    }
}

/// The users of a server as the API shows them.
fn users_of(guild: &Guild) -> Value {
    let shown = guild.members.values().map(|member| {
        let User {
            id,
            name,
            discriminator,
            ..
        } = &member.user;
        let username = match discriminator {
            0 => name.clone(),
            digits => format!("{name}#{digits:04}"),
        };
        json!({"id": id.to_string(), "username": username, "roles": guild.roles_of(*id)})
    });
    shown.collect()
}
