//! What people may do in person, through the chat platform itself.

use std::sync::Arc;
use std::time::Duration;

use hush_app::{
    App, Caller, Cause, CreateInPerson, CreateToken, Denied, Failure, IssuedToken, Lifetime,
    Target, TokenError,
};
use hush_domain::audit::{Action, Actor};
use hush_domain::limits::{Bucket, Decision, Policy};
use hush_domain::operations::Operation;
use hush_domain::permission::{AccessLevel, Refusal, Standing};
use hush_domain::scopes::{Scope, Scopes};
use hush_domain::tokens::{DEFAULT_LIFETIME, MAX_LIVE, NamedServers, Token};
use hush_ports::{AuditLog, BackendError, Clock, MockLimiter, MockTokens, TokenFilter, Tokens};

use crate::support::{
    ADMIN, AWAY, HOME, MEMBER, OWNER, STRANGER, World, limits, ports, server, user,
};

fn wanted(name: &str) -> CreateInPerson {
    CreateInPerson {
        name: name.parse().unwrap(),
        scopes: Scopes::from_iter([Scope::UsersRead, Scope::StatsRead]),
        lifetime: Lifetime::Default,
    }
}

fn cause(id: &str) -> Cause {
    Cause {
        request_id: Some(id.parse().unwrap()),
        reason: None,
    }
}

async fn create(
    world: &World,
    who: u64,
    there: u64,
    wanted: CreateInPerson,
) -> Result<IssuedToken, TokenError> {
    let operation = Operation::CreateToken;
    let permit = world.admit_in_person(who, there, operation).await.unwrap();
    let tokens = &world.app.tokens;
    tokens
        .create_in_person(&permit, wanted, cause("made"))
        .await
}

async fn list(world: &World, who: u64, there: u64) -> Vec<Token> {
    let operation = Operation::ListTokens;
    let permit = world.admit_in_person(who, there, operation).await.unwrap();
    world.app.tokens.list_in_person(&permit).await.unwrap()
}

async fn revoke(world: &World, who: u64, there: u64, token: &str) -> Result<Token, TokenError> {
    let operation = Operation::RevokeToken;
    let permit = world.admit_in_person(who, there, operation).await.unwrap();
    let tokens = &world.app.tokens;
    tokens
        .revoke_in_person(&permit, token, cause("ended"))
        .await
}

/// By name, since tokens of the same moment have ids in any order.
fn names(tokens: &[Token]) -> Vec<&str> {
    let mut names: Vec<_> = tokens.iter().map(|token| token.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_token_made_in_person_is_for_where_it_was_made_and_descends_from_none() {
    let world = World::new().await;
    let issued = create(&world, OWNER, HOME, wanted("mine")).await.unwrap();
    let token = &issued.token;
    assert_eq!((token.user, token.parent), (user(OWNER), None));
    assert_eq!(token.servers, NamedServers::from(server(HOME)));
    let end = world.clock.wall().checked_add(DEFAULT_LIFETIME);
    assert_eq!(token.expires_at, end);
    let permit = world
        .admit(&issued.secret, Operation::GetServerStats, Target::Sole)
        .await
        .unwrap();
    assert!(matches!(permit.caller(), Caller::Token(it) if it.id == token.id));
    let row = &world.memory.rows(server(HOME), 0, 10).await.unwrap()[0];
    assert_eq!(row.action, Action::TokenCreated);
    assert_eq!(row.actor, Actor::Interaction { user: user(OWNER) });
    assert_eq!(row.request_id, Some("made".parse().unwrap()));
}

#[tokio::test]
async fn names_and_places_are_given_out_as_to_everybody_else() {
    let world = World::new().await;
    create(&world, ADMIN, HOME, wanted("mine")).await.unwrap();
    let again = create(&world, ADMIN, AWAY, wanted("mine")).await;
    assert!(matches!(again, Err(TokenError::NameTaken)), "{again:?}");
    create(&world, OWNER, HOME, wanted("mine")).await.unwrap();
    let endless = Lifetime::For(Duration::MAX);
    let too_long = CreateInPerson {
        lifetime: endless,
        ..wanted("for ever")
    };
    let refused = create(&world, ADMIN, HOME, too_long).await;
    assert!(matches!(refused, Err(TokenError::TooLong)), "{refused:?}");
    for _ in 1..MAX_LIVE {
        world.token(ADMIN, &[HOME], &[]).await;
    }
    let refused = create(&world, ADMIN, HOME, wanted("one more")).await;
    assert!(matches!(refused, Err(TokenError::TooMany)), "{refused:?}");
}

#[tokio::test]
async fn a_member_makes_no_token_and_a_stranger_finds_no_server() {
    let world = World::new().await;
    let operation = Operation::CreateToken;
    let refused = world.admit_in_person(MEMBER, HOME, operation).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.server, Some(server(HOME)));
    let expected = Refusal::InsufficientAccess {
        required: AccessLevel::Admin,
        actual: AccessLevel::Member,
    };
    assert!(matches!(refused.why, Denied::Insufficient(refusal) if refusal == expected));
    for there in [HOME, 999] {
        let refused = world.admit_in_person(STRANGER, there, operation).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused.why, Denied::ServerNotFound));
        assert_eq!(refused.server, None);
    }
}

