//! Following Discord beside the requests.

use std::sync::Arc;
use std::time::Duration;

use hush_app::App;
use hush_discord::commands::Commands;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::Settings;
use crate::stores::Stores;

/// How long what was heard may take to come into effect once the service stops, and answers to arrive that are under way:
/// all that the feed gives itself for these.
const FAREWELL: Duration = Duration::from_secs(12);

/// The feed, if there is a bot to follow Discord.
pub(super) struct Following {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

/// Tells the feed that the service is about to stop.
pub(super) struct Stopping(watch::Sender<bool>);

impl Following {
    /// Follows Discord if the settings name a bot.
    pub(super) fn start(
        settings: &Settings,
        public_url: &str,
        app: &Arc<App>,
        stores: &Stores,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = settings.discord.clone().map(|settings| {
            let commands = Commands::new(app.clone(), public_url, settings.api.as_ref());
            let ports = stores.feed.clone();
            tokio::spawn(hush_discord::follow(
                settings,
                ports,
                Arc::new(commands),
                stopped,
            ))
        });
        Self { stop, task }
    }

    /// What tells the feed that the service is about to stop, while requests are still being answered.
    pub(super) fn stopping(&self) -> Stopping {
        Stopping(self.stop.clone())
    }

    /// Waits until what was heard is in effect and it is stored where the sessions stand, so that the next process misses
    /// nothing and begins none anew.
    pub(super) async fn end(self) {
        self.stop.send_replace(true);
        let Some(task) = self.task else {
            return;
        };
        match timeout(FAREWELL, task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "following Discord has ended by itself"),
            Err(_) => {
                tracing::warn!("what was heard of Discord last will be heard again");
            }
        }
    }
}

impl Stopping {
    pub(super) fn stop(&self) {
        self.0.send_replace(true);
    }
}
