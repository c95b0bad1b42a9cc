//! What tokens are used for costs no write per request, and nothing of it is lost.

use std::sync::Arc;
use std::time::Duration;

use hush_app::{App, Target};
use hush_domain::operations::Operation;
use hush_domain::scopes::Scope;
use hush_domain::usage::Use;
use hush_ports::{BackendError, Clock, MockUsage, Usage};

use crate::support::{ADMIN, HOME, OWNER, World, limits, ports, server};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_minute_is_written_once_and_when_it_is_over() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let mut ports = ports(&world.memory, &world.clock);
    let written = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut usage = MockUsage::new();
    let seen = written.clone();
    usage.expect_record().returning(move |uses: Vec<Use>| {
        seen.lock().unwrap().push(uses);
        Ok(())
    });
    ports.usage = Arc::new(usage);
    let world = World {
        app: App::new(&ports, limits()),
        ..world
    };
    let start = world.clock.wall().minute();
    for _ in 0..3 {
        world
            .admit(&token, Operation::ListUsers, Target::Sole)
            .await
            .unwrap();
    }
    world.app.uses.flush().await.unwrap();
    assert!(written.lock().unwrap().is_empty(), "the minute still runs");
    world.clock.advance(MINUTE);
    for _ in 0..2 {
        world.app.uses.flush().await.unwrap();
    }
    let written = written.lock().unwrap();
    let [batch] = &written[..] else {
        panic!("{written:?}")
    };
    let [used] = &batch[..] else {
        panic!("{batch:?}")
    };
    assert_eq!((used.requests, used.minute), (3, start));
    assert_eq!(used.server, Some(server(HOME)));
}

#[tokio::test]
async fn what_the_store_could_not_take_is_written_later() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let mut ports = ports(&world.memory, &world.clock);
    let (memory, mut away) = (world.memory.clone(), true);
    let mut usage = MockUsage::new();
    usage
        .expect_record()
        .times(2)
        .returning(move |uses: Vec<Use>| {
            if std::mem::take(&mut away) {
                return Err(BackendError::transient("away"));
            }
            at_once(memory.record(uses))
        });
    ports.usage = Arc::new(usage);
    let world = World {
        app: App::new(&ports, limits()),
        ..world
    };
    world
        .admit(&token, Operation::ListUsers, Target::Sole)
        .await
        .unwrap();
    world.app.uses.flush_all().await.unwrap_err();
    world.app.uses.flush_all().await.unwrap();
    let since = world.clock.wall().minute();
    let spent = world.memory.spent(server(HOME), since).await.unwrap();
    assert_eq!(spent.len(), 1);
    assert_eq!(spent[0].requests, 1);
}

/// Memory waits for nothing.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => panic!("memory waits"),
    }
}

#[tokio::test]
async fn the_owner_sees_who_spent_what_and_it_costs_the_server_nothing() {
    let world = World::new().await;
    let admin = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let owner = world
        .token(OWNER, &[HOME], &[Scope::AuditRead, Scope::UsersRead])
        .await;
    for (token, times) in [(&admin, 5), (&owner, 2)] {
        for _ in 0..times {
            world
                .admit(token, Operation::ListUsers, Target::Sole)
                .await
                .unwrap();
        }
    }
    // A part of it is written already, in this minute's row or in the one before.
    world.app.uses.flush_all().await.unwrap();
    world.clock.advance(Duration::from_secs(30));
    world
        .admit(&admin, Operation::ListUsers, Target::Sole)
        .await
        .unwrap();
    for _ in 0..3 {
        let permit = world
            .admit(&owner, Operation::GetServerRateLimit, Target::Sole)
            .await;
        let limit = world.app.rate_limits.get(&permit.unwrap()).await.unwrap();
        let (rule, left) = limit.limit.unwrap();
        assert_eq!((rule.requests(), left.remaining), (60, 52));
        assert_eq!(left.more_in, Duration::from_secs(30));
        let spent: Vec<_> = limit.spent.iter().map(|spent| spent.requests).collect();
        assert_eq!(spent, [6, 2]);
    }
    // The tokens of this world live for an hour.
    world.clock.advance(Duration::from_mins(59));
    let permit = world
        .admit(&owner, Operation::GetServerRateLimit, Target::Sole)
        .await;
    let limit = world.app.rate_limits.get(&permit.unwrap()).await.unwrap();
    assert_eq!(limit.limit.unwrap().1.remaining, 60);
}
