use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::limits::{Bucket, Decision, Left, Ring, Rule};
use hush_ports::{BackendError, Limiter};

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;

/// How many buckets are looked at in one transaction, so that none is locked for long.
const SWEEP_BATCH: i64 = 1000;

#[async_trait]
impl Limiter for Postgres {
    /// By PostgreSQL's clock.
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError> {
        self.take_at(bucket, rule, None).await
    }

    /// By PostgreSQL's clock.
    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError> {
        self.left_at(bucket, rule, None).await
    }
}

/// The limiter of a store with a clock that a test moves. Nothing else has a use for it.
#[doc(hidden)]
pub struct LimiterAt {
    postgres: Postgres,
    now_micros: Arc<AtomicI64>,
}

#[async_trait]
impl Limiter for LimiterAt {
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError> {
        let now = self.now_micros.load(Ordering::SeqCst);
        self.postgres.take_at(bucket, rule, Some(now)).await
    }

    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError> {
        let now = self.now_micros.load(Ordering::SeqCst);
        self.postgres.left_at(bucket, rule, Some(now)).await
    }
}

impl Postgres {
    /// The limiter whose time is what `now_micros` holds.
    #[doc(hidden)]
    pub fn limiter_at(&self, now_micros: Arc<AtomicI64>) -> LimiterAt {
        LimiterAt {
            postgres: self.clone(),
            now_micros,
        }
    }

    /// Drops the buckets whose newest admission is more than `max_window` ago: they say no more than empty ones.
    /// Returns how many. Any number of processes may sweep while others take. `max_window` must be at least the
    /// longest window of any rule in use.
    pub async fn sweep_idle(&self, max_window: Duration) -> Result<u64, BackendError> {
        let max_window = i64::try_from(max_window.as_micros()).unwrap_or(i64::MAX);
        let mut swept = 0;
        let mut after = Some((i16::MIN, i64::MIN));
        while let Some((kind, key)) = after {
            let batch = self
                .database
                .work::<_, BackendError>(Operation::SweepBuckets, async |transaction| {
                    // Who is being taken from is skipped, and looked at again once it is locked: it may have
                    // been taken from in between.
                    let batch = sqlx::query!(
                        r#"WITH batch AS MATERIALIZED (
                               SELECT kind, key FROM rate_limit_buckets
                               WHERE (kind, key) > ($1, $2)
                               ORDER BY kind, key
                               LIMIT $3
                           ), idle AS (
                               SELECT b.kind, b.key FROM rate_limit_buckets b
                               JOIN batch USING (kind, key)
                               WHERE b.last < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $4
                               FOR UPDATE OF b SKIP LOCKED
                           ), gone AS (
                               DELETE FROM rate_limit_buckets b USING idle
                               WHERE b.kind = idle.kind AND b.key = idle.key
                               RETURNING 1
                           )
                           SELECT (SELECT count(*) FROM gone) AS "swept!",
                                  count(*) AS "looked_at!",
                                  (array_agg(kind ORDER BY kind DESC, key DESC))[1] AS kind,
                                  (array_agg(key ORDER BY kind DESC, key DESC))[1] AS key
                           FROM batch"#,
                        kind,
                        key,
                        SWEEP_BATCH,
                        max_window,
                    )
                    .fetch_one(transaction)
                    .await?;
                    Ok(batch)
                })
                .await?;
            swept += crate::stored::count(batch.swept).map_err(BackendError::permanent)?;
            let full = batch.looked_at == SWEEP_BATCH;
            after = batch.kind.zip(batch.key).filter(|_| full);
        }
        Ok(swept)
    }

    async fn take_at(
        &self,
        bucket: Bucket,
        rule: Rule,
        now_micros: Option<i64>,
    ) -> Result<Decision, BackendError> {
        let (kind, key) = bucket.to_key();
        // A rule allows at most 10,000 requests in at most an hour.
        let requests = i32::try_from(rule.requests()).unwrap_or(i32::MAX);
        let window = i64::try_from(rule.window_micros()).unwrap_or(i64::MAX);
        self.database
            .write(Operation::TakeRequest, |mut connection| async move {
                let row = sqlx::query!(
                    r#"SELECT admitted AS "admitted!", remaining AS "remaining!",
                              more_in_micros AS "more_in_micros!"
                       FROM take_from_rate_limit_bucket($1, $2, $3, $4, $5)"#,
                    kind,
                    key,
                    requests,
                    window,
                    now_micros,
                )
                .fetch_one(&mut *connection)
                .await?;
                let more_in = u64::try_from(row.more_in_micros).map_err(Failure::stored("ring"))?;
                Ok(Decision {
                    admitted: row.admitted,
                    remaining: u32::try_from(row.remaining).map_err(Failure::stored("ring"))?,
                    more_in: Duration::from_micros(more_in),
                })
            })
            .await
    }

    async fn left_at(
        &self,
        bucket: Bucket,
        rule: Rule,
        now_micros: Option<i64>,
    ) -> Result<Left, BackendError> {
        let (kind, key) = bucket.to_key();
        self.database
            .read(Operation::BucketLeft, |mut connection| async move {
                let row = sqlx::query!(
                    r#"SELECT coalesce($3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS "now!",
                              (SELECT times FROM rate_limit_buckets WHERE kind = $1 AND key = $2)"#,
                    kind,
                    key,
                    now_micros,
                )
                .fetch_one(&mut *connection)
                .await?;
                let micros = |stored: i64| u64::try_from(stored).map_err(Failure::stored("ring"));
                let mut ring = Ring::default();
                for admission in row.times.into_iter().flatten() {
                    ring.take(micros(admission)?, Rule::WIDEST);
                }
                Ok(ring.left(micros(row.now)?, rule))
            })
            .await
    }
}
