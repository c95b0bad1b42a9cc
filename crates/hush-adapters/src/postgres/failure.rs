//! What can go wrong between Hush and its database, and whether it may pass.

use std::fmt::Display;
use std::io;

use hush_ports::BackendError;
use sqlx::error::DatabaseError;

use crate::stored::{self, Invalid};

/// Why a call of the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The database, or the way there, says so.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It said nothing for longer than its own time-outs allow: the way there is cut.
    #[error("no answer from PostgreSQL, not even that the statement took too long")]
    Unanswered,
    /// It holds what the domain does not allow.
    #[error(transparent)]
    Stored(#[from] Invalid),
}

impl Failure {
    /// For a stored fact that breaks a rule of the domain.
    pub(super) fn stored<E: Display>(what: &'static str) -> impl Fn(E) -> Self {
        move |reason| Self::Stored(stored::invalid(what)(reason))
    }

    /// Whether the connection is gone, so that others that were made before are likely to be as well.
    pub(super) fn lost_connection(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_)) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                // 08…: connection exception; 57P01 to 57P03: the server was shut down or crashed, or starts.
                let code = error.code().unwrap_or_default();
                code.starts_with("08") || matches!(&*code, "57P01" | "57P02" | "57P03")
            }
            Self::Database(_) | Self::Unanswered | Self::Stored(_) => false,
        }
    }

    /// Whether a connection was not even made because what came in place of its encryption is not right.
    pub(super) fn is_of_tls(&self) -> bool {
        // So rustls reports it through a stream of bytes.
        matches!(self, Self::Database(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::InvalidData)
    }

    /// Whether the same call may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unanswered => true,
            Self::Stored(_) => false,
            Self::Database(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed
                // A reply that is cut off in the middle.
                | sqlx::Error::Protocol(_) => true,
                sqlx::Error::Database(error) => passes(&error.code().unwrap_or_default()),
                _ => false,
            },
        }
    }
}

impl Failure {
    /// Whether the call fails for what is in it, or for what is stored of the same thing.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Stored(_) => true,
            Self::Unanswered => false,
            Self::Database(error) => {
                let code = error.as_database_error().and_then(DatabaseError::code);
                refuses(&code.unwrap_or_default())
            }
        }
    }
}

/// Why a transaction came to nothing.
pub(super) enum Refused<E> {
    /// Something stands in its way that the port names.
    Conflict(E),
    /// The database gave no answer.
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

/// Whether what PostgreSQL reports under this code passes by itself. Source: "PostgreSQL Error Codes" in its
/// documentation.
fn passes(code: &str) -> bool {
    match code.get(..2) {
        // Connection exception; insufficient resources (too many connections, disk full, out of memory).
        Some("08" | "53") => true,
        _ => matches!(
            code,
            // Shut down, crashed, starting, idle for too long.
            "57P01" | "57P02" | "57P03" | "57P05"
            // A statement, or a wait for a lock, or a transaction took too long.
            | "57014" | "55P03" | "25P03" | "25P04"
            // Two transactions stood in each other's way.
            | "40001" | "40P01"
            // The address leads to a replica for as long as the fail-over takes.
            | "25006"
        ),
    }
}

/// Whether PostgreSQL reports under this code that it does not take what it was given: a data exception, or the violation
/// of a constraint.
fn refuses(code: &str) -> bool {
    matches!(code.get(..2), Some("22" | "23"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_transient() {
        for code in [
            "08006", "53300", "57014", "55P03", "57P01", "57P03", "40001", "40P01",
        ] {
            assert!(passes(code), "{code}");
        }
    }

    #[test]
    fn what_stays_wrong_is_permanent() {
        for code in [
            "", "5", "28P01", "3D000", "42P01", "42501", "23505", "XX000",
        ] {
            assert!(!passes(code), "{code}");
            let refused = code == "23505";
            assert_eq!(refuses(code), refused, "{code}");
        }
        let failure = Failure::stored::<&str>("name of role 7")("must not be empty");
        assert!(!failure.is_transient());
        assert_eq!(
            BackendError::from(failure).to_string(),
            "the store does not take it: stored name of role 7 is invalid: must not be empty"
        );
    }

    #[test]
    fn a_pool_without_a_free_connection_is_transient() {
        let failure = Failure::from(sqlx::Error::PoolTimedOut);
        assert!(failure.is_transient() && !failure.lost_connection());
    }

    #[test]
    fn a_cut_line_is_a_lost_connection() {
        let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(Failure::from(sqlx::Error::Io(cut)).lost_connection());
    }
}
