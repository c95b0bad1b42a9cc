//! Who a token is.

use std::sync::Arc;

use hush_domain::ids::ServerId;
use hush_domain::operations::Operation;
use hush_domain::servers::Membership;
use hush_domain::tokens::Token;
use hush_ports::Tokens;

use crate::{Failure, Permit};

/// Who a token is and where it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The token.
    pub token: Arc<Token>,
    /// Each server that it names, ascending, with its user's membership there; `None` where the user is not
    /// (or no longer) in the server, whose name is then nobody's business.
    pub servers: Vec<(ServerId, Option<Membership>)>,
}

/// Tells a token who it is.
pub struct Me {
    tokens: Arc<dyn Tokens>,
}

impl Me {
    pub(crate) fn new(tokens: Arc<dyn Tokens>) -> Self {
        Self { tokens }
    }

    /// Who the permit's token is.
    pub async fn get(&self, permit: &Permit) -> Result<Identity, Failure> {
        let token = permit.token_for(Operation::GetMe)?;
        let mut memberships = self.tokens.memberships(token).await?;
        let servers = token.servers.as_slice().iter().map(|server| {
            let found = memberships
                .iter()
                .position(|membership| membership.server == *server);
            (*server, found.map(|index| memberships.swap_remove(index)))
        });
        Ok(Identity {
            servers: servers.collect(),
            token: token.clone(),
        })
    }
}