#[tokio::test]
async fn one_sees_every_live_token_of_ones_own_that_names_the_server() {
    let world = World::new().await;
    create(&world, ADMIN, HOME, wanted("here")).await.unwrap();
    create(&world, ADMIN, AWAY, wanted("away")).await.unwrap();
    create(&world, OWNER, HOME, wanted("not mine"))
        .await
        .unwrap();
    create(&world, ADMIN, HOME, wanted("ended")).await.unwrap();
    revoke(&world, ADMIN, HOME, "ended").await.unwrap();
    // Lives for an hour.
    let both = world.token(ADMIN, &[HOME, AWAY], &[Scope::UsersRead]).await;
    assert_eq!(names(&list(&world, ADMIN, HOME).await), ["here", "test 0"]);
    let target = Target::Server(server(HOME));
    let used = world.admit(&both, Operation::ListUsers, target).await;
    used.unwrap();
    let listed = list(&world, ADMIN, AWAY).await;
    assert_eq!(names(&listed), ["away", "test 0"]);
    for token in &listed {
        let used = (token.servers.as_slice().len() == 2).then(|| world.clock.wall().minute());
        assert_eq!(token.last_used_at, used, "{token:?}");
    }
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(names(&list(&world, ADMIN, HOME).await), ["here"]);
    assert_eq!(list(&world, MEMBER, HOME).await, []);
}

#[tokio::test]
async fn a_live_token_is_found_behind_any_number_that_have_ended() {
    let world = World::new().await;
    let live = create(&world, ADMIN, HOME, wanted("live")).await.unwrap();
    let live = live.token;
    let ended = |number: usize| Token {
        id: u64::try_from(number).unwrap().try_into().unwrap(),
        revoked_at: Some(world.clock.wall()),
        ..live.clone()
    };
    let mut all: Vec<_> = (1..=2000).map(ended).collect();
    all.push(live);
    let mut tokens = MockTokens::new();
    tokens
        .expect_standing()
        .returning(|_, _| Ok(Some(Standing::MEMBER)));
    tokens.expect_list().times(3).returning(move |filter| {
        let later = |token: &&Token| Some(token.id) > filter.after;
        let page = all.iter().filter(later).take(filter.limit.into());
        Ok(page.cloned().collect())
    });
    let mut ports = ports(&world.memory, &world.clock);
    ports.tokens = Arc::new(tokens);
    let world = World {
        app: App::new(&ports, limits()),
        ..world
    };
    assert_eq!(names(&list(&world, ADMIN, HOME).await), ["live"]);
}

