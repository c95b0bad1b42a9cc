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
    #[schema(value_type = String, min_length = 1, max_length = 105)]
    username: &'a Username,
    /// Role names, highest position first, without the implicit everyone-role.
    #[schema(max_items = 250)]
    roles: Vec<RoleName<'a>>,
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
    #[schema(required, pattern = "^[0-9a-f]{1,16}$", max_length = 16)]
    pub(crate) next: Option<String>,
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
