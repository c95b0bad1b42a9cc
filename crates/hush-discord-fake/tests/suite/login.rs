//! Logging in: READY, servers, and what a client may not ask for.

use hush_discord_fake::Step;
use twilight_gateway::Event;
use twilight_model::gateway::payload::incoming::GuildCreate;

use crate::client::{GUILD, HUSH, fake, first, guild, shard};

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
    let seen = first(&mut shard, |event| match event {
        Event::GuildCreate(guild) => Some(guild),
        _ => None,
    })
    .await;
    let GuildCreate::Available(seen) = *seen else {
        panic!("the server is there");
    };
    let truth = &fake.world().guilds[&GUILD];
    assert_eq!(seen.members.len(), truth.member_count());
    assert_eq!(seen.member_count, Some(21));
    assert_eq!(seen.presences.len(), truth.online());
    assert_eq!(seen.roles.len(), 3);
    assert_eq!(seen.threads.len(), 1);
    assert_eq!(fake.observed().identified(), 1);
}
