//! Servers, members and tokens to write rules with. Numbers name them; what is not said is plain.

use std::sync::Arc;

use hush_domain::audit::{Act, Actor, GivenReason};
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::commands::{Command, Order, State};
use hush_domain::events::{Extent, Generation, ListedMember, Snapshot};
use hush_domain::idempotency::RequestKey;
use hush_domain::ids::{ChannelId, CommandId, RoleId, ServerId, TokenId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, NamedServers, NewToken, Rotation, Token};
use hush_domain::users::{User, Username};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::Idempotency;

pub(super) fn server(number: u64) -> ServerId {
    number.try_into().unwrap()
}

pub(super) fn user(number: u64) -> UserId {
    number.try_into().unwrap()
}

pub(super) fn role_id(number: u64) -> RoleId {
    number.try_into().unwrap()
}

pub(super) fn channel_id(number: u64) -> ChannelId {
    number.try_into().unwrap()
}

pub(super) fn command_id(number: u64) -> CommandId {
    number.try_into().unwrap()
}

pub(super) fn token_id(number: u64) -> TokenId {
    number.try_into().unwrap()
}

/// A moment some seconds after a fixed one that is no whole second.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_800_000_000_123_456 + second * 1_000_000).unwrap()
}

/// The last moment before another.
pub(super) fn just_before(moment: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(moment.unix_micros() - 1).unwrap()
}

/// What the operator does at some second, of which nothing else is said.
pub(super) fn act(second: i64) -> Act {
    Act {
        at: at(second),
        actor: Actor::Operator,
        request_id: None,
        reason: None,
    }
}

/// What somebody does through a token.
pub(super) fn act_of(token: &Token, second: i64) -> Act {
    let (token, user) = (token.id, token.user);
    Act {
        actor: Actor::Token { token, user },
        ..act(second)
    }
}

/// The same, asked for by a request and for a reason.
pub(super) fn because(act: &Act, reason: &str) -> Act {
    Act {
        request_id: Some("request-1".parse().unwrap()),
        reason: Some(GivenReason {
            text: reason.parse().unwrap(),
            salt: [9; 16],
        }),
        ..act.clone()
    }
}

pub(super) fn role(number: u64, name: &str, position: i32) -> Role {
    Role {
        id: role_id(number),
        name: name.parse().unwrap(),
        position,
        permissions: Permissions::default(),
        managed: false,
    }
}

pub(super) fn permitting(role: Role, permissions: Permissions) -> Role {
    Role {
        permissions,
        ..role
    }
}

pub(super) fn managed(role: Role) -> Role {
    Role {
        managed: true,
        ..role
    }
}

/// A text channel in no category.
pub(super) fn channel(number: u64, name: &str) -> Channel {
    Channel {
        id: channel_id(number),
        name: name.parse().unwrap(),
        kind: ChannelKind(0),
        parent: None,
    }
}

/// A public thread of a channel.
pub(super) fn thread(number: u64, parent: u64) -> Channel {
    Channel {
        kind: ChannelKind(11),
        parent: Some(channel_id(parent)),
        ..channel(number, &format!("thread-{number}"))
    }
}

/// A human without roles, of whose presence nothing is said.
pub(super) fn member(number: u64) -> ListedMember {
    ListedMember {
        user: User {
            id: user(number),
            username: Username::new(&format!("user-{number}"), None).unwrap(),
            bot: false,
        },
        roles: Vec::new(),
        presence: None,
    }
}

pub(super) fn bot(number: u64) -> ListedMember {
    let mut bot = member(number);
    bot.user.bot = true;
    bot
}

pub(super) fn named(mut member: ListedMember, username: Username) -> ListedMember {
    member.user.username = username;
    member
}

pub(super) fn holding(member: ListedMember, roles: &[u64]) -> ListedMember {
    ListedMember {
        roles: roles.iter().map(|number| role_id(*number)).collect(),
        ..member
    }
}

