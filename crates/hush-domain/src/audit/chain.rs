//! The chain of a server's audit log.
//!
//! A server's rows are numbered from 1 without gaps, and each carries a link: a hash over the link before and all
//! that the row says. With a key the hash is HMAC-SHA256, else SHA-256. The log's ends (its newest row, and the last
//! row that retention removed) are sealed the same way.
//!
//! What that is worth: without a key, whoever can write to the database can also compute every link anew, so only
//! damage and careless changes are found, unless somebody kept a head elsewhere. With a key that is not in the
//! database, nobody can change, remove, reorder or add a row unnoticed who has only the database; what remains is
//! putting the whole log back into an earlier state of its own, which a head that was kept elsewhere shows.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Act, Action, Actor, Details, Entry, GivenReason, RequestId, Target};
use crate::ids::ServerId;
use crate::time::Timestamp;

mod canonical;
mod ends;

pub use ends::End;

use canonical::canonical;

/// The hash in a row over everything up to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

impl Link {
    /// What stands before the first row.
    pub const START: Self = Self([0; 32]);

    /// The link with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for a store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

/// A place in a server's log: a row by its number and link. Number 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The row's number.
    pub number: u64,
    /// Its link.
    pub link: Link,
}

impl Place {
    /// Before the first row.
    pub const START: Self = Self {
        number: 0,
        link: Link::START,
    };
}

/// A server's newest row, as people keep it elsewhere: `SERVER:NUMBER:LINK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The server.
    pub server: ServerId,
    /// Its newest row.
    pub place: Place,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { number, link } = self.place;
        write!(f, "{}:{number}:{link}", self.server)
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a head: expected SERVER:NUMBER:LINK with a link of 64 hexadecimal digits")]
pub struct InvalidHead;

impl FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let mut parts = text.split(':');
        let (Some(server), Some(number), Some(link), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidHead);
        };
        let digits = link.len() == 64 && link.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(InvalidHead);
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            let pair = link.get(at..at + 2).ok_or(InvalidHead)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidHead)?;
        }
        Ok(Self {
            server: server.parse().map_err(|_| InvalidHead)?,
            place: Place {
                number: number.parse().map_err(|_| InvalidHead)?,
                link: Link(bytes),
            },
        })
    }
}

/// Names a key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id with these bytes.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The 8 bytes, for a store.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A secret of the operator's. It has no readable `Debug`.
#[derive(Clone)]
pub struct ChainKey {
    id: KeyId,
    mac: Hmac<Sha256>,
}

/// The key is too short to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "too short: expected at least {} characters, such as those of `openssl rand -hex 32`",
    ChainKey::SHORTEST
)]
pub struct WeakKey;

impl ChainKey {
    /// The least length in bytes.
    pub const SHORTEST: usize = 32;

    /// The key with these bytes, at least 32 of them.
    pub fn new(bytes: &[u8]) -> Result<Self, WeakKey> {
        if bytes.len() < Self::SHORTEST {
            return Err(WeakKey);
        }
        // HMAC takes keys of every length.
        let mac = Hmac::new_from_slice(bytes).map_err(|_| WeakKey)?;
        let mut naming = mac.clone();
        naming.update(b"hush audit key id");
        let mut id = [0; 8];
        id.copy_from_slice(&naming.finalize().into_bytes()[..8]);
        Ok(Self { id: KeyId(id), mac })
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(…)")
    }
}

/// The operator's keys: the newest makes links, and all of them check links. Without any, links are plain hashes.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Vec<ChainKey>);

/// One row of a server's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The server.
    pub server: ServerId,
    /// The row's number in the server's log, from 1.
    pub number: u64,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// What was so before.
    pub before: Option<Details>,
    /// What is so from then on.
    pub after: Option<Details>,
    /// The request that asked for it.
    pub request_id: Option<RequestId>,
    /// The commitment to the reason, if one was given.
    pub commitment: Option<[u8; 32]>,
    /// The reason itself, unless it was erased. It is no part of the chain.
    pub reason: Option<GivenReason>,
    /// The key that made the link, if one did.
    pub key: Option<KeyId>,
    /// The hash over everything up to this row.
    pub link: Link,
}

impl Row {
    /// Where the row is.
    pub fn place(&self) -> Place {
        Place {
            number: self.number,
            link: self.link,
        }
    }
}

/// What is wrong with a row, as seen from the row before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Another number was due.
    #[error("row {due} is missing: row {found} is in its place")]
    Missing {
        /// The number that was due.
        due: u64,
        /// The number that came.
        found: u64,
    },
    /// Its link does not fit what it says and what came before.
    #[error("row {0} was changed, or what was before it was removed or reordered")]
    Changed(u64),
    /// It was made with a key that is not among the given ones.
    #[error("row {number} was chained with the key {key}, which is not among those configured")]
    UnknownKey {
        /// The row's number.
        number: u64,
        /// The key.
        key: KeyId,
    },
    /// It has no key, but a row before it has one.
    #[error("row {0} was chained without a key, although one before it has one")]
    Unkeyed(u64),
    /// The seal of the checkpoint before it does not fit.
    #[error("the checkpoint before row {0} was changed: its seal does not fit")]
    Checkpoint(u64),
    /// Its reason is not the one that was given.
    #[error("the reason of row {0} was changed")]
    Reason(u64),
}

impl Keyring {
    /// These keys, the newest last.
    pub fn new(keys: Vec<ChainKey>) -> Self {
        Self(keys)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row that `entry` becomes after `last`.
    pub fn append(&self, last: Place, act: &Act, entry: Entry) -> Row {
        let mut row = Row {
            server: entry.server,
            number: last.number + 1,
            at: act.at,
            actor: act.actor,
            action: entry.action,
            target: entry.target,
            before: entry.before,
            after: entry.after,
            request_id: act.request_id.clone(),
            commitment: act.reason.as_ref().map(GivenReason::commitment),
            reason: act.reason.clone(),
            key: self.0.last().map(|key| key.id),
            link: Link::START,
        };
        row.link = hash(self.0.last(), &canonical(last.link, &row));
        row
    }

    /// Whether `row` is the one after `last`, unchanged. `keyed`: whether a row before it had a key.
    pub fn verify(&self, last: Place, keyed: bool, row: &Row) -> Result<(), Broken> {
        let (number, due) = (row.number, last.number + 1);
        if number != due {
            return Err(Broken::Missing { due, found: number });
        }
        let key = match row.key {
            Some(id) => {
                let known = self.0.iter().find(|key| key.id == id);
                Some(known.ok_or(Broken::UnknownKey { number, key: id })?)
            }
            None if keyed => return Err(Broken::Unkeyed(number)),
            None => None,
        };
        if hash(key, &canonical(last.link, row)) != row.link {
            return Err(Broken::Changed(number));
        }
        match &row.reason {
            Some(reason) if Some(reason.commitment()) != row.commitment => {
                Err(Broken::Reason(number))
            }
            _ => Ok(()),
        }
    }
}

fn hash(key: Option<&ChainKey>, text: &[u8]) -> Link {
    Link(match key {
        Some(key) => {
            let mut mac = key.mac.clone();
            mac.update(text);
            mac.finalize().into_bytes().into()
        }
        None => Sha256::digest(text).into(),
    })
}
