use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Cutoffs, Erased, Tidied, Upkeep};

use super::{Postgres, audit, departures};
use crate::meters::Operation;

mod ended;
mod erase;

use ended::Ended;

#[async_trait]
impl Upkeep for Postgres {
    async fn tidy(&self, cutoffs: Cutoffs) -> Result<Tidied, BackendError> {
        let former = cutoffs.former_secrets;
        // What is wrong with a log hinders nothing else.
        let audit = match cutoffs.audit {
            Some(since) => self.cut_logs(since).await,
            None => Ok(0),
        };
        let servers = self.erase_departed(cutoffs.servers).await;
        Ok(Tidied {
            tokens: self.remove(Ended::Tokens, cutoffs.tokens).await?,
            former_secrets: self.remove(Ended::FormerSecrets, former).await?,
            idempotency: self.remove(Ended::Requests, cutoffs.idempotency).await?,
            usage: self.remove(Ended::Minutes, cutoffs.usage).await?,
            audit: audit?,
            samples: self.remove(Ended::Samples, cutoffs.samples).await?,
            commands: self.remove(Ended::Commands, cutoffs.commands).await?,
            servers: servers?,
        })
    }

    async fn erase_user(&self, user: UserId, act: &Act) -> Result<Erased, BackendError> {
        self.database
            .work(Operation::EraseUser, async |transaction| {
                Ok(erase::user(transaction, &self.audit_keys, user, act).await?)
            })
            .await
    }

    async fn erase_server(&self, server: ServerId) -> Result<Erased, BackendError> {
        self.database
            .work(Operation::EraseServer, async |transaction| {
                Ok(erase::server(transaction, server).await?)
            })
            .await
    }
}

impl Postgres {
    /// Removes what ended before `cutoff`, part by part. Returns how many rows.
    async fn remove(&self, what: Ended, cutoff: Timestamp) -> Result<u64, BackendError> {
        let mut removed = 0;
        loop {
            let part = self
                .database
                .work::<_, BackendError>(Operation::Tidy, async |transaction| {
                    Ok(ended::remove(transaction, what, cutoff).await?)
                })
                .await?;
            if part == 0 {
                return Ok(removed);
            }
            removed += part;
        }
    }

    /// Removes what audit logs hold from before `since`. Returns how many rows.
    async fn cut_logs(&self, since: Timestamp) -> Result<u64, BackendError> {
        let aged = self
            .database
            .work::<_, BackendError>(Operation::Tidy, async |transaction| {
                Ok(audit::aged(transaction, since).await?)
            })
            .await?;
        let (mut removed, mut broken) = (0, None);
        for server in aged {
            loop {
                let part = self
                    .database
                    .work::<_, BackendError>(Operation::Tidy, async |transaction| {
                        Ok(audit::cut(transaction, &self.audit_keys, server, since).await?)
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

    /// Erases what is left of servers that were removed before `cutoff`. Returns of how many.
    async fn erase_departed(&self, cutoff: Timestamp) -> Result<u64, BackendError> {
        let departed = self
            .database
            .work::<_, BackendError>(Operation::Tidy, async |transaction| {
                Ok(departures::before(transaction, cutoff).await?)
            })
            .await?;
        let mut erased = 0;
        for server in departed {
            let is_erased = self
                .database
                .work::<_, BackendError>(Operation::Tidy, async |transaction| {
                    Ok(erase::departed(transaction, server, cutoff).await?)
                })
                .await?;
            erased += u64::from(is_erased);
        }
        Ok(erased)
    }
}
