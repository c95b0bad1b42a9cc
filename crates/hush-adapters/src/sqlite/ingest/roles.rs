//! A server's roles.

use hush_domain::ids::{RoleId, ServerId};
use hush_domain::roles::Role;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::Failure;

/// Makes `roles` all that there are.
pub(super) async fn replace(
    transaction: &mut SqliteConnection,
    server: ServerId,
    roles: &[Role],
) -> Result<(), Failure> {
    let ids: Vec<_> = roles.iter().map(|role| role.id.to_i64()).collect();
    sqlx::query(
        "DELETE FROM roles WHERE server_id = ?1 AND id NOT IN (SELECT value FROM json_each(?2))",
    )
    .bind(server.to_i64())
    .bind(Json(ids))
    .execute(&mut *transaction)
    .await?;
    // Of a role that is listed twice, the last counts.
    for role in roles {
        put(transaction, server, role).await?;
    }
    Ok(())
}

/// Stores a role in the place of what was known of it.
pub(super) async fn put(
    transaction: &mut SqliteConnection,
    server: ServerId,
    role: &Role,
) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO roles (server_id, id, name, position, permissions, managed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (server_id, id) DO UPDATE
         SET name = excluded.name, position = excluded.position,
             permissions = excluded.permissions, managed = excluded.managed
         WHERE (roles.name, roles.position, roles.permissions, roles.managed)
             IS NOT (excluded.name, excluded.position, excluded.permissions, excluded.managed)",
    )
    .bind(server.to_i64())
    .bind(role.id.to_i64())
    .bind(role.name.as_str())
    .bind(role.position)
    .bind(role.permissions.bits().cast_signed())
    .bind(role.managed)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes a role. Whether the server had it. Members keep its id, which means nothing from then on.
pub(super) async fn delete(
    transaction: &mut SqliteConnection,
    server: ServerId,
    role: RoleId,
) -> Result<bool, Failure> {
    let deleted = sqlx::query("DELETE FROM roles WHERE server_id = ?1 AND id = ?2")
        .bind(server.to_i64())
        .bind(role.to_i64())
        .execute(transaction)
        .await?;
    Ok(deleted.rows_affected() > 0)
}
