//! What a server is, and what it tells its owner.

use hush_app::ServerRateLimit;
use hush_domain::limits::{Left, Rule};
use hush_domain::settings::{MAX_ADMIN_ROLES, SettingsChange};
use hush_domain::stats::Stats;
use hush_domain::usage::Spent;
use hush_domain::{ids, servers, settings};
use serde::Serialize;
use utoipa::ToSchema;

use super::Snowflake;
use crate::body::{Fields, FromBody};
use crate::expected::{ROLES, SWITCH};
use crate::problem::Problem;

/// A server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "123456", "name": "Analytical", "owner_id": "1"}))]
pub(crate) struct Server<'a> {
    /// The server's id.
    id: Snowflake,
    /// The server's name.
    #[schema(
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 100
    )]
    name: &'a str,
    /// Who owns it.
    owner_id: Snowflake,
}

/// A server's member counts. A number that the service does not know is `null`, never a false 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"members": 120, "bots": 5, "online": 95}))]
pub(crate) struct ServerStats {
    /// Everyone, bots included.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    members: Option<u64>,
    /// Those that are bots.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    bots: Option<u64>,
    /// Those whose presence is neither offline nor invisible.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    online: Option<u64>,
}

/// What a server's owner decided about the API there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"api_enabled": true, "admin_role_ids": ["987654"]}))]
pub(crate) struct ServerSettings {
    /// Whether the API can be used in this server. If not, every token is answered as if the server did not exist,
    /// but for its owner's at its settings.
    api_enabled: bool,
    /// The roles that make an API admin beside Discord's ADMINISTRATOR permission, by ascending id.
    #[schema(max_items = 25)]
    admin_role_ids: Vec<Snowflake>,
}

/// What shall be otherwise. What is left out stays as it is.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"admin_role_ids": ["987654"]}))]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateServerSettings {
    /// Whether the API can be used in this server.
    #[schema(nullable = false)]
    api_enabled: Option<bool>,
    /// The roles that make an API admin, in the place of those before. Each must be a role of the server, other than
    /// its everyone-role.
    #[schema(value_type = Option<Vec<Snowflake>>, nullable = false, max_items = 25)]
    admin_role_ids: Option<Vec<ids::RoleId>>,
}

/// What is left of a server's limit, and which tokens spent it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "limit": 60,
    "window_seconds": 60,
    "remaining": 48,
    "reset_after_seconds": 3,
    "spent": [{"token_id": "7300000000000000000", "requests": 12}],
    "spent_since": "2026-01-31T11:01:00Z",
}))]
pub(crate) struct RateLimit {
    /// How many requests are admitted in any window; `null` if there is no limit.
    #[schema(required, minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
    /// How long a window is, in seconds; `null` if there is no limit.
    #[schema(required, minimum = 1, maximum = 3600)]
    window_seconds: Option<u64>,
    /// How many requests would be admitted right now; `null` if there is no limit.
    #[schema(required, minimum = 0, maximum = 10_000)]
    remaining: Option<u32>,
    /// Seconds until there is room for one more than that, 0 if nothing was spent; `null` if there is no limit.
    #[schema(required, minimum = 0, maximum = 3600)]
    reset_after_seconds: Option<u64>,
    /// What each token spent of this limit since then, most first. Slash commands that spend of it are not told of: no
    /// token is used for them.
    #[schema(max_items = 1_000_000)]
    spent: Vec<SpentByToken>,
    /// From when on spending is told (RFC 3339, UTC): the beginning of a minute, an hour ago at most.
    #[schema(format = DateTime, max_length = 30)]
    spent_since: String,
}

/// What a token spent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpentByToken {
    /// The token.
    token_id: Snowflake,
    /// How many of its requests were admitted.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    requests: u64,
}

impl<'a> From<&'a servers::Server> for Server<'a> {
    fn from(server: &'a servers::Server) -> Self {
        Self {
            id: Snowflake(server.id.get()),
            name: server.name.as_str(),
            owner_id: Snowflake(server.owner.get()),
        }
    }
}

impl From<Stats> for ServerStats {
    fn from(stats: Stats) -> Self {
        Self {
            members: stats.members,
            bots: stats.bots,
            online: stats.online,
        }
    }
}

impl From<&settings::ServerSettings> for ServerSettings {
    fn from(settings: &settings::ServerSettings) -> Self {
        let roles = settings.admin_roles.iter();
        Self {
            api_enabled: settings.api_enabled,
            admin_role_ids: roles.map(|role| Snowflake(role.get())).collect(),
        }
    }
}

impl FromBody for UpdateServerSettings {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let roles = |ids: Vec<String>| {
            let fits = ids.len() <= MAX_ADMIN_ROLES;
            let roles = ids.iter().map(|id| id.parse().ok()).collect();
            fits.then_some(roles).flatten()
        };
        Ok(Self {
            api_enabled: fields.optional("api_enabled", SWITCH, Some)?,
            admin_role_ids: fields.optional("admin_role_ids", ROLES, roles)?,
        })
    }
}

impl From<UpdateServerSettings> for SettingsChange {
    fn from(update: UpdateServerSettings) -> Self {
        Self {
            api_enabled: update.api_enabled,
            admin_roles: update.admin_role_ids,
        }
    }
}

impl From<&ServerRateLimit> for RateLimit {
    fn from(limit: &ServerRateLimit) -> Self {
        let (rule, left) = limit.limit.unzip();
        Self {
            limit: rule.map(Rule::requests),
            window_seconds: rule.map(|rule| rule.window().as_secs()),
            remaining: left.map(|left| left.remaining),
            reset_after_seconds: left.map(Left::more_in_seconds),
            spent: limit.spent.iter().map(SpentByToken::from).collect(),
            spent_since: limit.since.to_string(),
        }
    }
}

impl From<&Spent> for SpentByToken {
    fn from(spent: &Spent) -> Self {
        Self {
            token_id: Snowflake(spent.token.get()),
            requests: spent.requests,
        }
    }
}
