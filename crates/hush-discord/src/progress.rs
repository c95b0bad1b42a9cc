//! How far a session's events are applied, though they are not applied in their order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The events of one session.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    /// The highest that was heard.
    heard: u64,
    /// Those that are still to be applied.
    open: BTreeSet<u64>,
}

/// An event that is still to be applied, and is so until it is said to be done: one that is only dropped never is.
#[derive(Debug)]
pub(crate) struct Mark {
    progress: Arc<Progress>,
    sequence: u64,
}

impl Progress {
    /// A session whose events up to `sequence` are applied.
    pub(crate) fn since(sequence: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Numbers {
            heard: sequence,
            open: BTreeSet::new(),
        })))
    }

    /// Notes that an event was heard which changes nothing.
    pub(crate) fn pass(&self, sequence: u64) {
        let mut numbers = self.numbers();
        numbers.heard = numbers.heard.max(sequence);
    }

    /// Notes that an event was heard.
    pub(crate) fn mark(self: &Arc<Self>, sequence: u64) -> Mark {
        let mut numbers = self.numbers();
        numbers.heard = numbers.heard.max(sequence);
        numbers.open.insert(sequence);
        Mark {
            progress: Arc::clone(self),
            sequence,
        }
    }

    /// The number of the last event such that it and all before it are applied.
    pub(crate) fn applied(&self) -> u64 {
        let numbers = self.numbers();
        let first_open = numbers.open.first();
        first_open.map_or(numbers.heard, |first| first.saturating_sub(1))
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    /// Notes that the event is applied, or that a later one takes its place.
    pub(crate) fn done(self) {
        self.progress.numbers().open.remove(&self.sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_applied_ends_before_the_first_open_event() {
        let progress = Progress::since(7);
        assert_eq!(progress.applied(), 7);
        let [eighth, ninth] = [8, 9].map(|sequence| progress.mark(sequence));
        progress.pass(10);
        assert_eq!(progress.applied(), 7);
        ninth.done();
        assert_eq!(progress.applied(), 7);
        eighth.done();
        assert_eq!(progress.applied(), 10);
    }
}
