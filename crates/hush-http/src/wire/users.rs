//! Users.

use hush_domain::users::{Member, Username};
use serde::Serialize;
use utoipa::ToSchema;

use super::roles::RoleName;
use super::{Snowflake, as_text};

/// A user with the roles held in the addressed server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "123456", "username": "User#1234", "roles": ["Admin", "Member"]}))]
pub(crate) struct User<'a> {
    /// The user's id.
    id: Snowflake,
    /// `name#1234` for accounts that still have a discriminator, else the plain name.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 105)]
    username: &'a Username,
    /// Role names, highest position first, without the implicit everyone-role.
    #[schema(max_items = 250)]
    roles: Vec<RoleName<'a>>,
    /// The ids of those roles, in the same order. With `expand=role_ids`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 250)]
    role_ids: Option<Vec<Snowflake>>,
    /// Whether the user is a bot. With `expand=bot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bot: Option<bool>,
}

/// What a user is shown with if asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Expansion {
    /// The ids of the roles.
    RoleIds,
    /// Whether the user is a bot.
    Bot,
}

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
    #[schema(
        required,
        pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$",
        max_length = 16
    )]
    pub(crate) next: Option<String>,
}

impl Expansion {
    /// Every one.
    pub(crate) const ALL: [Self; 2] = [Self::RoleIds, Self::Bot];

    /// Its word in a query.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RoleIds => "role_ids",
            Self::Bot => "bot",
        }
    }
}

impl<'a> User<'a> {
    /// The member with what was asked for.
    pub(crate) fn new(member: &'a Member, expand: &[Expansion]) -> Self {
        let role_ids = || {
            let ids = member.role_ids.iter();
            ids.map(|role| Snowflake(role.get())).collect()
        };
        Self {
            id: Snowflake(member.user.id.get()),
            username: &member.user.username,
            roles: member
                .roles
                .iter()
                .map(|role| RoleName(role.as_str()))
                .collect(),
            role_ids: expand.contains(&Expansion::RoleIds).then(role_ids),
            bot: expand.contains(&Expansion::Bot).then_some(member.user.bot),
        }
    }
}
