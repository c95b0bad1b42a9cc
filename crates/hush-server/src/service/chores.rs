//! What goes on beside the requests.

use std::sync::Arc;
use std::time::Duration;

use hush_app::{App, Retention, Uses};
use tokio::sync::oneshot;
use tokio::time::{interval, timeout};

use crate::stores::Care;

/// How often the store drops what its limiter no longer needs.
const SWEEP: Duration = Duration::from_mins(1);
/// How often it is looked whether a minute of use is over. Each is written once.
const FLUSH: Duration = Duration::from_secs(10);
/// How long the last minute of use may take to be written.
const LAST_FLUSH: Duration = Duration::from_secs(2);
/// How often what is no longer kept is removed, from the start on.
const TIDY: Duration = Duration::from_hours(1);

/// Drops what the limiter no longer needs now and then.
pub(super) async fn sweep(care: Care) {
    let mut often = interval(SWEEP);
    loop {
        often.tick().await;
        match care.sweep().await {
            Ok(dropped) => tracing::debug!(dropped, "dropped what the limiter no longer needs"),
            Err(error) => {
                tracing::warn!(%error, "what the limiter no longer needs could not be dropped");
            }
        }
    }
}

/// Removes what is no longer kept now and then.
pub(super) async fn tidy(app: Arc<App>, retention: Retention) {
    let mut often = interval(TIDY);
    loop {
        often.tick().await;
        match app.housekeeping.tidy(retention).await {
            Ok(tidied) => tracing::debug!(
                tokens = tidied.tokens,
                former_secrets = tidied.former_secrets,
                idempotency = tidied.idempotency,
                usage = tidied.usage,
                audit = tidied.audit,
                commands = tidied.commands,
                servers = tidied.servers,
                "removed what is no longer kept"
            ),
            Err(error) => tracing::warn!(%error, "what is no longer kept could not be removed"),
        }
    }
}

/// Writes what tokens were used for now and then and, once the other end of `served` is gone, all of it.
///
/// It is told and not simply dropped, so that nothing is lost that is being written.
pub(super) async fn record(uses: Arc<Uses>, mut served: oneshot::Receiver<()>) {
    let mut often = interval(FLUSH);
    let written = loop {
        tokio::select! {
            _ = often.tick() => {
                if let Err(error) = uses.flush().await {
                    tracing::warn!(%error, "the use of tokens could not be written yet");
                }
            }
            _ = &mut served => break timeout(LAST_FLUSH, uses.flush_all()).await,
        }
    };
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the last use of tokens was not written"),
        Err(_) => tracing::warn!("the last use of tokens was not written in time"),
    }
}
