//! What was measured, as a table.

use std::io::{self, Write as _};

use anyhow::Result;

use super::load::Round;
use super::question::Kind;
use crate::bench::Store;

/// A round of the service and the round of the limit that followed.
pub(super) struct Sample {
    /// The service's.
    pub(super) hush: Round,
    /// The limit's.
    pub(super) limit: Round,
}

/// One kind of answer on one store.
pub(super) struct Row {
    store: Store,
    status: u16,
    per_second: f64,
    /// In microseconds.
    median_latency: u32,
    /// In microseconds.
    slow_latency: u32,
    /// In mebibytes.
    memory: u64,
    /// Processor time of the server for a request, in microseconds.
    cost: f64,
    limit_cost: f64,
    /// Requests for a second of the server's processor time, as a share of the limit's.
    ratio: f64,
}

impl Row {
    /// Medians over the rounds; latencies over all requests; memory is given in kibibytes.
    pub(super) fn new(store: Store, kind: Kind, samples: Vec<Sample>, memory: u64) -> Self {
        let over = |of: fn(&Sample) -> f64| median(samples.iter().map(of).collect());
        let per_second = over(|it| count(&it.hush) / it.hush.elapsed.as_secs_f64());
        let cost = over(|it| cost_of(&it.hush));
        let limit_cost = over(|it| cost_of(&it.limit));
        let ratio = over(|it| cost_of(&it.limit) / cost_of(&it.hush));
        let mut latencies: Vec<u32> = samples
            .into_iter()
            .flat_map(|sample| sample.hush.latencies)
            .collect();
        latencies.sort_unstable();
        Self {
            store,
            status: kind.status(),
            per_second,
            median_latency: percentile(&latencies, 50),
            slow_latency: percentile(&latencies, 99),
            memory: memory / 1024,
            cost,
            limit_cost,
            ratio,
        }
    }
}

/// Prints the rows as a Markdown table.
pub(super) fn print(rows: &[Row]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| store | answer | requests/s | p50 ms | p99 ms | memory MiB | CPU µs/request | limit's | ratio |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {:.0} | {:.2} | {:.2} | {} | {:.1} | {:.1} | {:.2} |",
            row.store,
            row.status,
            row.per_second,
            f64::from(row.median_latency) / 1000.0,
            f64::from(row.slow_latency) / 1000.0,
            row.memory,
            row.cost,
            row.limit_cost,
            row.ratio,
        )?;
    }
    Ok(())
}

fn cost_of(round: &Round) -> f64 {
    round.processor_time.as_secs_f64() * 1e6 / count(round)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a round has far fewer requests than 2^52"
)]
fn count(round: &Round) -> f64 {
    round.latencies.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value that so many hundredths of the sorted values do not exceed.
pub(super) fn percentile(sorted: &[u32], hundredths: usize) -> u32 {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&values, 50), 100);
        assert_eq!(percentile(&values, 99), 198);
        assert_eq!(percentile(&[7], 50), 7);
    }

    #[test]
    fn one_outlier_does_not_move_the_median() {
        assert!((median(vec![1.0, 900.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
