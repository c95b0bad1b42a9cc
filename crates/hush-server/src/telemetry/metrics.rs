//! Metrics, kept for Prometheus to fetch.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use tracing_appender::non_blocking::ErrorCounter;

use crate::failure::Failure;
use crate::stores::Care;

/// How often measured values are folded into their histograms, and levels are read. Unfolded values take
/// memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// The upper bounds of the latency histograms, in seconds: from what an answer from memory takes to the
/// longest that a request may take.
const SECONDS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0,
    5.0, 10.0,
];

/// The same of commands, which may wait for hours.
const COMMAND_SECONDS: [f64; 14] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0,
];

/// Starts keeping metrics for the whole process. Everything that measures has to be made after this.
pub fn start() -> Result<PrometheusHandle, Failure> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let commands = Matcher::Full("hush_command_duration_seconds".to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(commands, &COMMAND_SECONDS))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Failure::operation(format_args!("cannot keep metrics: {error}")))
}

/// Keeps the metrics in order and up to date, for as long as it runs.
pub async fn keep(metrics: PrometheusHandle, lost: ErrorCounter, care: Care) {
    describe_gauge!(
        "hush_log_lost_lines",
        Unit::Count,
        "Log lines that were thrown away."
    );
    describe_gauge!(
        "hush_store_connections",
        Unit::Count,
        "Database connections that serve requests."
    );
    describe_counter!(
        "hush_ending_token_requests_total",
        Unit::Count,
        "Requests of tokens whose end is less than 14 days away."
    );
    let lost_lines = gauge!("hush_log_lost_lines");
    let connections = |state: &'static str| gauge!("hush_store_connections", "state" => state);
    let mut often = tokio::time::interval(UPKEEP);
    loop {
        often.tick().await;
        metrics.run_upkeep();
        lost_lines.set(u32::try_from(lost.dropped_lines()).unwrap_or(u32::MAX));
        if let Care::Postgres(postgres) = &care {
            let pool = postgres.pool_status();
            connections("max").set(pool.max);
            connections("busy").set(pool.open.saturating_sub(pool.idle));
            connections("idle").set(pool.idle);
        }
    }
}
