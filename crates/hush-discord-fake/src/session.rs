//! A session of the gateway: what it has been told, so that it can be told again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

/// What a client asked for when it identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) shard: (u32, u32),
    pub(crate) intents: u64,
    pub(crate) large_threshold: usize,
}

pub(crate) struct Session {
    pub(crate) wishes: Wishes,
    /// The number of the last dispatch.
    pub(crate) sequence: u64,
    /// The connection that it is on just now.
    pub(crate) connection: Option<u64>,
    /// Whether it ends with its connection.
    pub(crate) lost: bool,
    /// The connection and the number for which a heartbeat was last asked for.
    pub(crate) asked: Option<(u64, u64)>,
    /// When all members of a server were last asked for.
    pub(crate) full_requests: HashMap<u64, Instant>,
    /// The last dispatches with their numbers, the oldest first.
    replay: VecDeque<(u64, Arc<str>)>,
    /// How many of them are kept.
    kept: usize,
}

impl Session {
    pub(crate) fn new(wishes: Wishes, connection: u64, kept: usize) -> Self {
        Self {
            wishes,
            sequence: 0,
            connection: Some(connection),
            lost: false,
            asked: None,
            full_requests: HashMap::new(),
            replay: VecDeque::new(),
            kept,
        }
    }

    /// Whether a server is on this session's shard.
    pub(crate) fn has(&self, guild: u64) -> bool {
        let (shard, total) = self.wishes.shard;
        (guild >> 22) % u64::from(total) == u64::from(shard)
    }

    /// The next dispatch, which it will be able to replay.
    pub(crate) fn next(&mut self, name: &str, data: &str) -> Arc<str> {
        self.sequence += 1;
        let sequence = self.sequence;
        // Discord writes the type and the number before the data, and clients look for them from the start.
        let frame = format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}"#);
        let frame: Arc<str> = frame.into();
        self.replay.push_back((sequence, Arc::clone(&frame)));
        if self.replay.len() > self.kept {
            self.replay.pop_front();
        }
        frame
    }

    /// The last dispatch.
    pub(crate) fn last(&self) -> Option<Arc<str>> {
        self.replay.back().map(|(_, frame)| Arc::clone(frame))
    }

    /// Everything after the dispatch with this number; `None` if some of it is no longer there, or never will be.
    pub(crate) fn after(&self, sequence: u64) -> Option<Vec<Arc<str>>> {
        if self.lost {
            return None;
        }
        let oldest = self
            .replay
            .front()
            .map_or(self.sequence + 1, |(number, _)| *number);
        (sequence + 1 >= oldest).then(|| {
            self.replay
                .iter()
                .filter(|(number, _)| *number > sequence)
                .map(|(_, frame)| Arc::clone(frame))
                .collect()
        })
    }

    /// The connection over which a heartbeat may be asked for, unless it was for all that was sent.
    pub(crate) fn unasked(&self) -> Option<u64> {
        let connection = self.connection?;
        (self.asked != Some((connection, self.sequence))).then_some(connection)
    }

    /// Can no longer replay what comes up to this number.
    pub(crate) fn forget_until(&mut self, sequence: u64) {
        while self.replay.front().is_some_and(|(it, _)| *it <= sequence) {
            self.replay.pop_front();
        }
    }
}

/// A frame that is no dispatch.
pub(crate) fn frame(op: u8, data: &Value) -> Arc<str> {
    // serde_json would sort the keys, and the data would come first.
    format!(r#"{{"t":null,"s":null,"op":{op},"d":{data}}}"#).into()
}

pub(crate) fn hello(interval: u128) -> Arc<str> {
    let trace = ["[\"gateway-fake\",{\"micros\":0.0}]"];
    frame(
        10,
        &json!({"heartbeat_interval": interval, "_trace": trace}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(kept: usize) -> Session {
        let wishes = Wishes {
            shard: (1, 2),
            intents: 0,
            large_threshold: 50,
        };
        Session::new(wishes, 1, kept)
    }

    #[test]
    fn what_is_kept_is_replayed_and_nothing_in_part() {
        let mut session = session(3);
        for _ in 0..5 {
            session.next("TYPE", "null");
        }
        assert_eq!(session.after(5).unwrap().len(), 0);
        assert_eq!(session.after(2).unwrap().len(), 3);
        assert!(session.after(1).is_none());
        assert_eq!(
            &*session.last().unwrap(),
            r#"{"t":"TYPE","s":5,"op":0,"d":null}"#
        );
        session.forget_until(4);
        assert!(session.after(3).is_none());
        assert_eq!(session.after(4).unwrap().len(), 1);
    }

    #[test]
    fn a_shard_has_its_servers_alone() {
        assert!(session(1).has(1 << 22));
        assert!(!session(1).has(2 << 22));
    }
}
