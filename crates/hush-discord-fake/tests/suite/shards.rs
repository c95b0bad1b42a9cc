//! Several shards: each has its own servers and its own session.

use hush_discord_fake::{Fake, Guild, Member, Setup, Step, User};
use twilight_gateway::{Event, ShardId};

use crate::client::{HUSH, OWNER, Shard, config, fake_with, first, until_ready, until_resumed};

#[tokio::test]
async fn a_shard_is_told_of_its_own_servers_alone() {
    let fake = fake_with(Setup {
        shards: 2,
        max_concurrency: 2,
        ..Setup::default()
    })
    .await;
    for number in 1..=4 {
        let owner = Member::new(User::new(OWNER, "owner"));
        fake.take(Step::GuildAdded(
            Guild::new(number << 22, "guild", OWNER).with_member(owner),
        ));
    }
    for number in 0..2 {
        let id = ShardId::new(number, 2);
        let mut shard = Shard::with_config(id, config(&fake, HUSH).build());
        let ready = first(&mut shard, |event| match event {
            Event::Ready(ready) => Some(ready),
            _ => None,
        })
        .await;
        assert_eq!(ready.shard, Some(id));
        assert_eq!(ready.guilds.len(), 2);
        for guild in ready.guilds {
            assert_eq!((guild.id.get() >> 22) % 2, u64::from(number));
        }
    }
    let shards: Vec<(u32, u32)> = fake
        .observed()
        .identifies
        .iter()
        .map(|it| it.shard)
        .collect();
    assert_eq!(shards, [(0, 2), (1, 2)]);
}

#[tokio::test]
async fn each_remainder_has_its_own_pace() {
    let fake = Fake::start(Setup {
        shards: 3,
        max_concurrency: 2,
        ..Setup::default()
    })
    .await
    .unwrap();
    for number in 0..2 {
        let mut shard = Shard::with_config(ShardId::new(number, 3), config(&fake, HUSH).build());
        until_ready(&mut shard).await;
    }
    let mut third = Shard::with_config(ShardId::new(2, 3), config(&fake, HUSH).build());
    first(&mut third, |event| {
        matches!(event, Event::GatewayInvalidateSession(false)).then_some(())
    })
    .await;
    assert_eq!(fake.observed().identified(), 2);
}

#[tokio::test]
async fn one_session_is_on_one_connection() {
    let fake = fake_with(Setup::default()).await;
    let mut before = crate::client::shard(&fake, HUSH);
    until_ready(&mut before).await;
    let session = before.session().unwrap().clone();
    let resumed = config(&fake, HUSH).session(session).build();
    let mut after = Shard::with_config(ShardId::ONE, resumed);
    until_resumed(&mut after).await;
    let observed = fake.observed();
    assert_eq!((observed.connections, observed.open), (2, 1));
}
