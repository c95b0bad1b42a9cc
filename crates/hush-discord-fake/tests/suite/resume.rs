//! Every way in which a connection may end, and what becomes of the session.

use std::time::Duration;

use hush_discord_fake::{Fake, Observed, Setup, Status, Step};
use twilight_gateway::{Event, Session, ShardId};

use crate::client::{
    GUILD, HUSH, OWNER, SOON, Shard, close_code, config, fake, fake_with, first, guild,
    reading_until, reading_while, shard, until_ready, until_resumed,
};

fn presence(status: Status) -> Step {
    Step::Presence {
        guild: GUILD,
        user: OWNER,
        status,
    }
}

/// A fake with a server, and a client that has seen it.
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

async fn next_presence(shard: &mut Shard) -> String {
    first(shard, |event| match event {
        Event::PresenceUpdate(update) => Some(format!("{:?}", update.status)),
        _ => None,
    })
    .await
}

/// A way in which a connection ends.
type End = fn(&Fake);

#[tokio::test]
async fn after_every_kind_of_end_the_session_goes_on_and_nothing_is_missed() {
    let ends: [(&str, End); 6] = [
        ("cut", Fake::cut),
        ("cut at once", |fake| fake.cut_after(0)),
        ("cut in the middle of a frame", |fake| fake.cut_after(100)),
        ("asked to reconnect", |fake| fake.request_reconnect(SOON)),
        ("closed", |fake| fake.close(4000)),
        ("invalid, but resumable", |fake| fake.invalidate(true)),
    ];
    for (name, end) in ends {
        let (fake, mut shard) = connected(Setup::default()).await;
        end(&fake);
        fake.take(presence(Status::Idle));
        fake.take(presence(Status::Dnd));
        assert_eq!(next_presence(&mut shard).await, "Idle", "{name}");
        assert_eq!(next_presence(&mut shard).await, "DoNotDisturb", "{name}");
        // With op 7 or 9 the presences may come before the end.
        let resumed = |observed: &Observed| observed.resumed() == 1;
        reading_until(&mut shard, &fake, resumed).await;
        assert_eq!(fake.observed().identified(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_session_is_resumed_by_another_process() {
    let (fake, before) = connected(Setup::default()).await;
    let session = before.session().unwrap().clone();
    drop(before);
    fake.take(presence(Status::Dnd));
    let mut after = with_session(&fake, session);
    assert_eq!(next_presence(&mut after).await, "DoNotDisturb");
    until_resumed(&mut after).await;
    let observed = fake.observed();
    assert_eq!((observed.identified(), observed.resumed()), (1, 1));
    // What it resumed with is on record.
    assert_eq!(observed.resumes[0].sequence, 2);
}

fn with_session(fake: &Fake, session: Session) -> Shard {
    Shard::with_config(ShardId::ONE, config(fake, HUSH).session(session).build())
}

#[tokio::test]
async fn a_session_that_missed_too_much_starts_anew() {
    let (fake, mut shard) = connected(Setup {
        replay: 5,
        ..Setup::default()
    })
    .await;
    fake.refuse_connections(true);
    fake.cut();
    for _ in 0..6 {
        fake.take(presence(Status::Dnd));
    }
    fake.refuse_connections(false);
    until_ready(&mut shard).await;
    let observed = fake.observed();
    assert_eq!((observed.identified(), observed.resumed()), (2, 0));
    assert_eq!(observed.resumes.len(), 1);
}

#[tokio::test]
async fn a_session_that_is_forgotten_or_invalid_starts_anew() {
    for forget in [true, false] {
        let (fake, mut shard) = connected(Setup::default()).await;
        if forget {
            fake.forget_sessions();
            // It goes on until its connection ends.
            fake.take(presence(Status::Dnd));
            assert_eq!(next_presence(&mut shard).await, "DoNotDisturb");
            fake.cut();
        } else {
            fake.invalidate(false);
        }
        until_ready(&mut shard).await;
        assert_eq!(fake.observed().identified(), 2);
    }
}

#[tokio::test]
async fn what_was_acknowledged_may_be_gone() {
    let (fake, mut before) = connected(Setup {
        forget_acknowledged: true,
        ..Setup::default()
    })
    .await;
    let session = before.session().unwrap().clone();
    let behind = Session::new(session.sequence() - 1, session.id().to_owned());
    reading_while(&mut before, fake.until_received(SOON)).await;
    drop(before);
    let mut after = with_session(&fake, behind);
    until_ready(&mut after).await;
    assert_eq!(fake.observed().resumed(), 0);
}

#[tokio::test]
async fn a_number_from_the_future_is_refused() {
    let (fake, before) = connected(Setup::default()).await;
    let session = before.session().unwrap();
    let ahead = Session::new(session.sequence() + 1, session.id().to_owned());
    drop(before);
    assert_eq!(close_code(&mut with_session(&fake, ahead)).await, 4007);
}

#[tokio::test]
async fn who_will_not_reconnect_when_asked_is_closed() {
    let fake = fake().await;
    let mut shard = shard(&fake, HUSH);
    until_ready(&mut shard).await;
    // Nothing is read until it is too late.
    fake.pause_writes(true);
    fake.request_reconnect(Duration::ZERO);
    fake.pause_writes(false);
    until_resumed(&mut shard).await;
    assert_eq!(fake.observed().resumed(), 1);
}
