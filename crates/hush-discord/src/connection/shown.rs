//! What others may know of a connection.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::progress::Progress;

/// The session of a connection, for whoever stores where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// What it was begun to hear.
    pub(crate) intents: u64,
    pub(crate) id: String,
    pub(crate) resume_url: String,
    pub(crate) progress: Arc<Progress>,
}

/// What others may know of a connection.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    standing: Mutex<Option<Standing>>,
    live: AtomicBool,
}

impl Shown {
    /// The session, if there is one.
    pub(crate) fn standing(&self) -> Option<Standing> {
        let standing = self.standing.lock();
        standing.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the connection hears all that happens.
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Relaxed)
    }

    /// Says whether it does. Returns whether that is new.
    pub(super) fn set_live(&self, live: bool) -> bool {
        self.live.swap(live, Relaxed) != live
    }

    pub(crate) fn set_standing(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }
}
