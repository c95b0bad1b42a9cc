use async_trait::async_trait;
use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, settings_updated};
use hush_domain::ids::{RoleId, ServerId};
use hush_domain::settings::{ServerSettings, SettingsChange};
use hush_ports::{BackendError, ChangeSettingsError, Settings};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::failure::{Failure, Refused};
use super::{Sqlite, audit};
use crate::meters::Operation;
use crate::stored::role_id;

type Refusal = Refused<ChangeSettingsError>;

#[async_trait]
impl Settings for Sqlite {
    async fn get(&self, server: ServerId) -> Result<Option<ServerSettings>, BackendError> {
        self.database
            .read(Operation::GetSettings, |mut connection| async move {
                get(&mut connection, server).await
            })
            .await
    }

    async fn change(
        &self,
        server: ServerId,
        change: SettingsChange,
        act: &Act,
    ) -> Result<ServerSettings, ChangeSettingsError> {
        self.database
            .transact(Operation::ChangeSettings, async |transaction| {
                self::change(transaction, &self.keys, server, &change, act).await
            })
            .await
    }
}

/// The settings of a known server.
async fn get(
    connection: &mut SqliteConnection,
    server: ServerId,
) -> Result<Option<ServerSettings>, Failure> {
    let stored: Option<(bool, Json<Vec<i64>>)> = sqlx::query_as(
        "SELECT coalesce(g.api_enabled, 1), coalesce(g.admin_role_ids, '[]')
         FROM servers s LEFT JOIN server_settings g ON g.server_id = s.id
         WHERE s.id = ?1",
    )
    .bind(server.to_i64())
    .fetch_optional(connection)
    .await?;
    let Some((api_enabled, Json(roles))) = stored else {
        return Ok(None);
    };
    let roles = roles.into_iter().map(role_id);
    Ok(Some(ServerSettings {
        api_enabled,
        admin_roles: roles.collect::<Result<_, _>>()?,
    }))
}

async fn change(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
    change: &SettingsChange,
    act: &Act,
) -> Result<ServerSettings, Refusal> {
    let Some(before) = get(transaction, server).await? else {
        return Err(Refused::Conflict(ChangeSettingsError::UnknownServer));
    };
    let appointed = change.admin_roles.as_deref().unwrap_or_default();
    if let Some(role) = foreign(transaction, server, appointed).await? {
        return Err(Refused::Conflict(ChangeSettingsError::UnknownRole(role)));
    }
    let after = change.apply(&before);
    if after != before {
        sqlx::query(
            "INSERT INTO server_settings (server_id, api_enabled, admin_role_ids)
             VALUES (?1, ?2, ?3)
             ON CONFLICT (server_id) DO UPDATE
             SET api_enabled = excluded.api_enabled, admin_role_ids = excluded.admin_role_ids",
        )
        .bind(server.to_i64())
        .bind(after.api_enabled)
        .bind(ids(&after.admin_roles))
        .execute(&mut *transaction)
        .await?;
        let entry = settings_updated(server, &before, &after);
        audit::write(transaction, keys, act, vec![entry]).await?;
    }
    Ok(after)
}

/// The first of `roles` that the server does not have.
async fn foreign(
    transaction: &mut SqliteConnection,
    server: ServerId,
    roles: &[RoleId],
) -> Result<Option<RoleId>, Failure> {
    let foreign: Option<i64> = sqlx::query_scalar(
        "SELECT value FROM json_each(?2) AS appointed
         WHERE NOT EXISTS (SELECT 1 FROM roles WHERE server_id = ?1 AND id = appointed.value)
         ORDER BY key
         LIMIT 1",
    )
    .bind(server.to_i64())
    .bind(ids(roles))
    .fetch_optional(transaction)
    .await?;
    Ok(foreign.map(role_id).transpose()?)
}

fn ids(roles: &[RoleId]) -> Json<Vec<i64>> {
    Json(roles.iter().map(|role| role.to_i64()).collect())
}
