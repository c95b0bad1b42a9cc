//! Measures commands: how soon a storm of them is done, on a Discord of our own that has limits and fails now and then.

mod orders;
mod outcome;
mod storm;
mod table;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::PATIENCE;
use super::site::{Arguments, Discord, Service};
use crate::bench::Store;
use crate::commands::say;
use outcome::Outcome;
use table::Row;

/// How many servers of so many members each, the bot among them. Each gets 20 commands.
const SERVERS: u64 = 500;
const FEW_SERVERS: u64 = 50;
const MEMBERS: u64 = 20;
/// What Discord is like: five requests of a kind in five seconds for each server and channel, and of a hundred one that goes
/// wrong.
const DISCORD: [&str; 6] = ["--limit", "5", "--limit-seconds", "5", "--faults", "100"];
/// The most invalid requests in ten minutes; Discord shuts out who sends 10,000.
const MOST_INVALID: u64 = 1000;

/// Measures commands on every store and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut rows = Vec::new();
    for store in arguments.options.stores() {
        let row = measure(store, arguments).with_context(|| format!("measuring {store}"))?;
        rows.push(row);
    }
    table::print(&rows)?;
    for row in &rows {
        let invalid = row.invalid_in_ten_minutes();
        ensure!(
            invalid < MOST_INVALID,
            "{}: {invalid} invalid requests in ten minutes",
            row.store
        );
    }
    Ok(())
}

fn measure(store: Store, arguments: &Arguments) -> Result<Row> {
    let servers = if arguments.options.quick {
        FEW_SERVERS
    } else {
        SERVERS
    };
    let discord = Discord::start(&arguments.fake, servers, MEMBERS, &DISCORD)?;
    let service = Service::start(store, &arguments.hush, &discord)?;
    service.agrees_within(PATIENCE)?;
    let orders = orders::for_all(discord.owners())?;
    say(format_args!("{} commands on {store}", orders.len()));
    let started = Instant::now();
    let taken = storm::send(service.address(), &orders)?;
    let accepting = started.elapsed();
    let done = storm::until_done(&service, orders.len(), started)?;
    let outcome = Outcome::read(&service, &discord, &taken)?;
    let observed = discord.get("observed")?;
    let invalid = observed["invalid_requests"].as_u64();
    Ok(Row {
        store,
        commands: orders.len(),
        accepting,
        done,
        outcome,
        invalid: invalid.context("the fake counts no invalid requests")?,
        memory: service.peak_memory()?,
    })
}

/// An id, or another text that has to be there.
fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    let found = value[name].as_str();
    found.with_context(|| format!("{value} has no {name}"))
}
