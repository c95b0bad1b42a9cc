//! The small world with a bot in it that carries commands out, and with members of several ranks.

use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::MemoryExecutor;
use hush_app::{App, Ports};
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Change, Event};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::users::Username;
use hush_http::{Api, HttpSettings};
use hush_ports::{Clock, Ingest};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::{
    AWAY, HOME, Reply, World, limits, listed, ports, role, server, user, with_json,
};

/// The commands of the server [`HOME`].
pub(crate) const PATH: &str = "/v1/servers/123456/commands";
/// The bot, whose role has the position 5.
pub(crate) const BOT: u64 = 50;
/// Stands above [`ADMIN`](crate::support::ADMIN) and below the bot.
pub(crate) const CHIEF: u64 = 60;
/// Stands as high as [`ADMIN`](crate::support::ADMIN).
pub(crate) const MATE: u64 = 61;
/// Stands above the bot.
pub(crate) const PEAK: u64 = 70;
/// A member of [`AWAY`] alone.
pub(crate) const FOREIGNER: u64 = 80;

pub(crate) const HELPER_ROLE: u64 = 13;
pub(crate) const MANAGED_ROLE: u64 = 14;
pub(crate) const BOT_ROLE: u64 = 20;
pub(crate) const PEAK_ROLE: u64 = 30;
/// A role of [`AWAY`] alone.
pub(crate) const FOREIGN_ROLE: u64 = 81;

pub(crate) const CHANNEL: u64 = 100;
/// A category, into which nobody writes.
pub(crate) const CATEGORY: u64 = 101;
/// A channel of [`AWAY`] alone.
pub(crate) const FOREIGN_CHANNEL: u64 = 82;

/// The world with the bot in both servers.
pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

/// The same with some of its ports replaced.
pub(crate) async fn world_with(change_ports: impl FnOnce(&mut Ports)) -> World {
    let world = World::new().await;
    for id in [HOME, AWAY] {
        for (number, name, position) in [(12, "Chief", 4), (BOT_ROLE, "Bot", 5)] {
            let made = role(number, name, position, Permissions::ADMINISTRATOR);
            let managed = number == BOT_ROLE;
            change(&world, id, Change::RoleChanged(Role { managed, ..made })).await;
        }
        for (number, name, position) in [
            (HELPER_ROLE, "Helper", 1),
            (MANAGED_ROLE, "Booster", 1),
            (PEAK_ROLE, "Peak", 9),
        ] {
            let made = role(number, name, position, Permissions::default());
            let managed = number == MANAGED_ROLE;
            change(&world, id, Change::RoleChanged(Role { managed, ..made })).await;
        }
        for (who, roles) in [(BOT, BOT_ROLE), (CHIEF, 12), (MATE, 10), (PEAK, PEAK_ROLE)] {
            join(&world, id, who, &[roles]).await;
        }
    }
    let foreign = role(FOREIGN_ROLE, "Foreign", 1, Permissions::default());
    change(&world, AWAY, Change::RoleChanged(foreign)).await;
    join(&world, AWAY, FOREIGNER, &[]).await;
    for (id, number, kind) in [
        (HOME, CHANNEL, 0),
        (HOME, CATEGORY, 4),
        (AWAY, FOREIGN_CHANNEL, 0),
    ] {
        let made = Channel {
            id: number.try_into().unwrap(),
            name: "talk".parse().unwrap(),
            kind: ChannelKind(kind),
            parent: None,
        };
        change(&world, id, Change::ChannelChanged(made)).await;
    }
    let mut ports = ports(&world.memory, &world.clock);
    let (memory, clock) = (world.memory.clone(), world.clock.clone());
    let executor = MemoryExecutor::new(user(BOT), memory.clone(), memory, clock);
    ports.executor = Some(Arc::new(executor));
    change_ports(&mut ports);
    let app = Arc::new(App::new(&ports, limits()));
    World {
        api: Api::new(app.clone(), HttpSettings::default()),
        app,
        ..world
    }
}

/// Brings a change into effect in the server `id`.
pub(crate) async fn change(world: &World, id: u64, change: Change) {
    let server = server(id);
    let event = Event { server, change };
    world.memory.apply(event, world.clock.wall()).await.unwrap();
}

/// Lets `who` hold exactly `roles` in the server `id`.
pub(crate) async fn join(world: &World, id: u64, who: u64, roles: &[u64]) {
    let username = Username::new(&format!("user{who}"), None).unwrap();
    change(
        world,
        id,
        Change::MemberJoined(listed(who, username, roles)),
    )
    .await;
}

/// Sends a command under a key.
pub(crate) async fn send(world: &World, token: &str, key: &str, body: &Value) -> Reply {
    let headers = [("idempotency-key", key)];
    let request = with_json("POST", PATH, token, &headers, body);
    world.send(request).await
}

/// Sends a command that is queued; its path.
pub(crate) async fn queue(world: &World, token: &str, key: &str, body: &Value) -> String {
    let reply = send(world, token, key, body).await;
    assert_eq!(reply.status, 202, "{body}: {}", reply.text());
    format!("{PATH}/{}", reply.json()["id"].as_str().unwrap())
}

/// Lets time pass in which every request of a world would be forgotten, for tests that send many.
pub(crate) fn forget_requests(world: &World) {
    world.clock.advance(Duration::from_secs(2));
}

/// Carries commands out until it is ended.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(world: &World) -> Self {
        let (stop, stopped) = watch::channel(false);
        let runner = world.app.command_runner.clone();
        let task = tokio::spawn(async move { runner.run(true, stopped).await });
        Self { stop, task }
    }

    pub(crate) async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Carries out the command at `path` and says what became of it.
pub(crate) async fn carry_out(world: &World, token: &str, path: &str) -> Value {
    let running = Running::start(world);
    let reply = world.get(&format!("{path}?wait=20"), token).await;
    running.end().await;
    reply.json()
}
