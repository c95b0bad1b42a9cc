//! Who a token is.

use std::sync::Arc;

use hush_domain::ids::ServerId;
use hush_domain::operations::{Operation, Subject};
use hush_domain::permission::{self, AccessLevel, Refusal};
use hush_domain::scopes::Scope;
use hush_domain::servers::Membership;
use hush_domain::tokens::Token;
use hush_ports::Tokens;

use crate::{Failure, Permit};

/// Who a token is and where it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The token.
    pub token: Arc<Token>,
    /// Each server that it names, ascending.
    pub servers: Vec<Reach>,
}

/// What a token can do in one of the servers that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The server.
    pub server: ServerId,
    /// The user's membership there; `None` where the user is not (or no longer) in the server, or its API is off:
    /// its name is then nobody's business.
    pub membership: Option<Membership>,
    /// Each operation, and what is missing for it.
    pub operations: Vec<(Operation, Result<(), Missing>)>,
}

/// What an operation is not allowed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The user is not in the server, or its API is off.
    Server,
    /// The token lacks this scope.
    Scope(Scope),
    /// The user's access level is lower than this.
    AccessLevel(AccessLevel),
    /// The secret was replaced by a newer one, which alone may change anything.
    NewestSecret,
}

impl From<Refusal> for Missing {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ApiDisabled => Self::Server,
            Refusal::InsufficientScope { required } => Self::Scope(required),
            Refusal::InsufficientAccess { required, .. } => Self::AccessLevel(required),
        }
    }
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
        let memberships = self.tokens.memberships(token).await?;
        let mut seen: Vec<_> = memberships
            .into_iter()
            .filter(|membership| membership.standing.sees_server())
            .collect();
        let reach = |server: &ServerId| {
            let place = seen.iter().position(|it| it.server == *server);
            let membership = place.map(|place| seen.swap_remove(place));
            let allowed = |operation: Operation| {
                let allowed = check(operation, permit, token, membership.as_ref());
                (operation, allowed)
            };
            Reach {
                server: *server,
                operations: Operation::ALL.map(allowed).into(),
                membership,
            }
        };
        Ok(Identity {
            servers: token.servers.as_slice().iter().map(reach).collect(),
            token: token.clone(),
        })
    }
}

/// Whether `operation` is allowed in a server, as admission and the operation itself would find, in their order.
fn check(
    operation: Operation,
    permit: &Permit,
    token: &Token,
    membership: Option<&Membership>,
) -> Result<(), Missing> {
    let requirement = operation.requirement();
    let there = || {
        let membership = membership.ok_or(Missing::Server)?;
        permission::check(operation, token.scopes, membership.standing).map_err(Missing::from)
    };
    if requirement.subject == Subject::Server {
        there()?;
    } else {
        permission::check_scope(operation, token.scopes)?;
    }
    if requirement.changes && !permit.by_newest_secret() {
        return Err(Missing::NewestSecret);
    }
    // Which servers a body names is known once the request is admitted.
    if requirement.subject == Subject::NamedServers {
        there()?;
    }
    Ok(())
}
