use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_domain::usage::{Spent, Use};
use hush_ports::{BackendError, Usage};
use sqlx::types::Json;

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{count, token_id};

/// What each token spent of the limit of the server `?1` in the minutes from `?2` on.
pub(super) const SPENT: &str = "SELECT token_id, sum(requests) AS requests FROM token_usage
     WHERE server_id = ?1 AND minute >= ?2
     GROUP BY token_id
     ORDER BY requests DESC, token_id";

#[async_trait]
impl Usage for Sqlite {
    async fn record(&self, uses: Vec<Use>) -> Result<(), BackendError> {
        let uses: Vec<_> = uses
            .iter()
            .map(|used| {
                (
                    used.token.to_i64(),
                    used.minute.unix_micros(),
                    used.server.map(ServerId::to_i64),
                    used.requests,
                )
            })
            .collect();
        let uses = Json(uses);
        self.database
            .transact(Operation::RecordUsage, async |transaction| {
                sqlx::query(
                    "UPDATE tokens SET last_used_at = used.minute
                     FROM (SELECT value ->> 0 AS token, max(value ->> 1) AS minute
                           FROM json_each(?1) GROUP BY token) AS used
                     WHERE tokens.id = used.token
                       AND (last_used_at IS NULL OR last_used_at < used.minute)",
                )
                .bind(&uses)
                .execute(&mut *transaction)
                .await?;
                sqlx::query(
                    "INSERT INTO token_usage (server_id, minute, token_id, requests)
                     SELECT value ->> 2 AS server, value ->> 1 AS minute, value ->> 0 AS token,
                            sum(value ->> 3)
                     FROM json_each(?1)
                     WHERE server IS NOT NULL AND token IN (SELECT id FROM tokens)
                     GROUP BY server, minute, token
                     ON CONFLICT (server_id, minute, token_id) DO UPDATE
                     SET requests = requests + excluded.requests",
                )
                .bind(&uses)
                .execute(transaction)
                .await?;
                Ok(())
            })
            .await
    }

    async fn spent(&self, server: ServerId, since: Timestamp) -> Result<Vec<Spent>, BackendError> {
        self.database
            .read(Operation::SpentUsage, |mut connection| async move {
                let rows: Vec<(i64, i64)> = sqlx::query_as(SPENT)
                    .bind(server.to_i64())
                    .bind(since.unix_micros())
                    .fetch_all(&mut *connection)
                    .await?;
                rows.into_iter()
                    .map(|(token, requests)| {
                        Ok::<_, Failure>(Spent {
                            token: token_id(token)?,
                            requests: count(requests)?,
                        })
                    })
                    .collect()
            })
            .await
    }
}
