use async_trait::async_trait;
use hush_ports::{BackendError, Counts, Drift};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::Failure;
use super::members::online_codes;
use crate::meters::Operation;
use crate::stored::Recounted;

#[async_trait]
impl Counts for Postgres {
    async fn recount(&self, repair: bool) -> Result<Vec<Drift>, BackendError> {
        let drifted = self
            .database
            .work::<_, BackendError>(Operation::Recount, async |transaction| {
                Ok(recounted(transaction, None).await?)
            })
            .await?;
        let mut drifts = Vec::new();
        for server in drifted {
            let found = if repair {
                self.repaired(server.id).await?
            } else {
                server.drifts().map_err(BackendError::permanent)?
            };
            drifts.extend(found);
        }
        Ok(drifts)
    }
}

impl Postgres {
    /// Counts the members of one server while nobody can change them, and keeps the numbers. Returns which of them
    /// were wrong by then.
    async fn repaired(&self, server: i64) -> Result<Vec<Drift>, BackendError> {
        self.database
            .work(Operation::Recount, async |transaction| {
                Ok(repair(transaction, server).await?)
            })
            .await
    }
}

async fn repair(transaction: &mut PgConnection, server: i64) -> Result<Vec<Drift>, Failure> {
    sqlx::query!("SELECT id FROM servers WHERE id = $1 FOR UPDATE", server)
        .fetch_optional(&mut *transaction)
        .await?;
    let mut drifts = Vec::new();
    for row in recounted(transaction, Some(server)).await? {
        sqlx::query!(
            "UPDATE servers SET listed = $2, bots = $3, online = $4 WHERE id = $1",
            row.id,
            row.members_found,
            row.bots_found,
            row.online_found,
        )
        .execute(&mut *transaction)
        .await?;
        drifts.extend(row.drifts()?);
    }
    Ok(drifts)
}

/// The servers whose kept numbers are not those of their members, from one state: all, or only this one.
async fn recounted(
    connection: &mut PgConnection,
    only: Option<i64>,
) -> Result<Vec<Recounted>, Failure> {
    let rows = sqlx::query_as!(
        Recounted,
        r#"SELECT s.id, s.listed, s.bots, s.online, found.members AS "members_found!",
                  found.bots AS "bots_found!", found.online AS "online_found!"
           FROM servers s
           CROSS JOIN LATERAL (
               SELECT count(*) AS members, count(*) FILTER (WHERE bot) AS bots,
                      count(*) FILTER (WHERE presence = ANY ($2)) AS online
               FROM members WHERE server_id = s.id
           ) AS found
           WHERE ($1::bigint IS NULL OR s.id = $1)
             AND (s.listed, s.bots, s.online)
                 IS DISTINCT FROM (found.members, found.bots, found.online)
           ORDER BY s.id"#,
        only,
        &online_codes(),
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(rows)
}
