//! Measures the live feed: how far behind Discord the service is in a storm of presences, on a Discord of our own.

mod metrics;
mod site;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::bench::{Options, Store};
use crate::commands;
use metrics::{Lag, Metrics};
use site::{Discord, Site};

/// The storm that has to be followed: presences a second over so many servers of so many members each, the bot among
/// them.
const STORM: u64 = 5_000;
const SERVERS: u64 = 1_000;
const MEMBERS: u64 = 100;
/// The most that a storm may be behind.
const MOST_LAG: f64 = 2.0;
/// The rates that are tried after it, until one is too much.
const RATES: [u64; 4] = [10_000, 20_000, 40_000, 80_000];
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is measured, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The service's binary.
    #[arg(long)]
    hush: PathBuf,
    /// The fake Discord's binary.
    #[arg(long)]
    fake: PathBuf,
    #[command(flatten)]
    options: Options,
}

/// What was measured on one store.
struct Row {
    store: Store,
    known: Duration,
    lag: Lag,
    /// Processor time for a thousand presences, in milliseconds.
    cost: f64,
    /// In kibibytes.
    memory: u64,
    /// Bytes for each member.
    bytes: u64,
    sustained: u64,
    /// Until a server of as many members was complete.
    large: Duration,
}

/// Measures the feed on every store and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let only = arguments.options.store;
    let stores = Store::value_variants().iter().copied();
    let mut rows = Vec::new();
    for store in stores.filter(|store| only.is_none_or(|only| only == *store)) {
        rows.push(measure(store, arguments).with_context(|| format!("measuring {store}"))?);
    }
    print(&rows)
}

fn measure(store: Store, arguments: &Arguments) -> Result<Row> {
    commands::say(format_args!("following {SERVERS} servers into {store}"));
    let discord = Discord::start(&arguments.fake, SERVERS, MEMBERS - 1)?;
    let site = Site::new(store)?;
    let empty = site.serve(&arguments.hush, None)?.resident_memory()?;
    let service = site.serve(&arguments.hush, Some(&discord))?;
    let started = Instant::now();
    wait_for(&service, |metrics| {
        metrics.events("GUILD_CREATE") >= SERVERS
            && metrics.is_idle()
            && metrics.applied() >= SERVERS
    })?;
    let known = started.elapsed();
    let memory = service.resident_memory()?;
    let seconds = if arguments.options.quick { 10 } else { 60 };
    let stormed = storm(&service, &discord, STORM, seconds)?;
    let after = service.resident_memory()?;
    let mut sustained = 0;
    let mut last = stormed;
    for rate in RATES {
        if last.lag.p99 > MOST_LAG {
            break;
        }
        // The fake may be slower than it was told to be.
        sustained = sustained.max(last.rate);
        last = storm(&service, &discord, rate, 5)?;
    }
    if last.lag.p99 <= MOST_LAG {
        sustained = sustained.max(last.rate);
    }
    site.compare(&arguments.hush, &service, &discord, MEMBERS)?;
    drop((service, discord));
    Ok(Row {
        store,
        known,
        lag: stormed.lag,
        cost: stormed.cost,
        memory: after,
        bytes: memory.saturating_sub(empty) * 1024 / (SERVERS * MEMBERS),
        sustained,
        large: large(store, arguments)?,
    })
}

/// How long it takes until one server of as many members is complete.
fn large(store: Store, arguments: &Arguments) -> Result<Duration> {
    let discord = Discord::start(&arguments.fake, 1, SERVERS * MEMBERS - 1)?;
    let site = Site::new(store)?;
    let service = site.serve(&arguments.hush, Some(&discord))?;
    let started = Instant::now();
    let parts = SERVERS * MEMBERS / 1000;
    wait_for(&service, |metrics| {
        metrics.events("GUILD_MEMBERS_CHUNK") >= parts
            && metrics.is_idle()
            && metrics.applied() > parts
    })?;
    Ok(started.elapsed())
}

/// What became of a storm.
#[derive(Clone, Copy)]
struct Stormed {
    /// How far behind the service was.
    lag: Lag,
    /// What a thousand presences cost it, in milliseconds of processor time.
    cost: f64,
    /// How many were really sent in a second.
    rate: u64,
}

/// Sends so many presences a second for so many seconds.
fn storm(service: &site::Service, discord: &Discord, rate: u64, seconds: u64) -> Result<Stormed> {
    commands::say(format_args!("a storm of {rate} presences a second"));
    let before = service.metrics()?;
    let time = service.processor_time()?;
    discord.post(
        "storm",
        &json!({"rate": rate, "seconds": seconds, "seed": rate}),
    )?;
    let started = Instant::now();
    let sent = loop {
        let storm = discord.get("storm")?;
        if storm["running"] == false {
            break storm["sent"].as_u64().context("the fake counts nothing")?;
        }
        ensure!(started.elapsed() < PATIENCE, "the storm does not end");
        std::thread::sleep(Duration::from_millis(100));
    };
    let rate = sent * 1000 / u64::try_from(started.elapsed().as_millis())?.max(1);
    let heard = before.events("PRESENCE_UPDATE") + sent;
    wait_for(service, |metrics| {
        metrics.events("PRESENCE_UPDATE") >= heard && metrics.is_idle()
    })?;
    let time = service.processor_time()?.saturating_sub(time);
    let lag = service.metrics()?.lag_since(&before);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a storm has far fewer than 2^52"
    )]
    let cost = time.as_secs_f64() * 1000.0 / (sent as f64 / 1000.0);
    Ok(Stormed { lag, cost, rate })
}

fn wait_for(service: &site::Service, is_so: impl Fn(&Metrics) -> bool) -> Result<()> {
    let started = Instant::now();
    // What is waiting is shown every second, so what looks idle has to look so twice.
    let mut twice = false;
    loop {
        let so = is_so(&service.metrics()?);
        if so && twice {
            return Ok(());
        }
        twice = so;
        if started.elapsed() > PATIENCE {
            bail!("the service does not catch up: {}", service.log()?);
        }
        std::thread::sleep(Duration::from_millis(if so { 1100 } else { 50 }));
    }
}

fn print(rows: &[Row]) -> Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let members = SERVERS * MEMBERS;
    writeln!(
        out,
        "| store | {SERVERS} servers known, s | lag p50 s | p99 s | max s | CPU ms/1,000 | memory MiB | bytes/member | \
         sustained/s | one of {members} members, s |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in rows {
        writeln!(
            out,
            "| {} | {:.1} | {} | {} | {} | {:.0} | {} | {} | {} | {:.1} |",
            row.store,
            row.known.as_secs_f64(),
            row.lag.p50,
            row.lag.p99,
            row.lag.max,
            row.cost,
            row.memory / 1024,
            row.bytes,
            row.sustained,
            row.large.as_secs_f64(),
        )?;
    }
    writeln!(
        out,
        "\nThe lag is from {STORM} presences a second, and its quantiles are the upper bounds of the histogram's buckets."
    )?;
    Ok(())
}
