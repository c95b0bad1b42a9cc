//! A bot on twilight, as Hush is one.

use std::time::Duration;

use hush_discord_fake::{Channel, Fake, Guild, Member, Role, Setup, Status, User, intents};
use twilight_gateway::{ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt};

/// How long anything may take before a test fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// The three that Hush asks for.
pub(crate) const HUSH: u64 = intents::GUILDS | intents::GUILD_MEMBERS | intents::GUILD_PRESENCES;
/// The server of most tests.
pub(crate) const GUILD: u64 = 42 << 22;
/// Its owner.
pub(crate) const OWNER: u64 = 100;

/// A fake that lets clients identify as often as they like.
pub(crate) async fn fake() -> Fake {
    fake_with(Setup::default()).await
}

pub(crate) async fn fake_with(setup: Setup) -> Fake {
    let setup = Setup {
        identify_every: Duration::ZERO,
        ..setup
    };
    Fake::start(setup).await.unwrap()
}

/// A server with roles, a channel, a thread and so many members, half of whom are online.
pub(crate) fn guild(id: u64, members: u64) -> Guild {
    let roles = [Role::new(id + 1, "Low", 1), Role::new(id + 2, "High", 2)];
    let mut guild = Guild::new(id, "Analytical", OWNER)
        .with_channel(Channel::text(id + 3, "general"))
        .with_thread(Channel::thread(id + 4, "engine", id + 3));
    for role in roles {
        guild = guild.with_role(role);
    }
    for user in OWNER..OWNER + members {
        let status = [
            Status::Online,
            Status::Offline,
            Status::Dnd,
            Status::Invisible,
        ];
        let user = User {
            bot: user % 10 == 9,
            ..User::new(user, &format!("user-{user}"))
        };
        guild = guild.with_member(
            Member::new(user.clone())
                .with_roles(&[id + 1, id + 2])
                .with_status(status[usize::try_from(user.id).unwrap() % 4]),
        );
    }
    guild
}

pub(crate) fn shard(fake: &Fake, wanted: u64) -> Shard {
    Shard::with_config(ShardId::ONE, config(fake, wanted).build())
}

pub(crate) fn config(fake: &Fake, wanted: u64) -> ConfigBuilder {
    let wanted = Intents::from_bits_retain(wanted);
    ConfigBuilder::new(Setup::default().token, wanted).proxy_url(fake.gateway_url())
}

/// The next event, which must come soon and be one that twilight can read.
pub(crate) async fn next(shard: &mut Shard) -> Event {
    let next = tokio::time::timeout(SOON, shard.next_event(EventTypeFlags::all()));
    next.await.unwrap().unwrap().unwrap()
}

/// The first event for which `find` has something.
pub(crate) async fn first<T>(shard: &mut Shard, find: impl Fn(Event) -> Option<T>) -> T {
    loop {
        if let Some(found) = find(next(shard).await) {
            return found;
        }
    }
}
