//! Following Discord for as long as this process leads.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::feed::{Session, Shard};
use hush_ports::FeedError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use twilight_gateway::{ConfigBuilder, Intents, ShardId};
use twilight_http::Client;
use twilight_http::error::ErrorType;
use twilight_model::gateway::connection_info::BotConnectionInfo;

use crate::apply::{Applier, Deposed};
use crate::backlog::Backlog;
use crate::commands::Commands;
use crate::connection::{self, Connection, Gateway, Shown, Standing};
use crate::identify::Identifies;
use crate::interactions::Interactions;
use crate::lead::Lead;
use crate::meters::Meters;
use crate::progress::Progress;
use crate::requests::Requests;
use crate::wire::Generations;
use crate::{Ports, Settings};

/// How many things are brought into effect at once.
const WORKERS: usize = 4;
/// How often it is stored where the sessions stand.
const RECORD: Duration = Duration::from_secs(1);
/// How often the counts are looked at for the hourly samples.
const SAMPLE: Duration = Duration::from_mins(5);
/// How long to wait before Discord is asked again how to connect, the first time and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long what was heard may take to come into effect when the process stops.
const SETTLE: Duration = Duration::from_secs(3);
/// How long a large server may be before its `GUILD_CREATE` leaves out who is offline. The most that can be asked for.
const LARGE: u64 = 250;

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
                    Ok(connection::Ended::Refused(code)) => return Ended::Refused(refusal(code)),
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

    /// Asks Discord until it says how to connect.
    async fn ask_how_to_connect(&self) -> Result<BotConnectionInfo, Ended> {
        let mut wait = RETRY.0;
        loop {
            let error = match self.client.gateway().authed().await {
                Ok(answer) => match answer.model().await {
                    Ok(info) => return Ok(info),
                    Err(error) => error.to_string(),
                },
                Err(error) => match error.kind() {
                    ErrorType::Unauthorized => return Err(Ended::Refused(refusal(4004))),
                    ErrorType::Response { status, .. } if status.get() == 401 => {
                        return Err(Ended::Refused(refusal(4004)));
                    }
                    _ => error.to_string(),
                },
            };
            tracing::warn!(error, "Discord does not say how to connect: asking again");
            sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
    }

    /// Makes the connections, each going on with its session if there is one.
    async fn connect(
        &self,
        info: &BotConnectionInfo,
        backlog: &Arc<Backlog>,
        shown: &[Arc<Shown>],
        stop: &watch::Receiver<bool>,
    ) -> Result<Vec<Connection>, Ended> {
        let stored = self.stored().await?;
        let shards = info.shards.max(1);
        let identifies = Identifies::new(
            (self.ports.sessions.clone(), self.ports.clock.clone()),
            Arc::clone(&self.client),
            Arc::clone(self.meters),
            (self.lead.epoch, shards),
            &info.session_start_limit,
        );
        let config = ConfigBuilder::new(self.settings.token.secret(), self.intents())
            .large_threshold(LARGE)
            .proxy_url(info.url.clone())
            .queue(identifies)
            .build();
        let mut connections = Vec::new();
        for (number, shown) in (0..shards).zip(shown) {
            let shard = Shard {
                number,
                total: shards,
            };
            let session = stored.iter().find(|session| session.shard == shard);
            let mut requests = Requests::new(self.lead.epoch);
            let mut config = ConfigBuilder::from(config.clone());
            let progress = Progress::since(session.map_or(0, |session| session.sequence));
            if let Some(session) = session {
                config = config
                    .session(twilight_gateway::Session::new(
                        session.sequence,
                        session.id.clone(),
                    ))
                    .resume_url(session.resume_url.clone());
                shown.set_standing(Standing {
                    id: session.id.clone(),
                    resume_url: session.resume_url.clone(),
                    progress: Arc::clone(&progress),
                });
                self.want_what_is_missing(shard, &mut requests).await?;
            }
            connections.push(Connection {
                shard,
                gateway: Gateway::with_config(ShardId::new(number, shards), config.build()),
                privileged: self.settings.privileged,
                lead: self.lead.clone(),
                backlog: Arc::clone(backlog),
                clock: self.ports.clock.clone(),
                meters: Arc::clone(self.meters),
                shown: Arc::clone(shown),
                requests,
                generations: Generations::new(self.lead.epoch),
                progress,
                stop: stop.clone(),
            });
        }
        Ok(connections)
    }

    fn intents(&self) -> Intents {
        let privileged = self.settings.privileged;
        let mut intents = Intents::GUILDS;
        intents.set(Intents::GUILD_MEMBERS, privileged.members);
        intents.set(Intents::GUILD_PRESENCES, privileged.presences);
        intents
    }

    async fn stored(&self) -> Result<Vec<Session>, Ended> {
        loop {
            match self.ports.sessions.stored().await {
                Ok(sessions) => return Ok(sessions),
                Err(error) => {
                    tracing::warn!(%error, "where the sessions with Discord stand could not be looked up");
                }
            }
            sleep(RETRY.0).await;
        }
    }

    /// Wants again the member lists that were not complete when the feed was left.
    async fn want_what_is_missing(
        &self,
        shard: Shard,
        requests: &mut Requests,
    ) -> Result<(), Ended> {
        let followed = loop {
            match self.ports.feed.followed(shard).await {
                Ok(followed) => break followed,
                Err(error) => tracing::warn!(%error, "what is followed could not be looked up"),
            }
            sleep(RETRY.0).await;
        };
        let now = tokio::time::Instant::now();
        for followed in followed {
            if let (Some(generation), true) = (followed.generation, followed.available) {
                requests.want(followed.server, generation, now);
            }
        }
        Ok(())
    }

    /// Stores where the sessions stand, again and again.
    async fn record(&self, shown: &[Arc<Shown>]) -> Deposed {
        let mut often = interval(RECORD);
        often.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut recorded = vec![None; shown.len()];
        loop {
            often.tick().await;
            for (number, (one, recorded)) in shown.iter().zip(&mut recorded).enumerate() {
                let Some(session) = session(number, shown.len(), one) else {
                    continue;
                };
                if recorded.as_ref() == Some(&session) {
                    continue;
                }
                match self.ports.sessions.record(self.lead.epoch, &session).await {
                    Ok(()) => *recorded = Some(session),
                    Err(FeedError::Deposed) => return Deposed,
                    Err(error) => {
                        tracing::warn!(%error, "where a session with Discord stands is not stored yet");
                    }
                }
            }
        }
    }

    /// Stores where the sessions stand, for the last time.
    async fn record_once(&self, shown: &[Arc<Shown>]) {
        for (number, one) in shown.iter().enumerate() {
            if let Some(session) = session(number, shown.len(), one)
                && let Err(error) = self.ports.sessions.record(self.lead.epoch, &session).await
            {
                tracing::warn!(%error, "where a session with Discord stands was not stored");
            }
        }
    }

    /// Looks at the counts of what is followed now and then.
    async fn sample(&self, shown: &[Arc<Shown>]) -> Deposed {
        loop {
            sleep(SAMPLE).await;
            let total = u32::try_from(shown.len()).unwrap_or(u32::MAX);
            let live: Vec<_> = (0..total)
                .zip(shown)
                .filter(|(_, shown)| shown.is_live())
                .map(|(number, _)| Shard { number, total })
                .collect();
            let now = self.ports.clock.wall();
            match self.ports.samples.take(self.lead.epoch, &live, now).await {
                Ok(servers) => tracing::debug!(servers, "sampled the counts"),
                Err(FeedError::Deposed) => return Deposed,
                Err(error) => tracing::warn!(%error, "the counts were not sampled"),
            }
        }
    }

    /// Shows how much waits.
    async fn watch(&self, backlog: &Backlog) {
        let mut often = interval(RECORD);
        loop {
            often.tick().await;
            #[expect(clippy::cast_precision_loss, reason = "it is a measured value")]
            self.meters.backlog.set(backlog.weight() as f64);
        }
    }
}

