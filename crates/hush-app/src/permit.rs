//! The proof that a request was admitted.

use std::sync::Arc;

use hush_domain::audit::Actor;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::operations::Operation;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, Token};

use crate::{Failure, Quota};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The user of a personal token.
    Token(Arc<Token>),
    /// A user in person, through the chat platform itself.
    Interaction(UserId),
    /// Whoever runs the binary.
    Operator,
    /// Somebody who showed no token.
    Anyone,
}

/// An admitted request: who acts, what for and where. Only admission makes one.
#[derive(Debug)]
pub struct Permit {
    pub(crate) caller: Caller,
    /// The token's newest secret, if that was shown.
    pub(crate) key: Option<Key>,
    pub(crate) ending: Option<Timestamp>,
    /// `None` for whoever's right does not come from the table.
    pub(crate) operation: Option<Operation>,
    pub(crate) server: Option<ServerId>,
    pub(crate) quota: Option<Quota>,
}

impl Permit {
    pub(crate) fn for_operator() -> Self {
        Self {
            caller: Caller::Operator,
            key: None,
            ending: None,
            operation: None,
            server: None,
            quota: None,
        }
    }

    pub(crate) fn for_anyone(quota: Quota) -> Self {
        Self {
            caller: Caller::Anyone,
            key: None,
            ending: None,
            operation: None,
            server: None,
            quota: Some(quota),
        }
    }

    pub(crate) fn for_interaction(
        user: UserId,
        server: ServerId,
        operation: Operation,
        quota: Option<Quota>,
    ) -> Self {
        Self {
            caller: Caller::Interaction(user),
            key: None,
            ending: None,
            operation: Some(operation),
            server: Some(server),
            quota,
        }
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The end of the token, if that is near.
    pub fn ending(&self) -> Option<Timestamp> {
        self.ending
    }

    /// The addressed server, if the operation addresses one.
    pub fn server(&self) -> Option<ServerId> {
        self.server
    }

    /// What is left of the limit that the request was counted against; `None` without a limit.
    pub fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }

    /// The addressed server of a permit for `operation`. A permit for another operation opens nothing.
    pub(crate) fn server_for(&self, operation: Operation) -> Result<ServerId, Failure> {
        match (self.operation, self.server) {
            (Some(admitted), Some(server)) if admitted == operation => Ok(server),
            _ => Err(self.misused(operation.id())),
        }
    }

    /// The token of a permit for `operation`.
    pub(crate) fn token_for(&self, operation: Operation) -> Result<&Arc<Token>, Failure> {
        match (&self.caller, self.operation) {
            (Caller::Token(token), Some(admitted)) if admitted == operation => Ok(token),
            _ => Err(self.misused(operation.id())),
        }
    }

    /// The newest secret of the token of a permit for `operation`, which changes something.
    pub(crate) fn key_for(&self, operation: Operation) -> Result<(&Arc<Token>, Key), Failure> {
        let token = self.token_for(operation)?;
        let key = self.key.ok_or_else(|| self.misused(operation.id()))?;
        Ok((token, key))
    }

    /// Who asks in person, and the addressed server, of a permit for `operation`.
    pub(crate) fn person_for(&self, operation: Operation) -> Result<(UserId, ServerId), Failure> {
        match self.caller {
            Caller::Interaction(user) => Ok((user, self.server_for(operation)?)),
            Caller::Token(_) | Caller::Operator | Caller::Anyone => {
                Err(self.misused(operation.id()))
            }
        }
    }

    /// Whether the permit was given by the newest secret of its token.
    pub(crate) fn by_newest_secret(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the permit is the operator's.
    pub(crate) fn operator_for(&self, what: &str) -> Result<(), Failure> {
        match self.caller {
            Caller::Operator => Ok(()),
            Caller::Token(_) | Caller::Interaction(_) | Caller::Anyone => Err(self.misused(what)),
        }
    }

    /// Whether the permit is anybody's.
    pub(crate) fn anyone_for(&self, what: &str) -> Result<(), Failure> {
        match self.caller {
            Caller::Anyone => Ok(()),
            Caller::Token(_) | Caller::Interaction(_) | Caller::Operator => Err(self.misused(what)),
        }
    }

    /// Who the audit log says has acted.
    pub(crate) fn actor(&self) -> Result<Actor, Failure> {
        match &self.caller {
            Caller::Operator => Ok(Actor::Operator),
            Caller::Token(token) => Ok(Actor::Token {
                token: token.id,
                user: token.user,
            }),
            Caller::Interaction(user) => Ok(Actor::Interaction { user: *user }),
            Caller::Anyone => Err(self.misused("an act")),
        }
    }

    pub(crate) fn misused(&self, what: &str) -> Failure {
        let admitted = match (&self.caller, self.operation) {
            (_, Some(operation)) => operation.id(),
            (Caller::Operator, None) => "the operator",
            (_, None) => "anyone",
        };
        Failure::bug(format!("{what} was called with a permit for {admitted}"))
    }
}
