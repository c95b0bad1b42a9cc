//! The running service: its listeners, what goes on beside the requests, and an orderly end.

mod chores;
mod discord;
mod signal;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hush_app::App;
use hush_http::{Api, HttpSettings};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::discord::Following;
use crate::config::Settings;
use crate::failure::Failure;
use crate::stores::Stores;
use crate::telemetry::{admin, logs, metrics};

/// How long commands that are under way may take to end once the service stops: a little more than they give themselves.
const COMMANDS_FAREWELL: Duration = Duration::from_secs(12);

/// A service that has its addresses, its logs and its metrics, and does not answer yet.
pub struct Service {
    api: TcpListener,
    admin: TcpListener,
    bound: SocketAddr,
    logs: logs::Logs,
    metrics: PrometheusHandle,
}

impl Service {
    /// Takes the addresses, and starts logging and measuring.
    pub async fn prepare(settings: &Settings) -> Result<Self, Failure> {
        let api = listen(settings.listen, "HUSH_LISTEN or --listen").await?;
        let admin = listen(settings.admin_listen, "HUSH_ADMIN_LISTEN or --admin-listen").await?;
        Ok(Self {
            bound: api.local_addr().map_err(Failure::operation)?,
            api,
            admin,
            logs: logs::start(&settings.logs)?,
            metrics: metrics::start()?,
        })
    }

    /// How the API answers.
    pub fn http(&self, settings: &Settings) -> HttpSettings {
        settings.http(self.bound)
    }

    /// Answers requests until the process is told to stop (SIGTERM or SIGINT). Then `/readyz` says so, for
    /// `drain_delay` all goes on, and what runs may finish.
    pub async fn run(
        self,
        settings: &Settings,
        app: Arc<App>,
        stores: &Stores,
    ) -> Result<(), Failure> {
        let stop = signal::stop()?;
        let admin_address = self.admin.local_addr().map_err(Failure::operation)?;
        let http = self.http(settings);
        let following = Following::start(settings, &http.public_url, &app, stores);
        let api = Api::new(app.clone(), http);
        // Whatever is beside the requests ends with this set.
        let mut beside = JoinSet::new();
        beside.spawn(admin::serve(self.admin, self.metrics.clone()));
        beside.spawn(metrics::keep(
            self.metrics,
            self.logs.lost(),
            stores.care.clone(),
        ));
        beside.spawn(chores::sweep(stores.care.clone()));
        beside.spawn(chores::tidy(app.clone(), settings.retention));
        let (serving, served) = oneshot::channel();
        let recording = tokio::spawn(chores::record(app.uses.clone(), served));
        tracing::info!(listen = %self.bound, admin = %admin_address, "serving");
        let drain_delay = settings.drain_delay;
        let (halt, halted) = watch::channel(false);
        let runner = app.command_runner.clone();
        let alone = stores.care.is_alone();
        let commands = tokio::spawn(async move { runner.run(alone, halted).await });
        let stopping = following.stopping();
        hush_http::serve(self.api, api, async move {
            stop.await;
            app.readiness.drain();
            stopping.stop();
            halt.send_replace(true);
            tracing::info!(drain_delay = %humantime::format_duration(drain_delay), "stopping");
            tokio::time::sleep(drain_delay).await;
        })
        .await;
        drop((beside, serving));
        recording.await.map_err(Failure::operation)?;
        match timeout(COMMANDS_FAREWELL, commands).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "carrying commands out has ended by itself"),
            Err(_) => {
                tracing::warn!("commands that were under way are taken over by who comes next");
            }
        }
        following.end().await;
        stores.care.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn listen(address: SocketAddr, cure: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::operation(format_args!(
            "cannot listen on {address}: {error}; choose another address with {cure}"
        ))
    })
}
