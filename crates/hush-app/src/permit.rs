//! The proof that a request was admitted.

use std::sync::Arc;

use hush_domain::ids::ServerId;
use hush_domain::operations::Operation;
use hush_domain::tokens::Token;

use crate::{Failure, Quota};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The user of a personal token.
    Token(Arc<Token>),
    /// Whoever runs the binary.
    Operator,
}

/// An admitted request: who acts, what for and where. Only admission makes one.
#[derive(Debug)]
pub struct Permit {
    caller: Caller,
    /// `None` for the operator, whose right comes from running the binary and not from the table.
    operation: Option<Operation>,
    server: Option<ServerId>,
    quota: Option<Quota>,
}

impl Permit {
    pub(crate) fn for_token(
        token: Arc<Token>,
        operation: Operation,
        server: Option<ServerId>,
        quota: Option<Quota>,
    ) -> Self {
        Self {
            caller: Caller::Token(token),
            operation: Some(operation),
            server,
            quota,
        }
    }

    pub(crate) fn for_operator() -> Self {
        Self {
            caller: Caller::Operator,
            operation: None,
            server: None,
            quota: None,
        }
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.caller
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

    /// Whether the permit is the operator's.
    pub(crate) fn operator_for(&self, what: &str) -> Result<(), Failure> {
        match self.caller {
            Caller::Operator => Ok(()),
            Caller::Token(_) => Err(self.misused(what)),
        }
    }

    fn misused(&self, what: &str) -> Failure {
        let admitted = self.operation.map_or("the operator", Operation::id);
        Failure::bug(format!("{what} was called with a permit for {admitted}"))
    }
}
