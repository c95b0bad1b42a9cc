use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::roles::Role;
use hush_domain::servers::Server;
use hush_ports::{BackendError, Servers};

use super::Sqlite;
use crate::meters::Operation;
use crate::stored::{self, RoleRow};

/// The server `?1`.
pub(super) const GET: &str = "SELECT id, name, owner_id FROM servers WHERE id = ?1";

/// The roles of the server `?1`. One that is known and has none is a row of nulls.
pub(super) const ROLES: &str = "SELECT r.id, r.name, r.position, r.permissions, r.managed
     FROM servers s LEFT JOIN roles r ON r.server_id = s.id
     WHERE s.id = ?1";

#[async_trait]
impl Servers for Sqlite {
    async fn get(&self, server: ServerId) -> Result<Option<Server>, BackendError> {
        self.database
            .read(Operation::GetServer, |mut connection| async move {
                let row: Option<(i64, String, i64)> = sqlx::query_as(GET)
                    .bind(server.to_i64())
                    .fetch_optional(&mut *connection)
                    .await?;
                row.map(|(id, name, owner)| Ok(stored::server(id, &name, owner)?))
                    .transpose()
            })
            .await
    }

    async fn roles(&self, server: ServerId) -> Result<Option<Vec<Role>>, BackendError> {
        self.database
            .read(Operation::ReadRoles, |mut connection| async move {
                let rows: Vec<RoleRow> = sqlx::query_as(ROLES)
                    .bind(server.to_i64())
                    .fetch_all(&mut *connection)
                    .await?;
                Ok(stored::roles(rows)?)
            })
            .await
    }
}
