//! The seals of a log's ends.

use super::canonical::sealed;
use super::{Broken, Head, Keyring, Link, Place, Row, hash};
use crate::ids::ServerId;

/// Which end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The newest row.
    Head,
    /// The last row that retention removed.
    Checkpoint,
}

impl Keyring {
    /// The seal of one end of a server's log.
    pub fn seal(&self, end: End, server: ServerId, place: Place) -> Link {
        hash(self.0.last(), &sealed(end, server, place))
    }

    /// Whether `seal` is the seal of that end, by any of the keys. With a key, a seal without one is none, unless
    /// the log ends before the first key (`keyed` is false).
    pub fn is_sealed(
        &self,
        end: End,
        server: ServerId,
        place: Place,
        keyed: bool,
        seal: Link,
    ) -> bool {
        let text = sealed(end, server, place);
        let plain = !keyed && hash(None, &text) == seal;
        plain || self.0.iter().any(|key| hash(Some(key), &text) == seal)
    }

    /// The seal of a log's new head, if the one of the head before is right. If not, that one, which is right for no
    /// head: whoever writes on must not hide what was done to the log. `keyed`: whether the row before has a key.
    pub fn reseal(&self, before: Head, keyed: bool, seal: Link, head: Place) -> Link {
        let Head { server, place } = before;
        if self.is_sealed(End::Head, server, place, keyed, seal) {
            self.seal(End::Head, server, head)
        } else {
            seal
        }
    }

    /// Whether the checkpoint and the rows after it, the oldest of a log, are as they were written: only then may they
    /// be removed, since the checkpoint then stands for them.
    pub fn verify_oldest(&self, checkpoint: Place, seal: Link, rows: &[Row]) -> Result<(), Broken> {
        let mut last = checkpoint;
        let mut keyed = false;
        for row in rows {
            let first = last == checkpoint;
            if first && !self.is_checkpoint(row.server, checkpoint, row.key.is_some(), seal) {
                return Err(Broken::Checkpoint(row.number));
            }
            self.verify(last, keyed, row)?;
            last = row.place();
            keyed |= row.key.is_some();
        }
        Ok(())
    }

    /// Whether `seal` is the seal of a checkpoint. `keyed`: whether the first row after it has a key; then it must have
    /// one as well, unless no row was removed yet.
    pub fn is_checkpoint(
        &self,
        server: ServerId,
        checkpoint: Place,
        keyed: bool,
        seal: Link,
    ) -> bool {
        let keyed = keyed && checkpoint.number > 0;
        self.is_sealed(End::Checkpoint, server, checkpoint, keyed, seal)
    }
}
