use async_trait::async_trait;
use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, settings_updated};
use hush_domain::ids::{RoleId, ServerId};
use hush_domain::settings::{ServerSettings, SettingsChange};
use hush_ports::{BackendError, ChangeSettingsError, Settings};
use sqlx::PgConnection;

use super::failure::{Failure, Refused};
use super::{Postgres, audit, ingest};
use crate::meters::Operation;
use crate::stored::role_id;

type Refusal = Refused<ChangeSettingsError>;

#[async_trait]
impl Settings for Postgres {
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
                self::change(transaction, &self.audit_keys, server, &change, act).await
            })
            .await
    }
}

/// The settings of a known server.
async fn get(
    connection: &mut PgConnection,
    server: ServerId,
) -> Result<Option<ServerSettings>, Failure> {
    let stored = sqlx::query!(
        r#"SELECT coalesce(g.api_enabled, true) AS "api_enabled!",
                  coalesce(g.admin_role_ids, '{}') AS "admin_role_ids!"
           FROM servers s LEFT JOIN server_settings g ON g.server_id = s.id
           WHERE s.id = $1"#,
        server.to_i64(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let roles = stored.admin_role_ids.into_iter().map(role_id);
    Ok(Some(ServerSettings {
        api_enabled: stored.api_enabled,
        admin_roles: roles.collect::<Result<_, _>>()?,
    }))
}

async fn change(
    transaction: &mut PgConnection,
    keys: &Keyring,
    server: ServerId,
    change: &SettingsChange,
    act: &Act,
) -> Result<ServerSettings, Refusal> {
    let is_known = ingest::hold(transaction, server).await?;
    let Some(before) = get(transaction, server).await?.filter(|_| is_known) else {
        return Err(Refused::Conflict(ChangeSettingsError::UnknownServer));
    };
    let appointed = change.admin_roles.as_deref().unwrap_or_default();
    if let Some(role) = foreign(transaction, server, appointed).await? {
        return Err(Refused::Conflict(ChangeSettingsError::UnknownRole(role)));
    }
    let after = change.apply(&before);
    if after != before {
        sqlx::query!(
            "INSERT INTO server_settings (server_id, api_enabled, admin_role_ids)
             VALUES ($1, $2, $3)
             ON CONFLICT (server_id) DO UPDATE
             SET api_enabled = excluded.api_enabled, admin_role_ids = excluded.admin_role_ids",
            server.to_i64(),
            after.api_enabled,
            &ids(&after.admin_roles),
        )
        .execute(&mut *transaction)
        .await?;
        let entry = settings_updated(server, &before, &after);
        audit::write(transaction, keys, act, vec![entry]).await?;
    }
    Ok(after)
}

/// The first of `roles` that the server does not have.
async fn foreign(
    transaction: &mut PgConnection,
    server: ServerId,
    roles: &[RoleId],
) -> Result<Option<RoleId>, Failure> {
    let foreign = sqlx::query_scalar!(
        r#"SELECT appointed.id AS "id!"
           FROM unnest($2::bigint[]) WITH ORDINALITY AS appointed (id, place)
           WHERE NOT EXISTS (SELECT FROM roles r WHERE r.server_id = $1 AND r.id = appointed.id)
           ORDER BY appointed.place
           LIMIT 1"#,
        server.to_i64(),
        &ids(roles),
    )
    .fetch_optional(transaction)
    .await?;
    Ok(foreign.map(role_id).transpose()?)
}

fn ids(roles: &[RoleId]) -> Vec<i64> {
    roles.iter().map(|role| role.to_i64()).collect()
}
