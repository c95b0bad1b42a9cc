//! What is left of a server's limit, and who spent it.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::limits::{Bucket, Left, Rule};
use hush_domain::operations::Operation;
use hush_domain::time::Timestamp;
use hush_domain::usage::Spent;
use hush_ports::{Clock, Limiter};

use crate::uses::Uses;
use crate::{Failure, Limits, Permit, Ports};

/// Of how many minutes before the one that runs it is told who spent what: an hour together with that one.
const MINUTES_BEFORE: Duration = Duration::from_mins(59);

/// A server's limit as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRateLimit {
    /// The rule and what is left under it; `None` if there is no limit.
    pub limit: Option<(Rule, Left)>,
    /// From when on spending is told: the beginning of the minute 59 minutes ago.
    pub since: Timestamp,
    /// What each token spent since then, most first. What people asked in person is taken off what is left, and is no
    /// token's.
    pub spent: Vec<Spent>,
}

/// Tells what is left of servers' limits.
pub struct RateLimits {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
    rule: Option<Rule>,
    uses: Arc<Uses>,
}

impl RateLimits {
    pub(crate) fn new(ports: &Ports, limits: Limits, uses: Arc<Uses>) -> Self {
        Self {
            limiter: ports.limiter.clone(),
            clock: ports.clock.clone(),
            rule: limits.requests,
            uses,
        }
    }

    /// The limit of the addressed server.
    pub async fn get(&self, permit: &Permit) -> Result<ServerRateLimit, Failure> {
        let server = permit.server_for(Operation::GetServerRateLimit)?;
        let limit = match self.rule {
            Some(rule) => {
                let left = self.limiter.left(Bucket::Server(server), rule).await?;
                Some((rule, left))
            }
            None => None,
        };
        let since = self.clock.wall().minute().saturating_sub(MINUTES_BEFORE);
        Ok(ServerRateLimit {
            limit,
            since,
            spent: self.uses.spent(server, since).await?,
        })
    }
}
