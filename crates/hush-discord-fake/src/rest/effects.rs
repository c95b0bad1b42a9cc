//! What requests came to, so that a test can count that nothing was done twice.

use std::sync::Arc;

use serde_json::Value;

use super::Asking;
use crate::Fake;
use crate::state::State;
use crate::world::User;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Times a member out.
    Timeout,
    /// Lets a timed-out member speak again.
    TimeoutLifted,
    /// Gives a member another nickname, or none.
    Nick,
    /// Gives a member this role.
    RoleAdded(u64),
    /// Takes this role from a member.
    RoleRemoved(u64),
    /// Throws a member out.
    Kick,
    /// Bans a user.
    Ban,
    /// Lifts a ban.
    Unban,
    /// Bans one of several users.
    BulkBan,
    /// Sends a message.
    Message,
}

/// What a request that was not refused came to. A request that is about several users comes to one for each of them.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Which request of [`Fake::requests`] it was, counted from 0.
    pub number: usize,
    /// What was done.
    pub deed: Deed,
    /// The server.
    pub guild: u64,
    /// The user, or the channel of a message.
    pub target: u64,
    /// Whether it changed anything: a role that is held already is given without any.
    pub changed: bool,
    /// The reason for Discord's audit log.
    pub reason: Option<Arc<str>>,
    /// The body of the request; null if there was none.
    pub body: Arc<Value>,
}

impl Fake {
    /// What the requests so far came to, the oldest first.
    pub fn effects(&self) -> Vec<Effect> {
        self.shared.read(|state| state.rest.effects.clone())
    }

    /// How many answers were of the kind of which 10,000 in ten minutes shut an address out: 401, 403, and 429 unless
    /// it is of a shared limit.
    pub fn invalid_requests(&self) -> usize {
        self.shared.read(|state| state.rest.invalid)
    }

    /// Adds a user who is in none of the servers. Who was a member or is banned is a user anyway.
    pub fn add_user(&self, user: User) {
        self.shared
            .change(|state| state.others.insert(user.id, user));
    }
}

impl State {
    /// Notes what the request that was logged last came to.
    pub(super) fn effect(
        &mut self,
        deed: Deed,
        guild: u64,
        target: u64,
        changed: bool,
        asking: &Asking,
    ) {
        self.rest.effects.push(Effect {
            number: self.rest.log.len().saturating_sub(1),
            deed,
            guild,
            target,
            changed,
            reason: asking.reason.as_deref().map(Arc::from),
            body: Arc::new(asking.body.clone()),
        });
    }
}
