//! What goes over the wire: the JSON shapes of the API, and nothing else.

use std::fmt::Display;

use hush_app::Identity;
use hush_domain::ids::ServerId;
use hush_domain::servers::Membership;
use hush_domain::stats::Stats;
use hush_domain::users::{Member, Username};
use hush_domain::{permission, scopes};
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An id: 1 to 2^63−1 as a decimal string.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(value_type = String, pattern = "^[1-9][0-9]{0,18}$", max_length = 19, example = "123456")]
pub(crate) struct Snowflake(#[serde(serialize_with = "as_text")] pub(crate) u64);

/// A user with the roles held in the addressed server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "123456", "username": "User#1234", "roles": ["Admin", "Member"]}))]
pub(crate) struct User<'a> {
    /// The user's id.
    id: Snowflake,
    /// `name#1234` for accounts that still have a discriminator, else the plain name.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, min_length = 1, max_length = 105)]
    username: &'a Username,
    /// Role names, highest position first, without the implicit everyone-role.
    #[schema(max_items = 250)]
    roles: Vec<RoleName<'a>>,
}

/// The name of a role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 100, example = "Admin")]
pub(crate) struct RoleName<'a>(&'a str);

/// A page of users, by ascending id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "users": [{"id": "123456", "username": "User#1234", "roles": ["Admin", "Member"]}],
    "next": "1e240",
}))]
pub(crate) struct UserPage<'a> {
    /// The users.
    #[schema(max_items = 1000)]
    pub(crate) users: Vec<User<'a>>,
    /// The cursor of the next page; `null` on the last one.
    #[schema(required, pattern = "^[0-9a-f]{1,16}$", max_length = 16)]
    pub(crate) next: Option<String>,
}

/// A server's member counts. A number that the service does not know is `null`, never a false 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"members": 120, "bots": 5, "online": 95}))]
pub(crate) struct ServerStats {
    /// Everyone, bots included.
    #[schema(required, minimum = 0)]
    members: Option<u64>,
    /// Those that are bots.
    #[schema(required, minimum = 0)]
    bots: Option<u64>,
    /// Those whose presence is neither offline nor invisible.
    #[schema(required, minimum = 0)]
    online: Option<u64>,
}

/// Who a token is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "123456",
    "token_id": "7300000000000000000",
    "name": "nightly report",
    "scopes": ["users:read", "stats:read"],
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-04-01T00:00:00Z",
    "servers": [{"id": "123456", "name": "Demo", "access_level": "admin"}],
}))]
pub(crate) struct Me {
    /// The user whose key this token is.
    pub(crate) user_id: Snowflake,
    /// The token's public id.
    pub(crate) token_id: Snowflake,
    /// What its owner calls the token.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) name: String,
    /// What the token may be used for at most.
    #[schema(max_items = 8)]
    pub(crate) scopes: Vec<Scope>,
    /// When the token was made (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    pub(crate) created_at: String,
    /// When the token ends by itself (RFC 3339, UTC); `null` if it does not.
    #[schema(required, format = DateTime, max_length = 30)]
    pub(crate) expires_at: Option<String>,
    /// Each server that the token names, by ascending id.
    #[schema(min_items = 1, max_items = 25)]
    pub(crate) servers: Vec<NamedServer>,
}

/// A server that a token names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedServer {
    /// The server's id.
    pub(crate) id: Snowflake,
    /// Its name; `null` where the user is not in it.
    #[schema(required, min_length = 1, max_length = 100)]
    pub(crate) name: Option<String>,
    /// The user's access level there; `null` where the user is not in it.
    #[schema(required)]
    pub(crate) access_level: Option<AccessLevel>,
}

/// A word out of a closed list that the domain keeps.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident of $domain:ty, $description:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Serialize)]
        pub(crate) struct $name(&'static str);

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                Self(word.as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(<$domain>::ALL.map(<$domain>::as_str)))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

word! {
    /// What a member may do through the API.
    AccessLevel of permission::AccessLevel,
    "What a member may do through the API; each level includes those before it."
}
word! {
    /// What a token may be used for.
    Scope of scopes::Scope,
    "What a token may be used for at most."
}

impl<'a> From<&'a Member> for User<'a> {
    fn from(member: &'a Member) -> Self {
        Self {
            id: Snowflake(member.user.id.get()),
            username: &member.user.username,
            roles: member
                .roles
                .iter()
                .map(|role| RoleName(role.as_str()))
                .collect(),
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

impl From<&Identity> for Me {
    fn from(identity: &Identity) -> Self {
        let token = &identity.token;
        Self {
            user_id: Snowflake(token.user.get()),
            token_id: Snowflake(token.id.get()),
            name: token.name.to_string(),
            scopes: token.scopes.iter().map(Scope::from).collect(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            servers: identity.servers.iter().map(NamedServer::from).collect(),
        }
    }
}

impl From<&(ServerId, Option<Membership>)> for NamedServer {
    fn from((server, membership): &(ServerId, Option<Membership>)) -> Self {
        let membership = membership.as_ref();
        Self {
            id: Snowflake(server.get()),
            name: membership.map(|known| known.name.to_string()),
            access_level: membership.map(|known| known.standing.access_level().into()),
        }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
