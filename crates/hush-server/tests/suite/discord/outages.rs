//! The database is away in the middle of a storm.

use std::time::Duration;

use hush_discord_fake::{Setup, Step, Storm};

use super::Scene;
use super::scene::{OWNER, SERVERS};
use crate::support::{Proxy, Running, Site, Way, get};

#[test]
fn a_database_that_is_away_for_twenty_seconds_loses_nothing() {
    let site = Site::postgres();
    let scene = Scene::new(&site, Setup::default());
    let database = site.database().unwrap();
    let proxy = Proxy::to(database.host());
    let url = database
        .url()
        .replace(&database.host(), &proxy.address.to_string());
    let hush = scene.hush().with("HUSH_DATABASE_URL", &url);
    let service = Running::start(&hush, &["serve"]);
    scene.agree(&service);
    let storm = Storm {
        rate: 1000,
        duration: Duration::from_secs(20),
        seed: 5,
    };
    proxy.set(Way::Cut);
    let left = Step::MemberLeft {
        guild: SERVERS[1],
        user: OWNER + 5,
    };
    assert!(scene.take(left));
    assert_eq!(get(service.api, "/livez", "").status, 200);
    // Longer than any lease lasts.
    scene.runtime.block_on(scene.fake.storm(storm)).unwrap();
    proxy.set(Way::Open);
    scene.agree(&service);
    assert_eq!(scene.fake.observed().identified(), 1);
}
