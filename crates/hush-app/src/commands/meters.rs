//! What is measured of commands.

use hush_domain::commands::{Command, OrderType};
use hush_domain::time::Timestamp;
use hush_ports::Waiting;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

/// Says what the metrics of commands mean.
pub(super) fn describe() {
    describe_gauge!(
        "hush_commands_pending",
        Unit::Count,
        "Commands that have not come to their end, by type."
    );
    describe_gauge!(
        "hush_commands_oldest_seconds",
        Unit::Seconds,
        "How long the oldest of these has waited."
    );
    describe_histogram!(
        "hush_command_duration_seconds",
        Unit::Seconds,
        "Time from queueing a command to its end, by type."
    );
    describe_counter!(
        "hush_commands_total",
        Unit::Count,
        "Commands that came to their end, by type and state."
    );
    describe_counter!(
        "hush_command_retries_total",
        Unit::Count,
        "Attempts that were followed by another one, by type."
    );
}

/// Shows how much waits.
pub(super) fn show(waiting: &Waiting, now: Timestamp) {
    for kind in OrderType::ALL {
        let pending = waiting.pending.iter().find(|(other, _)| *other == kind);
        let count = pending.map_or(0, |(_, count)| *count);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        gauge!("hush_commands_pending", "type" => kind.as_str()).set(f64::from(count));
    }
    let age = waiting.oldest.map_or(0.0, |oldest| seconds(oldest, now));
    gauge!("hush_commands_oldest_seconds").set(age);
}

/// Counts the end of a command.
pub(super) fn ended(command: &Command) {
    let (kind, state) = (command.order.kind().as_str(), command.state.name().as_str());
    counter!("hush_commands_total", "type" => kind, "state" => state).increment(1);
    if let Some(end) = command.ended_at {
        let took = seconds(command.created_at, end);
        histogram!("hush_command_duration_seconds", "type" => kind).record(took);
    }
}

/// Counts an attempt that is followed by another one.
pub(super) fn again(command: &Command) {
    let kind = command.order.kind().as_str();
    counter!("hush_command_retries_total", "type" => kind).increment(1);
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    let micros = to.unix_micros().saturating_sub(from.unix_micros());
    std::time::Duration::from_micros(u64::try_from(micros).unwrap_or_default()).as_secs_f64()
}
