//! The one error for everything that is nobody's conflict.

use std::error::Error;
use std::fmt;

/// A store failed for a reason that the caller can do nothing about. What went wrong is for the log only.
#[derive(Debug)]
pub struct BackendError {
    kind: Kind,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Transient,
    Permanent,
    Refused,
}

impl BackendError {
    /// The store is away, overloaded or too slow: the same call may succeed later.
    pub fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Transient,
            source: source.into(),
        }
    }

    /// The store is broken, or does not let Hush in: calls fail until somebody mends it.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Permanent,
            source: source.into(),
        }
    }

    /// The store takes other calls, but not this one, for what is in it or for what is stored of the same thing: it fails
    /// again however often it is made.
    pub fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Refused,
            source: source.into(),
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    pub fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    /// Whether the same call fails for what is in it, and others succeed.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Transient => "the store is not available: ",
            Kind::Permanent => "the store failed: ",
            Kind::Refused => "the store does not take it: ",
        })?;
        self.source.fmt(f)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
