//! A storm of presences, and what becomes of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::commands;
use crate::measure::PATIENCE;
use crate::measure::metrics::Lag;
use crate::measure::site::Service;

/// How often it is looked in a storm how far the service is, and somebody's roles change.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked after it whether the service has heard all.
const OFTEN: Duration = Duration::from_millis(100);

/// What became of a storm.
pub(super) struct Stormed {
    /// How many presences were really sent in a second.
    pub(super) rate: u64,
    /// From hearing of presences until they are in effect.
    pub(super) lag: Lag,
    /// The longest that a presence was sent and not heard.
    pub(super) unheard: Duration,
    /// How long it took each time until the API knew of somebody's other roles, in microseconds, sorted.
    pub(super) roles: Vec<u32>,
    /// Processor time for a thousand presences, in milliseconds.
    pub(super) cost: f64,
}

impl Stormed {
    /// From sending presences until they are in effect, in seconds: at most so many for 99 batches in 100.
    pub(super) fn behind(&self) -> f64 {
        self.unheard.as_secs_f64() + self.lag.p99
    }
}

/// Sends so many presences a second for so many seconds, and waits until the API knows what they leave.
pub(super) fn storm(service: &Service<'_>, rate: u64, seconds: u64) -> Result<Stormed> {
    let discord = service.discord();
    let before = service.metrics()?;
    let time = service.processor_time()?;
    let started = Instant::now();
    let wanted = json!({"rate": rate, "seconds": seconds, "seed": rate});
    discord.post("storm", &wanted)?;
    let mut unheard = Duration::ZERO;
    let mut roles = Vec::new();
    let sent = loop {
        std::thread::sleep(EVERY);
        unheard = unheard.max(service.unheard_since(&before)?);
        let took = service.change_roles(roles.len())?;
        roles.push(u32::try_from(took.as_micros())?);
        let storm = discord.get("storm")?;
        if storm["running"] == false {
            break u32::try_from(storm["sent"].as_u64().context("the fake counts nothing")?)?;
        }
        ensure!(started.elapsed() < PATIENCE, "the storm does not end");
    };
    while service.metrics()?.presences_since(&before) < sent.into() {
        unheard = unheard.max(service.unheard_since(&before)?);
        let log = || service.log().unwrap_or_default();
        ensure!(started.elapsed() < PATIENCE, "not all is heard: {}", log());
        std::thread::sleep(OFTEN);
    }
    // What the last batch costs may be missing, and what looking costs is in it.
    let time = service.processor_time()?.saturating_sub(time);
    service.agrees_within(PATIENCE)?;
    roles.sort_unstable();
    let last = discord.get(&format!("storm/{}", sent.saturating_sub(1)))?;
    let lasted = last["sent_us"].as_u64().unwrap_or_default().max(1);
    let stormed = Stormed {
        rate: u64::from(sent) * 1_000_000 / lasted,
        lag: service.metrics()?.lag_since(&before),
        unheard,
        roles,
        cost: time.as_secs_f64() * 1e6 / f64::from(sent),
    };
    commands::say(format_args!(
        "{rate} presences a second: {} were sent, at most {:.2} s behind",
        stormed.rate,
        stormed.behind()
    ));
    Ok(stormed)
}
