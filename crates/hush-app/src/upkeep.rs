//! What is no longer kept, and what is erased.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::idempotency::REMEMBERED;
use hush_domain::ids::{ServerId, UserId};
use hush_ports::{Clock, Cutoffs, Erased, Tidied, Upkeep};

use crate::acts::Acts;
use crate::{Cause, Failure, Permit, Ports};

/// For how long minutes of use are kept: an hour of them is shown.
const USAGE: Duration = Duration::from_hours(2);

/// For how long what is kept that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Tokens that were revoked or have expired.
    pub tokens: Duration,
    /// Rows of the audit log; `None`: for ever.
    pub audit: Option<Duration>,
    /// Hourly samples of the counts.
    pub samples: Duration,
    /// Commands that have come to their end.
    pub commands: Duration,
    /// What is left of servers that were removed.
    pub servers: Duration,
}

/// Removes what is no longer kept, and erases people and servers.
pub struct Housekeeping {
    upkeep: Arc<dyn Upkeep>,
    clock: Arc<dyn Clock>,
    acts: Acts,
}

impl Housekeeping {
    pub(crate) fn new(ports: &Ports, acts: Acts) -> Self {
        Self {
            upkeep: ports.upkeep.clone(),
            clock: ports.clock.clone(),
            acts,
        }
    }

    /// Removes what has ended longer ago than `retention` says.
    pub async fn tidy(&self, retention: Retention) -> Result<Tidied, Failure> {
        let now = self.clock.wall();
        let tidied = self.upkeep.tidy(Cutoffs {
            tokens: now.saturating_sub(retention.tokens),
            former_secrets: now,
            idempotency: now.saturating_sub(REMEMBERED),
            usage: now.saturating_sub(USAGE),
            audit: retention.audit.map(|kept| now.saturating_sub(kept)),
            samples: now.saturating_sub(retention.samples),
            commands: now.saturating_sub(retention.commands),
            servers: now.saturating_sub(retention.servers),
        });
        Ok(tidied.await?)
    }

    /// Erases a person, on the operator's permit.
    pub async fn erase_user(&self, permit: &Permit, user: UserId) -> Result<Erased, Failure> {
        permit.operator_for("erasing a user")?;
        let act = self.acts.by(permit, Cause::default())?;
        Ok(self.upkeep.erase_user(user, &act).await?)
    }

    /// Erases a server, on the operator's permit.
    pub async fn erase_server(&self, permit: &Permit, server: ServerId) -> Result<Erased, Failure> {
        permit.operator_for("erasing a server")?;
        Ok(self.upkeep.erase_server(server).await?)
    }
}
