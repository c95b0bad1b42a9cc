use async_trait::async_trait;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::samples::{HourlySample, Spread};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Samples};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::count;

#[async_trait]
impl Samples for Postgres {
    async fn take(&self, epoch: Epoch, shards: &[Shard], at: Timestamp) -> Result<u64, FeedError> {
        self.lead(
            Operation::TakeSamples,
            epoch,
            FeedError::Deposed,
            async |transaction| Ok(take(transaction, shards, at.hour()).await?),
        )
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

/// Adds the counts of every available server on one of `shards` to its sample of `hour`, as [`Spread::and`] does; what is
/// known of them is what [`Tally::stats`](hush_domain::stats::Tally::stats) says. `least` and `greatest` pass over nulls.
async fn take(
    transaction: &mut PgConnection,
    shards: &[Shard],
    hour: Timestamp,
) -> Result<u64, Failure> {
    let numbers: Vec<_> = shards.iter().map(|it| i64::from(it.number)).collect();
    let totals: Vec<_> = shards.iter().map(|it| i64::from(it.total.max(1))).collect();
    let taken = sqlx::query!(
        "INSERT INTO hourly_samples AS kept
             (server_id, hour, members_samples, members_min, members_max, members_last,
              bots_samples, bots_min, bots_max, bots_last,
              online_samples, online_min, online_max, online_last)
         SELECT id, $3, 1, members, members, members, num_nonnulls(bots), bots, bots, bots,
                num_nonnulls(online), online, online, online
         FROM (
             SELECT id, greatest(member_count, listed) AS members,
                    CASE WHEN member_count IS NULL THEN bots END AS bots,
                    CASE WHEN member_count IS NULL AND presences_known THEN online END AS online
             FROM servers
             WHERE following = 1
               AND EXISTS (
                   SELECT FROM unnest($1::bigint[], $2::bigint[]) AS shard (number, total)
                   WHERE (id >> 22) % total = number
               )
         ) AS seen
         ORDER BY id
         ON CONFLICT (server_id, hour) DO UPDATE
         SET members_samples = kept.members_samples + excluded.members_samples,
             members_min = least(kept.members_min, excluded.members_min),
             members_max = greatest(kept.members_max, excluded.members_max),
             members_last = coalesce(excluded.members_last, kept.members_last),
             bots_samples = kept.bots_samples + excluded.bots_samples,
             bots_min = least(kept.bots_min, excluded.bots_min),
             bots_max = greatest(kept.bots_max, excluded.bots_max),
             bots_last = coalesce(excluded.bots_last, kept.bots_last),
             online_samples = kept.online_samples + excluded.online_samples,
             online_min = least(kept.online_min, excluded.online_min),
             online_max = greatest(kept.online_max, excluded.online_max),
             online_last = coalesce(excluded.online_last, kept.online_last)",
        &numbers,
        &totals,
        OffsetDateTime::from(hour),
    )
    .execute(transaction)
    .await?;
    Ok(taken.rows_affected())
}

async fn of_server(
    connection: &mut PgConnection,
    server: ServerId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<HourlySample>, Failure> {
    let rows = sqlx::query!(
        "SELECT hour, members_samples, members_min, members_max, members_last,
                bots_samples, bots_min, bots_max, bots_last,
                online_samples, online_min, online_max, online_last
         FROM hourly_samples
         WHERE server_id = $1 AND hour >= $2 AND hour < $3
         ORDER BY hour",
        server.to_i64(),
        OffsetDateTime::from(from),
        OffsetDateTime::from(until),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let members = [row.members_min, row.members_max, row.members_last];
            let bots = [row.bots_min, row.bots_max, row.bots_last];
            let online = [row.online_min, row.online_max, row.online_last];
            Ok(HourlySample {
                hour: row.hour.into(),
                members: spread(row.members_samples, members)?,
                bots: spread(row.bots_samples, bots)?,
                online: spread(row.online_samples, online)?,
            })
        })
        .collect()
}

/// What was seen of a count, with its lowest, highest and last, if it was ever known.
fn spread(samples: i32, counts: [Option<i64>; 3]) -> Result<Option<Spread>, Failure> {
    let [Some(min), Some(max), Some(last)] = counts else {
        return Ok(None);
    };
    Ok(Some(Spread {
        samples: u32::try_from(samples).map_err(Failure::stored("count of samples"))?,
        min: count(min)?,
        max: count(max)?,
        last: count(last)?,
    }))
}

/// Removes every sample of `server`, and holds off who would take another one of it until it is gone. Nothing is locked
/// after this.
pub(super) async fn erase(transaction: &mut PgConnection, server: ServerId) -> Result<(), Failure> {
    // Whoever takes samples locks no server.
    sqlx::query!("LOCK TABLE hourly_samples IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "DELETE FROM hourly_samples WHERE server_id = $1",
        server.to_i64()
    )
    .execute(transaction)
    .await?;
    Ok(())
}
