//! No sequence of what people may do gives anybody a right that they should not have, said once more and
//! independently of the rules: a small model says after every step who may do what, and admission must say the same.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::Memory;
use hush_app::{App, CreateToken, Credential, Lifetime, Limits, Permit, Target};
use hush_domain::events::{Change, Event};
use hush_domain::ids::TokenId;
use hush_domain::operations::Operation;
use hush_domain::permission::Permissions;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::tokens::NamedServers;
use hush_ports::{Clock, Ingest};
use proptest::prelude::*;

use crate::support::{AWAY, HOME, StillClock, limits, listed, ports, role, server, snapshot, user};

mod in_person;
mod steps;
mod tokens;

use steps::{Step, steps};

const USERS: [u64; 3] = [1, 2, 3];
const SERVERS: [u64; 2] = [HOME, AWAY];
/// Added to a server's id: its role with ADMINISTRATOR, and one without any permission.
const ADMIN_ROLE: u64 = 10;
const STAFF_ROLE: u64 = 20;
const SCOPES: [Scope; 4] = [
    Scope::UsersRead,
    Scope::TokensRead,
    Scope::TokensWrite,
    Scope::SettingsWrite,
];

/// What the model knows of a token.
struct Known {
    id: TokenId,
    user: u64,
    servers: BTreeSet<u64>,
    scopes: Vec<Scope>,
    /// In minutes since the beginning.
    end: u64,
    parent: Option<usize>,
    revoked: bool,
}

/// What the model knows of a secret: its token, and until when it reads if it was replaced.
struct Held {
    secret: Secret,
    token: usize,
    until: Option<u64>,
}

#[derive(Clone, Default)]
struct Place {
    owner: u64,
    /// The roles of those who are in it.
    members: std::collections::BTreeMap<u64, Vec<u64>>,
    disabled: bool,
    staff_appointed: bool,
}

struct Model {
    app: App,
    memory: Arc<Memory>,
    clock: Arc<StillClock>,
    minute: u64,
    tokens: Vec<Known>,
    secrets: Vec<Held>,
    places: std::collections::BTreeMap<u64, Place>,
}

impl Model {
    async fn new() -> Self {
        let (memory, clock) = (Arc::new(Memory::new()), Arc::new(StillClock::default()));
        let mut places = std::collections::BTreeMap::new();
        for id in SERVERS {
            let roles = vec![
                role(id, Permissions::default()),
                role(id + ADMIN_ROLE, Permissions::ADMINISTRATOR),
                role(id + STAFF_ROLE, Permissions::default()),
            ];
            let members = USERS.map(|user| listed(user, &[])).to_vec();
            let members = Box::new(members.into_iter());
            let applied = memory.apply_snapshot(snapshot(id, 1, roles), members, clock.wall());
            applied.await.unwrap();
            let place = Place {
                owner: 1,
                members: USERS.map(|user| (user, Vec::new())).into(),
                ..Place::default()
            };
            places.insert(id, place);
        }
        let unlimited = Limits {
            requests: None,
            ..limits()
        };
        let mut model = Self {
            app: App::new(&ports(&memory, &clock), unlimited),
            memory,
            clock,
            minute: 0,
            tokens: Vec::new(),
            secrets: Vec::new(),
            places,
        };
        // Each user begins with a token for everything and one for the first server alone.
        for of in USERS {
            for servers in [&SERVERS[..], &SERVERS[..1]] {
                let wanted = CreateToken {
                    servers: named(servers),
                    name: format!("{}", model.tokens.len()).parse().unwrap(),
                    scopes: SCOPES.into_iter().collect(),
                    lifetime: Lifetime::For(Duration::from_mins(100)),
                };
                let operator = model.app.admission.operator();
                let issued = model
                    .app
                    .tokens
                    .create(&operator, user(of), wanted)
                    .await
                    .unwrap();
                model.keep(
                    issued.token.id,
                    of,
                    servers,
                    &SCOPES,
                    100,
                    None,
                    issued.secret,
                );
            }
        }
        model
    }

    #[expect(clippy::too_many_arguments, reason = "a token has so many sides")]
    fn keep(
        &mut self,
        id: TokenId,
        user: u64,
        servers: &[u64],
        scopes: &[Scope],
        end: u64,
        parent: Option<usize>,
        secret: Secret,
    ) {
        let token = self.tokens.len();
        self.tokens.push(Known {
            id,
            user,
            servers: servers.iter().copied().collect(),
            scopes: scopes.to_vec(),
            end,
            parent,
            revoked: false,
        });
        self.secrets.push(Held {
            secret,
            token,
            until: None,
        });
    }

    fn live(&self, token: usize) -> bool {
        let known = &self.tokens[token];
        !known.revoked && self.minute < known.end
    }

    fn works(&self, held: &Held) -> bool {
        self.live(held.token) && held.until.is_none_or(|until| self.minute < until)
    }

    /// 0 not there, 1 member, 2 admin, 3 owner.
    fn level(&self, user: u64, server: u64) -> u8 {
        let place = &self.places[&server];
        if place.owner == user {
            return 3;
        }
        place.members.get(&user).map_or(0, |roles| {
            let appointed = place.staff_appointed && roles.contains(&STAFF_ROLE);
            1 + u8::from(appointed || roles.contains(&ADMIN_ROLE))
        })
    }

    fn descends(&self, mut token: usize, ancestor: usize) -> bool {
        while let Some(parent) = self.tokens[token].parent {
            if parent == ancestor {
                return true;
            }
            token = parent;
        }
        false
    }

