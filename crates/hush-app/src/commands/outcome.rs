//! What an attempt means for its command.

use std::time::Duration;

use hush_domain::commands::{Command, FailureCode, Order, Report, State};
use hush_domain::time::Timestamp;
use hush_ports::Execution;

/// What becomes of a command after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// It has come to its end.
    End(State),
    /// It is tried again. `unsure`: it may have been carried out.
    Again {
        /// Whether it may have been carried out.
        unsure: bool,
    },
}

/// Before an attempt: whether a command that may have been carried out must not be tried again. When it was begun is not known
/// if the clock went back since.
pub(super) fn lost(command: &Command, unsure: bool, now: Timestamp) -> bool {
    let since = since_start(command, now);
    unsure && !since.is_some_and(|since| command.order.is_repeatable(since))
}

/// After an attempt. `unsure` is whether the command may have been carried out before it.
pub(super) fn after(command: &Command, unsure: bool, execution: Execution, now: Timestamp) -> Next {
    match execution {
        Execution::Done(report) => Next::End(State::Succeeded(report)),
        // The ban that an earlier attempt lifted is no longer there.
        Execution::Refused(FailureCode::BanNotFound)
            if unsure && matches!(command.order, Order::Unban { .. }) =>
        {
            Next::End(State::Succeeded(Report::Done))
        }
        Execution::Refused(code) => refused(code, unsure),
        Execution::Limited | Execution::NotDone => Next::Again { unsure },
        Execution::Unknown if lost(command, true, now) => {
            Next::End(State::Failed(FailureCode::OutcomeUnknown))
        }
        Execution::Unknown => Next::Again { unsure: true },
    }
}

/// It is refused now. What may have been carried out before has not failed for that reason.
pub(super) fn refused(code: FailureCode, unsure: bool) -> Next {
    // The rest of the member list is on its way.
    if code == FailureCode::MembersUnknown {
        return Next::Again { unsure };
    }
    let code = if unsure {
        FailureCode::OutcomeUnknown
    } else {
        code
    };
    Next::End(State::Failed(code))
}

fn since_start(command: &Command, now: Timestamp) -> Option<Duration> {
    let started = command.started_at.unwrap_or(command.created_at);
    let micros = now.unix_micros().checked_sub(started.unix_micros())?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}