#[tokio::test]
async fn one_ends_ones_own_tokens_by_id_or_name_with_all_that_descends_from_them() {
    let world = World::new().await;
    let scopes = [Scope::TokensWrite];
    let first = CreateInPerson {
        scopes: scopes.into_iter().collect(),
        ..wanted("first")
    };
    let first = create(&world, ADMIN, HOME, first).await.unwrap();
    let permit = world
        .admit(&first.secret, Operation::CreateToken, Target::Nothing)
        .await
        .unwrap();
    let child = CreateToken {
        servers: server(HOME).into(),
        name: "child".parse().unwrap(),
        scopes: Scopes::default(),
        lifetime: Lifetime::Default,
    };
    let made = world
        .app
        .tokens
        .create_own(&permit, child, cause("child"), None);
    made.await.unwrap();
    // What is called like another one's id does not stand before that one.
    let id = first.token.id.to_string();
    create(&world, ADMIN, HOME, wanted(&id)).await.unwrap();
    let revoked = revoke(&world, ADMIN, HOME, &id).await.unwrap();
    assert_eq!(revoked.id, first.token.id);
    assert_eq!(names(&list(&world, ADMIN, HOME).await), [id.as_str()]);
    let revoked = revoke(&world, ADMIN, HOME, &id).await.unwrap();
    assert_eq!(revoked.name.as_str(), id);
    assert_eq!(list(&world, ADMIN, HOME).await, []);
    let rows = world.memory.rows(server(HOME), 3, 10).await.unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row.action, Action::TokenRevoked);
        assert_eq!(row.actor, Actor::Interaction { user: user(ADMIN) });
        assert_eq!(row.request_id, Some("ended".parse().unwrap()));
    }
}

#[tokio::test]
async fn one_ends_nothing_that_one_does_not_see() {
    let world = World::new().await;
    let of_owner = create(&world, OWNER, HOME, wanted("mine")).await.unwrap();
    let away = create(&world, ADMIN, AWAY, wanted("away")).await.unwrap();
    let ended = create(&world, ADMIN, HOME, wanted("ended")).await.unwrap();
    revoke(&world, ADMIN, HOME, "ended").await.unwrap();
    let before = all(&world).await;
    for token in [of_owner.token, away.token, ended.token] {
        for named in [token.id.to_string(), token.name.to_string()] {
            let refused = revoke(&world, ADMIN, HOME, &named).await;
            assert!(matches!(refused, Err(TokenError::NotFound)), "{named}");
        }
    }
    assert_eq!(all(&world).await, before);
}

async fn all(world: &World) -> Vec<Token> {
    let everything = TokenFilter {
        limit: 100,
        ..TokenFilter::default()
    };
    world.memory.list(everything).await.unwrap()
}

#[tokio::test]
async fn a_permit_in_person_opens_what_it_was_made_for_and_no_other_permit_opens_that() {
    let world = World::new().await;
    let operation = Operation::ListTokens;
    let in_person = world.admit_in_person(OWNER, HOME, operation).await.unwrap();
    let secret = world.token(OWNER, &[HOME], &Scope::ALL).await;
    let by_token = world.admit(&secret, operation, Target::Nothing).await;
    let by_token = by_token.unwrap();
    let operator = world.app.admission.operator();
    let tokens = &world.app.tokens;
    for permit in [&by_token, &operator] {
        let listed = tokens.list_in_person(permit).await;
        assert!(matches!(listed, Err(Failure::Internal(_))));
    }
    let failures = [
        tokens.list_own(&in_person, None, 1).await.err(),
        tokens.list_of_server(&in_person, None, 1).await.err(),
        tokens.list(&in_person, TokenFilter::default()).await.err(),
        world.app.stats.get(&in_person).await.err(),
        world.app.me.get(&in_person).await.err(),
    ];
    for failure in failures {
        assert!(matches!(failure, Some(Failure::Internal(_))), "{failure:?}");
    }
    let made = tokens.create_in_person(&in_person, wanted("mine"), Cause::default());
    assert!(matches!(
        made.await,
        Err(TokenError::Failed(Failure::Internal(_)))
    ));
}

