//! Roles.

use hush_domain::roles;
use serde::Serialize;
use utoipa::ToSchema;

use super::Snowflake;

/// A role of a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Role<'a> {
    /// The role's id.
    id: Snowflake,
    /// The role's name.
    name: RoleName<'a>,
    /// Its place in the hierarchy; higher stands above.
    #[schema(minimum = -2_147_483_648, maximum = 2_147_483_647)]
    position: i32,
    /// Whether it belongs to an integration, a bot or the boosts of the server, and is given by the platform alone.
    managed: bool,
}

/// The name of a role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = String, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 100, example = "Admin")]
pub(crate) struct RoleName<'a>(pub(super) &'a str);

/// The roles of a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "roles": [
        {"id": "987654", "name": "Admin", "position": 2, "managed": false},
        {"id": "123456", "name": "@everyone", "position": 0, "managed": false},
    ],
}))]
pub(crate) struct RoleList<'a> {
    /// The roles, highest position first, those of one position by ascending id.
    #[schema(max_items = 1000)]
    pub(crate) roles: Vec<Role<'a>>,
}

impl<'a> From<&'a roles::Role> for Role<'a> {
    fn from(role: &'a roles::Role) -> Self {
        Self {
            id: Snowflake(role.id.get()),
            name: RoleName(role.name.as_str()),
            position: role.position,
            managed: role.managed,
        }
    }
}
