//! What a door may learn about a failure.

use hush_ports::BackendError;

/// An operation could not be carried out, through no fault of the caller. The cause is for the log, once, at
/// the door; the caller learns the kind only.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The same request may succeed later.
    #[error(transparent)]
    Unavailable(BackendError),
    /// Something is broken.
    #[error(transparent)]
    Internal(BackendError),
}

impl Failure {
    /// A mistake of our own that a test should have found.
    pub(crate) fn bug(what: String) -> Self {
        Self::Internal(BackendError::permanent(what))
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        if error.is_transient() {
            Self::Unavailable(error)
        } else {
            Self::Internal(error)
        }
    }
}
