//! The small world with a bot that does what a script says, in a time that passes while nobody has anything to do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hush_app::{App, Cause, CommandRunner, CreateCommand, Ports, Repeatable, Sent, Target};
use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::commands::{Command, Order, Report, State};
use hush_domain::events::{Change, Event};
use hush_domain::ids::{CommandId, UserId};
use hush_domain::operations::Operation;
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_ports::{Attempt, BackendError, Clock, CommandExecutor, Commands, Execution, Ingest};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{ADMIN, AWAY, HOME, World, limits, listed, ports, role, server, user};

pub(crate) const BOT: u64 = 50;
pub(crate) const CHANNEL: u64 = 500;
pub(crate) const OTHER_CHANNEL: u64 = 501;
/// A role of [`HOME`] below that of the admins.
pub(crate) const HELPER_ROLE: u64 = HOME + 15;

/// A clock that goes with the paused time of a test.
pub(crate) struct PausedClock(Instant);

impl Clock for PausedClock {
    fn wall(&self) -> Timestamp {
        let start = Timestamp::from_unix_micros(1_800_000_000_000_000).unwrap();
        start.checked_add(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What becomes of an attempt.
pub(crate) enum Step {
    Now(Execution),
    In(Duration, Execution),
    Panic,
}

pub(crate) fn done() -> Step {
    Step::Now(Execution::Done(Report::Done))
}

/// An attempt that was made.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) attempt: Attempt,
    /// When, since the test began.
    pub(crate) at: Duration,
}

impl Call {
    pub(crate) fn id(&self) -> CommandId {
        self.attempt.command.id
    }
}

type Script = Box<dyn Fn(&Command, usize) -> Step + Send + Sync>;

/// A platform on which what a script says becomes of each attempt. The script is told how many attempts of the same command
/// there were before.
pub(crate) struct Platform {
    began: Instant,
    calls: Mutex<Vec<Call>>,
    script: Script,
}

impl Platform {
    pub(crate) fn new(
        script: impl Fn(&Command, usize) -> Step + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            calls: Mutex::default(),
            script: Box::new(script),
        })
    }

    /// Every attempt until now.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// When there were attempts of one command.
    pub(crate) fn times(&self, command: CommandId) -> Vec<Duration> {
        let calls = self.calls();
        let of_command = calls.iter().filter(|call| call.id() == command);
        of_command.map(|call| call.at).collect()
    }
}

#[async_trait]
impl CommandExecutor for Platform {
    async fn acts_as(&self) -> Result<UserId, BackendError> {
        Ok(user(BOT))
    }

    async fn execute(&self, attempt: Attempt) -> Execution {
        let command = attempt.command.clone();
        let before = {
            let mut calls = self.calls.lock().unwrap();
            let same = calls.iter().filter(|call| call.id() == command.id);
            let before = same.count();
            calls.push(Call {
                attempt,
                at: self.began.elapsed(),
            });
            before
        };
        match (self.script)(&command, before) {
            Step::Now(execution) => execution,
            Step::In(time, execution) => {
                sleep(time).await;
                execution
            }
            Step::Panic => panic!("a platform's panic"),
        }
    }
}

/// Two servers with a bot in them, an admin's token for the first one, and a platform.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) clock: Arc<PausedClock>,
    pub(crate) platform: Arc<Platform>,
    pub(crate) token: Secret,
    keys: AtomicU64,
}

impl Stage {
    /// A stage on which every attempt comes to what `script` says.
    pub(crate) async fn new(
        script: impl Fn(&Command, usize) -> Step + Send + Sync + 'static,
    ) -> Self {
        Self::with(script, |_| {}).await
    }

    /// The same with some of its ports replaced.
    pub(crate) async fn with(
        script: impl Fn(&Command, usize) -> Step + Send + Sync + 'static,
        change: impl FnOnce(&mut Ports),
    ) -> Self {
        let (world, platform) = (World::new().await, Platform::new(script));
        let clock = Arc::new(PausedClock(Instant::now()));
        for id in [HOME, AWAY] {
            let admin = Permissions::ADMINISTRATOR;
            for (number, position, permissions) in [
                (id + 10, 3, admin),
                (id + 15, 2, Permissions::default()),
                (id + 20, 5, admin),
            ] {
                let placed = Role {
                    position,
                    ..role(number, permissions)
                };
                apply(&world, id, Change::RoleChanged(placed)).await;
            }
            apply(&world, id, Change::MemberJoined(listed(BOT, &[id + 20]))).await;
        }
        for id in [CHANNEL, OTHER_CHANNEL] {
            let made = Channel {
                id: id.try_into().unwrap(),
                name: "talk".parse().unwrap(),
                kind: ChannelKind(0),
                parent: None,
            };
            apply(&world, HOME, Change::ChannelChanged(made)).await;
        }
        let mut ports = ports(&world.memory, &world.clock);
        ports.clock = clock.clone();
        ports.executor = Some(platform.clone());
        change(&mut ports);
        let app = App::new(&ports, limits());
        let token = world.token(ADMIN, &[HOME], &[Scope::CommandsWrite]).await;
        Self {
            world: World { app, ..world },
            clock,
            platform,
            token,
            keys: AtomicU64::new(0),
        }
    }