    fn revoke(&mut self, token: usize) {
        for other in 0..self.tokens.len() {
            if other == token || self.descends(other, token) {
                self.tokens[other].revoked = true;
            }
        }
    }

    /// Whether this secret may do that there.
    fn may(&self, held: &Held, operation: Operation, server: Option<u64>) -> bool {
        let token = &self.tokens[held.token];
        // The level it takes, the scope, and whether it changes anything.
        let (level, scope, changes) = match operation {
            Operation::ListUsers => (2, Some(Scope::UsersRead), false),
            Operation::ListServerTokens => (3, Some(Scope::TokensRead), false),
            Operation::RemoveServerFromToken => (3, Some(Scope::TokensWrite), true),
            Operation::GetServerSettings => (3, None, false),
            Operation::UpdateServerSettings => (3, Some(Scope::SettingsWrite), true),
            Operation::ListTokens => (0, Some(Scope::TokensRead), false),
            Operation::CreateToken | Operation::RotateToken => (0, Some(Scope::TokensWrite), true),
            Operation::RevokeToken => (0, None, true),
            other => unreachable!("{other:?}"),
        };
        let settings = matches!(
            operation,
            Operation::GetServerSettings | Operation::UpdateServerSettings
        );
        let there = server.is_none_or(|server| {
            let actual = self.level(token.user, server);
            let open = !self.places[&server].disabled || (settings && actual == 3);
            token.servers.contains(&server) && open && actual >= level
        });
        self.works(held)
            && there
            && scope.is_none_or(|scope| token.scopes.contains(&scope))
            && (held.until.is_none() || !changes)
    }

    async fn admit(
        &self,
        secret: &Secret,
        operation: Operation,
        server_id: Option<u64>,
    ) -> Option<Permit> {
        let credential = Credential::Secret(secret.clone());
        let client = std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into();
        let target = server_id.map_or(Target::Nothing, |id| Target::Server(server(id)));
        let admitted = self
            .app
            .admission
            .admit(&credential, client, operation, target);
        admitted.await.ok()
    }

    /// Admission says of every secret and operation what the model says.
    async fn agrees(&self) -> Result<(), TestCaseError> {
        for held in &self.secrets {
            for operation in [
                Operation::ListUsers,
                Operation::ListServerTokens,
                Operation::RemoveServerFromToken,
                Operation::GetServerSettings,
                Operation::UpdateServerSettings,
            ] {
                for server in SERVERS {
                    let admitted = self.admit(&held.secret, operation, Some(server)).await;
                    let may = self.may(held, operation, Some(server));
                    prop_assert_eq!(admitted.is_some(), may, "{:?} in {}", operation, server);
                }
            }
            for operation in [
                Operation::ListTokens,
                Operation::CreateToken,
                Operation::RevokeToken,
            ] {
                let admitted = self.admit(&held.secret, operation, None).await;
                let may = self.may(held, operation, None);
                prop_assert_eq!(admitted.is_some(), may, "{:?}", operation);
            }
        }
        self.agrees_in_person().await
    }

    async fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Create {
                by,
                servers,
                scopes,
                minutes,
            } => {
                return self.create(by, &servers, &scopes, minutes).await;
            }
            Step::Rotate {
                by,
                target,
                grace_minutes,
                keep_children,
            } => {
                return self.rotate(by, target, grace_minutes, keep_children).await;
            }
            Step::Revoke { by, target } => self.try_revoke(by, target).await?,
            Step::CreateInPerson {
                user,
                server,
                minutes,
            } => {
                self.create_in_person(user, server, minutes).await?;
            }
            Step::RevokeInPerson {
                user,
                server,
                target,
            } => {
                self.revoke_in_person(user, server, target).await?;
            }
            Step::RemoveServer { by, server, target } => {
                self.remove_server(by, server, target).await?;
            }
            Step::Report { secret } => self.report(secret).await,
            Step::Roles {
                user: of,
                server: at,
                roles,
            } => {
                let held: Vec<_> = roles.iter().map(|role| at + role).collect();
                self.change(at, Change::MemberJoined(listed(of, &held)))
                    .await;
                self.places.get_mut(&at).unwrap().members.insert(of, roles);
            }
            Step::Leave {
                user: of,
                server: at,
            } => {
                self.change(at, Change::MemberLeft(user(of))).await;
                self.places.get_mut(&at).unwrap().members.remove(&of);
            }
            Step::Owner {
                user: of,
                server: at,
            } => {
                let name = "another".parse().unwrap();
                self.change(
                    at,
                    Change::ServerChanged {
                        name,
                        owner: user(of),
                    },
                )
                .await;
                self.places.get_mut(&at).unwrap().owner = of;
            }
            Step::Settings {
                by,
                server,
                enabled,
                staff,
            } => self.settings(by, server, enabled, staff).await,
            Step::Wait { minutes } => {
                self.clock.advance(Duration::from_mins(minutes));
                self.minute += minutes;
            }
        }
        Ok(())
    }

    async fn change(&self, at: u64, change: Change) {
        let event = Event {
            server: server(at),
            change,
        };
        self.memory.apply(event, self.clock.wall()).await.unwrap();
    }
}

fn named(servers: &[u64]) -> NamedServers {
    NamedServers::new(servers.iter().map(|id| server(*id)).collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_sequence_of_steps_gives_anybody_a_right_that_they_should_not_have(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new().await;
            model.agrees().await?;
            for step in steps {
                model.take(step).await?;
                model.agrees().await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
