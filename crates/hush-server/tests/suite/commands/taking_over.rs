//! Two processes over one database, of which one is killed.

use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord_fake::{Scripted, Setup};
use hush_ports::Clock;

use super::clients::key;
use super::orders::in_turn;
use super::scene::{OWNER, Scene, guild};
use super::verdict::{Record, agrees, by_author};
use crate::support::Site;

const SERVERS: [u64; 2] = [1 << 22, 2 << 22];

#[test]
fn what_a_killed_process_had_begun_is_done_by_the_other_one() {
    let site = Site::postgres();
    let guilds = SERVERS.map(|id| guild(id, OWNER, 3)).to_vec();
    let scene = Scene::new(&site, Setup::default(), guilds);
    let mut first = scene.serve_and_know();
    // Longer than it lives: what comes after it on the same server or channel waits.
    let slow = Scripted::Delay(Duration::from_secs(8));
    for path in ["/guilds/", "/channels/"] {
        scene.fake.script_requests(path, SERVERS.len(), slow);
    }
    let known = scene.fake.requests().len();
    let wanted = in_turn(&SERVERS, "ban");
    let ids: Vec<_> = wanted
        .iter()
        .enumerate()
        .map(|(number, it)| scene.queue(first.api, it.server, &key(number), &it.body))
        .collect();
    scene.heard(known + 2 * SERVERS.len());
    let second = scene.serve();
    first.kill();
    let clock = SystemClock::new();
    let records = wanted.into_iter().zip(ids).enumerate();
    let records: Vec<_> = records
        .map(|(number, (wanted, id))| Record {
            number,
            command: scene.ended(second.api, wanted.server, &id),
            wanted,
        })
        .collect();
    let took = clock.monotonic();
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    let effects = scene.fake.effects();
    agrees(&records, &effects);
    let found = by_author(&effects);
    let mut repeated = 0;
    for record in &records {
        assert_eq!(record.state(), "succeeded", "{record:?}");
        repeated += found[record.id()].len() - 1;
    }
    // What was under way, and nothing else.
    assert_eq!(repeated, 2 * SERVERS.len());
}
