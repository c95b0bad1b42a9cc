//! What has ended, in parts that are locked briefly. What somebody else has locked is left to them, or to the next time.

use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::postgres::failure::Failure;

/// How many rows go in one transaction.
const PART: i64 = 1000;

/// What ends by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// Tokens that were revoked or expired, with their former secrets.
    Tokens,
    /// Users whose last token is gone, whenever that was. Whoever makes one meanwhile has the row locked, or makes it
    /// anew.
    Owners,
    /// Former secrets whose time was over.
    FormerSecrets,
    /// Repeatable requests, by the time when they were carried out.
    Requests,
    /// Minutes of use, by their beginning.
    Minutes,
}

/// Removes a part of what ended before `cutoff`. Returns how many rows: 0 once there are none.
pub(super) async fn remove(
    transaction: &mut PgConnection,
    what: Ended,
    cutoff: Timestamp,
) -> Result<u64, Failure> {
    let cutoff = OffsetDateTime::from(cutoff);
    let removal = match what {
        Ended::Tokens => sqlx::query!(
            "WITH ended AS MATERIALIZED (
                 SELECT id FROM tokens WHERE least(revoked_at, expires_at) < $1
                 LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM tokens t USING ended WHERE t.id = ended.id",
            cutoff,
            PART,
        ),
        Ended::Owners => sqlx::query!(
            "WITH ended AS MATERIALIZED (
                 SELECT user_id FROM token_owners o
                 WHERE NOT EXISTS (SELECT FROM tokens t WHERE t.user_id = o.user_id)
                 LIMIT $1 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM token_owners o USING ended WHERE o.user_id = ended.user_id",
            PART,
        ),
        Ended::FormerSecrets => sqlx::query!(
            "WITH ended AS MATERIALIZED (
                 SELECT digest FROM former_secrets WHERE until < $1
                 LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM former_secrets f USING ended WHERE f.digest = ended.digest",
            cutoff,
            PART,
        ),
        Ended::Requests => sqlx::query!(
            "WITH ended AS MATERIALIZED (
                 SELECT token_id, route, key FROM idempotency_records WHERE at < $1
                 LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM idempotency_records r USING ended
             WHERE r.token_id = ended.token_id AND r.route = ended.route AND r.key = ended.key",
            cutoff,
            PART,
        ),
        Ended::Minutes => sqlx::query!(
            "WITH ended AS MATERIALIZED (
                 SELECT server_id, minute, token_id FROM token_usage WHERE minute < $1
                 LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM token_usage u USING ended
             WHERE u.server_id = ended.server_id AND u.minute = ended.minute
               AND u.token_id = ended.token_id",
            cutoff,
            PART,
        ),
    };
    Ok(removal.execute(transaction).await?.rows_affected())
}
