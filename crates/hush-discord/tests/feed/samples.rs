//! The counts over time.

use hush_discord_fake::{Setup, Step};
use hush_domain::ids::ServerId;
use hush_domain::samples::{HourlySample, Spread};
use hush_domain::time::Timestamp;
use hush_ports::{Clock, Samples};

use crate::support::{PATIENCE, SERVER, Site, guild};

const OTHER: u64 = 2 << 22;

/// All that was seen of a server's members so far.
async fn seen(site: &Site, server: u64) -> u32 {
    let server = ServerId::try_from(server).unwrap();
    let hours = site
        .memory
        .of_server(server, Timestamp::EPOCH, site.clock.wall());
    let hours: Vec<HourlySample> = hours.await.unwrap();
    let members = hours.iter().filter_map(|hour| hour.members);
    members.map(|spread| spread.samples).sum()
}

/// Waits until a server was looked at so often more.
async fn look_again(site: &Site, server: u64, times: u32) {
    let wanted = seen(site, server).await + times;
    let looked = async {
        while seen(site, server).await < wanted {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_followed_is_looked_at_and_what_is_out_is_not() {
    let site = Site::with_server(Setup::default(), 20).await;
    assert!(site.fake.take(Step::GuildAdded(guild(OTHER, 3))));
    site.agree().await;
    look_again(&site, SERVER, 3).await;
    assert!(site.fake.take(Step::Outage(SERVER)));
    // What comes after the outage is in effect after it, on one connection.
    assert!(site.fake.take(Step::GuildAdded(guild(3 << 22, 3))));
    site.agree().await;
    look_again(&site, OTHER, 2).await;
    let out = seen(&site, SERVER).await;
    look_again(&site, OTHER, 5).await;
    assert_eq!(seen(&site, SERVER).await, out);
    let server = ServerId::try_from(OTHER).unwrap();
    let hours = site
        .memory
        .of_server(server, Timestamp::EPOCH, site.clock.wall());
    let last = hours.await.unwrap().last().copied().unwrap();
    assert!(
        matches!(
            last.members,
            Some(Spread {
                min: 4,
                max: 4,
                last: 4,
                ..
            })
        ),
        "{last:?}"
    );
    assert!(
        matches!(
            last.bots,
            Some(Spread {
                min: 1,
                max: 1,
                last: 1,
                ..
            })
        ),
        "{last:?}"
    );
    assert!(
        matches!(
            last.online,
            Some(Spread {
                min: 2,
                max: 2,
                last: 2,
                ..
            })
        ),
        "{last:?}"
    );
}