#[tokio::test]
async fn whoever_asks_too_often_costs_neither_the_store_nor_the_server_anything() {
    let world = World::new().await;
    let operation = Operation::GetServerStats;
    for _ in 0..60 {
        let refused = world.admit_in_person(MEMBER, HOME, operation).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused.why, Denied::Insufficient(_)));
    }
    let refused = world.admit_in_person(MEMBER, HOME, operation).await;
    match refused.unwrap_err().why {
        Denied::RateLimited(quota) => assert_eq!(quota.bucket.policy(), Policy::User),
        other => panic!("{other:?}"),
    }
    let permit = world.admit_in_person(OWNER, HOME, operation).await.unwrap();
    assert_eq!(permit.quota().unwrap().remaining, 59);
    // Those of the server's limit are shared with all tokens.
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    for _ in 0..59 {
        let admitted = world
            .admit(&token, Operation::ListUsers, Target::Sole)
            .await;
        admitted.unwrap();
    }
    let refused = world.admit_in_person(OWNER, HOME, operation).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.server, Some(server(HOME)));
    match refused.why {
        Denied::RateLimited(quota) => assert_eq!(quota.bucket.policy(), Policy::Server),
        other => panic!("{other:?}"),
    }
    assert_eq!(list(&world, OWNER, HOME).await, []);
}

fn always(bucket: Bucket, times: usize, admitted: bool) -> MockLimiter {
    let mut limiter = MockLimiter::new();
    let decision = Decision {
        admitted,
        remaining: 0,
        more_in: Duration::from_secs(60),
    };
    limiter
        .expect_take()
        .times(times)
        .withf(move |taken, _| *taken == bucket)
        .returning(move |_, _| Ok(decision));
    limiter
}

#[tokio::test]
async fn each_request_takes_once_from_the_users_bucket_and_from_the_servers_if_it_may() {
    let cases = [
        (OWNER, Operation::GetServerStats, 1),
        (OWNER, Operation::ListTokens, 0),
        (ADMIN, Operation::CreateToken, 0),
        // Refused for the level, and for a server in which the user is not.
        (ADMIN, Operation::GetServerStats, 0),
        (STRANGER, Operation::GetServerStats, 0),
    ];
    for (who, operation, of_server) in cases {
        let world = World::new().await;
        let mut ports = ports(&world.memory, &world.clock);
        let (own, shared) = (Bucket::User(user(who)), Bucket::Server(server(HOME)));
        ports.auth_limiter = Arc::new(always(own, 1, true));
        ports.limiter = Arc::new(always(shared, of_server, true));
        let app = App::new(&ports, limits());
        let admission = &app.admission;
        let _ = admission
            .admit_interaction(server(HOME), user(who), operation)
            .await;
    }
}

#[tokio::test]
async fn nothing_is_looked_up_for_a_full_bucket_and_a_failure_is_no_refusal() {
    for full in [true, false] {
        let world = World::new().await;
        let mut ports = ports(&world.memory, &world.clock);
        let mut tokens = MockTokens::new();
        tokens
            .expect_standing()
            .times(usize::from(!full))
            .returning(|_, _| Err(BackendError::transient("away")));
        ports.tokens = Arc::new(tokens);
        ports.auth_limiter = Arc::new(always(Bucket::User(user(OWNER)), 1, !full));
        ports.limiter = Arc::new(MockLimiter::new());
        let app = App::new(&ports, limits());
        let operation = Operation::GetServerStats;
        let refused = app
            .admission
            .admit_interaction(server(HOME), user(OWNER), operation)
            .await;
        match refused.unwrap_err().why {
            Denied::RateLimited(quota) => assert!(full && quota.more_in_seconds == 60),
            Denied::Failed(Failure::Unavailable(_)) => assert!(!full),
            other => panic!("{other:?}"),
        }
    }
}
