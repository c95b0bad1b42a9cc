//! What goes wrong between Discord and us.

use std::time::Duration;

use hush_discord_fake::{Fake, Setup, Status, Step};
use serde_json::json;

use crate::support::{EVERYTHING, OWNER, PATIENCE, SERVER, Site, guild};

fn dnd(user: u64) -> Step {
    Step::Presence {
        guild: SERVER,
        user,
        status: Status::Dnd,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kind_of_end_the_session_goes_on() {
    let ends: [fn(&Fake); 6] = [
        Fake::cut,
        |fake| fake.cut_after(0),
        |fake| fake.cut_after(100),
        |fake| fake.request_reconnect(PATIENCE),
        |fake| fake.close(4000),
        |fake| fake.invalidate(true),
    ];
    let site = Site::with_server(Setup::default(), 20).await;
    for (number, end) in ends.into_iter().enumerate() {
        end(&site.fake);
        let user = OWNER + 1 + number as u64;
        assert!(site.fake.take(dnd(user)));
        assert!(
            site.fake
                .until(|seen| seen.resumed() == number + 1, PATIENCE)
                .await
        );
        site.agree().await;
    }
    assert_eq!(site.fake.observed().identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_its_servers_are_too_many_for_its_connections_it_makes_more() {
    let setup = Setup {
        max_concurrency: 2,
        identify_every: Duration::ZERO,
        ..Setup::default()
    };
    let site = Site::with_server(setup, 20).await;
    site.clock.advance(Duration::from_secs(120));
    site.fake.recommend(2);
    site.fake.close(4011);
    assert!(site.fake.take(Step::GuildAdded(guild(2 << 22, 20))));
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.agree().await;
    let seen = site.fake.observed();
    let shards: Vec<_> = seen.identifies.iter().map(|it| it.shard).collect();
    assert_eq!((shards.len(), shards[0]), (3, (0, 1)));
    assert!(shards.contains(&(0, 2)) && shards.contains(&(1, 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_panic_of_our_own_the_session_goes_on() {
    let site = Site::with_server(Setup::default(), 20).await;
    site.until_recorded().await;
    for user in 1..3 {
        site.clock.break_once();
        assert!(site.fake.take(dnd(OWNER + user)));
        site.agree().await;
    }
    assert_eq!(site.fake.observed().identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_to_go_on_may_be_no_address() {
    for nowhere in [
        "",
        "gateway.example",
        "wss://",
        "wss://a b",
        "https://127.0.0.1:1",
    ] {
        let setup = Setup {
            resume_at: Some(nowhere.to_owned()),
            ..Setup::default()
        };
        let site = Site::with_server(setup, 20).await;
        site.fake.cut();
        assert!(site.fake.take(dnd(OWNER + 1)));
        site.agree().await;
        // So after a restart.
        let (fake, memory) = site.stop().await;
        let site = Site::later(fake, memory, 120);
        assert!(site.fake.take(dnd(OWNER + 2)));
        site.agree().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_heartbeat_is_not_answered_is_given_up() {
    let setup = Setup {
        heartbeat_interval: Duration::from_millis(200),
        ..Setup::default()
    };
    let site = Site::with_server(setup, 20).await;
    site.fake.mute_acks(true);
    assert!(site.fake.until(|seen| seen.resumed() >= 1, PATIENCE).await);
    site.fake.mute_acks(false);
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_session_is_begun_anew_and_repairs_what_was_missed() {
    for lose in [Fake::forget_sessions, |fake: &Fake| fake.invalidate(false)] {
        let setup = Setup {
            identify_every: Duration::ZERO,
            ..Setup::default()
        };
        let site = Site::with_server(setup, 20).await;
        let gone = 2 << 22;
        assert!(site.fake.take(Step::GuildAdded(guild(gone, 5))));
        site.agree().await;
        // The last session was begun longer than a minute ago.
        site.clock.advance(Duration::from_secs(120));
        site.fake.refuse_connections(true);
        lose(&site.fake);
        site.fake.cut();
        assert!(site.fake.take_unseen(Step::MemberLeft {
            guild: SERVER,
            user: OWNER + 3
        }));
        assert!(site.fake.take_unseen(Step::GuildLeft(gone)));
        assert!(site.fake.take_unseen(Step::GuildAdded(guild(3 << 22, 5))));
        site.fake.refuse_connections(false);
        assert!(
            site.fake
                .until(|seen| seen.identified() == 2, PATIENCE)
                .await
        );
        site.agree().await;
        assert_eq!(
            site.stats(gone).await,
            None,
            "the bot is not there any more"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_passed_over() {
    let site = Site::with_server(Setup::default(), 20).await;
    for text in [
        "",
        "{",
        "null",
        r#"{"op":99,"d":null}"#,
        r#"{"op":0,"s":null,"t":null,"d":{}}"#,
        r#"{"op":"zero"}"#,
    ] {
        site.fake.send_raw(text);
    }
    for name in [
        "OF_TOMORROW",
        "GUILD_CREATE",
        "PRESENCE_UPDATE",
        "GUILD_MEMBER_ADD",
    ] {
        for data in [
            json!(null),
            json!([]),
            json!({"id": 7}),
            json!({"guild_id": "x"}),
        ] {
            site.fake.dispatch(SERVER, name, &data);
        }
    }
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.agree().await;
    assert_eq!(site.fake.observed().connections, 1);
    // What was passed over is not asked for again.
    let (fake, memory) = site.stop().await;
    let site = Site::over(fake, memory, EVERYTHING);
    assert!(site.fake.take(dnd(OWNER + 2)));
    site.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_ten_megabytes_is_taken() {
    let site = Site::with_server(Setup::default(), 20).await;
    assert!(site.fake.dispatch_long(SERVER, 10 << 20));
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.agree().await;
    assert_eq!(site.fake.observed().connections, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_compressed_is_read() {
    let setup = Setup {
        compress: true,
        ..Setup::default()
    };
    let site = Site::with_server(setup, 1200).await;
    site.fake.cut();
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_heard_late_or_twice_does_no_harm() {
    let site = Site::with_server(Setup::default(), 20).await;
    let left = Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3,
    };
    assert!(site.fake.take(left));
    site.fake.repeat_last();
    assert!(site.fake.take(dnd(OWNER + 1)));
    site.fake.repeat_last();
    site.agree().await;
    // Of somebody who is not there any more.
    let late = json!({"guild_id": SERVER.to_string(), "user": {"id": (OWNER + 3).to_string()}, "status": "online"});
    site.fake.dispatch(SERVER, "PRESENCE_UPDATE", &late);
    assert!(site.fake.take(dnd(OWNER + 2)));
    site.agree().await;
}
