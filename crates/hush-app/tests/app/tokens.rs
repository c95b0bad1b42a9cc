//! Tokens as the operator makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hush_app::{App, CreateToken, Lifetime, TokenError};
use hush_domain::tokens::NamedServers;
use hush_ports::{Clock, CreateTokenError, MockTokens, Outcome, TokenFilter};

use crate::support::{ADMIN, HOME, World, limits, ports, server, user};

fn wanted(lifetime: Lifetime) -> CreateToken {
    CreateToken {
        servers: NamedServers::new(vec![server(HOME)]).unwrap(),
        name: "nightly".parse().unwrap(),
        scopes: hush_domain::scopes::Scopes::default(),
        lifetime,
    }
}

#[tokio::test]
async fn what_is_issued_can_be_listed_and_its_secret_is_not_in_it() {
    let world = World::new().await;
    let operator = world.app.admission.operator();
    let day = Duration::from_secs(86_400);
    let issued = world
        .app
        .tokens
        .create(&operator, user(ADMIN), wanted(Lifetime::For(day)))
        .await
        .unwrap();
    let filter = TokenFilter {
        user: Some(user(ADMIN)),
        limit: 10,
        ..TokenFilter::default()
    };
    let listed = world.app.tokens.list(&operator, filter).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&issued.token));
    assert_eq!(listed[0].expires_at, world.clock.wall().checked_add(day));
    let secret = issued.secret.expose();
    assert!(secret.starts_with(listed[0].hint.as_str()));
    for shown in [format!("{issued:?}"), format!("{listed:?}")] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_taken_id_is_drawn_again_and_a_secret_is_never_used_twice() {
    let world = World::new().await;
    let mut ports = ports(&world.memory, &world.clock);
    let ids = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (seen, asked) = (ids.clone(), AtomicUsize::new(0));
    let mut tokens = MockTokens::new();
    tokens
        .expect_create()
        .times(3)
        .returning(move |new, _, _, _| {
            seen.lock().unwrap().push(new.token.id);
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(CreateTokenError::IdTaken),
                _ => Ok(Outcome::Done(new.token)),
            }
        });
    ports.tokens = Arc::new(tokens);
    let app = App::new(&ports, limits());
    let issued = app
        .tokens
        .create(
            &app.admission.operator(),
            user(ADMIN),
            wanted(Lifetime::Endless),
        )
        .await
        .unwrap();
    let ids = ids.lock().unwrap();
    assert_eq!(ids.last(), Some(&issued.token.id));
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[tokio::test]
async fn a_lifetime_beyond_the_calendar_is_refused() {
    let world = World::new().await;
    let operator = world.app.admission.operator();
    let refused = world
        .app
        .tokens
        .create(&operator, user(ADMIN), wanted(Lifetime::For(Duration::MAX)))
        .await;
    assert!(matches!(refused, Err(TokenError::TooLong)));
}
