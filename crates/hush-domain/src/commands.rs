//! Commands: what people let the bot do in a server, and what becomes of it.
//!
//! An [`Order`] says what shall be done. As a [`Command`] it has an id, somebody who gave it and a deadline, waits in a
//! queue, and comes to exactly one end. Who may order what is in [`rules`].

use std::time::Duration;

use crate::audit::{Act, Actor, GivenReason, RequestId};
use crate::ids::{CommandId, ServerId, TokenId, UserId};
use crate::time::Timestamp;

pub mod rules;

mod codes;
mod orders;
mod states;

pub use codes::FailureCode;
pub use orders::{
    BannedUsers, Content, InvalidBannedUsers, InvalidContent, Lane, MAX_BANNED, MAX_DELETED,
    MAX_TIMEOUT, Nickname, Order, OrderType,
};
pub use states::{Report, State, StateName};

/// How far ahead a deadline can lie.
pub const MAX_PATIENCE: Duration = Duration::from_hours(24);
/// The most commands of one server that have not come to their end.
pub const MAX_PENDING: usize = 1000;
/// An order with somebody who gave it, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// The server.
    pub server: ServerId,
    /// What shall be done.
    pub order: Order,
    /// The token through which it was given.
    pub token: TokenId,
    /// Whose token that is.
    pub user: UserId,
    /// The request that brought it.
    pub request_id: Option<RequestId>,
    /// Why, if it was said.
    pub reason: Option<GivenReason>,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it must not run any more.
    pub not_after: Timestamp,
    /// When it was begun: the first time since when it may have been carried out.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// How often it was begun.
    pub attempts: u32,
    /// Where it stands.
    pub state: State,
}

impl Command {
    /// What happens to it at `at`, as something that whoever gave it does.
    pub fn act(&self, at: Timestamp) -> Act {
        Act {
            at,
            actor: Actor::Token {
                token: self.token,
                user: self.user,
            },
            request_id: self.request_id.clone(),
            reason: self.reason.clone(),
        }
    }

    /// How it ends at its deadline. If it may have been carried out already, nobody knows.
    pub fn overdue(&self, unsure: bool) -> State {
        if unsure {
            State::Failed(FailureCode::OutcomeUnknown)
        } else {
            State::Expired
        }
    }

    /// How it ends if it must, before its time: one that is being carried out may be done.
    pub fn broken_off(&self) -> State {
        match self.state {
            State::Running => State::Failed(FailureCode::OutcomeUnknown),
            _ => State::Cancelled,
        }
    }

    /// Whether `user` gave it, or it does something to them.
    pub fn is_about(&self, user: UserId) -> bool {
        self.user == user || self.order.users().contains(&user)
    }

    /// Until when a timeout lasts that is carried out now or once more. It counts from the first time that it may have been
    /// carried out, so that a repetition changes nothing.
    pub fn timeout_until(&self) -> Option<Timestamp> {
        match self.order {
            Order::Timeout { lasting, .. } => self.started_at?.checked_add(lasting),
            _ => None,
        }
    }
}

/// The text is no word of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word of the list")]
pub struct UnknownWord;
