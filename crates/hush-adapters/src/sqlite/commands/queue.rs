//! Queueing a command.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{RequestId, command_queued};
use hush_domain::commands::{Command, MAX_PENDING};
use hush_ports::{Idempotency, Outcome, QueueCommandError};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::{Failure, Refused};
use crate::sqlite::{audit, idempotency};
use crate::stored::{body, lane};

type Refusal = Refused<QueueCommandError>;

/// How many commands of the server `?1` have not come to their end.
pub(in crate::sqlite) const PENDING: &str =
    "SELECT count(*) FROM commands WHERE server_id = ?1 AND ended_at IS NULL";

/// Stores a command, unless something stands in its way.
pub(super) async fn queue(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    command: &Command,
    request: Option<&Idempotency<Command>>,
) -> Result<Outcome<Command>, Refusal> {
    let now = command.created_at;
    if let Some(answer) = idempotency::replay(transaction, request, now).await? {
        return Ok(Outcome::Replayed(answer));
    }
    let pending: i64 = sqlx::query_scalar(PENDING)
        .bind(command.server.to_i64())
        .fetch_one(&mut *transaction)
        .await?;
    let Some(position) = insert(transaction, command).await? else {
        return Err(Refused::Conflict(QueueCommandError::IdTaken));
    };
    if usize::try_from(pending).is_ok_and(|pending| pending >= MAX_PENDING) {
        return Err(Refused::Conflict(QueueCommandError::TooMany));
    }
    target(transaction, command, position).await?;
    let act = command.act(now);
    audit::write(transaction, keys, &act, vec![command_queued(command)]).await?;
    idempotency::remember(transaction, request, command, now).await?;
    Ok(Outcome::Done(command.clone()))
}

/// Inserts a command and returns its place in the queue; `None` if its id is taken.
async fn insert(
    transaction: &mut SqliteConnection,
    command: &Command,
) -> Result<Option<i64>, sqlx::Error> {
    let reason = command.reason.as_ref();
    sqlx::query_scalar(
        "INSERT INTO commands
             (id, server_id, type, body, token_id, user_id, request_id, reason, reason_salt, created_at,
              not_after, run_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10)
         ON CONFLICT (id) DO NOTHING
         RETURNING position",
    )
    .bind(command.id.to_i64())
    .bind(command.server.to_i64())
    .bind(command.order.kind().as_str())
    .bind(body(&command.order))
    .bind(command.token.to_i64())
    .bind(command.user.to_i64())
    .bind(command.request_id.as_ref().map(RequestId::as_str))
    .bind(reason.map(|it| it.text.as_str()))
    .bind(reason.map(|it| it.salt.as_slice()))
    .bind(command.created_at.unix_micros())
    .bind(command.not_after.unix_micros())
    .fetch_optional(transaction)
    .await
}

/// Notes what a command acts on.
async fn target(
    transaction: &mut SqliteConnection,
    command: &Command,
    position: i64,
) -> Result<(), Failure> {
    let lanes: Vec<_> = command.order.lanes().into_iter().map(lane).collect();
    sqlx::query(
        "INSERT INTO command_targets (server_id, kind, target_id, position)
         SELECT ?1, value ->> 0, value ->> 1, ?3 FROM json_each(?2)",
    )
    .bind(command.server.to_i64())
    .bind(Json(lanes))
    .bind(position)
    .execute(transaction)
    .await?;
    Ok(())
}