pub(super) fn shown_as(presence: Presence, member: ListedMember) -> ListedMember {
    ListedMember {
        presence: Some(presence),
        ..member
    }
}

/// A server that user 1 owns, whose list is complete and shows presences.
pub(super) fn complete(number: u64) -> Snapshot {
    Snapshot {
        server: server(number),
        name: format!("server-{number}").parse().unwrap(),
        owner: user(1),
        roles: Vec::new(),
        channels: Vec::new(),
        extent: Extent::Complete,
        presences_known: true,
    }
}

/// The same with only a part of the list, which chunks of `generation` complete.
pub(super) fn partial(number: u64, member_count: u64, generation: i64) -> Snapshot {
    Snapshot {
        extent: Extent::Partial {
            member_count,
            generation: Generation(generation),
        },
        ..complete(number)
    }
}

/// A live token with a secret of its own.
pub(super) fn token(number: u64, owner: u64, servers: &[u64]) -> NewToken {
    let secret = secret(number);
    let servers = servers.iter().map(|number| server(*number)).collect();
    NewToken {
        digest: secret.digest(),
        token: Token {
            id: token_id(number),
            user: user(owner),
            name: format!("token-{number}").parse().unwrap(),
            hint: secret.hint(),
            servers: NamedServers::new(servers).unwrap(),
            scopes: [Scope::UsersRead, Scope::StatsRead].into_iter().collect(),
            created_at: at(0),
            expires_at: Some(at(1_000_000)),
            revoked_at: None,
            parent: None,
            last_used_at: None,
        },
    }
}

/// A token by its first secret.
pub(super) fn key(new: &NewToken) -> Key {
    Key {
        token: new.token.id,
        digest: new.digest,
    }
}

/// A new secret for a token, which its owner asks for with `asker`. The one before reads for a minute.
pub(super) fn rotation(number: u64, asker: Option<Key>, new_secret: u64) -> Rotation {
    let secret = secret(new_secret);
    Rotation {
        token: token_id(number),
        asker,
        digest: secret.digest(),
        hint: secret.hint(),
        former_until: at(60),
        keep_children: false,
    }
}

/// A request that a token may send again, and which is then answered with all that the token was.
pub(super) fn request(asker: u64, key: &str, fingerprint: u8) -> Idempotency<Token> {
    Idempotency {
        key: RequestKey {
            token: token_id(asker),
            route: "POST /v1/tokens".into(),
            key: key.parse().unwrap(),
        },
        fingerprint: [fingerprint; 32],
        answer: Arc::new(answer),
    }
}

/// What [`request`] is answered.
pub(super) fn answer(token: &Token) -> Vec<u8> {
    // A byte that is no text shows a store that takes the answer for one.
    [&[0xFF], format!("{token:?}").as_bytes()].concat()
}

/// A command that user 2 gives through token 7 in server 1, at a second that is its number. It may wait for a thousand
/// seconds.
pub(super) fn command(number: u64, order: Order) -> Command {
    let second = i64::try_from(number).unwrap();
    Command {
        id: command_id(number),
        server: server(1),
        order,
        token: token_id(7),
        user: user(2),
        request_id: None,
        reason: None,
        created_at: at(second),
        not_after: at(second + 1000),
        started_at: None,
        ended_at: None,
        attempts: 0,
        state: State::Queued,
    }
}

pub(super) fn kick(number: u64) -> Order {
    Order::Kick { user: user(number) }
}

pub(super) fn say(channel: u64, text: &str) -> Order {
    Order::SendMessage {
        channel: channel_id(channel),
        content: text.parse().unwrap(),
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

/// `count` values of `strategy`, the same in every run.
pub(super) fn cases<S: Strategy>(count: usize, strategy: &S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    let mut case = || strategy.new_tree(&mut runner).unwrap().current();
    std::iter::repeat_with(&mut case).take(count).collect()
}
