//! The law of every port: what an adapter must do, whatever it stores in.
//!
//! A rule is a plain function over a fresh [`Store`] or [`LimiterUnderTest`] that panics if the rule is broken.
//! It writes through one port and reads back through another, never from what it was just told. Beside the
//! rules of a file stands the macro that lists them. [`for_each_store_rule!`](crate::for_each_store_rule) and
//! [`for_each_limits_rule!`](crate::for_each_limits_rule) hand all lists to a macro of the adapter's test, so
//! that a new rule reaches every adapter by itself:
//!
//! ```text
//! macro_rules! over_store {
//!     ($module:ident { $($rule:ident),* $(,)? }) => {
//!         mod $module {
//!             $(
//!                 #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
//!                 async fn $rule() {
//!                     hush_ports::contract::$module::$rule(&super::fresh_store().await).await;
//!                 }
//!             )*
//!         }
//!     };
//! }
//! hush_ports::for_each_store_rule!(over_store);
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this is test code: a panic is how a rule says that it is broken"
)]

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;

use hush_domain::audit::chain::{ChainKey, Keyring};

use crate::{
    AuditLog, Channels, Commands, Counts, Feed, Health, Ingest, Limiter, Samples, Servers,
    Sessions, Settings, StatsReader, Tokens, Upkeep, Usage, Users,
};

/// Asserts that a call was refused, and why.
macro_rules! assert_refused {
    ($outcome:expr, $why:pat $(if $guard:expr)?) => {
        let outcome = $outcome;
        assert!(matches!(outcome, Err($why) $(if $guard)?), "{outcome:?}");
    };
}

pub mod audit;
pub mod channels;
pub mod chunks;
pub mod commands;
pub mod counted;
pub mod counts;
pub mod endings;
pub mod entries;
pub mod erasure;
pub mod events;
pub mod executor;
pub mod feed;
pub mod fencing;
pub mod filters;
pub mod following;
pub mod health;
pub mod idempotency;
pub mod leases;
pub mod life;
pub mod limits;
pub mod lineage;
pub mod presences;
pub mod queueing;
pub mod quota;
pub mod races;
pub mod retention;
pub mod rotation;
pub mod samples;
pub mod sampling;
pub mod servers;
pub mod sessions;
pub mod settings;
pub mod situations;
pub mod snapshots;
pub mod standing;
pub mod stats;
pub mod tokens;
pub mod upkeep;
pub mod usage;
pub mod users;
pub mod workers;

mod book;
mod examples;
mod model;
mod random;
mod roll;
mod steps;

/// One store, fresh and empty, seen through each of its ports.
#[derive(Clone)]
pub struct Store {
    /// Its tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Its users.
    pub users: Arc<dyn Users>,
    /// Its servers.
    pub servers: Arc<dyn Servers>,
    /// Its statistics.
    pub stats: Arc<dyn StatsReader>,
    /// Its way in.
    pub ingest: Arc<dyn Ingest>,
    /// Who leads the live feed.
    pub feed: Arc<dyn Feed>,
    /// Where the connections of the feed stand.
    pub sessions: Arc<dyn Sessions>,
    /// Its counts over time.
    pub samples: Arc<dyn Samples>,
    /// Its channels.
    pub channels: Arc<dyn Channels>,
    /// Its queue of commands.
    pub commands: Arc<dyn Commands>,
    /// Its kept counts.
    pub counts: Arc<dyn Counts>,
    /// Its audit log, chained with the newest key of [`keyring`].
    pub audit: Arc<dyn AuditLog>,
    /// What servers' owners decided.
    pub settings: Arc<dyn Settings>,
    /// What tokens were used for.
    pub usage: Arc<dyn Usage>,
    /// Its broom.
    pub upkeep: Arc<dyn Upkeep>,
    /// Its pulse.
    pub health: Arc<dyn Health>,
    /// What must live as long as the store, such as the guard of a test database; `Arc::new(())` for nothing.
    pub keep: Arc<dyn Any + Send + Sync>,
}

/// The operator's keys, with which every fresh store chains its audit log and rules verify it.
pub fn keyring() -> Keyring {
    Keyring::new(vec![ChainKey::new(&[7; ChainKey::SHORTEST]).unwrap()])
}

/// A limiter without any ring, and the hand on its clock.
pub struct LimiterUnderTest {
    /// The limiter.
    pub port: Arc<dyn Limiter>,
    /// What must live as long as the limiter.
    pub keep: Arc<dyn Any + Send + Sync>,
    advance: Box<Advance>,
}

type Advance = dyn Fn(i64) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

impl LimiterUnderTest {
    /// A limiter whose clock stands still until `advance` moves it by so many microseconds, back if negative.
    /// The clock starts at least two hours after its origin, so that it can go back.
    pub fn new<F, Moved>(port: Arc<dyn Limiter>, advance: F) -> Self
    where
        F: Fn(i64) -> Moved + Send + Sync + 'static,
        Moved: Future<Output = ()> + Send + 'static,
    {
        Self {
            port,
            keep: Arc::new(()),
            advance: Box::new(move |micros| Box::pin(advance(micros))),
        }
    }

    /// Moves the limiter's clock by `micros` microseconds, back if negative.
    pub async fn advance(&self, micros: i64) {
        (self.advance)(micros).await;
    }
}

/// Hands every list of rules over a [`Store`](crate::contract::Store) to the macro `$test`, as
/// `$test! { module { rule, … } }`.
#[macro_export]
macro_rules! for_each_store_rule {
    ($test:ident) => {
        $crate::for_each_audit_rule!($test);
        $crate::for_each_channels_rule!($test);
        $crate::for_each_chunks_rule!($test);
        $crate::for_each_commands_rule!($test);
        $crate::for_each_counted_rule!($test);
        $crate::for_each_counts_rule!($test);
        $crate::for_each_endings_rule!($test);
        $crate::for_each_entries_rule!($test);
        $crate::for_each_erasure_rule!($test);
        $crate::for_each_events_rule!($test);
        $crate::for_each_feed_rule!($test);
        $crate::for_each_fencing_rule!($test);
        $crate::for_each_filters_rule!($test);
        $crate::for_each_following_rule!($test);
        $crate::for_each_health_rule!($test);
        $crate::for_each_idempotency_rule!($test);
        $crate::for_each_leases_rule!($test);
        $crate::for_each_life_rule!($test);
        $crate::for_each_lineage_rule!($test);
        $crate::for_each_presences_rule!($test);
        $crate::for_each_queueing_rule!($test);
        $crate::for_each_quota_rule!($test);
        $crate::for_each_races_rule!($test);
        $crate::for_each_retention_rule!($test);
        $crate::for_each_rotation_rule!($test);
        $crate::for_each_samples_rule!($test);
        $crate::for_each_sampling_rule!($test);
        $crate::for_each_servers_rule!($test);
        $crate::for_each_sessions_rule!($test);
        $crate::for_each_settings_rule!($test);
        $crate::for_each_situations_rule!($test);
        $crate::for_each_snapshots_rule!($test);
        $crate::for_each_standing_rule!($test);
        $crate::for_each_stats_rule!($test);
        $crate::for_each_tokens_rule!($test);
        $crate::for_each_upkeep_rule!($test);
        $crate::for_each_usage_rule!($test);
        $crate::for_each_users_rule!($test);
        $crate::for_each_workers_rule!($test);
    };
}
