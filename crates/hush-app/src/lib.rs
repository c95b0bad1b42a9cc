//! What can be done with Hush: admission, then one method for each operation.
//!
//! Every door (HTTP, the operator's command line, later Discord) comes through here, so that a rule stands
//! in one place. A request is first admitted ([`Admission::admit`]); the [`Permit`] that comes back is what
//! every operation asks for, and nothing else makes one.

mod admission;
mod failure;
mod health;
mod me;
mod permit;
mod quota;
mod stats;
mod tokens;
mod users;

use std::sync::Arc;

use hush_domain::limits::Rule;
use hush_ports as ports;

pub use admission::{Admission, Credential, Denied, Refused, Target};
pub use failure::Failure;
pub use health::{NotReady, Readiness};
pub use me::{Identity, Me};
pub use permit::{Caller, Permit};
pub use quota::Quota;
pub use stats::StatsOfServers;
pub use tokens::{CreateToken, IssueError, IssuedToken, PersonalTokens};
pub use users::{Page, UsersOfServers};

/// Everything that Hush needs from the outside.
#[derive(Clone)]
pub struct Ports {
    /// Tokens and how their users stand.
    pub tokens: Arc<dyn ports::Tokens>,
    /// Users of a server.
    pub users: Arc<dyn ports::Users>,
    /// Member counts.
    pub stats: Arc<dyn ports::StatsReader>,
    /// The limiter of servers and tokens. Exact across every process over one store.
    pub limiter: Arc<dyn ports::Limiter>,
    /// The limiter of client addresses. It may be this process's own, and its memory is bounded.
    pub auth_limiter: Arc<dyn ports::Limiter>,
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
    /// For a server's bucket and for a token's own. `None`: there is no limit.
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
    /// The member counts of a server.
    pub stats: StatsOfServers,
    /// Personal tokens.
    pub tokens: PersonalTokens,
    /// Whether the service can do its work.
    pub readiness: Readiness,
}

impl App {
    /// Everything over these ports. Metrics go to the recorder that is installed when this is called.
    pub fn new(ports: &Ports, limits: Limits) -> Self {
        Self {
            admission: Admission::new(ports, limits),
            me: Me::new(ports.tokens.clone()),
            users: UsersOfServers::new(ports.users.clone()),
            stats: StatsOfServers::new(ports.stats.clone()),
            tokens: PersonalTokens::new(ports),
            readiness: Readiness::new(ports.health.clone(), ports.clock.clone()),
        }
    }
}
