//! What has ended, in parts that are locked briefly. What somebody else has locked is left to them, or to the next time.
//! Rows that are locked stay where they are, so that they are found again by their place.

use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::postgres::failure::Failure;
use crate::postgres::owners;

/// How many rows go in one transaction.
const PART: i64 = 1000;

/// What ends by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// Tokens that were revoked or expired, with their former secrets.
    Tokens,
    /// Former secrets whose time was over.
    FormerSecrets,
    /// Repeatable requests, by the time when they were carried out.
    Requests,
    /// Minutes of use, by their beginning.
    Minutes,
    /// Hourly samples, by the beginning of the hour.
    Samples,
    /// Commands, by their end.
    Commands,
}

/// Removes a part of what ended before `cutoff`, the oldest first. Returns how many rows: 0 once there are none.
pub(super) async fn remove(
    transaction: &mut PgConnection,
    what: Ended,
    cutoff: Timestamp,
) -> Result<u64, Failure> {
    let cutoff = OffsetDateTime::from(cutoff);
    let removal = match what {
        Ended::Tokens => return tokens(transaction, cutoff).await,
        Ended::FormerSecrets => sqlx::query!(
            "DELETE FROM former_secrets WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM former_secrets WHERE until < $1
                 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
            cutoff,
            PART,
        ),
        Ended::Requests => sqlx::query!(
            "DELETE FROM idempotency_records WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM idempotency_records WHERE at < $1
                 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
            cutoff,
            PART,
        ),
        Ended::Minutes => sqlx::query!(
            "DELETE FROM token_usage WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM token_usage WHERE minute < $1
                 ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
            cutoff,
            PART,
        ),
        Ended::Samples => sqlx::query!(
            "DELETE FROM hourly_samples WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM hourly_samples WHERE hour < $1
                 ORDER BY hour LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
            cutoff,
            PART,
        ),
        Ended::Commands => sqlx::query!(
            "DELETE FROM commands WHERE ctid = ANY (ARRAY(
                 SELECT ctid FROM commands WHERE ended_at < $1
                 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
            cutoff,
            PART,
        ),
    };
    Ok(removal.execute(transaction).await?.rows_affected())
}

async fn tokens(transaction: &mut PgConnection, cutoff: OffsetDateTime) -> Result<u64, Failure> {
    let users = sqlx::query_scalar!(
        "DELETE FROM tokens WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM tokens WHERE least(revoked_at, expires_at) < $1
             ORDER BY least(revoked_at, expires_at) LIMIT $2 FOR UPDATE SKIP LOCKED
         ))
         RETURNING user_id",
        cutoff,
        PART,
    )
    .fetch_all(&mut *transaction)
    .await?;
    owners::forget(transaction, &users).await?;
    Ok(users.len() as u64)
}
