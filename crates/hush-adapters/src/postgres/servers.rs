use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::roles::Role;
use hush_domain::servers::Server;
use hush_ports::{BackendError, Servers};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{self, RoleRow};

#[async_trait]
impl Servers for Postgres {
    async fn get(&self, server: ServerId) -> Result<Option<Server>, BackendError> {
        self.database
            .read(Operation::GetServer, |mut connection| async move {
                get(&mut connection, server).await
            })
            .await
    }

    async fn roles(&self, server: ServerId) -> Result<Option<Vec<Role>>, BackendError> {
        self.database
            .read(Operation::ReadRoles, |mut connection| async move {
                roles(&mut connection, server).await
            })
            .await
    }
}

async fn get(connection: &mut PgConnection, server: ServerId) -> Result<Option<Server>, Failure> {
    let row = sqlx::query!(
        "SELECT id, name, owner_id FROM servers WHERE id = $1",
        server.to_i64(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(stored::server(row.id, &row.name, row.owner_id)?))
        .transpose()
}

/// The roles of a known server. One without any is a row of nulls.
async fn roles(
    connection: &mut PgConnection,
    server: ServerId,
) -> Result<Option<Vec<Role>>, Failure> {
    let rows = sqlx::query_as!(
        RoleRow,
        r#"SELECT r.id AS "id?", r.name AS "name?", r.position AS "position?",
                  r.permissions AS "permissions?", r.managed AS "managed?"
           FROM servers s LEFT JOIN roles r ON r.server_id = s.id
           WHERE s.id = $1
           ORDER BY r.id"#,
        server.to_i64(),
    )
    .fetch_all(connection)
    .await?;
    Ok(stored::roles(rows)?)
}
