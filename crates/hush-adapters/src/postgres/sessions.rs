use std::time::Duration;

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Identify, Sessions};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;

#[async_trait]
impl Sessions for Postgres {
    async fn stored(&self) -> Result<Vec<Session>, BackendError> {
        self.database
            .read(Operation::ReadSessions, |mut connection| async move {
                stored(&mut connection).await
            })
            .await
    }

    async fn record(&self, epoch: Epoch, session: &Session) -> Result<(), FeedError> {
        self.lead(
            Operation::RecordSession,
            epoch,
            FeedError::Deposed,
            async |transaction| Ok(record(transaction, session).await?),
        )
        .await
    }

    async fn identify(
        &self,
        epoch: Epoch,
        shard: Shard,
        at: Timestamp,
        apart: Duration,
    ) -> Result<Identify, FeedError> {
        self.lead(
            Operation::Identify,
            epoch,
            FeedError::Deposed,
            async |transaction| Ok(identify(transaction, shard, at, apart).await?),
        )
        .await
    }
}

async fn stored(connection: &mut PgConnection) -> Result<Vec<Session>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT shard_number, shard_total, intents AS "intents!", session_id AS "session_id!",
                  sequence AS "sequence!", resume_url AS "resume_url!"
           FROM feed_sessions
           WHERE session_id IS NOT NULL
           ORDER BY shard_number"#
    )
    .fetch_all(connection)
    .await?;
    let number = |stored: i64| u32::try_from(stored).map_err(Failure::stored("shard"));
    rows.into_iter()
        .map(|row| {
            Ok(Session {
                shard: Shard {
                    number: number(row.shard_number)?,
                    total: number(row.shard_total)?,
                },
                intents: row.intents.cast_unsigned(),
                id: row.session_id,
                sequence: row.sequence.cast_unsigned(),
                resume_url: row.resume_url,
            })
        })
        .collect()
}

async fn record(transaction: &mut PgConnection, session: &Session) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO feed_sessions (shard_number, shard_total, intents, session_id, sequence, resume_url)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (shard_number) DO UPDATE
         SET shard_total = excluded.shard_total, intents = excluded.intents,
             session_id = excluded.session_id, sequence = excluded.sequence,
             resume_url = excluded.resume_url",
        i64::from(session.shard.number),
        i64::from(session.shard.total),
        session.intents.cast_signed(),
        session.id,
        session.sequence.cast_signed(),
        session.resume_url,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Begins a session unless one was begun too short a time ago. One that was begun in the future counts as begun now, and
/// is noted so: else whoever waits as told would be told to wait again.
async fn identify(
    transaction: &mut PgConnection,
    shard: Shard,
    at: Timestamp,
    apart: Duration,
) -> Result<Identify, Failure> {
    let now = OffsetDateTime::from(at);
    // Whoever asks for the same shard at the same time waits here.
    let last = sqlx::query_scalar!(
        "INSERT INTO feed_sessions AS known (shard_number, shard_total)
         VALUES ($1, $2)
         ON CONFLICT (shard_number) DO UPDATE
         SET identified_at = CASE WHEN known.identified_at > $3 THEN $3 ELSE known.identified_at END
         RETURNING identified_at",
        i64::from(shard.number),
        i64::from(shard.total),
        now,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let last = last.map(Timestamp::from);
    let earliest = last.and_then(|last| last.checked_add(apart));
    if let Some(earliest) = earliest.filter(|earliest| at < *earliest) {
        return Ok(Identify::NotBefore(earliest));
    }
    sqlx::query!(
        "UPDATE feed_sessions
         SET shard_total = $2, intents = NULL, session_id = NULL, sequence = NULL, resume_url = NULL,
             identified_at = $3
         WHERE shard_number = $1",
        i64::from(shard.number),
        i64::from(shard.total),
        now,
    )
    .execute(transaction)
    .await?;
    Ok(Identify::Now)
}
