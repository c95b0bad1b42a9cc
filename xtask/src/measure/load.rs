//! The load: so many connections, each asking again as soon as it has its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::Connection;

const CONNECTIONS: usize = 64;
/// How long after a round its last answers may come.
const GRACE: Duration = Duration::from_secs(10);

/// Requests to send in turn, and the status that must come back.
#[derive(Clone)]
pub(super) struct Load {
    requests: Arc<[Vec<u8>]>,
    next: Arc<AtomicUsize>,
    status: u16,
}

/// What came of a round.
pub(super) struct Round {
    /// How long each answer took, in microseconds.
    pub(super) latencies: Vec<u32>,
    /// How long the round took.
    pub(super) elapsed: Duration,
    /// How long the server's process ran, in user and system mode.
    pub(super) processor_time: Duration,
}

impl Load {
    /// Requests that are each answered with `status`.
    pub(super) fn new(requests: Arc<[Vec<u8>]>, status: u16) -> Self {
        Self {
            requests,
            next: Arc::default(),
            status,
        }
    }

    /// Sends them, again from the first when all are through, until the time is up.
    pub(super) async fn run(&self, server: SocketAddr, lasting: Duration) -> Result<Round> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(server).await?);
        }
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(self.clone().drive(connection, start + lasting));
        }
        let mut latencies = Vec::new();
        while let Some(done) = timeout(lasting + GRACE, tasks.join_next())
            .await
            .context("an answer did not come in time")?
        {
            latencies.append(&mut done??);
        }
        Ok(Round {
            latencies,
            elapsed: start.elapsed(),
            processor_time: Duration::ZERO,
        })
    }

    async fn drive(self, mut connection: Connection, end: Instant) -> Result<Vec<u32>> {
        let mut latencies = Vec::new();
        let mut asked = Instant::now();
        while asked < end {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.requests.len();
            let answer = connection.ask(&self.requests[turn]).await?;
            ensure!(
                answer.status == self.status,
                "an answer was {} where all should be {}",
                answer.status,
                self.status
            );
            let answered = Instant::now();
            let latency = answered.duration_since(asked).as_micros();
            latencies.push(u32::try_from(latency).unwrap_or(u32::MAX));
            asked = answered;
        }
        Ok(latencies)
    }
}