/// Where the session of a connection stands, if anything of it is in effect.
fn session(number: usize, total: usize, shown: &Shown) -> Option<Session> {
    let Standing {
        id,
        resume_url,
        progress,
    } = shown.standing()?;
    let sequence = progress.applied();
    let shard = Shard {
        number: u32::try_from(number).ok()?,
        total: u32::try_from(total).ok()?,
    };
    (sequence > 0).then_some(Session {
        shard,
        id,
        sequence,
        resume_url,
    })
}

/// Why Discord does not let the bot in, and what to do about it.
fn refusal(code: u16) -> String {
    let cure = match code {
        4004 => {
            "the bot's token is wrong or was reset: copy it from the page Bot of your application in Discord's \
             developer portal into HUSH_DISCORD_TOKEN"
        }
        4013 => "Discord does not know the intents that are asked for: use a newer version of Hush",
        4014 => {
            "privileged intents are switched off: turn on SERVER MEMBERS INTENT and PRESENCE INTENT on the page Bot of \
             your application in Discord's developer portal, or do without with HUSH_DISCORD_MEMBERS=false or \
             HUSH_DISCORD_PRESENCES=false"
        }
        4010..=4012 => {
            "Discord does not take the connection as it is made: use a newer version of Hush"
        }
        _ => "Discord closed the connection for good",
    };
    format!(
        "Discord is not followed (close code {code}): {cure}; then start again. Until then the API serves what is stored"
    )
}
