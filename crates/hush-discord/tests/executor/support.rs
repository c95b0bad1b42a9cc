//! An executor, and a Discord for it to act on.

use std::sync::Arc;
use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord::{BotToken, DiscordExecutor, Privileged, SAMPLE_EVERY, Settings};
use hush_discord_fake::{
    Channel, Fake, Guild, Member, RestLimit, Role, Setup, Step, User, permissions,
};
use hush_domain::audit::GivenReason;
use hush_domain::commands::{BannedUsers, Command, Order, State};
use hush_domain::ids::{CommandId, TokenId, UserId};
use hush_ports::{Attempt, Clock, CommandExecutor, Execution};

/// As long as anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const SERVER: u64 = 1 << 22;
pub(crate) const CHANNEL: u64 = SERVER + 1;
pub(crate) const FORUM: u64 = SERVER + 2;
pub(crate) const ROLE: u64 = SERVER + 3;
pub(crate) const BOTS: u64 = SERVER + 4;
pub(crate) const OWNER: u64 = 1000;
/// The first of some members, and the one that most commands are about.
pub(crate) const ADA: u64 = 2000;
/// A user who is no member.
pub(crate) const STRANGER: u64 = 3000;
/// Who gives the commands.
pub(crate) const ADMIN: u64 = 4000;

/// An executor and the Discord that it acts on.
pub(crate) struct Site {
    pub(crate) fake: Fake,
    pub(crate) executor: DiscordExecutor,
    pub(crate) clock: SystemClock,
}

impl Site {
    /// A server in which the bot may do everything.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// The same with limits.
    pub(crate) async fn limited(requests: u32, per: Duration) -> Self {
        let rest_limits = Some(RestLimit { requests, per });
        Self::with(Setup {
            rest_limits,
            ..Setup::default()
        })
        .await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let fake = Fake::start(setup).await.unwrap();
        assert!(fake.take(Step::GuildAdded(server())));
        fake.add_user(User::new(STRANGER, "stranger"));
        let clock = SystemClock::new();
        let executor = DiscordExecutor::new(&settings(&fake.api_url()), Arc::new(clock));
        Self {
            fake,
            executor,
            clock,
        }
    }

    /// What becomes of an order that may be sent at any time.
    pub(crate) async fn try_order(&self, order: Order) -> Execution {
        self.try_command(command(order)).await
    }

    pub(crate) async fn try_command(&self, command: Command) -> Execution {
        self.executor.execute(attempt(command, || true)).await
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.fake.requests().len()
    }
}

pub(crate) fn settings(api: &str) -> Settings {
    Settings {
        token: BotToken::new(&Setup::default().token).unwrap(),
        api: Some(api.parse().unwrap()),
        privileged: Privileged {
            members: true,
            presences: true,
        },
        sample_every: SAMPLE_EVERY,
        alone: true,
    }
}

fn server() -> Guild {
    let own = Role {
        permissions: permissions::ADMINISTRATOR,
        managed: true,
        ..Role::new(BOTS, "hush", 5)
    };
    let forum = Channel {
        kind: 15,
        ..Channel::text(FORUM, "forum")
    };
    let guild = Guild::new(SERVER, "Analytical", OWNER)
        .with_role(own)
        .with_role(Role::new(ROLE, "reader", 1))
        .with_bot_roles(&[BOTS])
        .with_channel(Channel::text(CHANNEL, "general"))
        .with_channel(forum)
        .with_member(Member::new(User::new(OWNER, "owner")));
    (ADA..ADA + 20).fold(guild, |guild, id| {
        guild.with_member(Member::new(User::new(id, &format!("reader {id}"))))
    })
}

/// A command that has just been begun.
pub(crate) fn command(order: Order) -> Command {
    let now = SystemClock::new().wall();
    Command {
        id: CommandId::try_from(77_u64).unwrap(),
        server: SERVER.try_into().unwrap(),
        order,
        token: TokenId::try_from(1_u64).unwrap(),
        user: user(ADMIN),
        request_id: None,
        reason: None,
        created_at: now,
        not_after: now.checked_add(Duration::from_secs(600)).unwrap(),
        started_at: Some(now),
        ended_at: None,
        attempts: 1,
        state: State::Running,
    }
}

/// The same command for a reason.
pub(crate) fn because(reason: &str, command: Command) -> Command {
    let reason = Some(GivenReason {
        text: reason.parse().unwrap(),
        salt: [0; 16],
    });
    Command { reason, ..command }
}

pub(crate) fn attempt(
    command: Command,
    may_send: impl Fn() -> bool + Send + Sync + 'static,
) -> Attempt {
    Attempt {
        command: Arc::new(command),
        may_send: Arc::new(may_send),
    }
}

/// Puts everybody's clock forward.
pub(crate) async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(crate) fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

pub(crate) fn kick(id: u64) -> Order {
    Order::Kick { user: user(id) }
}

pub(crate) fn add_role(id: u64) -> Order {
    Order::AddRole {
        user: user(id),
        role: ROLE.try_into().unwrap(),
    }
}

pub(crate) fn bulk_ban(users: &[u64]) -> Order {
    Order::BulkBan {
        users: BannedUsers::new(users.iter().copied().map(user).collect()).unwrap(),
        deleting: Duration::from_secs(3600),
    }
}

pub(crate) fn message(channel: u64) -> Order {
    Order::SendMessage {
        channel: channel.try_into().unwrap(),
        content: "Hello, <@2000>.".parse().unwrap(),
    }
}
