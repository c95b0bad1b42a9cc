//! A small world: servers in memory, a clock that stands still, and tokens for it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::system::SystemRandom;
use hush_app::{App, CreateToken, Credential, Lifetime, Limits, Permit, Ports, Refused, Target};
use hush_domain::audit::chain::Keyring;
use hush_domain::events::{Extent, ListedMember, Snapshot};
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::limits::Rule;
use hush_domain::operations::Operation;
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::NamedServers;
use hush_domain::users::{User, Username};
use hush_ports::{Clock, Ingest};

pub(crate) const OWNER: u64 = 1;
pub(crate) const ADMIN: u64 = 2;
pub(crate) const MEMBER: u64 = 3;
pub(crate) const STRANGER: u64 = 4;
pub(crate) const HOME: u64 = 100;
pub(crate) const AWAY: u64 = 200;

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct StillClock(AtomicU64);

impl StillClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        let micros = i64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        Timestamp::from_unix_micros(1_800_000_000_000_000 + micros).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) memory: Arc<Memory>,
    /// How many tokens were made here.
    pub(crate) made: AtomicU64,
}

pub(crate) fn server(id: u64) -> ServerId {
    id.try_into().unwrap()
}

pub(crate) fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

pub(crate) fn role(id: u64, permissions: Permissions) -> Role {
    let id: RoleId = id.try_into().unwrap();
    Role {
        id,
        name: format!("Role {id}").parse().unwrap(),
        position: 1,
        permissions,
        managed: false,
    }
}

pub(crate) fn listed(id: u64, roles: &[u64]) -> ListedMember {
    let username = Username::new(&format!("user{id}"), None).unwrap();
    ListedMember {
        user: User {
            id: user(id),
            username,
            bot: false,
        },
        roles: roles
            .iter()
            .map(|role| (*role).try_into().unwrap())
            .collect(),
        presence: None,
    }
}

pub(crate) fn snapshot(id: u64, owner: u64, roles: Vec<Role>) -> Snapshot {
    Snapshot {
        server: server(id),
        name: format!("Server {id}").parse().unwrap(),
        owner: user(owner),
        roles,
        channels: vec![],
        extent: Extent::Complete,
        presences_known: true,
    }
}

/// The ports over `memory`.
pub(crate) fn ports(memory: &Arc<Memory>, clock: &Arc<StillClock>) -> Ports {
    Ports {
        tokens: memory.clone(),
        users: memory.clone(),
        servers: memory.clone(),
        channels: memory.clone(),
        stats: memory.clone(),
        limiter: Arc::new(MemoryLimiter::new(clock.clone(), 10_000)),
        auth_limiter: Arc::new(MemoryLimiter::new(clock.clone(), 10_000)),
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

pub(crate) fn limits() -> Limits {
    let minute = Duration::from_secs(60);
    Limits {
        requests: Some(Rule::new(60, minute).unwrap()),
        unknown_tokens: Rule::new(300, minute).unwrap(),
    }
}

impl World {
    /// Two servers with the same owner, admin and member; the admin role of each is 10 more than its id.
    pub(crate) async fn new() -> Self {
        let memory = Arc::new(Memory::new());
        let clock = Arc::new(StillClock::default());
        for id in [HOME, AWAY] {
            let roles = vec![
                role(id, Permissions::default()),
                role(id + 10, Permissions::ADMINISTRATOR),
            ];
            let members = vec![
                listed(OWNER, &[]),
                listed(ADMIN, &[id + 10]),
                listed(MEMBER, &[]),
            ];
            let members = Box::new(members.into_iter());
            let snapshot = snapshot(id, OWNER, roles);
            memory
                .apply_snapshot(snapshot, members, clock.wall())
                .await
                .unwrap();
        }
        Self {
            app: App::new(&ports(&memory, &clock), limits()),
            clock,
            memory,
            made: AtomicU64::new(0),
        }
    }

    pub(crate) async fn token(&self, of: u64, servers: &[u64], scopes: &[Scope]) -> Secret {
        let servers = servers.iter().map(|id| server(*id)).collect();
        // A user's live tokens have different names.
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let wanted = CreateToken {
            servers: NamedServers::new(servers).unwrap(),
            name: format!("test {number}").parse().unwrap(),
            scopes: scopes.iter().copied().collect(),
            lifetime: Lifetime::For(Duration::from_secs(3600)),
        };
        let operator = self.app.admission.operator();
        let issued = self.app.tokens.create(&operator, user(of), wanted).await;
        issued.unwrap().secret
    }

    pub(crate) async fn admit_in_person(
        &self,
        who: u64,
        there: u64,
        operation: Operation,
    ) -> Result<Permit, Refused> {
        let admission = &self.app.admission;
        let admitted = admission.admit_interaction(server(there), user(who), operation);
        admitted.await
    }

    pub(crate) async fn admit(
        &self,
        secret: &Secret,
        operation: Operation,
        target: Target,
    ) -> Result<Permit, Refused> {
        let credential = Credential::Secret(secret.clone());
        let client = std::net::IpAddr::from(Ipv4Addr::LOCALHOST).into();
        self.app
            .admission
            .admit(&credential, client, operation, target)
            .await
    }
}
