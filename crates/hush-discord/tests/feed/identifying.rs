//! Sessions are begun with care: Discord resets the token of a bot that begins too many.

use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::Memory;
use hush_discord::Privileged;
use hush_discord_fake::{Fake, Scripted, Setup, StartLimit, Step, intents};

use crate::support::{EVERYTHING, PATIENCE, SERVER, Site, guild};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_let_in_does_not_try_again() {
    let unknown = Setup {
        allowed_intents: intents::GUILDS,
        ..Setup::default()
    };
    let site = Site::start(unknown, EVERYTHING).await;
    let fake = site.ended().await;
    let seen = fake.observed();
    assert_eq!(
        (seen.identifies.len(), seen.own_closes.as_slice()),
        (1, &[4014][..])
    );

    let other = Setup {
        token: "another-token".to_owned(),
        ..Setup::default()
    };
    let fake = Site::start(other, EVERYTHING).await.ended().await;
    assert_eq!(fake.observed().connections, 0);
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_sessions_of_a_day_are_kept_back() {
    let setup = Setup {
        heartbeat_interval: Duration::from_millis(100),
        start_limit: StartLimit {
            total: 1000,
            remaining: 50,
            reset_after: Duration::from_hours(1),
        },
        ..Setup::default()
    };
    let site = Site::start(setup, EVERYTHING).await;
    // It is connected, and goes on without a session.
    assert!(
        site.fake
            .until(|seen| seen.heartbeats.len() >= 5, PATIENCE)
            .await
    );
    assert!(site.fake.observed().identifies.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_less_than_half_of_them_left_the_first_one_has_to_wait_as_well() {
    for (remaining, begun) in [(500, 1), (499, 0)] {
        let setup = Setup {
            heartbeat_interval: Duration::from_millis(100),
            start_limit: StartLimit {
                total: 1000,
                remaining,
                reset_after: Duration::from_hours(1),
            },
            ..Setup::default()
        };
        let site = Site::start(setup, EVERYTHING).await;
        assert!(
            site.fake
                .until(|seen| seen.heartbeats.len() >= 5, PATIENCE)
                .await
        );
        assert_eq!(site.fake.observed().identifies.len(), begun, "{remaining}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_it_starts_a_session_is_begun_once_a_minute() {
    let setup = Setup {
        heartbeat_interval: Duration::from_millis(100),
        ..Setup::default()
    };
    let mut fake = Fake::start(setup).await.unwrap();
    let mut memory = Memory::new();
    for start in 0..4 {
        let site = Site::over(fake, memory, EVERYTHING);
        let heartbeats = 5 * (start + 1);
        let waited = site
            .fake
            .until(|seen| seen.heartbeats.len() >= heartbeats, PATIENCE);
        assert!(waited.await);
        assert_eq!(site.fake.observed().identifies.len(), 1, "{start}");
        (fake, memory) = site.stop().await;
        fake.forget_sessions();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_other_intents_another_session_is_begun() {
    let narrow = Privileged {
        presences: false,
        ..EVERYTHING
    };
    let setup = Setup {
        identify_every: Duration::ZERO,
        ..Setup::default()
    };
    let (mut fake, mut memory) = Site::with_server(setup, 20).await.stop().await;
    let (mut begun, mut servers) = (1, 1);
    for (privileged, anew) in [(narrow, 1), (narrow, 0), (EVERYTHING, 1), (EVERYTHING, 0)] {
        begun += anew;
        servers += 1;
        let store = Arc::new(memory.clone());
        let ahead = servers * 120;
        let site = Site::through(fake, memory, (store.clone(), store), privileged, ahead);
        assert!(site.fake.take(Step::GuildAdded(guild(servers << 22, 20))));
        let known = async |server: u64| {
            let stats = site.stats(server << 22).await;
            stats.is_some_and(|it| it.online.is_some() == privileged.presences)
        };
        let all_known = async {
            for server in (1..=servers).rev() {
                while !known(server).await {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, all_known).await.unwrap();
        assert_eq!(site.fake.observed().identified(), begun);
        (fake, memory) = site.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_keep_to_the_pace_that_discord_asks_for() {
    let setup = Setup {
        shards: 3,
        max_concurrency: 2,
        ..Setup::default()
    };
    let site = Site::start(setup, EVERYTHING).await;
    for number in 1..=6 {
        site.fake.take(Step::GuildAdded(guild(number << 22, 3)));
    }
    assert!(
        site.fake
            .until(|seen| seen.identified() == 3, PATIENCE)
            .await
    );
    site.agree().await;
    // The fake refuses whoever comes too early.
    let seen = site.fake.observed();
    assert_eq!(seen.identifies.len(), 3);
    let mut shards: Vec<_> = seen.identifies.iter().map(|it| it.shard).collect();
    shards.sort_unstable();
    assert_eq!(shards, [(0, 3), (1, 3), (2, 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discord_is_asked_again_how_to_connect() {
    let fake = Fake::start(Setup::default()).await.unwrap();
    fake.script_requests("/gateway", 1, Scripted::Fails(502));
    let limited = Scripted::RateLimited {
        retry_after: Duration::from_secs(1),
        global: true,
    };
    fake.script_requests("/gateway", 1, limited);
    fake.take(Step::GuildAdded(guild(SERVER, 3)));
    let site = Site::over(fake, Memory::new(), EVERYTHING);
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 1);
}
