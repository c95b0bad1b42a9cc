//! Who does something, when and why, as the audit log keeps it.

use std::sync::Arc;

use hush_domain::audit::{Act, GivenReason, Reason, RequestId};
use hush_ports::{Clock, Random};

use crate::{Failure, Permit};

/// What a door knows of why something shall be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cause {
    /// The request that asks for it.
    pub request_id: Option<RequestId>,
    /// The reason that was given.
    pub reason: Option<Reason>,
}

/// Makes acts out of permits.
#[derive(Clone)]
pub(crate) struct Acts {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Acts {
    pub(crate) fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }

    /// What the holder of `permit` does now.
    pub(crate) fn by(&self, permit: &Permit, cause: Cause) -> Result<Act, Failure> {
        let reason = match cause.reason {
            Some(text) => {
                let mut salt = [0; 16];
                self.random.fill(&mut salt)?;
                Some(GivenReason { text, salt })
            }
            None => None,
        };
        Ok(Act {
            at: self.clock.wall(),
            actor: permit.actor()?,
            request_id: cause.request_id,
            reason,
        })
    }
}