    pub(crate) async fn apply(&self, change: Change) {
        apply(&self.world, HOME, change).await;
    }

    /// Queues what the admin orders.
    pub(crate) async fn queue(&self, order: Order) -> CommandId {
        self.queue_by(&self.token, order, None).await
    }

    /// Queues what the admin orders, to be done within `patience`.
    pub(crate) async fn queue_within(&self, patience: Duration, order: Order) -> CommandId {
        self.queue_by(&self.token, order, Some(patience)).await
    }

    pub(crate) async fn queue_by(
        &self,
        token: &Secret,
        order: Order,
        patience: Option<Duration>,
    ) -> CommandId {
        let target = Target::Server(server(HOME));
        let permit = self.world.admit(token, Operation::CreateCommand, target);
        let now = self.clock.wall();
        let wanted = CreateCommand {
            order,
            not_after: patience.map(|patience| now.checked_add(patience).unwrap()),
        };
        let number = self.keys.fetch_add(1, Ordering::SeqCst);
        let commands = &self.world.app.commands;
        let sent = commands
            .create(
                &permit.await.unwrap(),
                wanted,
                Cause::default(),
                under(number),
            )
            .await;
        match sent.unwrap() {
            Sent::Now(command) => command.id,
            Sent::Before(_) => panic!("the key is new"),
        }
    }

    pub(crate) async fn command(&self, id: CommandId) -> Command {
        let commands: &dyn Commands = &*self.world.memory;
        commands.get(server(HOME), id).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, id: CommandId) -> State {
        self.command(id).await.state
    }

    /// A command once it has come to its end.
    pub(crate) async fn ended(&self, id: CommandId) -> Command {
        let ended = async {
            loop {
                let command = self.command(id).await;
                if command.state.is_final() {
                    return command;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        // No deadline lies further ahead.
        timeout(Duration::from_hours(25), ended).await.unwrap()
    }

    /// Queues what the admin orders, lets it be carried out and says how it ended.
    pub(crate) async fn end_of(&self, order: Order) -> Command {
        let id = self.queue(order).await;
        let running = Running::start(&self.world.app.command_runner);
        let ended = self.ended(id).await;
        running.end().await;
        ended
    }
}

/// Another process over the same store, with a platform of its own.
pub(crate) fn beside(stage: &Stage, platform: &Arc<Platform>) -> App {
    let mut ports = ports(&stage.world.memory, &stage.world.clock);
    ports.clock = stage.clock.clone();
    ports.executor = Some(platform.clone());
    App::new(&ports, limits())
}

async fn apply(world: &World, id: u64, change: Change) {
    let server = server(id);
    let event = Event { server, change };
    world.memory.apply(event, world.clock.wall()).await.unwrap();
}

/// A request under a key of its own.
pub(crate) fn under(number: u64) -> Repeatable<Command> {
    Repeatable {
        route: "POST /commands".into(),
        key: number.to_string().parse().unwrap(),
        fingerprint: [0; 32],
        answer: Arc::new(|command| command.id.to_string().into_bytes()),
    }
}

pub(crate) fn kick(id: u64) -> Order {
    Order::Kick { user: user(id) }
}

pub(crate) fn untimeout(id: u64) -> Order {
    Order::RemoveTimeout { user: user(id) }
}

pub(crate) fn say(channel: u64) -> Order {
    Order::SendMessage {
        channel: channel.try_into().unwrap(),
        content: "x".parse().unwrap(),
    }
}

/// Somebody who carries commands out until they are told to end.
pub(crate) struct Running {
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(runner: &CommandRunner) -> Self {
        Self::start_with(runner, false)
    }

    pub(crate) fn start_with(runner: &CommandRunner, alone: bool) -> Self {
        let (stop, stopped) = watch::channel(false);
        let runner = runner.clone();
        let task = tokio::spawn(async move { runner.run(alone, stopped).await });
        Self { stop, task }
    }

    pub(crate) async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}
