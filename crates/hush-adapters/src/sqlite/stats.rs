use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::stats::{Coverage, Stats, Tally};
use hush_ports::{BackendError, StatsReader};

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{count, time};

/// What the server `?1` says of its members.
pub(super) const STATS: &str = "SELECT listed, bots, online, member_count, presences_known, as_of
                     FROM servers WHERE id = ?1";

#[async_trait]
impl StatsReader for Sqlite {
    async fn server_stats(&self, server: ServerId) -> Result<Option<Stats>, BackendError> {
        self.database
            .read(Operation::ServerStats, |mut connection| async move {
                let row: Option<TallyRow> = sqlx::query_as(STATS)
                    .bind(server.to_i64())
                    .fetch_optional(&mut *connection)
                    .await?;
                row.map(|row| Ok(row.read()?.stats())).transpose()
            })
            .await
    }
}

#[derive(sqlx::FromRow)]
struct TallyRow {
    listed: i64,
    bots: i64,
    online: i64,
    member_count: Option<i64>,
    presences_known: bool,
    as_of: i64,
}

impl TallyRow {
    fn read(self) -> Result<Tally, Failure> {
        Ok(Tally {
            listed: count(self.listed)?,
            bots: count(self.bots)?,
            online: count(self.online)?,
            coverage: match self.member_count {
                None => Coverage::Complete,
                Some(known) => Coverage::Partial {
                    member_count: count(known)?,
                },
            },
            presences_known: self.presences_known,
            as_of: time(self.as_of)?,
        })
    }
}
