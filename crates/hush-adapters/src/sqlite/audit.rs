use async_trait::async_trait;
use hush_domain::audit::chain::Row;
use hush_domain::audit::{Action, ActorKind};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{AuditFilter, AuditLog, AuditPage, BackendError, Ends};

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;
use crate::stored::{AuditHead, AuditRow};

mod cut;
mod write;

pub(super) use cut::{aged, cut};
pub(super) use write::write;

/// The rows `r` of the log of the server `?1`, each with its reason, if that is still there.
macro_rules! audit_rows {
    ($which:literal) => {
        concat!(
            "SELECT r.*, given.text AS reason, given.salt
             FROM audit_rows r
             LEFT JOIN audit_reasons given
                 ON given.server_id = r.server_id AND given.number = r.number
             WHERE r.server_id = ?1",
            $which
        )
    };
}

/// The newest `?3` rows before number `?2` of which the rest is true.
pub(super) const PAGE: &str = audit_rows!(
    " AND r.number < ?2
      AND (?4 IS NULL OR r.actor = ?4)
      AND (?5 IS NULL OR r.actor_user_id = ?5)
      AND (?6 IS NULL OR r.actor_token_id = ?6)
      AND (?7 IS NULL OR r.action = ?7)
      AND (?8 IS NULL OR r.at >= ?8)
      AND (?9 IS NULL OR r.at < ?9)
      ORDER BY r.number DESC
      LIMIT ?3"
);

/// The first `?3` rows after number `?2`.
pub(super) const ROWS: &str = audit_rows!(" AND r.number > ?2 ORDER BY r.number LIMIT ?3");

#[async_trait]
impl AuditLog for Sqlite {
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
                let rows = sqlx::query_as(PAGE)
                    .bind(server.to_i64())
                    .bind(page.before.map_or(i64::MAX, number))
                    .bind(page.limit)
                    .bind(actor.map(ActorKind::as_str))
                    .bind(user.map(UserId::to_i64))
                    .bind(token.map(TokenId::to_i64))
                    .bind(action.map(Action::as_str))
                    .bind(since.map(Timestamp::unix_micros))
                    .bind(until.map(Timestamp::unix_micros))
                    .fetch_all(&mut *connection)
                    .await?;
                read(rows)
            })
            .await
    }

    async fn ends(&self, after: Option<ServerId>, limit: u16) -> Result<Vec<Ends>, BackendError> {
        self.database
            .read(Operation::AuditEnds, |mut connection| async move {
                let heads: Vec<AuditHead> = sqlx::query_as(
                    "SELECT * FROM audit_heads WHERE server_id > ?1 ORDER BY server_id LIMIT ?2",
                )
                .bind(after.map_or(0, ServerId::to_i64))
                .bind(limit)
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
                let rows = sqlx::query_as(ROWS)
                    .bind(server.to_i64())
                    .bind(number(after))
                    .bind(limit)
                    .fetch_all(&mut *connection)
                    .await?;
                read(rows)
            })
            .await
    }
}

fn read(rows: Vec<AuditRow>) -> Result<Vec<Row>, Failure> {
    rows.into_iter().map(|row| Ok(row.read()?)).collect()
}

/// A row's number as the file holds it. None is so high that it would not fit.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
