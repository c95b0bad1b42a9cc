//! Measures the service beside its limit. Built for release and started by `cargo xtask bench`.

pub(crate) mod commands;
mod connection;
pub(crate) mod feed;
mod fixture;
pub(crate) mod limit;
mod load;
mod metrics;
mod process;
mod question;
pub(crate) mod site;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::bench::Options;
use crate::commands::say;
use connection::{Answer, Connection};
use fixture::Service;
use load::Load;
use process::Process;
use question::{KINDS, Kind, Questions};
use table::{Row, Sample};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// What is measured, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The service's binary.
    #[arg(long)]
    hush: PathBuf,
    /// The core that is the servers' own.
    #[arg(long)]
    server_core: Option<usize>,
    #[command(flatten)]
    options: Options,
}

struct Pace {
    rounds: usize,
    round: Duration,
}

/// Measures every kind of answer on every store and prints the table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let pace = if arguments.options.quick {
        Pace {
            rounds: 1,
            round: Duration::from_secs(1),
        }
    } else {
        Pace {
            rounds: 5,
            round: Duration::from_secs(3),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut rows = Vec::new();
        for store in arguments.options.stores() {
            say(format_args!(
                "filling {} servers into {store}",
                fixture::SERVERS
            ));
            let service = Service::start(store, &arguments.hush, arguments.server_core)?;
            let mut questions = Questions::ask_all_once(&service).await?;
            for kind in KINDS {
                say(format_args!("measuring {store}, {}", kind.status()));
                let samples = measure(kind, &service, &mut questions, &pace, arguments.server_core)
                    .await
                    .with_context(|| format!("measuring {} on {store}", kind.status()))?;
                rows.push(Row::new(
                    store,
                    kind,
                    samples,
                    service.process().resident_memory()?,
                ));
            }
        }
        table::print(&rows)
    })
}

/// Interleaved rounds: the service, its limit, the service, its limit …, so that what else the machine does meets
/// both. The first round of each only warms up.
async fn measure(
    kind: Kind,
    service: &Service,
    questions: &mut Questions,
    pace: &Pace,
    core: Option<usize>,
) -> Result<Vec<Sample>> {
    let hush = service.process();
    let mut connection = Connection::open(hush.address()).await?;
    let learned = questions.example(kind, &mut connection).await?;
    let limit = start_limit(&learned, core).await?;
    let mut samples = Vec::new();
    for _ in 0..=pace.rounds {
        let load = Load::new(questions.of(kind, &mut connection).await?, kind.status());
        samples.push(Sample {
            hush: round(hush, &load, pace.round)
                .await
                .context("the service")?,
            limit: round(&limit, &load, pace.round)
                .await
                .context("the limit")?,
        });
    }
    Ok(samples.split_off(1))
}

async fn start_limit(learned: &Answer, core: Option<usize>) -> Result<Process> {
    let limit = limit::start(learned, core)?;
    let mut connection = Connection::open(limit.address()).await?;
    let answer = connection.ask(&question::to_the_limit()).await?.to_owned();
    ensure!(
        answer.same_as(learned),
        "the limit does not answer as the service did:\n{answer:?}\n{learned:?}"
    );
    Ok(limit)
}

async fn round(server: &Process, load: &Load, lasting: Duration) -> Result<load::Round> {
    server.empty_log()?;
    let before = server.processor_time()?;
    let mut round = load.run(server.address(), lasting).await?;
    round.processor_time = server.processor_time()?.saturating_sub(before);
    Ok(round)
}
