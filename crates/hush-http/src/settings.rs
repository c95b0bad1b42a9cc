//! What an operator decides about HTTP.

use std::time::Duration;

use ipnet::IpNet;

/// How long a request may take, from its first byte to the end of its head, from there to the end of its
/// body, and from there to the answer: each may take this long at most.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// The largest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The largest head, in bytes.
pub(crate) const MAX_HEAD: usize = 32 * 1024;

/// Which requests get a line in the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessLog {
    /// Those answered with 4xx or 5xx, and slow ones (over one second), 100 in a second at most.
    #[default]
    Errors,
    /// All of them. A line costs about as much as a third of a request.
    All,
    /// None.
    Off,
}

/// What an operator decides about HTTP.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address under which clients reach the service, without a slash at its end. Problem types,
    /// `Location`, `Link` and the catalog name it; the document does not, since it is made at build time.
    pub public_url: String,
    /// The networks of reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// For how long a client may reuse users and stats without asking, in whole seconds.
    pub cache_max_age: Duration,
    /// For how long a connection may be idle between two requests.
    pub keep_alive_idle: Duration,
    /// How many connections may be open; further ones wait.
    pub max_connections: usize,
    /// For how long running requests may finish once the service stops.
    pub drain_limit: Duration,
    /// Which requests get a line in the access log.
    pub access_log: AccessLog,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".into(),
            trusted_proxies: Vec::new(),
            cache_max_age: Duration::from_secs(15),
            keep_alive_idle: Duration::from_secs(75),
            max_connections: 10_000,
            drain_limit: Duration::from_secs(10),
            access_log: AccessLog::default(),
        }
    }
}
