//! What was measured of the feed, as a table.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Result;

use super::storm::Stormed;
use super::{MEMBERS, MOST_LAG, SERVERS};
use crate::bench::Store;
use crate::measure::table::percentile;

/// One world on one store.
pub(super) struct Row {
    pub(super) store: Store,
    pub(super) servers: usize,
    /// From the start of the service until the API knew everything.
    pub(super) known: Duration,
    /// What the service held then, in kibibytes.
    pub(super) memory: u64,
    /// Bytes for each member.
    pub(super) bytes: u64,
    pub(super) storms: Option<Storms>,
}

/// What became of storms.
pub(super) struct Storms {
    /// Of the one that has to be followed.
    pub(super) first: Stormed,
    /// What the service held after it, in kibibytes.
    pub(super) memory: u64,
    pub(super) sustained: Option<Sustained>,
}

/// What was followed in time.
#[derive(Clone, Copy)]
pub(super) struct Sustained {
    /// Presences a second.
    pub(super) rate: u64,
    /// Whether the fake could send no more.
    pub(super) at_least: bool,
}

/// Prints the rows as a Markdown table, and what its columns mean.
pub(super) fn print(rows: &[Row]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| store | servers | members | known after s | memory MiB | bytes/member | storm/s | lag p50 s | p99 s | max s | \
         unheard ms | roles p50 ms | max ms | CPU ms/1,000 | memory after MiB | sustained/s |\n\
         | --- |{}",
        " ---: |".repeat(15)
    )?;
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {} | {:.1} | {} | {} | {} |",
            row.store,
            row.servers,
            SERVERS * MEMBERS,
            row.known.as_secs_f64(),
            row.memory / 1024,
            row.bytes,
            row.storms
                .as_ref()
                .map_or_else(|| ["–"; 9].join(" | "), Storms::cells),
        )?;
    }
    writeln!(
        out,
        "\nThe API's counts of every server were those of Discord at the end.\n\
         \n\
         - lag: from hearing presences until they are in effect, by the oldest of each batch. Quantiles are the upper \
         bounds of the buckets in which they lie; above 1 s these are 2, 5 and 10 s.\n\
         - unheard: the longest that a presence was sent and not heard, looked at once a second.\n\
         - roles: from sending that somebody has other roles until the API says so, once a second of the storm.\n\
         - CPU: of Hush alone, without PostgreSQL and the fake Discord, which share the machine.\n\
         - memory: resident, of Hush alone; bytes/member is what was added since the start of a service that follows \
         nobody.\n\
         - sustained: the highest of doubled rates at which unheard and the lag's p99 are together at most {MOST_LAG} s; \
         with ≥ the fake could send no more."
    )?;
    Ok(())
}

impl Storms {
    fn cells(&self) -> String {
        let Stormed {
            rate,
            lag,
            unheard,
            roles,
            cost,
        } = &self.first;
        let role = |hundredths| f64::from(percentile(roles, hundredths)) / 1000.0;
        let sustained = self.sustained.map_or_else(
            || "none".to_owned(),
            |it| format!("{}{}", if it.at_least { "≥ " } else { "" }, it.rate),
        );
        format!(
            "{rate} | {} | {} | {} | {} | {:.0} | {:.0} | {cost:.1} | {} | {sustained}",
            lag.p50,
            lag.p99,
            lag.max,
            unheard.as_millis(),
            role(50),
            role(100),
            self.memory / 1024,
        )
    }
}
