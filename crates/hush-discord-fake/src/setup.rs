//! What a fake Discord is like: the bot that it knows, what it allows, and how long things take.

use std::time::Duration;

use crate::world::User;

/// Intents of the gateway, as bits of the number that an identify names.
pub mod intents {
    /// Servers, their roles, channels and threads.
    pub const GUILDS: u64 = 1;
    /// Members that come, change and go, and lists of members. Privileged.
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    /// Bans.
    pub const GUILD_MODERATION: u64 = 1 << 2;
    /// Who is online. Privileged.
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    /// Every bit that the gateway knows; any other one is answered by close code 4013.
    pub const KNOWN: u64 = 0x1_ffff | 0b11 << 20 | 0b11 << 24;
}

/// Permissions, as bits of the number that a role has.
pub mod permissions {
    /// To throw members out.
    pub const KICK_MEMBERS: u64 = 1 << 1;
    /// To ban, to lift bans and to look at them.
    pub const BAN_MEMBERS: u64 = 1 << 2;
    /// Everything.
    pub const ADMINISTRATOR: u64 = 1 << 3;
    /// To change the server, and to ban many at once.
    pub const MANAGE_GUILD: u64 = 1 << 5;
    /// To see channels.
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    /// To write in channels.
    pub const SEND_MESSAGES: u64 = 1 << 11;
    /// To change what others are called.
    pub const MANAGE_NICKNAMES: u64 = 1 << 27;
    /// To give and take the roles below one's own.
    pub const MANAGE_ROLES: u64 = 1 << 28;
    /// To write in threads.
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
    /// To time members out.
    pub const MODERATE_MEMBERS: u64 = 1 << 40;
}

/// A limit of requests, as Discord has one for each kind of them in each server or channel: a window opens with the
/// first request.
#[derive(Clone, Copy, Debug)]
pub struct RestLimit {
    /// How many requests a window takes.
    pub requests: u32,
    /// How long it is.
    pub per: Duration,
}

/// Faults by chance.
#[derive(Clone, Copy, Debug)]
pub struct RestFaults {
    /// What chance depends on.
    pub seed: u64,
    /// Of how many requests one goes wrong; 0 is none.
    pub one_in: u32,
}

/// How many sessions may be started in a while, as `GET /gateway/bot` tells.
#[derive(Clone, Copy, Debug)]
pub struct StartLimit {
    /// How many altogether.
    pub total: u32,
    /// How many are left. Each identify takes one; with none left the token counts as reset (close code 4004).
    pub remaining: u32,
    /// How long until all are back. The fake only says so; they never come back by themselves.
    pub reset_after: Duration,
}

/// How a [`Fake`](crate::Fake) behaves. `Setup { shards: 2, ..Setup::default() }` changes what matters to a test.
#[derive(Clone)]
pub struct Setup {
    /// The bot's token, without the word `Bot`.
    pub token: String,
    /// The bot itself. Its id is the application's too, as it is with every newer bot.
    pub bot: User,
    /// The intents that the bot may name: those that are privileged have a switch in the developer portal. Any other
    /// one is answered by close code 4014.
    pub allowed_intents: u64,
    /// How many shards `GET /gateway/bot` recommends.
    pub shards: u32,
    /// How many identifies may come within [`Setup::identify_every`], one for each remainder of the shard's number.
    pub max_concurrency: u32,
    /// For how long an identify keeps the next one with its remainder away, which is answered by op 9.
    pub identify_every: Duration,
    /// How many sessions may be started.
    pub start_limit: StartLimit,
    /// The interval that HELLO asks for.
    pub heartbeat_interval: Duration,
    /// How many members a server has at most of whom its `GUILD_CREATE` shows more than the bot: 75,000 at Discord.
    pub shown_up_to: usize,
    /// How many members a chunk holds at most.
    pub chunk_size: usize,
    /// For how long a request of all members keeps the next one of the same server and session away, which is
    /// answered by a `RATE_LIMITED`.
    pub full_request_every: Duration,
    /// Whether a client that asks for `zstd-stream` gets it. Without, it gets text, which every client takes.
    pub compress: bool,
    /// How many of its last dispatches a session can replay. Whoever missed more cannot resume.
    pub replay: usize,
    /// Whether what a heartbeat has acknowledged can no longer be replayed. What Discord does is written nowhere.
    pub forget_acknowledged: bool,
    /// Where READY says to go on with a session, if that is another place than this gateway.
    pub resume_at: Option<String>,
    /// The limit of requests to servers and channels, whose headers each answer then carries. The scope is only in a 429,
    /// as Discord documents it.
    pub rest_limits: Option<RestLimit>,
    /// Lets requests to servers and channels go wrong now and then: limited, failed, or cut with or without an effect.
    pub rest_faults: Option<RestFaults>,
    /// The port of the REST API on 127.0.0.1; 0 takes a free one.
    pub api_port: u16,
    /// The port of the gateway on 127.0.0.1; 0 takes a free one.
    pub gateway_port: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            token: "token-of-a-fake-bot".to_owned(),
            bot: User {
                bot: true,
                discriminator: 4242,
                ..User::new(1_100_000_000_000_000_001, "hush")
            },
            allowed_intents: intents::KNOWN,
            shards: 1,
            max_concurrency: 1,
            identify_every: Duration::from_secs(5),
            start_limit: StartLimit {
                total: 1000,
                remaining: 1000,
                reset_after: Duration::from_hours(24),
            },
            heartbeat_interval: Duration::from_millis(41_250),
            shown_up_to: 75_000,
            chunk_size: 1000,
            full_request_every: Duration::from_secs(30),
            compress: false,
            replay: 100_000,
            resume_at: None,
            forget_acknowledged: false,
            rest_limits: None,
            rest_faults: None,
            api_port: 0,
            gateway_port: 0,
        }
    }
}
