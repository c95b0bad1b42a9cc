//! Logging in: READY, servers, and what a client may not ask for.

use hush_discord_fake::{Fake, Observed, Setup, StartLimit, Step, intents};
use twilight_gateway::{CloseFrame, Event};
use twilight_model::gateway::payload::incoming::GuildCreate;
use twilight_model::guild::Guild;

use crate::client::{
    GUILD, HUSH, OWNER, Shard, close_code, fake, fake_with, first, guild, reading_until, shard,
    until_ready,
};

/// The server as it comes after a login with these intents.
async fn seen(fake: &Fake, wanted: u64) -> Guild {
    let mut shard = shard(fake, wanted);
    whole(&mut shard).await
}

async fn whole(shard: &mut Shard) -> Guild {
    let seen = first(shard, |event| match event {
        Event::GuildCreate(guild) => Some(guild),
        _ => None,
    })
    .await;
    match *seen {
        GuildCreate::Available(guild) => guild,
        GuildCreate::Unavailable(_) => panic!("the server is there"),
    }
}

#[tokio::test]
async fn a_client_logs_in_and_sees_the_server_whole() {
    let fake = fake().await;
    assert!(fake.take(Step::GuildAdded(guild(GUILD, 20))));
    let mut shard = shard(&fake, HUSH);
    let ready = first(&mut shard, |event| match event {
        Event::Ready(ready) => Some(ready),
        _ => None,
    })
    .await;
    assert_eq!(ready.resume_gateway_url, fake.gateway_url());
    assert!(ready.guilds[0].unavailable);
    let seen = whole(&mut shard).await;
    let truth = &fake.world().guilds[&GUILD];
    assert_eq!(seen.members.len(), truth.member_count());
    assert_eq!(seen.member_count, Some(21));
    assert_eq!(seen.presences.len(), truth.online());
    assert_eq!(seen.roles.len(), 3);
    assert_eq!(seen.threads.len(), 1);
    assert_eq!(fake.observed().identified(), 1);
}

#[tokio::test]
async fn of_a_large_server_only_those_come_who_are_online() {
    let fake = fake().await;
    fake.take(Step::GuildAdded(guild(GUILD, 60)));
    let seen = seen(&fake, HUSH).await;
    assert!(seen.large);
    assert_eq!(seen.member_count, Some(61));
    assert_eq!(seen.members.len(), fake.world().guilds[&GUILD].online());
}

#[tokio::test]
async fn only_the_bot_comes_without_the_intents_and_of_very_large_servers() {
    let very_small = Setup {
        shown_up_to: 10,
        ..Setup::default()
    };
    for (setup, wanted) in [
        (Setup::default(), intents::GUILDS),
        (Setup::default(), intents::GUILDS | intents::GUILD_MEMBERS),
        (very_small, HUSH),
    ] {
        let bot = setup.bot.id;
        let fake = fake_with(setup).await;
        fake.take(Step::GuildAdded(guild(GUILD, 20)));
        let seen = seen(&fake, wanted).await;
        assert_eq!(seen.members.len(), 1, "{wanted}");
        assert_eq!(seen.members[0].user.id, bot);
        assert_eq!(seen.presences.len(), 0, "{wanted}");
        assert_eq!(seen.member_count, Some(21));
    }
}

#[tokio::test]
async fn a_server_in_an_outage_is_only_named() {
    let fake = fake().await;
    fake.take(Step::GuildAdded(guild(GUILD, 3)));
    fake.take(Step::Outage(GUILD));
    let mut shard = shard(&fake, HUSH);
    let ready = first(&mut shard, |event| match event {
        Event::Ready(ready) => Some(ready),
        _ => None,
    })
    .await;
    assert_eq!(ready.guilds.len(), 1);
    assert!(!fake.take(Step::MemberLeft {
        guild: GUILD,
        user: OWNER + 1
    }));
    assert!(fake.take(Step::Back(GUILD)));
    assert_eq!(whole(&mut shard).await.members.len(), 4);
}

#[tokio::test]
async fn what_a_client_may_not_ask_for_ends_the_connection() {
    let without_presences = Setup {
        allowed_intents: intents::KNOWN & !intents::GUILD_PRESENCES,
        ..Setup::default()
    };
    let other_token = Setup {
        token: "another".to_owned(),
        ..Setup::default()
    };
    let used_up = Setup {
        start_limit: StartLimit {
            remaining: 0,
            ..Setup::default().start_limit
        },
        ..Setup::default()
    };
    for (setup, wanted, code) in [
        (without_presences, HUSH, 4014),
        (Setup::default(), HUSH | 1 << 40, 4013),
        (other_token, HUSH, 4004),
        (used_up, HUSH, 4004),
    ] {
        let fake = fake_with(setup).await;
        let mut shard = shard(&fake, wanted);
        assert_eq!(close_code(&mut shard).await, code);
        let observed = fake.observed();
        assert_eq!(observed.own_closes, [code]);
        assert_eq!(observed.identified(), 0);
    }
}

#[tokio::test]
async fn who_identifies_too_soon_is_told_so() {
    let fake = Fake::start(Setup::default()).await.unwrap();
    let mut early = shard(&fake, HUSH);
    until_ready(&mut early).await;
    let mut late = shard(&fake, HUSH);
    first(&mut late, |event| {
        matches!(event, Event::GatewayInvalidateSession(false)).then_some(())
    })
    .await;
    let observed = fake.observed();
    assert_eq!((observed.identifies.len(), observed.identified()), (2, 1));
}

#[tokio::test]
async fn a_goodbye_ends_the_session_and_another_close_does_not() {
    for (code, is_there) in [(1000, false), (1001, false), (4000, true)] {
        let fake = fake().await;
        let mut shard = shard(&fake, HUSH);
        until_ready(&mut shard).await;
        shard.close(CloseFrame::new(code, "enough"));
        let is_closed = |observed: &Observed| observed.client_closes.contains(&Some(code));
        reading_until(&mut shard, &fake, is_closed).await;
        assert_eq!(!fake.observed().sent.is_empty(), is_there, "{code}");
    }
}
