//! A Discord of our own on loopback: the gateway and the REST API that a bot that reads no messages needs, a world that a
//! test changes step by step, and everything that may go wrong, on demand.
//!
//! It shares no code with what it tests, so that its [`World`] is an oracle of its own: after any steps, cuts and
//! faults the numbers that Hush shows must be those of [`Fake::world`].
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use hush_discord_fake::{Fake, Guild, Member, Setup, Status, Step, User};
//!
//! let fake = Fake::start(Setup::default()).await?;
//! let ada = Member::new(User::new(7, "ada")).with_status(Status::Online);
//! fake.take(Step::GuildAdded(Guild::new(1 << 22, "Analytical", 7).with_member(ada)));
//! // Two: the bot is a member too.
//! assert_eq!(fake.world().guilds[&(1 << 22)].member_count(), 2);
//! assert_eq!(fake.world().guilds[&(1 << 22)].online(), 2);
//! # Ok(())
//! # }
//! ```

mod chance;
mod chunks;
mod faults;
mod gateway;
mod interact;
mod json;
mod observed;
mod population;
mod rest;
mod session;
mod setup;
mod state;
mod step;
mod storm;
mod take;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use self::chunks::ChunkScript;
pub use self::interact::{Interaction, slash};
pub use self::observed::{Heartbeat, Identify, MemberRequest, Observed, Resume};
pub use self::population::Population;
pub use self::rest::{Asking, Deed, Effect, Scripted};
pub use self::setup::{RestFaults, RestLimit, Setup, StartLimit, intents, permissions};
pub use self::step::Step;
pub use self::storm::{Storm, StormLog};
pub use self::world::{Ban, Channel, Guild, Member, Role, Status, User, World};

use self::state::{Shared, State};

/// A running fake. Clones are the same one; it ends with the last of them.
#[derive(Clone)]
pub struct Fake {
    shared: Arc<Shared>,
    gateway: SocketAddr,
    api: SocketAddr,
    /// Ended by being dropped.
    _listening: Arc<JoinSet<()>>,
}

impl Fake {
    /// Starts a fake with an empty world. Fails if a port is taken.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let gateway = TcpListener::bind((Ipv4Addr::LOCALHOST, setup.gateway_port)).await?;
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, setup.api_port)).await?;
        let addresses = (gateway.local_addr()?, api.local_addr()?);
        let shared = Arc::new(Shared::new(setup, format!("ws://{}", addresses.0)));
        let mut listening = JoinSet::new();
        listening.spawn(gateway::listen(Arc::clone(&shared), gateway));
        listening.spawn(rest::listen(Arc::clone(&shared), api));
        Ok(Self {
            shared,
            gateway: addresses.0,
            api: addresses.1,
            _listening: Arc::new(listening),
        })
    }

    /// Where the gateway is, such as `ws://127.0.0.1:4000`.
    pub fn gateway_url(&self) -> String {
        format!("ws://{}", self.gateway)
    }

    /// Where the REST API is, such as `http://127.0.0.1:4001`; its paths begin with `/api/v10`.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Host and port of the REST API, such as `127.0.0.1:4001`: what twilight's `proxy` takes.
    pub fn api_address(&self) -> String {
        self.api.to_string()
    }

    /// The world as it is.
    pub fn world(&self) -> World {
        self.look(World::clone)
    }

    /// Looks at the world where it stands, which is cheaper for a big one.
    pub fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        self.shared.read(|state| look(&state.world))
    }

    /// Lets something happen, and tells the sessions that want to know: those that are connected at once, the others
    /// when they resume. What makes no sense (an unknown member, a server in an outage) changes nothing and is `false`.
    pub fn take(&self, step: Step) -> bool {
        self.shared.change(|state| state.take(step))
    }

    /// Lets something happen of which nobody is told, such as what a lost session missed. A server in an outage may
    /// change too.
    pub fn take_unseen(&self, step: Step) -> bool {
        self.shared.change(|state| state.take_unseen(step))
    }

    /// What clients were seen doing.
    pub fn observed(&self) -> Observed {
        self.shared.read(|state| state.observed.clone())
    }

    /// Waits until clients have done something; `false` if they have not in time.
    pub async fn until(&self, is_so: impl Fn(&Observed) -> bool, timeout: Duration) -> bool {
        let waiting = self.shared.until(|state| is_so(&state.observed));
        tokio::time::timeout(timeout, waiting).await.is_ok()
    }

    /// Asks for heartbeats until every session has received all that it was sent; `false` if it has not in time. What a
    /// client has received it need not have worked off.
    pub async fn until_received(&self, timeout: Duration) -> bool {
        let waiting = async {
            let is_settled = |state: &State| state.observed.is_caught_up() || state.has_unasked();
            while !self.observed().is_caught_up() {
                self.shared.change(State::ask_for_heartbeats);
                self.shared.until(is_settled).await;
            }
        };
        tokio::time::timeout(timeout, waiting).await.is_ok()
    }

    /// Every request to the REST API, the oldest first.
    pub fn requests(&self) -> Vec<Asking> {
        self.shared.read(|state| state.rest.log.clone())
    }

    /// Waits until the requests to the REST API are as wanted; `false` if they are not in time.
    pub async fn until_requests(
        &self,
        is_so: impl Fn(&[Asking]) -> bool,
        timeout: Duration,
    ) -> bool {
        let waiting = self.shared.until(|state| is_so(&state.rest.log));
        tokio::time::timeout(timeout, waiting).await.is_ok()
    }

    /// The application's global commands.
    pub fn commands(&self) -> Vec<Value> {
        self.shared
            .read(|state| state.rest.commands.values().cloned().collect())
    }

    /// Adds a command that another program registered, and gives back what Discord makes of it.
    pub fn add_command(&self, command: &Value) -> Value {
        self.shared.change(|state| state.store_command(command))
    }
}
