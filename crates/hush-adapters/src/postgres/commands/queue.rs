//! Queueing a command.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{RequestId, command_queued};
use hush_domain::commands::{Command, MAX_PENDING, Order};
use hush_ports::{Idempotency, Outcome, QueueCommandError};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::postgres::failure::{Failure, Refused};
use crate::postgres::{audit, idempotency};
use crate::stored::{body, lane};

type Refusal = Refused<QueueCommandError>;

/// Stores a command, unless something stands in its way.
pub(super) async fn queue(
    transaction: &mut PgConnection,
    keys: &Keyring,
    command: &Command,
    request: Option<&Idempotency<Command>>,
) -> Result<Outcome<Command>, Refusal> {
    let now = command.created_at;
    if let Some(answer) = idempotency::claim(transaction, request, now).await? {
        return Ok(Outcome::Replayed(answer));
    }
    // The log of the server is locked from here on, so that of those who come at once each counts the ones before.
    let act = command.act(now);
    audit::write(transaction, keys, &act, vec![command_queued(command)]).await?;
    let Some(position) = insert(transaction, command).await? else {
        return Err(Refused::Conflict(QueueCommandError::IdTaken));
    };
    let pending = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM commands WHERE server_id = $1 AND ended_at IS NULL"#,
        command.server.to_i64(),
    )
    .fetch_one(&mut *transaction)
    .await?;
    if usize::try_from(pending).is_ok_and(|pending| pending > MAX_PENDING) {
        return Err(Refused::Conflict(QueueCommandError::TooMany));
    }
    target(transaction, command, position).await?;
    idempotency::remember(transaction, request, command, now).await?;
    Ok(Outcome::Done(command.clone()))
}

/// Inserts a command and returns its place in the queue; `None` if its id is taken.
async fn insert(transaction: &mut PgConnection, command: &Command) -> Result<Option<i64>, Failure> {
    let reason = command.reason.as_ref();
    Ok(sqlx::query_scalar!(
        "INSERT INTO commands
             (id, server_id, type, body, token_id, user_id, request_id, reason, reason_salt, created_at,
              not_after, run_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10)
         ON CONFLICT (id) DO NOTHING
         RETURNING position",
        command.id.to_i64(),
        command.server.to_i64(),
        command.order.kind().as_str(),
        body(&command.order),
        command.token.to_i64(),
        command.user.to_i64(),
        command.request_id.as_ref().map(RequestId::as_str),
        reason.map(|it| it.text.as_str()),
        reason.map(|it| it.salt.as_slice()),
        OffsetDateTime::from(command.created_at),
        OffsetDateTime::from(command.not_after),
    )
    .fetch_optional(transaction)
    .await?)
}

/// Notes what a command acts on.
async fn target(
    transaction: &mut PgConnection,
    command: &Command,
    position: i64,
) -> Result<(), Failure> {
    let order: &Order = &command.order;
    let (kinds, ids): (Vec<_>, Vec<_>) = order.lanes().into_iter().map(lane).unzip();
    sqlx::query!(
        "INSERT INTO command_targets (server_id, kind, target_id, position)
         SELECT $1, kind, id, $4 FROM unnest($2::smallint[], $3::bigint[]) AS targets (kind, id)",
        command.server.to_i64(),
        &kinds,
        &ids,
        position,
    )
    .execute(transaction)
    .await?;
    Ok(())
}
