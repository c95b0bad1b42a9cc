//! What the inside of Hush needs from the outside, one file a resource.
//!
//! Every verb is one atomic fact: what must be stored together travels in one call, and nothing of a
//! transaction, a pool or a query language shows. A write names each conflict in its own error type;
//! everything else that can go wrong is one opaque [`BackendError`].
//!
//! With the feature `contract`, [`contract`] holds the rules that every adapter must pass; with `mock`, each
//! trait has a `mockall` mock.

mod audit;
mod backend;
mod channels;
mod clock;
mod commands;
#[cfg(feature = "contract")]
pub mod contract;
mod counts;
mod executor;
mod feed;
mod health;
mod idempotency;
mod ingest;
mod limits;
mod random;
mod samples;
mod servers;
mod sessions;
mod settings;
mod stats;
mod tokens;
mod upkeep;
mod usage;
mod users;

pub use audit::{AuditFilter, AuditLog, AuditPage, Ends};
pub use backend::BackendError;
pub use channels::Channels;
pub use clock::Clock;
pub use commands::{
    Cancelled, Claimed, CommandFilter, Commands, Held, PLACES_OF_A_SERVER, QueueCommandError, Room,
    Waiting, Worker,
};
pub use counts::{Counts, Drift};
pub use executor::{Attempt, CommandExecutor, Execution};
pub use feed::{Feed, FeedError, Followed, Lease};
pub use health::Health;
pub use idempotency::{Answering, Idempotency, IdempotencyConflict, Outcome};
pub use ingest::{Applied, Ingest, IngestError, MemberSource, SourceError};
pub use limits::Limiter;
pub use random::Random;
pub use samples::Samples;
pub use servers::Servers;
pub use sessions::{Identify, Sessions};
pub use settings::{ChangeSettingsError, Settings};
pub use stats::StatsReader;
pub use tokens::{
    Addressed, CreateTokenError, Presented, Removed, Revoked, RotateTokenError, TokenFilter, Tokens,
};
pub use upkeep::{Cutoffs, Erased, Tidied, Upkeep};
pub use usage::Usage;
pub use users::{PageRequest, UserFilter, Users};
#[cfg(feature = "mock")]
pub use {
    audit::MockAuditLog, channels::MockChannels, clock::MockClock, commands::MockCommands,
    counts::MockCounts, executor::MockCommandExecutor, health::MockHealth, ingest::MockIngest,
    limits::MockLimiter, random::MockRandom, samples::MockSamples, servers::MockServers,
    sessions::MockSessions, settings::MockSettings, stats::MockStatsReader, tokens::MockTokens,
    upkeep::MockUpkeep, usage::MockUsage, users::MockUsers,
};
