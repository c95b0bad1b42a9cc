//! What goes wrong inside, and what the client learns of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::users::Member;
use hush_http::HttpSettings;
use hush_ports::{BackendError, PageRequest, Users};

use crate::support::{ADMIN, ALL, HOME, OWNER, World};

/// A store of users in which everything goes wrong.
struct Broken;

#[async_trait]
impl Users for Broken {
    async fn get(&self, _: ServerId, user: UserId) -> Result<Option<Member>, BackendError> {
        match user.get() {
            1 => Err(BackendError::transient("secret address 10.1.2.3 is away")),
            2 => Err(BackendError::permanent("secret column is broken")),
            3 => panic!("a handler's panic"),
            _ => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(None)
            }
        }
    }

    async fn page(&self, _: ServerId, _: PageRequest) -> Result<Vec<Member>, BackendError> {
        Ok(Vec::new())
    }
}

pub(crate) fn broken_users() -> Arc<dyn Users> {
    Arc::new(Broken)
}

pub(crate) async fn broken_world() -> World {
    World::with(HttpSettings::default(), |ports| {
        ports.users = broken_users();
    })
    .await
}

#[tokio::test]
async fn the_client_learns_the_kind_of_a_failure_and_no_more() {
    let world = broken_world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let away = world.get("/v1/users/1", &token).await;
    away.is_problem(503, "unavailable");
    assert_eq!(away.header("retry-after"), "1");
    let broken = world.get("/v1/users/2", &token).await;
    broken.is_problem(500, "internal-error");
    for reply in [away, broken] {
        assert!(!reply.text().contains("secret"), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served() {
    let world = broken_world().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let reply = world.get("/v1/users/3", &token).await;
    reply.is_problem(500, "internal-error");
    assert!(!reply.text().contains("handler's panic"));
    assert_eq!(reply.header("x-ratelimit-remaining"), "59");
    assert_eq!(world.get("/v1/users", &token).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_ten_seconds_is_given_up() {
    let world = broken_world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let began = tokio::time::Instant::now();
    world
        .get("/v1/users/4", &token)
        .await
        .is_problem(503, "unavailable");
    assert_eq!(began.elapsed().as_secs(), 10);
}
