use async_trait::async_trait;
use hush_ports::{BackendError, Counts, Drift};
use sqlx::SqliteConnection;

use super::Sqlite;
use super::database::begin;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::Recounted;

#[async_trait]
impl Counts for Sqlite {
    async fn recount(&self, repair: bool) -> Result<Vec<Drift>, BackendError> {
        if !repair {
            return self
                .database
                .read(Operation::Recount, |mut connection| async move {
                    recounted(&mut connection).await
                })
                .await;
        }
        self.database
            .write(Operation::Recount, |mut connection| async move {
                let mut transaction = begin(&mut connection).await?;
                let drifts = recounted(&mut transaction).await?;
                sqlx::query(
                    "UPDATE servers SET listed = found.members, bots = found.bots, online = found.online
                     FROM (SELECT s.id, count(m.user_id) AS members, count(*) FILTER (WHERE m.bot) AS bots,
                                  count(*) FILTER (WHERE m.presence < 3) AS online
                           FROM servers s LEFT JOIN members m ON m.server_id = s.id
                           GROUP BY s.id) AS found
                     WHERE servers.id = found.id
                       AND (listed, servers.bots, servers.online)
                           IS NOT (found.members, found.bots, found.online)",
                )
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(drifts)
            })
            .await
    }
}

/// What is kept and is not what the members say, in the order of servers.
async fn recounted(connection: &mut SqliteConnection) -> Result<Vec<Drift>, Failure> {
    let rows: Vec<Recounted> = sqlx::query_as(
        "SELECT s.id, s.listed, s.bots, s.online, count(m.user_id) AS members_found,
                count(*) FILTER (WHERE m.bot) AS bots_found,
                count(*) FILTER (WHERE m.presence < 3) AS online_found
         FROM servers s LEFT JOIN members m ON m.server_id = s.id
         GROUP BY s.id
         HAVING (s.listed, s.bots, s.online) IS NOT (members_found, bots_found, online_found)
         ORDER BY s.id",
    )
    .fetch_all(connection)
    .await?;
    let mut drifts = Vec::new();
    for row in rows {
        drifts.extend(row.drifts()?);
    }
    Ok(drifts)
}
