//! The one error for everything that is nobody's conflict.

use std::error::Error;
use std::fmt;

/// A store failed for a reason that the caller can do nothing about. What went wrong is for the log only.
#[derive(Debug)]
pub struct BackendError {
    transient: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl BackendError {
    /// The store is away, overloaded or too slow: the same call may succeed later.
    pub fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            transient: true,
            source: source.into(),
        }
    }

    /// The store, or what is stored, is broken: the same call fails again.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            transient: false,
            source: source.into(),
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        self.transient
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.transient {
            "the store is not available: "
        } else {
            "the store failed: "
        })?;
        self.source.fmt(f)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
