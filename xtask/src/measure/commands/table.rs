//! What was measured of commands, as a table.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Result;

use super::outcome::Outcome;
use crate::bench::Store;
use crate::measure::table::percentile;

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// One storm on one store.
pub(super) struct Row {
    pub(super) store: Store,
    pub(super) commands: usize,
    /// From the first request until the last one was answered.
    pub(super) accepting: Duration,
    /// From the first request until the last command came to its end.
    pub(super) done: Duration,
    pub(super) outcome: Outcome,
    /// How many answers of the fake were of the kind that shuts out.
    pub(super) invalid: u64,
    /// The most that the service held, in kibibytes.
    pub(super) memory: u64,
}

impl Row {
    /// How many invalid requests there are in ten minutes: all of a storm that takes less.
    pub(super) fn invalid_in_ten_minutes(&self) -> u64 {
        let parts = TEN_MINUTES.as_secs_f64() / self.done.as_secs_f64();
        if parts > 1.0 {
            return self.invalid;
        }
        // Rounded up.
        self.invalid * TEN_MINUTES.as_secs() / self.done.as_secs() + 1
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are far fewer commands than 2^52"
    )]
    fn a_second(&self, time: Duration) -> f64 {
        self.commands as f64 / time.as_secs_f64()
    }
}

/// Prints the rows as a Markdown table, and what its columns mean.
pub(super) fn print(rows: &[Row]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| store | commands | accepted/s | done/s | time to done p50 s | p99 s | max s | retries | unknown | \
         invalid requests/10 min | peak memory MiB |\n| --- |{}",
        " ---: |".repeat(10)
    )?;
    for row in rows {
        let took = |hundredths| f64::from(percentile(&row.outcome.took, hundredths)) / 1e6;
        writeln!(
            out,
            "| {} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} | {} | {} |",
            row.store,
            row.commands,
            row.a_second(row.accepting),
            row.a_second(row.done),
            took(50),
            took(99),
            took(100),
            row.outcome.retries,
            row.outcome.unknown,
            row.invalid_in_ten_minutes(),
            row.memory / 1024,
        )?;
    }
    writeln!(
        out,
        "\nNo command was lost or done twice, and what the API says of each is what Discord has seen.\n\
         \n\
         - done: by a bot that sends Discord no more than 50 requests a second, which is all that Discord takes.\n\
         - time to done: from queueing to the end. All are queued at once, so it is mostly the time in the queue.\n\
         - retries: attempts that were followed by another one, for want of a place in a limit or since Discord failed.\n\
         - unknown: failed with `outcome-unknown`, since an answer was lost and to do it again could do harm.\n\
         - invalid requests: answered by 401, 403 or 429, of which Discord tolerates 10,000 in ten minutes.\n\
         - peak memory: resident, of Hush alone."
    )?;
    Ok(())
}
