//! How Discord asks and answers: the live feed of its gateway, slash commands, and the carrying out of commands.
//!
//! ```text
//! gateway → connection → backlog → apply → Ingest
//! ```
//!
//! A `connection` hears and never waits for a store; the `backlog` keeps the order; `apply` brings what was heard
//! into effect and tries again while the store is away; where a session stands is stored once its events are in
//! effect. One process at a time does so: the one that has the `lead`.

mod apply;
mod backlog;
pub mod commands;
mod connection;
mod executor;
mod feed;
mod identify;
mod interactions;
mod lead;
mod meters;
mod progress;
mod requests;
mod settings;
mod wire;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use hush_ports::{Clock, Feed, Samples, Sessions};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

pub use executor::DiscordExecutor;
pub use settings::{
    BotToken, InvalidBotToken, InvalidProxy, Privileged, Proxy, SAMPLE_EVERY, Settings,
};

use commands::Commands;
use feed::{Ended, Leading};
use interactions::Interactions;
use lead::Lead;
use meters::Meters;

/// How long to wait before what ended by itself begins anew, the first time and at most.
const ANEW: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// What the feed needs from the outside.
#[derive(Clone)]
pub struct Ports {
    /// Who leads, and what is followed.
    pub feed: Arc<dyn Feed>,
    /// Where the connections stand.
    pub sessions: Arc<dyn Sessions>,
    /// The hourly samples.
    pub samples: Arc<dyn Samples>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Follows Discord until `stop` says so: whenever this process has the lead, every server that the bot is in is kept up
/// to date. Returns early only if Discord does not let the bot in, which is logged with its cure; what is stored then
/// stays as it is. Slash commands are answered by `commands`; answers that are under way when it ends are waited for, for a
/// few seconds. Metrics go to the recorder that is installed when this is called.
pub async fn follow(
    settings: Settings,
    ports: Ports,
    commands: Arc<Commands>,
    mut stop: watch::Receiver<bool>,
) {
    let meters = Arc::new(Meters::new());
    meters.leading.set(0.0);
    meters.refused.set(0.0);
    let interactions = Interactions::new(commands);
    let mut lost = None;
    let mut wait = ANEW.0;
    loop {
        let lead = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            lead = Lead::win(&*ports.feed, settings.alone, lost) => lead,
        };
        tracing::info!(epoch = lead.epoch.0, "this process follows Discord");
        let since = Instant::now();
        meters.leading.set(1.0);
        let leading = Leading::new((&settings, &ports, &interactions), &lead, &meters);
        let run = AssertUnwindSafe(leading.run(stop.clone()));
        // What a panic leaves behind is begun anew with the rest.
        let ended = run.catch_unwind().await.unwrap_or_else(|_| {
            let why = "bringing what was heard into effect has ended in a panic";
            Ended::Again(why.to_owned())
        });
        meters.leading.set(0.0);
        meters.backlog.set(0.0);
        lost = Some(lead.epoch);
        match ended {
            Ended::Deposed => {
                tracing::warn!(
                    epoch = lead.epoch.0,
                    "the lead is lost: another process follows Discord by now, or the store was away too long"
                );
            }
            Ended::Again(why) => {
                if since.elapsed() > ANEW.1 {
                    wait = ANEW.0;
                }
                tracing::warn!(why, wait = wait.as_secs(), "following Discord anew");
                // Another process need not wait.
                lead.resign(&*ports.feed).await;
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => {}
                    () = sleep(wait) => {}
                }
                wait = (wait * 2).min(ANEW.1);
            }
            Ended::Stopped => {
                lead.resign(&*ports.feed).await;
                break;
            }
            Ended::Refused(why) => {
                tracing::error!("{why}");
                meters.refused.set(1.0);
                lead.resign(&*ports.feed).await;
                break;
            }
        }
    }
    interactions.settled().await;
}
