//! A locked server's roles.

use std::collections::BTreeMap;

use hush_domain::ids::{RoleId, ServerId};
use hush_domain::roles::Role;
use sqlx::PgConnection;

use crate::postgres::failure::Failure;

/// Makes `roles` all that there are.
pub(super) async fn replace(
    transaction: &mut PgConnection,
    server: ServerId,
    roles: &[Role],
) -> Result<(), Failure> {
    let ids: Vec<_> = roles.iter().map(|role| role.id.to_i64()).collect();
    sqlx::query!(
        "DELETE FROM roles WHERE server_id = $1 AND id <> ALL ($2)",
        server.to_i64(),
        &ids,
    )
    .execute(&mut *transaction)
    .await?;
    put(transaction, server, roles.iter()).await
}

/// Stores each role in the place of what was known of it.
pub(super) async fn put<'r>(
    transaction: &mut PgConnection,
    server: ServerId,
    roles: impl IntoIterator<Item = &'r Role>,
) -> Result<(), Failure> {
    // Of a role that is listed twice, the last counts.
    let roles: BTreeMap<_, _> = roles
        .into_iter()
        .map(|role| (role.id.to_i64(), role))
        .collect();
    let ids: Vec<_> = roles.keys().copied().collect();
    let names: Vec<_> = roles
        .values()
        .map(|role| role.name.as_str().to_owned())
        .collect();
    let positions: Vec<_> = roles.values().map(|role| role.position).collect();
    let permissions: Vec<_> = roles
        .values()
        .map(|role| role.permissions.bits().cast_signed())
        .collect();
    let managed: Vec<_> = roles.values().map(|role| role.managed).collect();
    sqlx::query!(
        "INSERT INTO roles (server_id, id, name, position, permissions, managed)
         SELECT $1, listed.id, listed.name, listed.position, listed.permissions, listed.managed
         FROM unnest($2::bigint[], $3::text[], $4::integer[], $5::bigint[], $6::boolean[])
             AS listed (id, name, position, permissions, managed)
         ON CONFLICT (server_id, id) DO UPDATE
         SET name = excluded.name, position = excluded.position,
             permissions = excluded.permissions, managed = excluded.managed
         WHERE (roles.name, roles.position, roles.permissions, roles.managed)
             IS DISTINCT FROM
             (excluded.name, excluded.position, excluded.permissions, excluded.managed)",
        server.to_i64(),
        &ids,
        &names,
        &positions,
        &permissions,
        &managed,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes a role. Whether the server had it. Members keep its id, which means nothing from then on.
pub(super) async fn delete(
    transaction: &mut PgConnection,
    server: ServerId,
    role: RoleId,
) -> Result<bool, Failure> {
    let deleted = sqlx::query!(
        "DELETE FROM roles WHERE server_id = $1 AND id = $2",
        server.to_i64(),
        role.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(deleted.rows_affected() > 0)
}
