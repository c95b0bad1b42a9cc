//! What the tests store.

use std::time::Duration;

use hush_adapters::postgres::Postgres;
use hush_domain::audit::{Act, Actor};
use hush_domain::events::{Extent, ListedMember, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::limits::{Bucket, Rule};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NamedServers, NewToken, Token};
use hush_domain::users::{User, Username};
use hush_ports::{CreateTokenError, Ingest, Outcome, Tokens};

pub(super) fn server(id: u64) -> ServerId {
    id.try_into().unwrap()
}

pub(super) fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds * 1_000_000).unwrap()
}

pub(super) fn per_minute(requests: u32) -> Rule {
    Rule::new(requests, Duration::from_mins(1)).unwrap()
}

pub(super) fn bucket(id: u64) -> Bucket {
    Bucket::Server(server(id))
}

/// A member who holds the roles 10 and 11 and is called `name`.
pub(super) fn member(id: u64, name: &str) -> ListedMember {
    ListedMember {
        user: User {
            id: user(id),
            username: Username::new(name, None).unwrap(),
            bot: false,
        },
        roles: vec![10_u64.try_into().unwrap(), 11_u64.try_into().unwrap()],
        presence: None,
    }
}

/// All of a server that user 1 owns, with the roles 10 and 11.
pub(super) fn snapshot(id: u64) -> Snapshot {
    let role = |id: u64| Role {
        id: id.try_into().unwrap(),
        name: format!("role {id}").parse().unwrap(),
        position: 1,
        permissions: Permissions::default(),
        managed: false,
    };
    Snapshot {
        server: server(id),
        name: "Server".parse().unwrap(),
        owner: user(1),
        roles: vec![role(10), role(11)],
        channels: vec![],
        extent: Extent::Complete,
        presences_known: true,
    }
}

/// Stores server `id` with these members.
pub(super) async fn store(postgres: &Postgres, id: u64, members: Vec<ListedMember>) {
    let source = Box::new(members.into_iter());
    postgres
        .apply_snapshot(snapshot(id), source, at(1))
        .await
        .unwrap();
}

/// What the operator does at some second.
pub(super) fn act(second: i64) -> Act {
    Act {
        at: at(second),
        actor: Actor::Operator,
        request_id: None,
        reason: None,
    }
}

/// Stores a token.
pub(super) async fn create(postgres: &Postgres, new: NewToken) -> Result<(), CreateTokenError> {
    let token = new.token.clone();
    let created = postgres.create(new, None, &act(1), None).await?;
    assert_eq!(created, Outcome::Done(token));
    Ok(())
}

/// User 1's token for server `id`.
pub(super) fn token(id: u64) -> NewToken {
    token_of(id, 1, &[id])
}

/// A user's token for `servers`.
pub(super) fn token_of(id: u64, owner: u64, servers: &[u64]) -> NewToken {
    let secret = secret(id);
    NewToken {
        digest: secret.digest(),
        token: Token {
            id: id.try_into().unwrap(),
            user: user(owner),
            name: format!("token {id}").parse().unwrap(),
            hint: secret.hint(),
            servers: NamedServers::new(servers.iter().copied().map(server).collect()).unwrap(),
            scopes: [Scope::UsersRead].into_iter().collect(),
            created_at: at(1),
            expires_at: None,
            revoked_at: None,
            parent: None,
            last_used_at: None,
        },
    }
}

/// Another secret for each number.
pub(super) fn secret(number: u64) -> Secret {
    let mut rest = number;
    let mut digits = |bytes: &mut [u8]| {
        for byte in bytes {
            *byte = u8::try_from(rest % 62)?;
            rest /= 62;
        }
        Ok::<_, std::num::TryFromIntError>(())
    };
    Secret::generate(&mut digits).unwrap()
}
