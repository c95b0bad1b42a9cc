//! How the service follows Discord, as its metrics say.

use hush_adapters::system::SystemClock;
use hush_ports::Clock;

use super::get;
use crate::config::{Settings, reachable};

/// More than all metrics of a large bot take.
const METRICS: u64 = 8 << 20;

/// How the service that these settings are for follows Discord.
pub(super) fn section(settings: &Settings) -> String {
    if settings.discord.is_none() {
        return "off: there is no bot (HUSH_DISCORD_TOKEN)".to_owned();
    }
    let address = reachable(settings.admin_listen);
    match get(address, "/metrics", METRICS) {
        Ok(metrics) => describe(&metrics, SystemClock::new().wall().unix_seconds()),
        Err(error) => format!("not known: no metrics on {address} (HUSH_ADMIN_LISTEN): {error}"),
    }
}

fn describe(metrics: &str, now: i64) -> String {
    let value = |name: &str| values(metrics, name).next().map(|(_, value)| value);
    if value("hush_discord_refused").is_some_and(|refused| refused > 0.0) {
        return "not followed: Discord does not let the bot in, and the log says why".to_owned();
    }
    match value("hush_discord_leading") {
        None => {
            return "off in the running service: start it again with this configuration".to_owned();
        }
        Some(leading) if leading <= 0.0 => {
            return "this process waits: another one follows".to_owned();
        }
        Some(_) => {}
    }
    let states = values(metrics, "hush_discord_shard_state");
    let connections: Vec<_> = states.filter(|(_, value)| *value > 0.0).collect();
    let live = connections
        .iter()
        .filter(|(labels, _)| labels.contains("state=\"active\""))
        .count();
    let mut parts = vec![format!(
        "followed, {live} of {} connections live",
        connections.len()
    )];
    if let Some(last) =
        value("hush_discord_last_event_timestamp_seconds").filter(|last| *last > 0.0)
    {
        #[expect(clippy::cast_possible_truncation, reason = "it is a moment in seconds")]
        let ago = (now - last as i64).max(0);
        parts.push(format!("last event {ago} s ago"));
    }
    if let Some(waiting) = value("hush_discord_backlog_bytes") {
        parts.push(format!("{waiting} bytes to be stored"));
    }
    if let Some(left) = value("hush_discord_identifies_left") {
        parts.push(format!("{left} sessions left today"));
    }
    parts.join(", ")
}

/// The labels and the value of each series of the metric `name`.
fn values<'a>(metrics: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
    metrics.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with(['{', ' ']) {
            return None;
        }
        let (labels, value) = rest.rsplit_once(' ')?;
        Some((labels, value.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_told_apart() {
        assert!(describe("", 0).starts_with("off in the running service"));
        assert!(describe("hush_discord_leading 0\n", 0).contains("another one follows"));
        let refused = "hush_discord_refused 1\nhush_discord_leading 0\n";
        assert!(describe(refused, 0).contains("does not let the bot in"));
        let followed = "# HELP hush_discord_leading …\nhush_discord_leading 1\n\
             hush_discord_shard_state{shard=\"0\",state=\"active\"} 1\n\
             hush_discord_shard_state{shard=\"0\",state=\"resuming\"} 0\n\
             hush_discord_shard_state{shard=\"1\",state=\"resuming\"} 1\n\
             hush_discord_last_event_timestamp_seconds 90.5\n\
             hush_discord_identifies_left 998\n";
        assert_eq!(
            describe(followed, 100),
            "followed, 1 of 2 connections live, last event 10 s ago, 998 sessions left today"
        );
    }
}
