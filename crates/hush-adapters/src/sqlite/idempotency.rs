//! Requests that may be sent again. Who writes has the file alone, so that a second request under the same key waits
//! for the first to end, and finds what it left.

use hush_domain::idempotency::{Fingerprint, REMEMBERED, RequestKey};
use hush_domain::time::Timestamp;
use hush_ports::{Idempotency, IdempotencyConflict};
use sqlx::SqliteConnection;

use super::failure::Refused;

/// The answer that was kept for the request, if it was carried out and is still remembered.
pub(super) async fn replay<T, E: From<IdempotencyConflict>>(
    transaction: &mut SqliteConnection,
    idempotency: Option<&Idempotency<T>>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Refused<E>> {
    match idempotency {
        Some(request) => kept(transaction, &request.key, &request.fingerprint, now).await,
        None => Ok(None),
    }
}

/// The same of a request that has a key.
pub(super) async fn kept<E: From<IdempotencyConflict>>(
    connection: &mut SqliteConnection,
    key: &RequestKey,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Refused<E>> {
    let remembered = i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
    let earlier: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT fingerprint, answer FROM idempotency_records
         WHERE token_id = ?1 AND route = ?2 AND key = ?3 AND at > ?4",
    )
    .bind(key.token.to_i64())
    .bind(&*key.route)
    .bind(key.key.as_str())
    .bind(now.unix_micros().saturating_sub(remembered))
    .fetch_optional(connection)
    .await?;
    match earlier {
        None => Ok(None),
        Some((same, answer)) if same == *fingerprint => Ok(Some(answer)),
        Some(_) => Err(Refused::Conflict(IdempotencyConflict::Reused.into())),
    }
}

/// Keeps the answer to a request that left `made` as it is, in the place of what is no longer remembered.
pub(super) async fn remember<T>(
    transaction: &mut SqliteConnection,
    idempotency: Option<&Idempotency<T>>,
    made: &T,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Some(Idempotency {
        key,
        fingerprint,
        answer,
    }) = idempotency
    else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (token_id, route, key) DO UPDATE
         SET fingerprint = excluded.fingerprint, answer = excluded.answer, at = excluded.at",
    )
    .bind(key.token.to_i64())
    .bind(&*key.route)
    .bind(key.key.as_str())
    .bind(fingerprint.as_slice())
    .bind(answer(made))
    .bind(now.unix_micros())
    .execute(transaction)
    .await?;
    Ok(())
}
