use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hush_app::{Cause, Credential, Target};
use hush_domain::events::Extent;
use hush_domain::ids::ServerId;
use hush_domain::operations::Operation;
use hush_domain::settings::SettingsChange;
use hush_domain::stats::Stats;
use hush_ports::{BackendError, Clock, Ingest, StatsReader};

use crate::support::{ADMIN, HOME, NOW, OWNER, World, server, snapshot, stats};

#[tokio::test]
async fn an_owner_sees_the_counts() {
    let world = World::new().await;
    let expected = format!(
        "- Members, bots included: **3**\n- Bots: **1**\n- Online: **1**\n\
         The newest change in it came <t:{NOW}:R>."
    );
    assert_eq!(world.ask(OWNER, HOME, stats()).await, expected);
}

#[tokio::test]
async fn what_is_not_known_is_said_to_be_so() {
    let world = World::new().await;
    let counted = snapshot(HOME, Extent::Counted { member_count: 12 });
    let nobody = Box::new(vec![].into_iter());
    let applied = world
        .memory
        .apply_snapshot(counted, nobody, world.clock.wall());
    applied.await.unwrap();
    let text = world.ask(OWNER, HOME, stats()).await;
    for piece in [
        "**12**",
        "Bots: *not known*",
        "Online: *not known*",
        "privileged intent",
    ] {
        assert!(text.contains(piece), "{piece} is not in {text}");
    }
    assert!(!text.contains("**0**"), "{text}");
}

#[tokio::test]
async fn where_the_owner_has_switched_the_api_off_it_is_not_there() {
    let world = World::new().await;
    let admission = &world.app.admission;
    let owner = OWNER.try_into().unwrap();
    let permit = admission
        .admit_interaction(server(HOME), owner, Operation::UpdateServerSettings)
        .await
        .unwrap();
    let change = SettingsChange {
        api_enabled: Some(false),
        ..SettingsChange::default()
    };
    let changed = world.app.settings.update(&permit, change, Cause::default());
    changed.await.unwrap();
    let text = world.ask(OWNER, HOME, stats()).await;
    assert!(text.contains("not there for you"), "{text}");
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_for_how_long_to_wait() {
    let world = World::new().await;
    for _ in 0..60 {
        world.ask(ADMIN, HOME, stats()).await;
    }
    let text = world.ask(ADMIN, HOME, stats()).await;
    assert!(
        text.starts_with("You have asked too often: 60 in 60 seconds."),
        "{text}"
    );
    assert!(text.ends_with("Try again in 60 seconds."), "{text}");
    let secret = world.create(OWNER, HOME, "mine").await;
    let client = std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into();
    for _ in 0..60 {
        let credential = Credential::Secret(secret.clone());
        let admission = &world.app.admission;
        let admitted = admission.admit(&credential, client, Operation::ListUsers, Target::Sole);
        admitted.await.unwrap();
    }
    let text = world.ask(OWNER, HOME, stats()).await;
    assert!(
        text.starts_with("The limit of requests that this server has"),
        "{text}"
    );
    world.clock.advance(Duration::from_secs(60));
    let text = world.ask(OWNER, HOME, stats()).await;
    assert!(text.contains("**3**"), "{text}");
}

/// A store that fails, for now or for good.
struct Failing(bool);

#[async_trait]
impl StatsReader for Failing {
    async fn server_stats(&self, _server: ServerId) -> Result<Option<Stats>, BackendError> {
        Err(if self.0 {
            BackendError::transient("the inside")
        } else {
            BackendError::permanent("the inside")
        })
    }
}

#[tokio::test]
async fn a_failure_says_nothing_of_the_inside() {
    for (transient, expected) in [(true, "Try again in a minute"), (false, "`discord-900`")] {
        let failing = Arc::new(Failing(transient));
        let world = World::with(|ports| ports.stats = failing).await;
        let text = world.ask(OWNER, HOME, stats()).await;
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("inside"), "{text}");
    }
}
