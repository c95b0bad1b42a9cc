//! Carrying commands out on the platform.

use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::commands::{Command, FailureCode, Report};
use hush_domain::ids::UserId;

use crate::BackendError;

/// One attempt to carry out a command.
#[derive(Clone)]
pub struct Attempt {
    /// The command.
    pub command: Arc<Command>,
    /// Whether it may still be sent: its deadline has not come, and nobody else has taken the command over. Asked right
    /// before each time that something is sent.
    pub may_send: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Execution {
    /// It was carried out.
    Done(Report),
    /// The platform does not take it, and will not.
    Refused(FailureCode),
    /// Nothing was done, since too much is asked of the platform just now.
    Limited,
    /// Nothing was done: the platform could not be reached, or it must not be sent any more.
    NotDone,
    /// It may have been done: the answer was lost, or the platform failed on its side.
    Unknown,
}

/// Carries commands out. Each call is one attempt and takes seconds at most; whether there is another one is for the
/// caller to say.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait CommandExecutor: Send + Sync {
    /// As which user it acts.
    async fn acts_as(&self) -> Result<UserId, BackendError>;

    /// Tries once. The deadline, the rules and the order of commands were looked at just before.
    async fn execute(&self, attempt: Attempt) -> Execution;
}
