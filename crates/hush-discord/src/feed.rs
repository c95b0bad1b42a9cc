//! Following Discord for as long as this process leads.

mod connect;
mod record;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use twilight_http::Client;
use twilight_model::gateway::connection_info::BotConnectionInfo;

use crate::apply::{Applier, Deposed};
use crate::backlog::Backlog;
use crate::commands::Commands;
use crate::connection::{self, Shown};
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

/// How following ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Stopped,
    Deposed,
    /// Discord does not let the bot in: what to do about it.
    Refused(String),
}

/// Follows Discord in one epoch.
pub(crate) struct Leading<'a> {
    settings: &'a Settings,
    ports: &'a Ports,
    lead: &'a Lead,
    meters: &'a Arc<Meters>,
    client: Arc<Client>,
    interactions: Interactions,
}

impl<'a> Leading<'a> {
    pub(crate) fn new(
        (settings, ports, commands): (&'a Settings, &'a Ports, &Arc<Commands>),
        lead: &'a Lead,
        meters: &'a Arc<Meters>,
    ) -> Self {
        let client = Arc::new(settings.client());
        Self {
            interactions: Interactions::new(Arc::clone(commands)),
            settings,
            ports,
            lead,
            meters,
            client,
        }
    }

    /// Follows until it is told to stop, another process leads, or Discord refuses.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) -> Ended {
        let kept = self.lead.keep(&*self.ports.feed);
        let followed = async {
            let info = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ended::Stopped,
                info = self.ask_how_to_connect() => info,
            };
            match info {
                Ok(info) => self.follow(&info, stop.clone()).await,
                Err(refused) => refused,
            }
        };
        tokio::select! {
            () = kept => Ended::Deposed,
            ended = followed => ended,
        }
    }

    async fn follow(&self, info: &BotConnectionInfo, stop: watch::Receiver<bool>) -> Ended {
        let shards = info.shards.max(1);
        let backlog = Arc::new(Backlog::default());
        let shown: Vec<Arc<Shown>> = (0..shards).map(|_| Arc::default()).collect();
        let mut connections = JoinSet::new();
        match self.connect(info, &backlog, &shown, &stop).await {
            Ok(made) => made.into_iter().for_each(|connection| {
                connections.spawn(connection.run());
            }),
            Err(ended) => return ended,
        }
        let applier = Applier {
            backlog: Arc::clone(&backlog),
            epoch: self.lead.epoch,
            feed: self.ports.feed.clone(),
            ingest: self.ports.feed.ingest(self.lead.epoch),
            shards,
            interactions: self.interactions.clone(),
            meters: Arc::clone(self.meters),
        };
        let beside = async {
            let workers = futures::future::join_all((0..WORKERS).map(|_| applier.work()));
            tokio::select! {
                _ = workers => Deposed,
                deposed = applier.flush() => deposed,
                deposed = self.record(&shown) => deposed,
                deposed = self.sample(&shown) => deposed,
                () = self.watch(&backlog) => Deposed,
            }
        };
        let heard = async {
            while let Some(ended) = connections.join_next().await {
                match ended {
                    Ok(connection::Ended::Stopped) => {}
                    Ok(connection::Ended::Deposed) => return Ended::Deposed,
                    Ok(connection::Ended::Refused(code)) => return Ended::refused(code),
                    Err(error) => {
                        return Ended::Refused(format!(
                            "following Discord has ended for a reason that is Hush's own: {error}"
                        ));
                    }
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
