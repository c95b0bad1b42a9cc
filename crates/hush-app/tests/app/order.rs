//! What is asked of the outside, in which order, and what a failure there becomes.

use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::Memory;
use hush_app::{App, Credential, Denied, Failure, Target};
use hush_domain::limits::{Bucket, Decision};
use hush_domain::operations::Operation;
use hush_domain::secret::Secret;
use hush_ports::{BackendError, MockLimiter, MockTokens};

use crate::support::{HOME, StillClock, World, limits, ports, server, user};

fn client() -> hush_domain::limits::ClientNetwork {
    std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into()
}

fn secret() -> Secret {
    Secret::generate(&mut |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(2);
        Ok(())
    })
    .unwrap()
}

#[tokio::test]
async fn no_token_and_a_malformed_one_cost_no_look_up() {
    let (memory, clock) = (Arc::new(Memory::new()), Arc::new(StillClock::default()));
    let mut ports = ports(&memory, &clock);
    // Mocks without expectations panic when they are asked.
    ports.tokens = Arc::new(MockTokens::new());
    ports.limiter = Arc::new(MockLimiter::new());
    ports.auth_limiter = Arc::new(MockLimiter::new());
    let app = App::new(&ports, limits());
    for (credential, missing) in [(Credential::Missing, true), (Credential::Malformed, false)] {
        let refused = app
            .admission
            .admit(&credential, client(), Operation::GetMe, Target::Nothing)
            .await;
        let why = refused.unwrap_err().why;
        assert!(if missing {
            matches!(why, Denied::MissingToken)
        } else {
            matches!(why, Denied::InvalidToken)
        });
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_unavailable_and_a_broken_one_is_not() {
    for transient in [true, false] {
        let (memory, clock) = (Arc::new(Memory::new()), Arc::new(StillClock::default()));
        let mut ports = ports(&memory, &clock);
        let mut tokens = MockTokens::new();
        tokens.expect_present().times(1).returning(move |_, _| {
            Err(if transient {
                BackendError::transient("away")
            } else {
                BackendError::permanent("broken")
            })
        });
        ports.tokens = Arc::new(tokens);
        ports.limiter = Arc::new(MockLimiter::new());
        let app = App::new(&ports, limits());
        let credential = Credential::Secret(secret());
        let refused = app
            .admission
            .admit(&credential, client(), Operation::GetMe, Target::Nothing)
            .await;
        match refused.unwrap_err().why {
            Denied::Failed(Failure::Unavailable(_)) => assert!(transient),
            Denied::Failed(Failure::Internal(_)) => assert!(!transient),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn each_request_takes_once_from_the_bucket_of_its_policy() {
    let world = World::new().await;
    let scopes = [hush_domain::scopes::Scope::UsersRead];
    let token = world.token(2, &[HOME], &scopes).await;
    let id = {
        let operator = world.app.admission.operator();
        let filter = hush_ports::TokenFilter {
            user: Some(user(2)),
            limit: 1,
            ..Default::default()
        };
        world.app.tokens.list(&operator, filter).await.unwrap()[0].id
    };
    let cases = [
        (
            Operation::ListUsers,
            Target::Sole,
            Bucket::Server(server(HOME)),
        ),
        (Operation::GetMe, Target::Nothing, Bucket::Token(id)),
        // Refused for its level, its scope, and for a server out of reach.
        (Operation::GetServerStats, Target::Sole, Bucket::Token(id)),
        (
            Operation::ListUsers,
            Target::Server(server(999)),
            Bucket::Token(id),
        ),
        (
            Operation::GetServerStats,
            Target::NoServer,
            Bucket::Token(id),
        ),
        (Operation::ListUsers, Target::Unreadable, Bucket::Token(id)),
    ];
    for (operation, target, expected) in cases {
        let mut ports = ports(&world.memory, &world.clock);
        let mut limiter = MockLimiter::new();
        let more_in = Duration::from_secs(60);
        limiter
            .expect_take()
            .times(1)
            .withf(move |bucket, _| *bucket == expected)
            .returning(move |_, _| {
                Ok(Decision {
                    admitted: true,
                    remaining: 59,
                    more_in,
                })
            });
        ports.limiter = Arc::new(limiter);
        ports.auth_limiter = Arc::new(MockLimiter::new());
        let app = App::new(&ports, limits());
        let credential = Credential::Secret(token.clone());
        let _ = app
            .admission
            .admit(&credential, client(), operation, target)
            .await;
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted_but_unknown_tokens() {
    let world = World::new().await;
    let token = world.token(2, &[HOME], &[]).await;
    let mut ports = ports(&world.memory, &world.clock);
    ports.limiter = Arc::new(MockLimiter::new());
    let app = App::new(
        &ports,
        hush_app::Limits {
            requests: None,
            ..limits()
        },
    );
    let credential = Credential::Secret(token);
    let permit = app
        .admission
        .admit(&credential, client(), Operation::GetMe, Target::Nothing)
        .await
        .unwrap();
    assert!(permit.quota().is_none());
}
