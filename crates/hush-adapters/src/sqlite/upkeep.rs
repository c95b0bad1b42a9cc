use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Cutoffs, Erased, Tidied, Upkeep};

use super::{Sqlite, audit};
use crate::meters::Operation;

mod erase;

/// How many rows go in one transaction, so that nobody waits for long.
const PART: u16 = 1000;

// Each removes at most `?2` rows that ended before `?1`.
pub(super) const REQUESTS: &str = "DELETE FROM idempotency_records
     WHERE (token_id, route, key) IN (
         SELECT token_id, route, key FROM idempotency_records WHERE at < ?1 LIMIT ?2)";
pub(super) const MINUTES: &str = "DELETE FROM token_usage
     WHERE (server_id, minute, token_id) IN (
         SELECT server_id, minute, token_id FROM token_usage WHERE minute < ?1 LIMIT ?2)";
pub(super) const SAMPLES: &str = "DELETE FROM hourly_samples
     WHERE (server_id, hour) IN (
         SELECT server_id, hour FROM hourly_samples WHERE hour < ?1 LIMIT ?2)";
pub(super) const COMMANDS: &str = "DELETE FROM commands
     WHERE position IN (SELECT position FROM commands WHERE ended_at < ?1 LIMIT ?2)";
pub(super) const TOKENS: &str = "DELETE FROM tokens
     WHERE id IN (SELECT id FROM tokens WHERE ends_at < ?1 LIMIT ?2)";
pub(super) const FORMER_SECRETS: &str = "DELETE FROM former_secrets
     WHERE digest IN (SELECT digest FROM former_secrets WHERE until < ?1 LIMIT ?2)";

#[async_trait]
impl Upkeep for Sqlite {
    async fn tidy(&self, cutoffs: Cutoffs) -> Result<Tidied, BackendError> {
        // What is wrong with a log hinders nothing else.
        let audit = match cutoffs.audit {
            Some(since) => self.cut_logs(since).await,
            None => Ok(0),
        };
        let servers = self.erase_departed(cutoffs.servers).await;
        Ok(Tidied {
            tokens: self.remove(TOKENS, cutoffs.tokens).await?,
            former_secrets: self.remove(FORMER_SECRETS, cutoffs.former_secrets).await?,
            idempotency: self.remove(REQUESTS, cutoffs.idempotency).await?,
            usage: self.remove(MINUTES, cutoffs.usage).await?,
            audit: audit?,
            samples: self.remove(SAMPLES, cutoffs.samples).await?,
            commands: self.remove(COMMANDS, cutoffs.commands).await?,
            servers: servers?,
        })
    }

    async fn erase_user(&self, user: UserId, act: &Act) -> Result<Erased, BackendError> {
        self.database
            .transact(Operation::EraseUser, async |transaction| {
                Ok(erase::user(transaction, &self.keys, user, act).await?)
            })
            .await
    }

    async fn erase_server(&self, server: ServerId) -> Result<Erased, BackendError> {
        self.database
            .transact(Operation::EraseServer, async |transaction| {
                Ok(erase::server(transaction, server).await?)
            })
            .await
    }
}

impl Sqlite {
    /// Removes part by part what `statement` removes. Returns how many rows.
    async fn remove(
        &self,
        statement: &'static str,
        before: Timestamp,
    ) -> Result<u64, BackendError> {
        let mut removed = 0;
        loop {
            let part = self
                .database
                .write(Operation::Tidy, |mut connection| async move {
                    let part = sqlx::query(statement)
                        .bind(before.unix_micros())
                        .bind(PART)
                        .execute(&mut *connection)
                        .await?;
                    Ok(part.rows_affected())
                })
                .await?;
            removed += part;
            if part < u64::from(PART) {
                return Ok(removed);
            }
        }
    }

    /// Removes what audit logs hold from before `since`. Returns how many rows.
    async fn cut_logs(&self, since: Timestamp) -> Result<u64, BackendError> {
        let aged = self
            .database
            .read(Operation::Tidy, |mut connection| async move {
                audit::aged(&mut connection, since).await
            })
            .await?;
        let (mut removed, mut broken) = (0, None);
        for server in aged {
            loop {
                let part = self
                    .database
                    .transact::<_, BackendError>(Operation::Tidy, async |transaction| {
                        Ok(audit::cut(transaction, &self.keys, server, since).await?)
                    })
                    .await;
                match part {
                    Ok(0) => break,
                    Ok(part) => removed += part,
                    // What is wrong with one log hinders no other.
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
        }
        broken.map_or(Ok(removed), Err)
    }

    /// Erases what is left of servers that were removed before `before`. Returns of how many.
    async fn erase_departed(&self, before: Timestamp) -> Result<u64, BackendError> {
        let departed = self
            .database
            .read(Operation::Tidy, |mut connection| async move {
                erase::departed(&mut connection, before).await
            })
            .await?;
        let mut erased = 0;
        for server in departed {
            let is_erased = self
                .database
                .transact::<_, BackendError>(Operation::Tidy, async |transaction| {
                    Ok(erase::if_departed(transaction, server, before).await?)
                })
                .await?;
            erased += u64::from(is_erased);
        }
        Ok(erased)
    }
}
