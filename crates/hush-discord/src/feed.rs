//! Following Discord for as long as this process leads.

mod connect;
mod record;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use twilight_http::Client;

use crate::apply::{Applier, Deposed};
use crate::backlog::Backlog;
use crate::connection::{self, Connection};
use crate::interactions::Interactions;
use crate::lead::Lead;
use crate::meters::Meters;
use crate::{Ports, Settings};

/// How many things are brought into effect at once.
const WORKERS: usize = 4;
/// How often it is shown how much waits.
const SHOW: Duration = Duration::from_secs(1);
/// How long what was heard may take to come into effect when the process stops.
const SETTLE: Duration = Duration::from_secs(3);

/// The close code that asks for more connections.
const TOO_FEW: u16 = 4011;

/// How following ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Stopped,
    /// The lead is lost: another process has it, or the store was away too long.
    Deposed,
    /// Discord does not let the bot in: what to do about it.
    Refused(String),
    /// It has to begin anew: why.
    Again(String),
}

/// Follows Discord in one epoch.
pub(crate) struct Leading<'a> {
    settings: &'a Settings,
    ports: &'a Ports,
    interactions: &'a Interactions,
    lead: &'a Lead,
    meters: &'a Arc<Meters>,
    client: Arc<Client>,
}

impl<'a> Leading<'a> {
    pub(crate) fn new(
        (settings, ports, interactions): (&'a Settings, &'a Ports, &'a Interactions),
        lead: &'a Lead,
        meters: &'a Arc<Meters>,
    ) -> Self {
        let client = Arc::new(settings.client());
        Self {
            settings,
            ports,
            interactions,
            lead,
            meters,
            client,
        }
    }

    /// Follows until it is told to stop, the lead is lost, or Discord refuses.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) -> Ended {
        let stopped = stop.clone();
        let kept = self.lead.keep(&*self.ports.feed);
        let followed = async {
            let backlog = Arc::new(Backlog::default());
            let made = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ended::Stopped,
                made = self.connect(&backlog, &stopped) => made,
            };
            match made {
                Ok(connections) => self.follow(connections, &backlog).await,
                Err(refused) => refused,
            }
        };
        tokio::select! {
            () = kept => Ended::Deposed,
            ended = followed => ended,
        }
    }

    async fn follow(&self, made: Vec<Connection>, backlog: &Arc<Backlog>) -> Ended {
        let shown: Vec<_> = made.iter().map(|it| Arc::clone(&it.shown)).collect();
        let shards = u32::try_from(made.len()).unwrap_or(u32::MAX);
        let mut connections = JoinSet::new();
        for connection in made {
            connections.spawn(connection.run());
        }
        let applier = Applier {
            backlog: Arc::clone(backlog),
            epoch: self.lead.epoch,
            feed: self.ports.feed.clone(),
            ingest: self.ports.feed.ingest(self.lead.epoch),
            shards,
            interactions: self.interactions.clone(),
            meters: Arc::clone(self.meters),
            torn: Mutex::default(),
        };
        let beside = async {
            let workers = futures::future::join_all((0..WORKERS).map(|_| applier.work()));
            tokio::select! {
                _ = workers => Deposed,
                deposed = applier.flush() => deposed,
                deposed = self.record(&shown) => deposed,
                deposed = self.sample(&shown) => deposed,
                () = self.watch(backlog) => Deposed,
            }
        };
        let heard = async {
            while let Some(ended) = connections.join_next().await {
                match ended {
                    Ok(connection::Ended::Stopped) => {}
                    Ok(connection::Ended::Deposed) => return Ended::Deposed,
                    Ok(connection::Ended::Refused(TOO_FEW)) => {
                        let why = "Discord divides the bot's servers among more connections now";
                        return Ended::Again(why.to_owned());
                    }
                    Ok(connection::Ended::Refused(code)) => return Ended::refused(code),
                    // Its text was logged with the panic.
                    Err(_) => return Ended::Again("a connection has ended in a panic".to_owned()),
                }
            }
            // What was heard comes into effect before it is stored where the sessions stand.
            let _ = timeout(SETTLE, backlog.settled()).await;
            Ended::Stopped
        };
        let ended = tokio::select! {
            _ = beside => Ended::Deposed,
            ended = heard => ended,
        };
        if !matches!(ended, Ended::Deposed) {
            let _ = timeout(SETTLE, self.record_once(&shown)).await;
        }
        ended
    }

    /// Shows how much waits.
    async fn watch(&self, backlog: &Backlog) {
        let mut often = interval(SHOW);
        loop {
            often.tick().await;
            #[expect(clippy::cast_precision_loss, reason = "it is a measured value")]
            self.meters.backlog.set(backlog.weight() as f64);
        }
    }
}
