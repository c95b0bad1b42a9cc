use async_trait::async_trait;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::samples::{HourlySample, Spread};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Samples};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{count, time};

/// The samples of the server `?1` from `?2` and before `?3`.
pub(super) const OF_SERVER: &str =
    "SELECT hour, members_samples, members_min, members_max, members_last,
            bots_samples, bots_min, bots_max, bots_last,
            online_samples, online_min, online_max, online_last
     FROM hourly_samples
     WHERE server_id = ?1 AND hour >= ?2 AND hour < ?3
     ORDER BY hour";

/// Adds the counts of every available server on one of the shards `?1` to its sample of the hour `?2`, as
/// [`Spread::and`] does; what is known of them is what [`Tally::stats`](hush_domain::stats::Tally::stats) says. SQLite's
/// `min` and `max` say nothing where one of the two is null.
const TAKE: &str = "INSERT INTO hourly_samples AS kept
         (server_id, hour, members_samples, members_min, members_max, members_last,
          bots_samples, bots_min, bots_max, bots_last,
          online_samples, online_min, online_max, online_last)
     SELECT id, ?2, 1, members, members, members, bots IS NOT NULL, bots, bots, bots,
            online IS NOT NULL, online, online, online
     FROM (
         SELECT id, max(coalesce(member_count, listed), listed) AS members,
                iif(member_count IS NULL, bots, NULL) AS bots,
                iif(member_count IS NULL AND presences_known, online, NULL) AS online
         FROM servers
         WHERE following = 1
           AND EXISTS (SELECT 1 FROM json_each(?1) AS shard
                       WHERE (servers.id >> 22) % (shard.value ->> 1) = shard.value ->> 0)
     )
     WHERE true
     ON CONFLICT (server_id, hour) DO UPDATE
     SET members_samples = kept.members_samples + excluded.members_samples,
         members_min = coalesce(min(kept.members_min, excluded.members_min), kept.members_min, excluded.members_min),
         members_max = coalesce(max(kept.members_max, excluded.members_max), kept.members_max, excluded.members_max),
         members_last = coalesce(excluded.members_last, kept.members_last),
         bots_samples = kept.bots_samples + excluded.bots_samples,
         bots_min = coalesce(min(kept.bots_min, excluded.bots_min), kept.bots_min, excluded.bots_min),
         bots_max = coalesce(max(kept.bots_max, excluded.bots_max), kept.bots_max, excluded.bots_max),
         bots_last = coalesce(excluded.bots_last, kept.bots_last),
         online_samples = kept.online_samples + excluded.online_samples,
         online_min = coalesce(min(kept.online_min, excluded.online_min), kept.online_min, excluded.online_min),
         online_max = coalesce(max(kept.online_max, excluded.online_max), kept.online_max, excluded.online_max),
         online_last = coalesce(excluded.online_last, kept.online_last)";

#[async_trait]
impl Samples for Sqlite {
    async fn take(&self, epoch: Epoch, shards: &[Shard], at: Timestamp) -> Result<u64, FeedError> {
        let shards: Vec<_> = shards
            .iter()
            .map(|shard| (shard.number, shard.total.max(1)))
            .collect();
        self.lead(Operation::TakeSamples, epoch, async |transaction| {
            let taken = sqlx::query(TAKE)
                .bind(Json(shards))
                .bind(at.hour().unix_micros())
                .execute(transaction)
                .await?;
            Ok(taken.rows_affected())
        })
        .await
    }

    async fn of_server(
        &self,
        server: ServerId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<HourlySample>, BackendError> {
        self.database
            .read(Operation::ReadSamples, |mut connection| async move {
                of_server(&mut connection, server, from, until).await
            })
            .await
    }
}

async fn of_server(
    connection: &mut SqliteConnection,
    server: ServerId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<HourlySample>, Failure> {
    let rows: Vec<SampleRow> = sqlx::query_as(OF_SERVER)
        .bind(server.to_i64())
        .bind(from.unix_micros())
        .bind(until.unix_micros())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(SampleRow::read).collect()
}

#[derive(sqlx::FromRow)]
struct SampleRow {
    hour: i64,
    members_samples: u32,
    members_min: Option<i64>,
    members_max: Option<i64>,
    members_last: Option<i64>,
    bots_samples: u32,
    bots_min: Option<i64>,
    bots_max: Option<i64>,
    bots_last: Option<i64>,
    online_samples: u32,
    online_min: Option<i64>,
    online_max: Option<i64>,
    online_last: Option<i64>,
}

impl SampleRow {
    fn read(self) -> Result<HourlySample, Failure> {
        let members = [self.members_min, self.members_max, self.members_last];
        let bots = [self.bots_min, self.bots_max, self.bots_last];
        let online = [self.online_min, self.online_max, self.online_last];
        Ok(HourlySample {
            hour: time(self.hour)?,
            members: spread(self.members_samples, members)?,
            bots: spread(self.bots_samples, bots)?,
            online: spread(self.online_samples, online)?,
        })
    }
}

/// What was seen of a count, with its lowest, highest and last, if it was ever known.
fn spread(samples: u32, counts: [Option<i64>; 3]) -> Result<Option<Spread>, Failure> {
    let [Some(min), Some(max), Some(last)] = counts else {
        return Ok(None);
    };
    Ok(Some(Spread {
        samples,
        min: count(min)?,
        max: count(max)?,
        last: count(last)?,
    }))
}
