//! Personal tokens.

use std::time::Duration;

use hush_app::Lifetime;
use hush_domain::ids::TokenId;
use hush_domain::scopes::{self, Scopes};
use hush_domain::secret::Secret;
use hush_domain::tokens::{
    self, DEFAULT_GRACE, MAX_GRACE, MAX_LIFETIME, MAX_SERVERS, NamedServers, TokenName,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Scope, Snowflake};
use crate::body::{Fields, FromBody, Whole};
use crate::expected::{GRACE, LEAKED, LIFETIME, NAME, SERVERS, SWITCH, one_of};
use crate::problem::Problem;

/// The longest text that is looked at as a token.
const MAX_LEAKED: usize = 200;

/// A personal token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "7300000000000000000",
    "user_id": "123456",
    "name": "nightly report",
    "hint": "hush_Ab3x",
    "server_ids": ["123456"],
    "scopes": ["users:read"],
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-04-01T00:00:00Z",
    "revoked_at": null,
    "last_used_at": "2026-01-31T11:59:00Z",
    "parent_id": "7200000000000000000",
}))]
pub(crate) struct Token {
    /// The token's public id.
    id: Snowflake,
    /// The user whose key it is.
    user_id: Snowflake,
    /// What its owner calls it.
    #[schema(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 64)]
    name: String,
    /// The first characters of its newest secret, by which people recognise it.
    #[schema(pattern = "^hush_[0-9A-Za-z]{4}$", max_length = 9)]
    hint: String,
    /// The servers that it names, by ascending id. Somebody else's token shows only the addressed one.
    #[schema(min_items = 1, max_items = 25)]
    server_ids: Vec<Snowflake>,
    /// What it may be used for at most.
    #[schema(max_items = 8)]
    scopes: Vec<Scope>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    created_at: String,
    /// When it ends by itself (RFC 3339, UTC); `null` if it does not.
    #[schema(required, format = DateTime, max_length = 30)]
    expires_at: Option<String>,
    /// When it was revoked (RFC 3339, UTC); `null` if it was not.
    #[schema(required, format = DateTime, max_length = 30)]
    revoked_at: Option<String>,
    /// The minute in which it was last used (RFC 3339, UTC); `null` if it never was.
    #[schema(required, format = DateTime, max_length = 30)]
    last_used_at: Option<String>,
    /// The token that made it, or rotated it, and with which it is revoked; `null` if none did.
    #[schema(required)]
    parent_id: Option<Snowflake>,
}

/// A page of tokens, by ascending id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenPage {
    /// The tokens, revoked and expired ones included.
    #[schema(max_items = 1000)]
    pub(crate) tokens: Vec<Token>,
    /// The cursor of the next page; `null` on the last one.
    #[schema(
        required,
        pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$",
        max_length = 16
    )]
    pub(crate) next: Option<String>,
}

/// A token with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedToken<'a> {
    #[serde(flatten)]
    token: Token,
    /// The secret. `null` if the request had been carried out before: it is not kept.
    #[schema(required, pattern = "^hush_[0-9A-Za-z]{36}$", max_length = 41)]
    secret: Option<&'a str>,
}

/// What is read out of an answer that was kept.
#[derive(Debug, Deserialize)]
struct Kept<'a> {
    id: &'a str,
}

/// What a new token shall be.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "name": "nightly report",
    "server_ids": ["123456"],
    "scopes": ["users:read"],
    "expires_in_seconds": 2_592_000,
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateToken {
    /// What you call it. No two live tokens of a user have the same name.
    #[schema(value_type = String, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 64)]
    name: TokenName,
    /// The servers that it names.
    #[schema(value_type = Vec<Snowflake>, min_items = 1, max_items = 25)]
    server_ids: NamedServers,
    /// What it may be used for at most.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 8)]
    scopes: Scopes,
    /// How long it lives. If left out: 90 days, or as long as the token that makes it, if that is shorter.
    #[schema(
        nullable = false,
        minimum = 1,
        maximum = 31_622_400,
        example = 2_592_000
    )]
    expires_in_seconds: Option<u64>,
}

/// What a rotation shall leave of what was before. Everything has a default, so that the body may be left out.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"grace_seconds": 300, "keep_children": false}))]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateToken {
    /// For how long the secret before still reads.
    #[schema(required = false, minimum = 0, maximum = 86_400, default = 300)]
    grace_seconds: u64,
    /// Whether the tokens that it made stay. They are revoked otherwise.
    #[schema(required = false, default = false)]
    keep_children: bool,
}

