//! Measures the live feed: how far behind Discord the service is in a storm of presences, on a Discord of our own.

mod storm;
mod table;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::Store;
use crate::commands::say;
use crate::measure::PATIENCE;
use crate::measure::site::{self, Arguments, Discord, Service};
use storm::{Stormed, storm};
use table::{Row, Storms, Sustained};

/// The storm that has to be followed: presences a second over so many servers of so many members each, the bot among
/// them.
const STORM: u64 = 5_000;
const SERVERS: u64 = 1_000;
const MEMBERS: u64 = 100;
/// The most that a storm may be behind, in seconds.
const MOST_LAG: f64 = 2.0;

/// Measures the feed on every store and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut rows = Vec::new();
    for store in arguments.options.stores() {
        let measuring = || format!("measuring {store}");
        rows.push(many(store, arguments).with_context(measuring)?);
        rows.push(large(store, arguments).with_context(measuring)?);
    }
    table::print(&rows)
}

/// Many servers, in a storm that has to be followed and in those that are too much at last.
fn many(store: Store, arguments: &Arguments) -> Result<Row> {
    let discord = Discord::start(&arguments.fake, SERVERS, MEMBERS, &[])?;
    let (service, mut row) = follow(store, arguments, &discord)?;
    let (lasting, each) = if arguments.options.quick {
        (10, 5)
    } else {
        (60, 15)
    };
    let first = storm(&service, STORM, lasting)?;
    row.storms = Some(Storms {
        memory: service.resident_memory()?,
        sustained: sustained(&service, &first, each)?,
        first,
    });
    service.agrees_within(Duration::ZERO)?;
    Ok(row)
}

/// One server whose members come in chunks.
fn large(store: Store, arguments: &Arguments) -> Result<Row> {
    let discord = Discord::start(&arguments.fake, 1, SERVERS * MEMBERS, &[])?;
    Ok(follow(store, arguments, &discord)?.1)
}

/// Starts a service that follows `discord`, and waits until all is known.
fn follow<'a>(
    store: Store,
    arguments: &Arguments,
    discord: &'a Discord,
) -> Result<(Service<'a>, Row)> {
    let servers = discord.owners().len();
    say(format_args!("following {servers} servers into {store}"));
    let empty = site::empty_memory(store, &arguments.hush)?;
    let service = Service::start(store, &arguments.hush, discord)?;
    service.agrees_within(PATIENCE)?;
    let known = service.started().elapsed();
    let memory = service.resident_memory()?;
    let row = Row {
        store,
        servers,
        known,
        memory,
        bytes: memory.saturating_sub(empty) * 1024 / (SERVERS * MEMBERS),
        storms: None,
    };
    Ok((service, row))
}

/// The most presences a second that were followed in time, looked for from the first storm on.
fn sustained(service: &Service<'_>, first: &Stormed, seconds: u64) -> Result<Option<Sustained>> {
    let mut wanted = STORM;
    let (mut rate, mut behind) = (first.rate, first.behind());
    let mut sustained = None;
    while behind <= MOST_LAG {
        // A fake that sends less than it was told to sends no more, and the service might have followed.
        let at_least = rate < wanted / 10 * 9;
        sustained = Some(Sustained { rate, at_least });
        if at_least {
            break;
        }
        wanted *= 2;
        let stormed = storm(service, wanted, seconds)?;
        (rate, behind) = (stormed.rate, stormed.behind());
    }
    Ok(sustained)
}
