//! What admission lets in, from outside.

use std::time::Duration;

use hush_app::{Denied, Target};
use hush_domain::events::{Change, Event};
use hush_domain::limits::Policy;
use hush_domain::operations::Operation;
use hush_domain::permission::{AccessLevel, Permissions, Refusal};
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_ports::{Clock, Ingest};
use proptest::prelude::*;

use crate::support::{ADMIN, AWAY, HOME, MEMBER, OWNER, STRANGER, World, role, server, user};

const USERS: [Scope; 1] = [Scope::UsersRead];

fn unknown() -> Secret {
    Secret::generate(&mut |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(1);
        Ok(())
    })
    .unwrap()
}

async fn why(world: &World, secret: &Secret, operation: Operation, target: Target) -> Denied {
    world
        .admit(secret, operation, target)
        .await
        .unwrap_err()
        .why
}

#[tokio::test]
async fn a_demotion_holds_at_once() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &USERS).await;
    world
        .admit(&token, Operation::ListUsers, Target::Sole)
        .await
        .unwrap();
    let demotion = Event {
        server: server(HOME),
        change: Change::RoleChanged(role(HOME + 10, Permissions::default())),
    };
    world
        .memory
        .apply(demotion, world.clock.wall())
        .await
        .unwrap();
    let denied = why(&world, &token, Operation::ListUsers, Target::Sole).await;
    assert!(matches!(
        denied,
        Denied::Insufficient(Refusal::InsufficientAccess {
            required: AccessLevel::Admin,
            actual: AccessLevel::Member
        })
    ));
}

#[tokio::test]
async fn who_left_has_no_server_and_who_comes_back_has_their_token_back() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &USERS).await;
    let left = Event {
        server: server(HOME),
        change: Change::MemberLeft(user(ADMIN)),
    };
    world.memory.apply(left, world.clock.wall()).await.unwrap();
    let denied = why(&world, &token, Operation::ListUsers, Target::Sole).await;
    assert!(matches!(denied, Denied::ServerNotFound));
    let back = crate::support::listed(ADMIN, &[HOME + 10]);
    let joined = Event {
        server: server(HOME),
        change: Change::MemberJoined(back),
    };
    world
        .memory
        .apply(joined, world.clock.wall())
        .await
        .unwrap();
    world
        .admit(&token, Operation::ListUsers, Target::Sole)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_expired_and_a_revoked_token_are_as_unknown_as_one_that_never_was() {
    let world = World::new().await;
    let revoked = world.token(ADMIN, &[HOME], &USERS).await;
    let permit = world
        .admit(&revoked, Operation::GetMe, Target::Nothing)
        .await
        .unwrap();
    let hush_app::Caller::Token(token) = permit.caller() else {
        panic!("not a token")
    };
    let operator = world.app.admission.operator();
    world.app.tokens.revoke(&operator, token.id).await.unwrap();
    let expired = world.token(ADMIN, &[HOME], &USERS).await;
    world.clock.advance(Duration::from_secs(3600));
    for secret in [revoked, expired, unknown()] {
        let refused = world
            .admit(&secret, Operation::ListUsers, Target::Sole)
            .await
            .unwrap_err();
        assert!(
            matches!(refused.why, Denied::InvalidToken),
            "{:?}",
            refused.why
        );
        assert_eq!(refused.token, None);
    }
}

#[tokio::test]
async fn a_token_of_several_servers_must_say_which() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME, AWAY], &USERS).await;
    let denied = why(&world, &token, Operation::ListUsers, Target::Sole).await;
    assert!(matches!(denied, Denied::ServerRequired));
    let permit = world
        .admit(&token, Operation::ListUsers, Target::Server(server(AWAY)))
        .await
        .unwrap();
    assert_eq!(permit.server(), Some(server(AWAY)));
}

#[tokio::test]
async fn refusals_never_touch_the_bucket_of_the_server() {
    let world = World::new().await;
    let admin = world.token(ADMIN, &[HOME], &USERS).await;
    let member = world.token(MEMBER, &[HOME], &USERS).await;
    // 60 refusals are counted against the member's own token, and the 61st is too many for it.
    for _ in 0..60 {
        let denied = why(&world, &member, Operation::ListUsers, Target::Sole).await;
        assert!(matches!(denied, Denied::Insufficient(_)));
    }
    match why(&world, &member, Operation::ListUsers, Target::Sole).await {
        Denied::RateLimited(quota) => assert_eq!(quota.bucket.policy(), Policy::Token),
        other => panic!("{other:?}"),
    }
    for _ in 0..60 {
        world
            .admit(&admin, Operation::ListUsers, Target::Sole)
            .await
            .unwrap();
    }
    match why(&world, &admin, Operation::ListUsers, Target::Sole).await {
        Denied::RateLimited(quota) => assert_eq!(quota.bucket.policy(), Policy::Server),
        other => panic!("{other:?}"),
    }
    // The exhausted server says nothing about the token: it may still ask who it is.
    let permit = world
        .admit(&admin, Operation::GetMe, Target::Nothing)
        .await
        .unwrap();
    assert_eq!(permit.quota().unwrap().remaining, 59);
}

