use std::time::Duration;

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Identify, Sessions};
use sqlx::SqliteConnection;

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::time;

#[async_trait]
impl Sessions for Sqlite {
    async fn stored(&self) -> Result<Vec<Session>, BackendError> {
        self.database
            .read(Operation::ReadSessions, |mut connection| async move {
                let rows: Vec<SessionRow> = sqlx::query_as(
                    "SELECT shard_number, shard_total, intents, session_id, sequence, resume_url
                     FROM feed_sessions
                     WHERE session_id IS NOT NULL
                     ORDER BY shard_number",
                )
                .fetch_all(&mut *connection)
                .await?;
                Ok(rows.into_iter().map(SessionRow::read).collect())
            })
            .await
    }

    async fn record(&self, epoch: Epoch, session: &Session) -> Result<(), FeedError> {
        self.lead(Operation::RecordSession, epoch, async |transaction| {
            record(transaction, session).await
        })
        .await
    }

    async fn identify(
        &self,
        epoch: Epoch,
        shard: Shard,
        at: Timestamp,
        apart: Duration,
    ) -> Result<Identify, FeedError> {
        self.lead(Operation::Identify, epoch, async |transaction| {
            identify(transaction, shard, at, apart).await
        })
        .await
    }
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    shard_number: u32,
    shard_total: u32,
    intents: i64,
    session_id: String,
    sequence: i64,
    resume_url: String,
}

impl SessionRow {
    fn read(self) -> Session {
        Session {
            shard: Shard {
                number: self.shard_number,
                total: self.shard_total,
            },
            intents: self.intents.cast_unsigned(),
            id: self.session_id,
            sequence: self.sequence.cast_unsigned(),
            resume_url: self.resume_url,
        }
    }
}

async fn record(transaction: &mut SqliteConnection, session: &Session) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO feed_sessions (shard_number, shard_total, intents, session_id, sequence, resume_url)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (shard_number) DO UPDATE
         SET shard_total = excluded.shard_total, intents = excluded.intents,
             session_id = excluded.session_id, sequence = excluded.sequence,
             resume_url = excluded.resume_url",
    )
    .bind(session.shard.number)
    .bind(session.shard.total)
    .bind(session.intents.cast_signed())
    .bind(&session.id)
    .bind(session.sequence.cast_signed())
    .bind(&session.resume_url)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Begins a session unless one was begun too short a time ago. One that was begun in the future counts as begun now, and
/// is noted so: else whoever waits as told would be told to wait again.
async fn identify(
    transaction: &mut SqliteConnection,
    shard: Shard,
    at: Timestamp,
    apart: Duration,
) -> Result<Identify, Failure> {
    let last: Option<i64> = sqlx::query_scalar(
        "INSERT INTO feed_sessions AS known (shard_number, shard_total) VALUES (?1, ?2)
         ON CONFLICT (shard_number) DO UPDATE SET identified_at = min(known.identified_at, ?3)
         RETURNING identified_at",
    )
    .bind(shard.number)
    .bind(shard.total)
    .bind(at.unix_micros())
    .fetch_one(&mut *transaction)
    .await?;
    let last = last.map(time).transpose()?;
    let earliest = last.and_then(|last| last.checked_add(apart));
    if let Some(earliest) = earliest.filter(|earliest| at < *earliest) {
        return Ok(Identify::NotBefore(earliest));
    }
    sqlx::query(
        "UPDATE feed_sessions
         SET shard_total = ?2, intents = NULL, session_id = NULL, sequence = NULL, resume_url = NULL,
             identified_at = ?3
         WHERE shard_number = ?1",
    )
    .bind(shard.number)
    .bind(shard.total)
    .bind(at.unix_micros())
    .execute(transaction)
    .await?;
    Ok(Identify::Now)
}