/// What was found in the open.
#[derive(ToSchema)]
#[schema(example = json!({"token": "hush_Ab3x…"}))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportLeakedToken {
    /// The token's whole text.
    #[schema(value_type = String, max_length = 200)]
    token: Option<Secret>,
}

impl From<&tokens::Token> for Token {
    fn from(token: &tokens::Token) -> Self {
        let servers = token.servers.as_slice().iter();
        Self {
            id: Snowflake(token.id.get()),
            user_id: Snowflake(token.user.get()),
            name: token.name.to_string(),
            hint: token.hint.as_str().to_owned(),
            server_ids: servers.map(|server| Snowflake(server.get())).collect(),
            scopes: token.scopes.iter().map(Scope::from).collect(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
            last_used_at: token.last_used_at.map(|at| at.to_string()),
            parent_id: token.parent.map(|parent| Snowflake(parent.get())),
        }
    }
}

impl<'a> IssuedToken<'a> {
    /// The token as it is shown now, or, without its secret, to whoever asks again.
    pub(crate) fn new(token: &tokens::Token, secret: Option<&'a Secret>) -> Self {
        Self {
            token: token.into(),
            secret: secret.map(Secret::expose),
        }
    }
}

/// The id of the token that a kept answer shows.
pub(crate) fn kept_id(answer: &[u8]) -> Option<TokenId> {
    let kept: Kept<'_> = serde_json::from_slice(answer).ok()?;
    kept.id.parse().ok()
}

impl FromBody for CreateToken {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let scope_list = format!(
            "must be a list of 1 to {} scopes, and each {}",
            scopes::Scope::ALL.len(),
            one_of(scopes::Scope::ALL.map(scopes::Scope::as_str))
        );
        let seconds =
            |Whole(seconds)| Some(seconds).filter(|it| (1..=MAX_LIFETIME.as_secs()).contains(it));
        Ok(Self {
            name: fields.required("name", NAME, |name: String| name.parse().ok())?,
            server_ids: fields.required("server_ids", SERVERS, read_servers)?,
            scopes: fields.required("scopes", &scope_list, read_scopes)?,
            expires_in_seconds: fields.optional("expires_in_seconds", LIFETIME, seconds)?,
        })
    }
}

fn read_servers(ids: Vec<String>) -> Option<NamedServers> {
    let fits = ids.len() <= MAX_SERVERS;
    let servers = ids.into_iter().map(|id| id.parse().ok());
    let named = NamedServers::new(servers.collect::<Option<_>>()?).ok();
    named.filter(|_| fits)
}

fn read_scopes(names: Vec<String>) -> Option<Scopes> {
    let fits = (1..=scopes::Scope::ALL.len()).contains(&names.len());
    let scopes = names.into_iter().map(|name| name.parse().ok()).collect();
    fits.then_some(scopes).flatten()
}

impl FromBody for RotateToken {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let seconds = |Whole(seconds)| Some(seconds).filter(|it| *it <= MAX_GRACE.as_secs());
        let grace = fields.optional("grace_seconds", GRACE, seconds)?;
        let keep = fields.optional("keep_children", SWITCH, Some)?;
        Ok(Self {
            grace_seconds: grace.unwrap_or(DEFAULT_GRACE.as_secs()),
            keep_children: keep.unwrap_or_default(),
        })
    }
}

impl FromBody for ReportLeakedToken {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let token = |text: String| {
            text.chars()
                .nth(MAX_LEAKED)
                .is_none()
                .then(|| text.parse().ok())
        };
        Ok(Self {
            token: fields.required("token", LEAKED, token)?,
        })
    }
}

impl ReportLeakedToken {
    /// The secret; `None` if the text is no token.
    pub(crate) fn into_secret(self) -> Option<Secret> {
        self.token
    }
}

impl From<CreateToken> for hush_app::CreateToken {
    fn from(wanted: CreateToken) -> Self {
        let lifetime = wanted.expires_in_seconds.map(Duration::from_secs);
        Self {
            servers: wanted.server_ids,
            name: wanted.name,
            scopes: wanted.scopes,
            lifetime: lifetime.map_or(Lifetime::Default, Lifetime::For),
        }
    }
}

impl RotateToken {
    /// The rotation of `token`.
    pub(crate) fn of(self, token: TokenId) -> hush_app::RotateToken {
        hush_app::RotateToken {
            token,
            grace: Duration::from_secs(self.grace_seconds),
            keep_children: self.keep_children,
        }
    }
}
