use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_domain::usage::{Spent, Use};
use hush_ports::{BackendError, Usage};
use time::OffsetDateTime;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{count, token_id};

#[async_trait]
impl Usage for Postgres {
    async fn record(&self, uses: Vec<Use>) -> Result<(), BackendError> {
        let tokens: Vec<_> = uses.iter().map(|used| used.token.to_i64()).collect();
        let minutes: Vec<_> = uses
            .iter()
            .map(|used| OffsetDateTime::from(used.minute))
            .collect();
        let servers: Vec<_> = uses
            .iter()
            .map(|used| used.server.map(ServerId::to_i64))
            .collect();
        let requests: Vec<_> = uses.iter().map(|used| i64::from(used.requests)).collect();
        self.database
            .write(Operation::RecordUsage, |mut connection| async move {
                // Tokens are locked by id, and minutes by their key, so that those who record at once never wait for
                // each other. A token that is being erased is waited for, and is unknown then.
                sqlx::query!(
                    "WITH used AS MATERIALIZED (
                         SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[])
                             AS used (token_id, minute, server_id, requests)
                     ), known AS MATERIALIZED (
                         SELECT id FROM tokens
                         WHERE id IN (SELECT token_id FROM used)
                         ORDER BY id
                         FOR NO KEY UPDATE
                     ), moved AS (
                         UPDATE tokens t SET last_used_at = newest.minute
                         FROM known
                         JOIN (SELECT token_id AS id, max(minute) AS minute FROM used GROUP BY token_id)
                             AS newest USING (id)
                         WHERE t.id = known.id
                           AND (t.last_used_at IS NULL OR t.last_used_at < newest.minute)
                     )
                     INSERT INTO token_usage (server_id, minute, token_id, requests)
                     SELECT u.server_id, u.minute, u.token_id, sum(u.requests)
                     FROM used u JOIN known ON known.id = u.token_id
                     WHERE u.server_id IS NOT NULL
                     GROUP BY u.server_id, u.minute, u.token_id
                     ORDER BY u.server_id, u.minute, u.token_id
                     ON CONFLICT (server_id, minute, token_id) DO UPDATE
                     SET requests = token_usage.requests + excluded.requests",
                    &tokens,
                    &minutes,
                    &servers as &[Option<i64>],
                    &requests,
                )
                .execute(&mut *connection)
                .await?;
                Ok(())
            })
            .await
    }

    async fn spent(&self, server: ServerId, since: Timestamp) -> Result<Vec<Spent>, BackendError> {
        self.database
            .read(Operation::SpentUsage, |mut connection| async move {
                let rows = sqlx::query!(
                    r#"SELECT token_id, sum(requests)::bigint AS "requests!" FROM token_usage
                       WHERE server_id = $1 AND minute >= $2
                       GROUP BY token_id
                       ORDER BY 2 DESC, 1"#,
                    server.to_i64(),
                    OffsetDateTime::from(since),
                )
                .fetch_all(&mut *connection)
                .await?;
                rows.into_iter()
                    .map(|row| {
                        Ok::<_, Failure>(Spent {
                            token: token_id(row.token_id)?,
                            requests: count(row.requests)?,
                        })
                    })
                    .collect()
            })
            .await
    }
}
