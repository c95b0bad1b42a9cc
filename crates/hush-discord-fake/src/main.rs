//! A Discord to try Hush with: it stands on loopback until it is stopped, and its door is at `/_fake/`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use hush_discord_fake::{Fake, Population, RestFaults, RestLimit, Setup, Step};
use serde_json::json;

/// A fake Discord on loopback, with as many servers and members as you like.
#[derive(Parser)]
struct Arguments {
    /// Write the addresses to this file, as JSON, once everything is there.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// The token of the bot that may log in.
    #[arg(long, default_value = "token-of-a-fake-bot", hide_default_value = true)]
    token: String,
    /// How many servers the bot is in.
    #[arg(long, default_value_t = 3)]
    servers: u64,
    /// How many members each server has.
    #[arg(long, default_value_t = 100)]
    members: u64,
    /// How many of them are bots.
    #[arg(long, default_value_t = 5)]
    bots: u64,
    /// What chance depends on.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many shards to recommend.
    #[arg(long, default_value_t = 1)]
    shards: u32,
    /// How many requests of a kind each server or channel takes in a while; 0 is no limit.
    #[arg(long, default_value_t = 0)]
    limit: u32,
    /// How many seconds that while lasts.
    #[arg(long, default_value_t = 5)]
    limit_seconds: u64,
    /// Of how many requests to servers and channels one goes wrong; 0 is none.
    #[arg(long, default_value_t = 0)]
    faults: u32,
    /// The port of the REST API; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// The port of the gateway; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    gateway_port: u16,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let population = Population {
        servers: arguments.servers,
        members: arguments.members,
        bots: arguments.bots,
        seed: arguments.seed,
    };
    let fake = Fake::start(Setup {
        token: arguments.token,
        shards: arguments.shards,
        rest_limits: (arguments.limit > 0).then_some(RestLimit {
            requests: arguments.limit,
            per: Duration::from_secs(arguments.limit_seconds),
        }),
        rest_faults: (arguments.faults > 0).then_some(RestFaults {
            seed: arguments.seed,
            one_in: arguments.faults,
        }),
        api_port: arguments.api_port,
        gateway_port: arguments.gateway_port,
        ..Setup::default()
    })
    .await?;
    for guild in population.guilds() {
        fake.take(Step::GuildAdded(guild));
    }
    let addresses = json!({"api": fake.api_url(), "gateway": fake.gateway_url()}).to_string();
    writeln!(io::stdout(), "{addresses}")?;
    if let Some(file) = arguments.port_file {
        publish(&file, &addresses)?;
    }
    tokio::signal::ctrl_c().await
}

/// Writes a file that is never there in part.
fn publish(file: &Path, text: &str) -> io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, file)
}
