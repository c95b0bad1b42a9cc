use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::stats::{Coverage, Stats, Tally};
use hush_ports::{BackendError, StatsReader};

use super::Postgres;
use crate::meters::Operation;
use crate::stored::count;

#[async_trait]
impl StatsReader for Postgres {
    async fn server_stats(&self, server: ServerId) -> Result<Option<Stats>, BackendError> {
        self.database
            .read(Operation::ServerStats, |mut connection| async move {
                let row = sqlx::query!(
                    "SELECT listed, bots, online, member_count, presences_known, as_of
                     FROM servers WHERE id = $1",
                    server.to_i64(),
                )
                .fetch_optional(&mut *connection)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let tally = Tally {
                    listed: count(row.listed)?,
                    bots: count(row.bots)?,
                    online: count(row.online)?,
                    coverage: match row.member_count {
                        None => Coverage::Complete,
                        Some(known) => Coverage::Partial {
                            member_count: count(known)?,
                        },
                    },
                    presences_known: row.presences_known,
                    as_of: row.as_of.into(),
                };
                Ok(Some(tally.stats()))
            })
            .await
    }
}
