//! What is learned about a request on its way, for its answer's headers, the access log and the metrics.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use hush_app::Quota;
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::time::Timestamp;
use tokio::time::Instant;

use crate::headers::{X_REQUEST_ID, text};

/// What every token begins with.
const SECRET: &[u8] = b"hush_";

/// One request's trail: made at the edge, filled on the way in, read on the way out.
#[derive(Debug)]
pub(crate) struct Trail {
    /// The caller's id for the request, or ours.
    pub(crate) request_id: HeaderValue,
    /// When the request's head had arrived.
    pub(crate) started: Instant,
    /// The client's address, as far as the trusted proxies say.
    pub(crate) client: IpAddr,
    /// Where the route's metrics are kept.
    pub(crate) route: OnceLock<usize>,
    /// The addressed server.
    pub(crate) server: OnceLock<ServerId>,
    /// The token, once it was found to be live.
    pub(crate) token: OnceLock<TokenId>,
    /// What is left of the limit that the request was counted against.
    pub(crate) quota: OnceLock<Quota>,
    /// The end of the token, if that is near.
    pub(crate) ending: OnceLock<Timestamp>,
    /// How long the client wants to wait for what it asks.
    patience: OnceLock<Duration>,
}

impl Trail {
    pub(crate) fn new(headers: &HeaderMap, client: IpAddr) -> Self {
        Self {
            request_id: request_id(headers),
            started: Instant::now(),
            client,
            route: OnceLock::new(),
            server: OnceLock::new(),
            token: OnceLock::new(),
            quota: OnceLock::new(),
            ending: OnceLock::new(),
            patience: OnceLock::new(),
        }
    }

    /// Lets the request take so much longer, since its client wants to wait.
    pub(crate) fn allow(&self, patience: Duration) {
        let _ = self.patience.set(patience);
    }

    /// How much longer the request may take than others.
    pub(crate) fn patience(&self) -> Duration {
        self.patience.get().copied().unwrap_or_default()
    }

    /// Notes what admission found.
    pub(crate) fn note(
        &self,
        token: Option<TokenId>,
        server: Option<ServerId>,
        quota: Option<&Quota>,
        ending: Option<Timestamp>,
    ) {
        token.map(|token| self.token.set(token));
        server.map(|server| self.server.set(server));
        quota.map(|quota| self.quota.set(*quota));
        ending.map(|end| self.ending.set(end));
    }

    /// The request's id as text.
    pub(crate) fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }
}

/// The caller's id if it is 1 to 64 of `[A-Za-z0-9._-]`, else a new one. What may hold a token is none: ids are
/// logged, and kept in the audit log.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let fits = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
            && !bytes.windows(SECRET.len()).any(|part| part == SECRET)
    };
    headers
        .get(X_REQUEST_ID)
        .filter(fits)
        .cloned()
        .unwrap_or_else(new_request_id)
}

/// A number that no other request of this process has, behind one that hardly another process has. It names
/// a request and guards nothing, so it need not be unpredictable.
fn new_request_id() -> HeaderValue {
    static PROCESS: OnceLock<String> = OnceLock::new();
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(|| {
        // Each `RandomState` is seeded by the operating system.
        use std::hash::{BuildHasher, RandomState};
        format!("{:016x}-", RandomState::new().hash_one(std::process::id()))
    });
    let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
    text([process, itoa::Buffer::new().format(request)].concat())
}
