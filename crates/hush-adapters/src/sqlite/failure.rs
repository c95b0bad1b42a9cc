//! What can go wrong between Hush and its file, and whether it may pass.

use std::fmt::Display;
use std::sync::Arc;

use hush_ports::BackendError;

use crate::stored::{self, Invalid};

/// Why a call of the file gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// SQLite says so.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Others had the file, or all connections to it, for too long.
    #[error("others use the file for too long")]
    Waited,
    /// What several asked for together failed.
    #[error(transparent)]
    Shared(Arc<Failure>),
    /// It holds what the domain does not allow.
    #[error(transparent)]
    Stored(#[from] Invalid),
}

impl Failure {
    /// For a stored fact that breaks a rule of the domain.
    pub(super) fn stored<E: Display>(what: &'static str) -> impl Fn(E) -> Self {
        move |reason| Self::Stored(stored::invalid(what)(reason))
    }

    /// SQLite's own number for what went wrong, without its finer distinctions.
    pub(super) fn code(&self) -> Option<i32> {
        let Self::Database(error) = self else {
            return None;
        };
        let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
        Some(code & 0xff)
    }

    /// Whether the same call may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Waited | Self::Database(sqlx::Error::WorkerCrashed) => true,
            Self::Shared(failure) => failure.is_transient(),
            Self::Stored(_) => false,
            Self::Database(_) => self.code().is_some_and(passes),
        }
    }
}

impl Failure {
    /// Whether the call fails for what is in it, or for what is stored of the same thing.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Stored(_) => true,
            Self::Waited => false,
            Self::Shared(failure) => failure.is_refusal(),
            Self::Database(_) => self.code().is_some_and(refuses),
        }
    }
}

/// Why a transaction came to nothing.
pub(super) enum Refused<E> {
    /// Something stands in its way that the port names.
    Conflict(E),
    /// The file gave no answer.
    Failed(Failure),
}

impl<E, F: Into<Failure>> From<F> for Refused<E> {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        if failure.is_transient() {
            Self::transient(failure)
        } else if failure.is_refusal() {
            Self::refused(failure)
        } else {
            Self::permanent(failure)
        }
    }
}

/// Whether what SQLite reports under this number passes by itself. Source: "Result and Error Codes" in its
/// documentation.
fn passes(code: i32) -> bool {
    // Busy, locked, out of memory, an input/output error, the disk is full, too many open files, a lost race for a
    // lock.
    matches!(code, 5 | 6 | 7 | 10 | 13 | 14 | 15)
}

/// Whether SQLite reports under this number that it does not take what it was given: it is too big, violates a constraint,
/// or its type does not fit.
fn refuses(code: i32) -> bool {
    matches!(code, 18..=20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_file_and_a_full_disk_pass_and_a_broken_file_does_not() {
        assert!(passes(5) && passes(13));
        assert!(!passes(1) && !passes(11) && !passes(26));
        assert!(refuses(19) && !refuses(8) && !refuses(11) && !refuses(26));
        assert!(Failure::Waited.is_transient());
        assert!(!Failure::stored::<&str>("name")("must not be empty").is_transient());
    }
}
