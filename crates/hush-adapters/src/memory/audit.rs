use std::ops::Bound;

use async_trait::async_trait;
use hush_domain::audit::chain::Row;
use hush_domain::ids::ServerId;
use hush_ports::{AuditFilter, AuditLog, AuditPage, BackendError, Ends};

use super::Memory;

#[async_trait]
impl AuditLog for Memory {
    async fn page(
        &self,
        server: ServerId,
        filter: AuditFilter,
        page: AuditPage,
    ) -> Result<Vec<Row>, BackendError> {
        let ledger = self.ledger.open();
        let rows = ledger.books.logs.get(&server).map(|log| log.rows.iter());
        Ok(rows
            .into_iter()
            .flatten()
            .rev()
            .filter(|row| page.before.is_none_or(|before| row.number < before))
            .filter(|row| shown(&filter, row))
            .take(page.limit.into())
            .cloned()
            .collect())
    }

    async fn ends(&self, after: Option<ServerId>, limit: u16) -> Result<Vec<Ends>, BackendError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ledger = self.ledger.open();
        let logs = ledger.books.logs.range((start, Bound::Unbounded));
        Ok(logs
            .take(limit.into())
            .map(|(server, log)| Ends {
                server: *server,
                head: log.head(),
                head_seal: log.head_seal,
                checkpoint: log.checkpoint,
                checkpoint_seal: log.checkpoint_seal,
            })
            .collect())
    }

    async fn rows(
        &self,
        server: ServerId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Row>, BackendError> {
        let ledger = self.ledger.open();
        let rows = ledger.books.logs.get(&server).map(|log| log.rows.iter());
        Ok(rows
            .into_iter()
            .flatten()
            .filter(|row| row.number > after)
            .take(limit.into())
            .cloned()
            .collect())
    }
}

fn shown(filter: &AuditFilter, row: &Row) -> bool {
    let AuditFilter {
        actor,
        user,
        token,
        action,
        since,
        until,
    } = *filter;
    actor.is_none_or(|kind| row.actor.kind() == kind)
        && user.is_none_or(|user| row.actor.user() == Some(user))
        && token.is_none_or(|token| row.actor.token() == Some(token))
        && action.is_none_or(|action| row.action == action)
        && since.is_none_or(|since| row.at >= since)
        && until.is_none_or(|until| row.at < until)
}
