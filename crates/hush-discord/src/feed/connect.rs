//! Making the connections.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::feed::{Session, Shard};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use twilight_gateway::{ConfigBuilder, Intents, ShardId};
use twilight_http::error::ErrorType;
use twilight_model::gateway::connection_info::BotConnectionInfo;

use super::{Ended, Leading};
use crate::backlog::Backlog;
use crate::connection::{Connection, Gateway, Shown, Standing, is_gateway};
use crate::identify::Identifies;
use crate::progress::Progress;
use crate::requests::Requests;
use crate::wire::Generations;

/// How long to wait before what did not succeed is tried again, the first time and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long Discord may take to say how to connect. Where it says that there were too many requests, twilight asks again
/// until this is over.
const PATIENCE: Duration = Duration::from_secs(5);
/// From how many members on a server's `GUILD_CREATE` leaves out who is offline. The most that can be asked for.
const LARGE: u64 = 250;

impl Leading<'_> {
    /// Asks Discord until it says how to connect.
    async fn ask_how_to_connect(&self) -> Result<BotConnectionInfo, Ended> {
        let mut wait = RETRY.0;
        loop {
            let asked = timeout(PATIENCE, self.client.gateway().authed().into_future());
            let error = match asked.await {
                Err(_) => "it does not answer, or there were too many requests".to_owned(),
                Ok(Ok(answer)) => match answer.model().await {
                    Ok(info) if is_gateway(&info.url) => return Ok(info),
                    Ok(info) => format!("{:?} is no address of a gateway", info.url),
                    Err(error) => error.to_string(),
                },
                Ok(Err(error)) => match error.kind() {
                    ErrorType::Unauthorized => return Err(Ended::refused(4004)),
                    ErrorType::Response { status, .. } if status.get() == 401 => {
                        return Err(Ended::refused(4004));
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
    pub(super) async fn connect(
        &self,
        backlog: &Arc<Backlog>,
        stop: &watch::Receiver<bool>,
    ) -> Result<Vec<Connection>, Ended> {
        let info = self.ask_how_to_connect().await?;
        let intents = self.intents();
        let stored = self.stored().await;
        // A session goes on with what it was begun to hear, which may be more or less than is asked for now. Then another
        // one is begun, and the servers come anew as far as they can be known.
        let hears_the_same = |session: &&Session| session.intents == intents.bits();
        let shards = info.shards.max(1);
        let identifies = Identifies::new(
            (self.ports.sessions.clone(), self.ports.clock.clone()),
            Arc::clone(&self.client),
            Arc::clone(self.meters),
            (self.lead.epoch, shards),
            &info.session_start_limit,
        );
        let config = ConfigBuilder::new(self.settings.token.secret(), intents)
            .large_threshold(LARGE)
            .proxy_url(info.url.clone())
            .queue(identifies)
            .build();
        let mut connections = Vec::new();
        for number in 0..shards {
            let shown = Arc::<Shown>::default();
            let shard = Shard {
                number,
                total: shards,
            };
            let session = stored.iter().find(|session| session.shard == shard);
            let session = session.filter(hears_the_same);
            let mut requests = Requests::new(self.lead.epoch);
            let mut config = ConfigBuilder::from(config.clone());
            let progress = Progress::since(session.map_or(0, |session| session.sequence));
            if let Some(session) = session {
                config = config.session(twilight_gateway::Session::new(
                    session.sequence,
                    session.id.clone(),
                ));
                if is_gateway(&session.resume_url) {
                    config = config.resume_url(session.resume_url.clone());
                }
                shown.set_standing(Standing {
                    intents: session.intents,
                    id: session.id.clone(),
                    resume_url: session.resume_url.clone(),
                    progress: Arc::clone(&progress),
                });
                self.want_what_is_missing(shard, &mut requests).await;
            }
            connections.push(Connection {
                shard,
                gateway: Gateway::with_config(ShardId::new(number, shards), config.build()),
                privileged: self.settings.privileged,
                lead: self.lead.clone(),
                backlog: Arc::clone(backlog),
                clock: self.ports.clock.clone(),
                meters: Arc::clone(self.meters),
                shown,
                requests,
                generations: Generations::new(self.lead.epoch),
                progress,
                stop: stop.clone(),
                state: None,
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

    async fn stored(&self) -> Vec<Session> {
        loop {
            match self.ports.sessions.stored().await {
                Ok(sessions) => return sessions,
                Err(error) => {
                    tracing::warn!(%error, "where the sessions with Discord stand could not be looked up");
                }
            }
            sleep(RETRY.0).await;
        }
    }

    /// Wants again the member lists that were not complete when the feed was left.
    async fn want_what_is_missing(&self, shard: Shard, requests: &mut Requests) {
        let followed = loop {
            match self.ports.feed.followed(shard).await {
                Ok(followed) => break followed,
                Err(error) => tracing::warn!(%error, "what is followed could not be looked up"),
            }
            sleep(RETRY.0).await;
        };
        let now = Instant::now();
        for followed in followed {
            if let (Some(generation), true) = (followed.generation, followed.available) {
                requests.want(followed.server, generation, now);
            }
        }
    }
}

impl Ended {
    /// Discord does not let the bot in, and says so by this close code.
    pub(super) fn refused(code: u16) -> Self {
        Self::Refused(refusal(code))
    }
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
        4010 | 4012 => {
            "Discord does not take the connection as it is made: use a newer version of Hush"
        }
        _ => "Discord closed the connection for good",
    };
    format!(
        "Discord is not followed (close code {code}): {cure}; then start again. Until then the API serves what is stored"
    )
}
