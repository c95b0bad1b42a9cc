//! Requests that may be sent again.

use hush_domain::idempotency::{Fingerprint, REMEMBERED, RequestKey};
use hush_domain::time::Timestamp;
use hush_ports::{Idempotency, IdempotencyConflict};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::failure::{Failure, Refused};

/// Takes the request for this transaction, or says at once that another one has it: a second one that waited for the
/// first would only wait for its time to be up. Returns the answer that was kept, if it was carried out before and is
/// still remembered.
pub(super) async fn claim<T, E: From<IdempotencyConflict>>(
    transaction: &mut PgConnection,
    request: Option<&Idempotency<T>>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Refused<E>> {
    let Some(Idempotency {
        key, fingerprint, ..
    }) = request
    else {
        return Ok(None);
    };
    let (token, route) = (key.token.to_i64(), &*key.route);
    // The token is the seed, so that nobody's keys stand in the way of another token's.
    let is_free = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended($2 || ' ' || $3, $1)) AS "is_free!""#,
        token,
        route,
        key.key.as_str(),
    )
    .fetch_one(&mut *transaction)
    .await?;
    if !is_free {
        return Err(Refused::Conflict(IdempotencyConflict::InProgress.into()));
    }
    // Another statement, so that it sees what whoever had the lock before has written.
    kept(transaction, key, fingerprint, now).await
}

/// The answer that was kept for a request, if it was carried out and is still remembered.
pub(super) async fn kept<E: From<IdempotencyConflict>>(
    connection: &mut PgConnection,
    key: &RequestKey,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Refused<E>> {
    let earlier = sqlx::query!(
        "SELECT fingerprint, answer, at FROM idempotency_records
         WHERE token_id = $1 AND route = $2 AND key = $3",
        key.token.to_i64(),
        &*key.route,
        key.key.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    let remembered = earlier.filter(|earlier| {
        let end = Timestamp::from(earlier.at).checked_add(REMEMBERED);
        end.is_none_or(|end| now < end)
    });
    match remembered {
        None => Ok(None),
        Some(same) if same.fingerprint == *fingerprint => Ok(Some(same.answer)),
        Some(_) => Err(Refused::Conflict(IdempotencyConflict::Reused.into())),
    }
}

/// Keeps the answer to a request that left `made` as it is, in the place of one that is no longer remembered.
pub(super) async fn remember<T>(
    transaction: &mut PgConnection,
    request: Option<&Idempotency<T>>,
    made: &T,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(Idempotency {
        key,
        fingerprint,
        answer,
    }) = request
    else {
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (token_id, route, key) DO UPDATE
         SET fingerprint = excluded.fingerprint, answer = excluded.answer, at = excluded.at",
        key.token.to_i64(),
        &*key.route,
        key.key.as_str(),
        fingerprint.as_slice(),
        answer(made),
        OffsetDateTime::from(now),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
