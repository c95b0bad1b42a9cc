//! What goes wrong on demand does go wrong, and a client gets over it.

use std::time::Duration;

use hush_discord_fake::{Fake, Setup, Status, Step};
use serde_json::json;
use twilight_gateway::{Event, EventTypeFlags, StreamExt};
use twilight_model::gateway::payload::incoming::GuildCreate;

use crate::client::{
    GUILD, HUSH, OWNER, SOON, Shard, fake_with, first, guild, next, reading_until, reading_while,
    shard, text, until_ready, until_resumed,
};

/// A fake with a server, and a client that has logged in.
async fn connected(setup: Setup) -> (Fake, Shard) {
    let fake = fake_with(setup).await;
    fake.take(Step::GuildAdded(guild(GUILD, 3)));
    let mut shard = shard(&fake, HUSH);
    first(&mut shard, |event| {
        matches!(event, Event::GuildCreate(_)).then_some(())
    })
    .await;
    (fake, shard)
}

#[tokio::test]
async fn heartbeats_come_and_are_answered_unless_they_are_muted() {
    let (fake, mut shard) = connected(Setup {
        heartbeat_interval: Duration::from_millis(250),
        ..Setup::default()
    })
    .await;
    reading_until(&mut shard, &fake, |it| it.heartbeats.len() > 3).await;
    assert_eq!(fake.observed().connections, 1);
    assert_eq!(fake.observed().heartbeats[3].sequence, Some(2));
    fake.mute_acks(true);
    reading_until(&mut shard, &fake, |it| it.connections > 1).await;
    fake.mute_acks(false);
    until_resumed(&mut shard).await;
    assert_eq!(fake.observed().identified(), 1);
}

#[tokio::test]
async fn a_heartbeat_that_is_asked_for_tells_what_was_received() {
    let (fake, mut shard) = connected(Setup::default()).await;
    for _ in 0..20 {
        fake.take(Step::Presence {
            guild: GUILD,
            user: OWNER,
            status: Status::Dnd,
        });
    }
    reading_while(&mut shard, fake.until_received(SOON)).await;
    let observed = fake.observed();
    assert!(observed.acknowledged.values().eq(&[22]));
    assert_eq!(observed.acknowledged, observed.sent);
}

#[tokio::test]
async fn what_is_no_event_is_sent_as_it_is() {
    let (fake, mut shard) = connected(Setup::default()).await;
    fake.send_raw("{");
    assert!(
        shard
            .next_event(EventTypeFlags::all())
            .await
            .unwrap()
            .is_err()
    );
    fake.send_raw(r#"{"op":99,"d":null}"#);
    assert_eq!(text(&mut shard).await["op"], 99);
    fake.dispatch(GUILD, "NEWS_OF_TOMORROW", &json!({"a": 1}));
    assert_eq!(text(&mut shard).await["s"], 3);
    fake.dispatch(
        GUILD,
        "GUILD_MEMBER_ADD",
        &json!({"guild_id": GUILD.to_string()}),
    );
    assert_eq!(text(&mut shard).await["s"], 4);
    // A server that is in an outage from the start.
    let unavailable = json!({"id": "7", "unavailable": true});
    fake.dispatch(GUILD, "GUILD_CREATE", &unavailable);
    let Event::GuildCreate(created) = next(&mut shard).await else {
        panic!("a server is wanted");
    };
    assert!(matches!(*created, GuildCreate::Unavailable(_)));
}

#[tokio::test]
async fn a_dispatch_comes_twice_with_its_number() {
    let (fake, mut shard) = connected(Setup::default()).await;
    fake.take(Step::Outage(GUILD));
    fake.repeat_last();
    let (once, again) = (text(&mut shard).await, text(&mut shard).await);
    assert_eq!(once, again);
    assert_eq!(
        (&once["t"], &once["s"]),
        (&"GUILD_DELETE".into(), &3.into())
    );
}

#[tokio::test]
async fn a_frame_may_be_very_long_and_be_cut_in_its_middle() {
    let (fake, mut shard) = connected(Setup::default()).await;
    fake.cut_after(5_000_000);
    assert!(fake.dispatch_long(GUILD, 10_000_000));
    let update = first(&mut shard, |event| match event {
        Event::GuildUpdate(update) => Some(update),
        _ => None,
    })
    .await;
    assert_eq!(update.id.get(), GUILD);
    let observed = fake.observed();
    assert_eq!((observed.connections, observed.resumed()), (2, 1));
    // A cut is no deed of the client's.
    assert!(observed.client_closes.is_empty());
}

#[tokio::test]
async fn nothing_is_written_while_writing_is_paused() {
    let (fake, mut shard) = connected(Setup::default()).await;
    fake.pause_writes(true);
    fake.take(Step::Outage(GUILD));
    let quiet = Duration::from_millis(50);
    assert!(tokio::time::timeout(quiet, text(&mut shard)).await.is_err());
    fake.pause_writes(false);
    assert_eq!(text(&mut shard).await["t"], "GUILD_DELETE");
}

#[tokio::test]
async fn nobody_connects_while_connections_are_refused() {
    let fake = fake_with(Setup::default()).await;
    fake.refuse_connections(true);
    let mut shard = shard(&fake, HUSH);
    let refused = shard.next_event(EventTypeFlags::all()).await;
    assert!(refused.unwrap().is_err());
    assert_eq!(fake.observed().connections, 0);
    fake.refuse_connections(false);
    until_ready(&mut shard).await;
}

#[tokio::test]
async fn frames_are_compressed_for_who_wants_it() {
    let (fake, mut shard) = connected(Setup {
        compress: true,
        ..Setup::default()
    })
    .await;
    // A second connection has a stream of its own, and so has a long frame.
    fake.cut();
    assert!(fake.dispatch_long(GUILD, 300_000));
    let update = first(&mut shard, |event| match event {
        Event::GuildUpdate(update) => Some(update),
        _ => None,
    })
    .await;
    assert_eq!(update.id.get(), GUILD);
    until_resumed(&mut shard).await;
    assert_eq!(fake.observed().identified(), 1);
}

#[tokio::test]
async fn the_fake_ends_with_its_last_handle() {
    let (fake, mut shard) = connected(Setup::default()).await;
    let another = fake.clone();
    drop(fake);
    assert!(another.take(Step::Outage(GUILD)));
    assert_eq!(text(&mut shard).await["t"], "GUILD_DELETE");
    drop(another);
    let ended = async { while let Some(Ok(_)) = shard.next_event(EventTypeFlags::all()).await {} };
    tokio::time::timeout(SOON, ended).await.unwrap();
}
