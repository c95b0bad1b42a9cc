use async_trait::async_trait;
use hush_domain::audit::chain::Row;
use hush_domain::audit::{Action, ActorKind};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_ports::{AuditFilter, AuditLog, AuditPage, BackendError, Ends};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{AuditHead, AuditRow};

mod cut;
mod erase;
mod write;

pub(super) use cut::{aged, cut};
pub(super) use erase::{erase, erase_reasons_of};
pub(super) use write::write;

/// Rows `r` of the log of the server `$1`, each with its reason, if that is still there.
macro_rules! audit_rows {
    ($which:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            AuditRow,
            r#"SELECT r.server_id, r.number, (extract(epoch FROM r.at) * 1000000)::bigint AS "at!",
                      r.actor, r.actor_token_id, r.actor_user_id, r.action, r.target_token_id,
                      r.target_user_id, r.before, r.after, r.request_id, r.commitment, r.key_id,
                      r.link, given.text AS "reason?", given.salt AS "salt?"
               FROM audit_rows r
               LEFT JOIN audit_reasons given
                   ON given.server_id = r.server_id AND given.number = r.number
               WHERE r.server_id = $1 "#
                + $which,
            $($argument),+
        )
    };
}

#[async_trait]
impl AuditLog for Postgres {
    async fn page(
        &self,
        server: ServerId,
        filter: AuditFilter,
        page: AuditPage,
    ) -> Result<Vec<Row>, BackendError> {
        let AuditFilter {
            actor,
            user,
            token,
            action,
            since,
            until,
        } = filter;
        self.database
            .read(Operation::PageAudit, |mut connection| async move {
                let rows = audit_rows!(
                    "AND r.number < $2
                     AND ($4::text IS NULL OR r.actor = $4)
                     AND ($5::bigint IS NULL OR r.actor_user_id = $5)
                     AND ($6::bigint IS NULL OR r.actor_token_id = $6)
                     AND ($7::text IS NULL OR r.action = $7)
                     AND ($8::timestamptz IS NULL OR r.at >= $8)
                     AND ($9::timestamptz IS NULL OR r.at < $9)
                     ORDER BY r.number DESC
                     LIMIT $3",
                    server.to_i64(),
                    page.before.map_or(i64::MAX, number),
                    i64::from(page.limit),
                    actor.map(ActorKind::as_str),
                    user.map(UserId::to_i64),
                    token.map(TokenId::to_i64),
                    action.map(Action::as_str),
                    since.map(OffsetDateTime::from),
                    until.map(OffsetDateTime::from),
                )
                .fetch_all(&mut *connection)
                .await?;
                read(rows)
            })
            .await
    }

    async fn ends(&self, after: Option<ServerId>, limit: u16) -> Result<Vec<Ends>, BackendError> {
        self.database
            .read(Operation::AuditEnds, |mut connection| async move {
                let heads = sqlx::query_as!(
                    AuditHead,
                    "SELECT server_id, number, link, seal, checkpoint_number, checkpoint_link,
                            checkpoint_seal
                     FROM audit_heads WHERE server_id > $1 ORDER BY server_id LIMIT $2",
                    after.map_or(0, ServerId::to_i64),
                    i64::from(limit),
                )
                .fetch_all(&mut *connection)
                .await?;
                heads.iter().map(|head| Ok(head.read()?)).collect()
            })
            .await
    }

    async fn rows(
        &self,
        server: ServerId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Row>, BackendError> {
        self.database
            .read(Operation::AuditRows, |mut connection| async move {
                self::after(&mut connection, server, number(after), i64::from(limit)).await
            })
            .await
    }
}

/// The first rows of a server's log after number `last`.
async fn after(
    connection: &mut PgConnection,
    server: ServerId,
    last: i64,
    limit: i64,
) -> Result<Vec<Row>, Failure> {
    let rows = audit_rows!(
        "AND r.number > $2 ORDER BY r.number LIMIT $3",
        server.to_i64(),
        last,
        limit,
    );
    read(rows.fetch_all(connection).await?)
}

fn read(rows: Vec<AuditRow>) -> Result<Vec<Row>, Failure> {
    rows.into_iter().map(|row| Ok(row.read()?)).collect()
}

/// A row's number as the database holds it. None is so high that it would not fit.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
