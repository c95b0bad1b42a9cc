//! Where commands stand.

use std::str::FromStr;

use super::{FailureCode, UnknownWord};
use crate::ids::{MessageId, UserId};

/// What was done, as far as there is more to say than that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It was done.
    Done,
    /// These were banned, and these were not.
    BulkBan {
        /// Who is banned now.
        banned: Vec<UserId>,
        /// Who is not, or was so before.
        not_banned: Vec<UserId>,
    },
    /// It was written as this message.
    Message(MessageId),
}

/// Where a command stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits, and can be cancelled.
    Queued,
    /// It is being carried out, or will be tried again.
    Running,
    /// It was carried out.
    Succeeded(Report),
    /// It was not carried out, or nobody knows.
    Failed(FailureCode),
    /// Its deadline came first.
    Expired,
    /// Somebody took it back.
    Cancelled,
}

/// The name of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateName {
    /// [`State::Queued`].
    Queued,
    /// [`State::Running`].
    Running,
    /// [`State::Succeeded`].
    Succeeded,
    /// [`State::Failed`].
    Failed,
    /// [`State::Expired`].
    Expired,
    /// [`State::Cancelled`].
    Cancelled,
}

impl StateName {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl State {
    /// Its name.
    pub fn name(&self) -> StateName {
        match self {
            Self::Queued => StateName::Queued,
            Self::Running => StateName::Running,
            Self::Succeeded(_) => StateName::Succeeded,
            Self::Failed(_) => StateName::Failed,
            Self::Expired => StateName::Expired,
            Self::Cancelled => StateName::Cancelled,
        }
    }

    /// Whether it stays so for good.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for StateName {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text).ok_or(UnknownWord)
    }
}
