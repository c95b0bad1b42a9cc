//! Commands sent as fast as clients can, and waited for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::task::JoinSet;

use super::text;
use crate::measure::connection::Connection;
use crate::measure::site::Service;

const CONNECTIONS: usize = 64;
/// How often it is looked how many commands are done.
const OFTEN: Duration = Duration::from_millis(250);
/// How long all of them may take.
const LONGEST: Duration = Duration::from_mins(15);

/// Sends the requests, each once, and gives the ids of the commands that were taken.
pub(super) fn send(service: SocketAddr, requests: &[Vec<u8>]) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let requests: Arc<[Vec<u8>]> = requests.into();
    runtime.block_on(async {
        let next = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let connection = Connection::open(service).await?;
            clients.spawn(client(connection, requests.clone(), next.clone()));
        }
        let mut taken = Vec::with_capacity(requests.len());
        while let Some(theirs) = clients.join_next().await {
            taken.extend(theirs??);
        }
        Ok(taken)
    })
}

async fn client(
    mut connection: Connection,
    requests: Arc<[Vec<u8>]>,
    next: Arc<AtomicUsize>,
) -> Result<Vec<String>> {
    let mut taken = Vec::new();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let answer = connection.ask(request).await?.to_owned();
        let (status, body) = (answer.status, answer.body);
        ensure!(status == 202, "a command was answered by {status}: {body}");
        let command: Value = serde_json::from_str(&body)?;
        taken.push(text(&command, "id")?.to_owned());
    }
    Ok(taken)
}

/// Waits until so many commands have come to their end. Returns how long after `started` that was.
pub(super) fn until_done(
    service: &Service<'_>,
    commands: usize,
    started: Instant,
) -> Result<Duration> {
    let commands = u64::try_from(commands)?;
    loop {
        let ended = service.metrics().context("looking how many are done")?;
        let ended = ended.commands_ended();
        if ended >= commands {
            return Ok(started.elapsed());
        }
        let log = || service.log().unwrap_or_default();
        ensure!(
            started.elapsed() < LONGEST,
            "only {ended} of {commands} are done: {}",
            log()
        );
        std::thread::sleep(OFTEN);
    }
}
