//! What can be done with Hush: admission, then one method for each operation.
//!
//! Every door (HTTP, the operator's command line, Discord's slash commands) comes through here, so that a rule stands
//! in one place. A request is first admitted ([`Admission::admit`], [`Admission::admit_interaction`]); the [`Permit`]
//! that comes back is what every operation asks for, and nothing else makes one.

mod acts;
mod admission;
mod audit;
mod commands;
mod failure;
mod health;
mod me;
mod permit;
mod quota;
mod rate_limits;
mod repeatable;
mod servers;
mod settings;
mod stats;
mod tokens;
mod upkeep;
mod users;
mod uses;

use std::sync::Arc;

use hush_domain::audit::chain::Keyring;
use hush_domain::limits::Rule;
use hush_ports as ports;

pub use acts::Cause;
pub use admission::{Admission, Credential, Denied, Refused, Target};
pub use audit::{AuditLogs, RowPage, Verified, VerifyError};
pub use commands::{
    CommandError, CommandPage, CommandRunner, CommandsOfServers, CreateCommand, Sent,
};
pub use failure::Failure;
pub use health::{NotReady, Readiness};
pub use me::{Identity, Me, Missing, Reach};
pub use permit::{Caller, Permit};
pub use ports::{AuditFilter, CommandFilter, IdempotencyConflict, UserFilter};
pub use quota::Quota;
pub use rate_limits::{RateLimits, ServerRateLimit};
pub use repeatable::Repeatable;
pub use servers::AddressedServers;
pub use settings::{SettingsOfServers, UpdateSettingsError};
pub use stats::StatsOfServers;
pub use tokens::{
    CreateInPerson, CreateToken, Issued, IssuedToken, Lifetime, PersonalTokens, RotateToken,
    TokenError, TokenPage,
};
pub use upkeep::{Housekeeping, Retention};
pub use users::{Page, UsersOfServers};
pub use uses::Uses;

use acts::Acts;
use commands::News;

/// Everything that Hush needs from the outside.
#[derive(Clone)]
pub struct Ports {
    /// Tokens and how their users stand.
    pub tokens: Arc<dyn ports::Tokens>,
    /// Users of a server.
    pub users: Arc<dyn ports::Users>,
    /// Servers and their roles.
    pub servers: Arc<dyn ports::Servers>,
    /// Channels of a server.
    pub channels: Arc<dyn ports::Channels>,
    /// Member counts.
    pub stats: Arc<dyn ports::StatsReader>,
    /// The limiter of servers and tokens. Exact across every process over one store.
    pub limiter: Arc<dyn ports::Limiter>,
    /// The limiter of client addresses and of users in person. It may be this process's own, and its memory is bounded.
    pub auth_limiter: Arc<dyn ports::Limiter>,
    /// Audit logs.
    pub audit: Arc<dyn ports::AuditLog>,
    /// What audit logs are chained with.
    pub audit_keys: Keyring,
    /// What servers' owners decide.
    pub settings: Arc<dyn ports::Settings>,
    /// The queue of commands.
    pub commands: Arc<dyn ports::Commands>,
    /// What carries commands out; `None` if there is no bot.
    pub executor: Option<Arc<dyn ports::CommandExecutor>>,
    /// What tokens were used for.
    pub usage: Arc<dyn ports::Usage>,
    /// What is removed in time.
    pub upkeep: Arc<dyn ports::Upkeep>,
    /// Whether the store answers.
    pub health: Arc<dyn ports::Health>,
    /// Time.
    pub clock: Arc<dyn ports::Clock>,
    /// Randomness.
    pub random: Arc<dyn ports::Random>,
}

/// How often what may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a server's bucket, and for a token's or user's own. `None`: there is no limit.
    pub requests: Option<Rule>,
    /// For unknown tokens from one client address.
    pub unknown_tokens: Rule,
}

/// The whole of what can be done.
pub struct App {
    /// Who may do what, and how often.
    pub admission: Admission,
    /// Who a token is.
    pub me: Me,
    /// The users of a server.
    pub users: UsersOfServers,
    /// A server, its roles and its channels.
    pub servers: AddressedServers,
    /// The member counts of a server.
    pub stats: StatsOfServers,
    /// Personal tokens.
    pub tokens: PersonalTokens,
    /// What servers' owners decide.
    pub settings: SettingsOfServers,
    /// What users let the bot do.
    pub commands: CommandsOfServers,
    /// What carries that out.
    pub command_runner: CommandRunner,
    /// What is left of servers' limits.
    pub rate_limits: RateLimits,
    /// Who did what.
    pub audit: AuditLogs,
    /// What is removed in time.
    pub housekeeping: Housekeeping,
    /// What tokens are used for, until it is written.
    pub uses: Arc<Uses>,
    /// Whether the service can do its work.
    pub readiness: Readiness,
}

impl App {
    /// Everything over these ports. Metrics go to the recorder that is installed when this is called.
    pub fn new(ports: &Ports, limits: Limits) -> Self {
        let uses = Arc::new(Uses::new(ports.usage.clone(), ports.clock.clone()));
        let acts = Acts::new(ports.clock.clone(), ports.random.clone());
        let readiness = Readiness::new(ports.health.clone(), ports.clock.clone());
        let news = News::new(readiness.draining());
        Self {
            admission: Admission::new(ports, limits, uses.clone()),
            me: Me::new(ports.tokens.clone()),
            users: UsersOfServers::new(ports.users.clone()),
            servers: AddressedServers::new(ports.servers.clone(), ports.channels.clone()),
            stats: StatsOfServers::new(ports.stats.clone()),
            tokens: PersonalTokens::new(ports, acts.clone(), uses.clone()),
            settings: SettingsOfServers::new(ports.settings.clone(), acts.clone()),
            commands: CommandsOfServers::new(ports, acts.clone(), news.clone()),
            command_runner: CommandRunner::new(ports, news),
            rate_limits: RateLimits::new(ports, limits, uses.clone()),
            audit: AuditLogs::new(ports),
            housekeeping: Housekeeping::new(ports, acts),
            uses,
            readiness,
        }
    }
}
