//! What of the feed is measured. Names and labels are closed lists: nothing that Discord says becomes one.

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use twilight_gateway::ShardState;

/// The events that are counted by their name; all others are `other`.
const EVENTS: [&str; 22] = [
    "READY",
    "RESUMED",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBERS_CHUNK",
    "PRESENCE_UPDATE",
    "RATE_LIMITED",
    "INTERACTION_CREATE",
];

/// Handles to what is measured, kept, since asking for each event costs more than to count it.
pub(crate) struct Meters {
    events: [Counter; EVENTS.len()],
    other: Counter,
    pub(crate) malformed: Counter,
    pub(crate) failed: Counter,
    pub(crate) reconnects: Counter,
    pub(crate) identifies: Counter,
    pub(crate) identifies_left: Gauge,
    pub(crate) member_requests: Counter,
    pub(crate) presence_lag: Histogram,
    pub(crate) lag: Histogram,
    pub(crate) backlog: Gauge,
    pub(crate) last_event: Gauge,
    pub(crate) leading: Gauge,
    pub(crate) refused: Gauge,
}

impl Meters {
    /// Metrics go to the recorder that is installed when this is called.
    pub(crate) fn new() -> Self {
        describe();
        let event = |name: &'static str| counter!("hush_discord_events_total", "type" => name);
        let lag =
            |what: &'static str| histogram!("hush_discord_event_lag_seconds", "events" => what);
        Self {
            events: EVENTS.map(event),
            other: event("other"),
            malformed: counter!("hush_discord_malformed_events_total"),
            failed: counter!("hush_discord_failed_events_total"),
            reconnects: counter!("hush_discord_reconnects_total"),
            identifies: counter!("hush_discord_identifies_total"),
            identifies_left: gauge!("hush_discord_identifies_left"),
            member_requests: counter!("hush_discord_member_requests_total"),
            presence_lag: lag("presence"),
            lag: lag("other"),
            backlog: gauge!("hush_discord_backlog_bytes"),
            last_event: gauge!("hush_discord_last_event_timestamp_seconds"),
            leading: gauge!("hush_discord_leading"),
            refused: gauge!("hush_discord_refused"),
        }
    }

    /// Counts an event by its name.
    pub(crate) fn event(&self, name: &str) {
        let known = EVENTS.iter().zip(&self.events);
        let counter = known.into_iter().find(|(event, _)| **event == name);
        counter
            .map_or(&self.other, |(_, counter)| counter)
            .increment(1);
    }
}

/// Says in which state a connection is; `None` once there is none.
pub(crate) fn show_state(shard: u32, state: Option<ShardState>) {
    let now = state.map(name);
    for state in STATES {
        let gauge =
            gauge!("hush_discord_shard_state", "shard" => shard.to_string(), "state" => state);
        gauge.set(if now == Some(state) { 1.0 } else { 0.0 });
    }
}

const STATES: [&str; 5] = [
    "disconnected",
    "identifying",
    "resuming",
    "active",
    "closed",
];

fn name(state: ShardState) -> &'static str {
    match state {
        ShardState::Disconnected { .. } => STATES[0],
        ShardState::Identifying => STATES[1],
        ShardState::Resuming => STATES[2],
        ShardState::Active => STATES[3],
        ShardState::FatallyClosed => STATES[4],
    }
}

fn describe() {
    describe_counter!(
        "hush_discord_events_total",
        Unit::Count,
        "Dispatches of Discord's gateway."
    );
    describe_counter!(
        "hush_discord_malformed_events_total",
        Unit::Count,
        "Events that could not be read."
    );
    describe_counter!(
        "hush_discord_failed_events_total",
        Unit::Count,
        "Events that the store did not take."
    );
    describe_counter!(
        "hush_discord_reconnects_total",
        Unit::Count,
        "Connections to the gateway that ended."
    );
    describe_counter!(
        "hush_discord_identifies_total",
        Unit::Count,
        "Sessions that were begun anew."
    );
    describe_gauge!(
        "hush_discord_identifies_left",
        Unit::Count,
        "Sessions that Discord still lets begin anew."
    );
    describe_counter!(
        "hush_discord_member_requests_total",
        Unit::Count,
        "Requests for the member list of a server."
    );
    describe_histogram!(
        "hush_discord_event_lag_seconds",
        Unit::Seconds,
        "Time from hearing of something until it is in effect."
    );
    describe_gauge!(
        "hush_discord_backlog_bytes",
        Unit::Bytes,
        "What was heard and is not in effect yet."
    );
    describe_gauge!(
        "hush_discord_last_event_timestamp_seconds",
        Unit::Seconds,
        "When an event was heard last."
    );
    describe_gauge!(
        "hush_discord_refused",
        Unit::Count,
        "1 if Discord does not let the bot in, else 0."
    );
    describe_gauge!(
        "hush_discord_leading",
        Unit::Count,
        "1 if this process follows Discord, else 0."
    );
    describe_gauge!(
        "hush_discord_shard_state",
        Unit::Count,
        "1 for the state in which a connection is."
    );
}
