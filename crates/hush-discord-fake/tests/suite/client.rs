//! A bot on twilight, as Hush is one.

use std::time::Duration;

use futures::StreamExt as _;
use hush_discord_fake::{
    Channel, Fake, Guild, Member, Observed, Role, Setup, Status, User, intents,
};
use tokio::sync::oneshot;
use twilight_gateway::queue::Queue;
use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Message, ShardId, StreamExt as _,
};

/// How long anything may take before a test fails.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// The three that Hush asks for.
pub(crate) const HUSH: u64 = intents::GUILDS | intents::GUILD_MEMBERS | intents::GUILD_PRESENCES;
/// The server of most tests.
pub(crate) const GUILD: u64 = 42 << 22;
/// Its owner.
pub(crate) const OWNER: u64 = 100;

/// A shard that does not wait before it identifies.
pub(crate) type Shard = twilight_gateway::Shard<AtOnce>;

/// A queue in which nobody waits: twilight's own lets one identify in five seconds.
#[derive(Debug)]
pub(crate) struct AtOnce;

impl Queue for AtOnce {
    fn enqueue(&self, _shard: u32) -> oneshot::Receiver<()> {
        let (turn, waiting) = oneshot::channel();
        turn.send(()).unwrap();
        waiting
    }
}

/// A fake that lets clients identify as often as they like.
pub(crate) async fn fake() -> Fake {
    fake_with(Setup::default()).await
}

/// A fake that lets clients identify as often as they like.
pub(crate) async fn fake_with(setup: Setup) -> Fake {
    let setup = Setup {
        identify_every: Duration::ZERO,
        ..setup
    };
    Fake::start(setup).await.unwrap()
}

/// A server with roles, a channel, a thread and so many members, half of whom are online.
pub(crate) fn guild(id: u64, members: u64) -> Guild {
    let mut guild = Guild::new(id, "Analytical", OWNER)
        .with_role(Role::new(id + 1, "Low", 1))
        .with_role(Role::new(id + 2, "High", 2))
        .with_channel(Channel::text(id + 3, "general"))
        .with_thread(Channel::thread(id + 4, "engine", id + 3));
    let statuses = [
        Status::Online,
        Status::Offline,
        Status::Dnd,
        Status::Invisible,
    ];
    for (number, status) in (0..members).zip(statuses.into_iter().cycle()) {
        let user = User {
            bot: number % 10 == 9,
            ..User::new(OWNER + number, &format!("user-{number}"))
        };
        let member = Member::new(user).with_roles(&[id + 1, id + 2]);
        guild = guild.with_member(member.with_status(status));
    }
    guild
}

pub(crate) fn shard(fake: &Fake, wanted: u64) -> Shard {
    Shard::with_config(ShardId::ONE, config(fake, wanted).build())
}

pub(crate) fn config(fake: &Fake, wanted: u64) -> ConfigBuilder<AtOnce> {
    let wanted = Intents::from_bits_retain(wanted);
    ConfigBuilder::new(Setup::default().token, wanted)
        .proxy_url(fake.gateway_url())
        .queue(AtOnce)
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

pub(crate) async fn until_ready(shard: &mut Shard) {
    first(shard, |event| {
        matches!(event, Event::Ready(_)).then_some(())
    })
    .await;
}

pub(crate) async fn until_resumed(shard: &mut Shard) {
    first(shard, |event| matches!(event, Event::Resumed).then_some(())).await;
}

/// The code of the next close frame.
pub(crate) async fn close_code(shard: &mut Shard) -> u16 {
    let closing = async {
        loop {
            if let Message::Close(frame) = shard.next().await.unwrap().unwrap() {
                break frame.unwrap().code;
            }
        }
    };
    tokio::time::timeout(SOON, closing).await.unwrap()
}

/// The next text frame as it came, whether or not twilight knows what it is.
pub(crate) async fn text(shard: &mut Shard) -> serde_json::Value {
    let texting = async {
        loop {
            // After a frame that is no JSON twilight goes on with the next one.
            if let Some(Ok(Message::Text(text))) = shard.next().await {
                break text;
            }
        }
    };
    let text = tokio::time::timeout(SOON, texting).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads events until the fake has seen something.
pub(crate) async fn reading_until(
    shard: &mut Shard,
    fake: &Fake,
    is_so: impl Fn(&Observed) -> bool,
) {
    reading_while(shard, fake.until(is_so, SOON)).await;
}

/// Reads events until something has come about.
pub(crate) async fn reading_while(shard: &mut Shard, waiting: impl Future<Output = bool>) {
    let reading = async {
        loop {
            next(shard).await;
        }
    };
    tokio::select! {
        () = reading => {}
        came_about = waiting => assert!(came_about),
    }
}