#[tokio::test]
async fn unknown_tokens_count_against_the_address_and_never_hinder_a_valid_one() {
    let world = World::new().await;
    let valid = world.token(ADMIN, &[HOME], &USERS).await;
    for _ in 0..300 {
        let denied = why(&world, &unknown(), Operation::ListUsers, Target::Sole).await;
        assert!(matches!(denied, Denied::InvalidToken));
    }
    match why(&world, &unknown(), Operation::ListUsers, Target::Sole).await {
        Denied::RateLimited(quota) => assert_eq!(quota.bucket.policy(), Policy::Auth),
        other => panic!("{other:?}"),
    }
    world
        .admit(&valid, Operation::ListUsers, Target::Sole)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_permit_opens_the_operation_that_it_was_made_for_and_no_other() {
    let world = World::new().await;
    let token = world
        .token(OWNER, &[HOME], &[Scope::UsersRead, Scope::StatsRead])
        .await;
    let permit = world
        .admit(&token, Operation::GetServerStats, Target::Sole)
        .await
        .unwrap();
    world.app.stats.get(&permit).await.unwrap().unwrap();
    world.app.users.get(&permit, user(OWNER)).await.unwrap_err();
    world.app.me.get(&permit).await.unwrap_err();
    let filter = hush_ports::TokenFilter {
        limit: 10,
        ..Default::default()
    };
    world.app.tokens.list(&permit, filter).await.unwrap_err();
}

fn any_scopes() -> impl Strategy<Value = Vec<Scope>> {
    proptest::sample::subsequence(Scope::ALL.to_vec(), 0..=Scope::ALL.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nobody reaches above their level, scopes only narrow, and no token reaches a server that it does not
    /// name: said once more, independently of the rules.
    #[test]
    fn nothing_is_admitted_that_should_not_be(
        who in prop::sample::select(vec![OWNER, ADMIN, MEMBER]),
        named in prop::sample::subsequence(vec![HOME, AWAY], 1..=2),
        scopes in any_scopes(),
        addressed in prop::option::of(prop::sample::select(vec![HOME, AWAY, 999])),
        operation in prop::sample::select(Operation::ALL.to_vec()),
        leaves in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let token = world.token(who, &named, &scopes).await;
            if leaves {
                let left = Event { server: server(HOME), change: Change::MemberLeft(user(who)) };
                world.memory.apply(left, world.clock.wall()).await.unwrap();
            }
            // Whom it takes in the addressed server, if it addresses one, and the scope.
            let (whom, scope) = match operation {
                Operation::GetMe | Operation::GetToken | Operation::RevokeToken => (None, None),
                Operation::ListTokens => (None, Some(Scope::TokensRead)),
                Operation::CreateToken | Operation::RotateToken => (None, Some(Scope::TokensWrite)),
                Operation::ListUsers
                | Operation::GetUser
                | Operation::GetServer
                | Operation::ListRoles
                | Operation::ListChannels => {
                    (Some(&[OWNER, ADMIN][..]), Some(Scope::UsersRead))
                }
                Operation::GetServerStats => (Some(&[OWNER][..]), Some(Scope::StatsRead)),
                Operation::GetServerSettings => (Some(&[OWNER][..]), None),
                Operation::UpdateServerSettings => (Some(&[OWNER][..]), Some(Scope::SettingsWrite)),
                Operation::GetServerRateLimit | Operation::ListAuditLog => {
                    (Some(&[OWNER][..]), Some(Scope::AuditRead))
                }
                Operation::ListCommands | Operation::GetCommand => {
                    (Some(&[OWNER, ADMIN][..]), Some(Scope::CommandsRead))
                }
                Operation::CreateCommand | Operation::CancelCommand => {
                    (Some(&[OWNER, ADMIN][..]), Some(Scope::CommandsWrite))
                }
                Operation::ListServerTokens => (Some(&[OWNER][..]), Some(Scope::TokensRead)),
                Operation::RemoveServerFromToken => (Some(&[OWNER][..]), Some(Scope::TokensWrite)),
                _ => unreachable!("a new operation needs its line here"),
            };
            let target = match whom {
                None => Target::Nothing,
                Some(_) => addressed.map_or(Target::Sole, |id| Target::Server(server(id))),
            };
            let admitted = world.admit(&token, operation, target).await;
            let there = addressed.or((named.len() == 1).then(|| named[0]));
            // An owner stays one without being listed.
            let inside = there.is_some_and(|id| {
                named.contains(&id) && (who == OWNER || !(leaves && id == HOME))
            });
            let may = scope.is_none_or(|scope| scopes.contains(&scope))
                && whom.is_none_or(|whom| inside && whom.contains(&who));
            prop_assert_eq!(admitted.is_ok(), may);
            if let Ok(permit) = admitted {
                prop_assert_eq!(permit.server(), whom.and(there).map(server));
            }
            // What is about a server is about none without one.
            if whom.is_some() {
                let lost = world.admit(&token, operation, Target::Nothing).await;
                prop_assert!(lost.is_err());
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_stranger_gets_no_token_at_all() {
    let world = World::new().await;
    let wanted = hush_app::CreateToken {
        servers: hush_domain::tokens::NamedServers::new(vec![server(HOME)]).unwrap(),
        name: "test".parse().unwrap(),
        scopes: USERS.into_iter().collect(),
        lifetime: hush_app::Lifetime::Endless,
    };
    let refused = world
        .app
        .tokens
        .create(&world.app.admission.operator(), user(STRANGER), wanted)
        .await;
    assert!(matches!(refused, Err(hush_app::TokenError::ServerNotFound(id)) if id == server(HOME)));
}
