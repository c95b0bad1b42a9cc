//! A small world behind the API, and a client that calls it without a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::system::SystemRandom;
use hush_app::{App, CreateToken, Lifetime, Limits, Ports};
use hush_conformance::{Answer, Contract};
use hush_domain::audit::chain::Keyring;
use hush_domain::events::{Extent, ListedMember, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::limits::Rule;
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::NamedServers;
use hush_domain::users::{User, Username};
use hush_http::{Api, HttpSettings};
use hush_ports::{Clock, Ingest};
use serde_json::Value;

/// The server of the documented examples.
pub(crate) const HOME: u64 = 123_456;
/// Another server with the same people.
pub(crate) const AWAY: u64 = 777;
pub(crate) const OWNER: u64 = 1;
pub(crate) const MEMBER: u64 = 3;
/// `User#1234`, who holds both roles and so is an admin.
pub(crate) const ADMIN: u64 = 123_456;
pub(crate) const ALL: [Scope; 8] = Scope::ALL;

/// What the committed document promises; another test says that it is the one that the code makes.
pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let document = include_str!("../../../../openapi/hush.json");
    Contract::new(serde_json::from_str(document).unwrap())
});

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct StillClock(AtomicU64);

impl StillClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        let micros = i64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        Timestamp::from_unix_micros(1_800_000_000_000_000 + micros).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) made: AtomicU64,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Asserts that the answer is one of those that the document promises.
    fn conforms(&self, method: &str, path: &str) {
        let headers = self.headers.iter().map(|(name, value)| {
            let value = value.to_str().unwrap().to_owned();
            (name.as_str().to_owned(), value)
        });
        let answer = Answer {
            method,
            path,
            status: self.status.as_u16(),
            headers: &headers.collect::<Vec<_>>(),
            body: &self.body,
        };
        CONTRACT
            .check(answer)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
    }

    /// Asserts that the answer is the problem `code` with everything that a problem has.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let body = self.json();
        assert_eq!(body["code"], code);
        assert_eq!(body["status"], status);
        assert_eq!(
            body["type"],
            format!("http://127.0.0.1:8080/docs/problems/{code}")
        );
        assert_eq!(body["request_id"], self.header("x-request-id"));
        for field in ["title", "detail"] {
            assert!(!body[field].as_str().unwrap().is_empty(), "{field}");
        }
    }

    /// Asserts that the answer refuses the parameter `name`.
    #[track_caller]
    pub(crate) fn refuses(&self, name: &str) {
        self.is_problem(400, "invalid-parameter");
        let body = self.json();
        assert_eq!(body["parameter"], name, "{body}");
        assert!(body["detail"].as_str().unwrap().starts_with(name), "{body}");
    }
}

/// An answer as far as it may tell anything: without its request's id.
pub(crate) fn told(reply: &Reply) -> (HeaderMap, Value) {
    let (mut headers, mut body) = (reply.headers.clone(), reply.json());
    // Ids that we make are not all of one length.
    for name in ["x-request-id", "content-length"] {
        headers.remove(name);
    }
    body["request_id"].take();
    (headers, body)
}

pub(crate) fn server(id: u64) -> ServerId {
    id.try_into().unwrap()
}

pub(crate) fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

pub(crate) fn role(id: u64, name: &str, position: i32, permissions: Permissions) -> Role {
    Role {
        id: id.try_into().unwrap(),
        name: name.parse().unwrap(),
        position,
        permissions,
        managed: false,
    }
}

pub(crate) fn listed(id: u64, username: Username, roles: &[u64]) -> ListedMember {
    ListedMember {
        user: User {
            id: user(id),
            username,
            bot: false,
        },
        roles: roles
            .iter()
            .map(|role| (*role).try_into().unwrap())
            .collect(),
        presence: Some(Presence::Online),
    }
}

/// A server with an owner, `User#1234` as admin, and a member.
fn snapshot(id: u64, extent: Extent) -> Snapshot {
    Snapshot {
        server: server(id),
        name: format!("Server {id}").parse().unwrap(),
        owner: user(OWNER),
        roles: vec![
            role(id, "@everyone", 0, Permissions::default()),
            role(11, "Member", 1, Permissions::default()),
            role(10, "Admin", 2, Permissions::ADMINISTRATOR),
        ],
        channels: vec![],
        extent,
        presences_known: true,
    }
}

pub(crate) fn ports(memory: &Arc<Memory>, clock: &Arc<StillClock>) -> Ports {
    Ports {
        tokens: memory.clone(),
        users: memory.clone(),
        servers: memory.clone(),
        channels: memory.clone(),
        stats: memory.clone(),
        limiter: Arc::new(MemoryLimiter::new(clock.clone(), 1000)),
        auth_limiter: Arc::new(MemoryLimiter::new(clock.clone(), 1000)),
        audit: memory.clone(),
        audit_keys: Keyring::default(),
        settings: memory.clone(),
        usage: memory.clone(),
        commands: memory.clone(),
        executor: None,
        upkeep: memory.clone(),
        health: memory.clone(),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
    }
}

pub(crate) fn limits() -> Limits {
    let minute = Duration::from_secs(60);
    Limits {
        requests: Some(Rule::new(60, minute).unwrap()),
        unknown_tokens: Rule::new(300, minute).unwrap(),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(HttpSettings::default(), |_| {}).await
    }

    /// A world with other settings, or with some of its ports replaced.
    pub(crate) async fn with(settings: HttpSettings, change: impl FnOnce(&mut Ports)) -> Self {
        let memory = Arc::new(Memory::new());
        let clock = Arc::new(StillClock::default());
        for id in [HOME, AWAY] {
            Self::fill(&memory, &clock, id, Extent::Complete).await;
        }
        let mut ports = ports(&memory, &clock);
        change(&mut ports);
        let app = Arc::new(App::new(&ports, limits()));
        Self {
            api: Api::new(app.clone(), settings),
            app,
            clock,
            memory,
            made: AtomicU64::new(0),
        }
    }

    pub(crate) async fn fill(memory: &Memory, clock: &StillClock, id: u64, extent: Extent) {
        let plain = |id| Username::new(&format!("user{id}"), None).unwrap();
        let members = vec![
            listed(OWNER, plain(OWNER), &[]),
            listed(MEMBER, plain(MEMBER), &[11]),
            listed(ADMIN, Username::new("User", Some(1234)).unwrap(), &[11, 10]),
        ];
        let members = Box::new(members.into_iter());
        memory
            .apply_snapshot(snapshot(id, extent), members, clock.wall())
            .await
            .unwrap();
    }

    /// A token for a day.
    pub(crate) async fn token(&self, of: u64, servers: &[u64], scopes: &[Scope]) -> String {
        let day = Lifetime::For(Duration::from_secs(86_400));
        self.token_for(day, of, servers, scopes).await
    }

    pub(crate) async fn token_for(
        &self,
        lifetime: Lifetime,
        of: u64,
        servers: &[u64],
        scopes: &[Scope],
    ) -> String {
        // A user's live tokens have different names.
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let wanted = CreateToken {
            servers: NamedServers::new(servers.iter().map(|id| server(*id)).collect()).unwrap(),
            name: format!("test {number}").parse().unwrap(),
            scopes: scopes.iter().copied().collect(),
            lifetime,
        };
        let operator = self.app.admission.operator();
        let issued = self.app.tokens.create(&operator, user(of), wanted).await;
        issued.unwrap().secret.expose().to_owned()
    }

    /// The public id of a token.
    pub(crate) async fn id(&self, token: &str) -> String {
        let me = self.get("/v1/me", token).await.json();
        me["token_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        self.send_from(request, (Ipv4Addr::LOCALHOST, 50_000).into())
            .await
    }

    pub(crate) async fn send_from(&self, request: Request<Body>, peer: SocketAddr) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.api.respond(request, peer).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        reply.conforms(method.as_str(), &path);
        reply
    }

    /// `GET path` with a token, or without one if it is empty.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(get(path, token, &[])).await
    }

    /// A request with a JSON body.
    pub(crate) async fn json(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        self.send(with_json(method, path, token, &[], &body)).await
    }

    /// A request that changes something, without a body.
    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        let mut request = get(path, token, &[]);
        *request.method_mut() = Method::DELETE;
        self.send(request).await
    }
}

/// A request with further headers.
pub(crate) fn get(path: &str, token: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// A request with a JSON body and further headers.
pub(crate) fn with_json(
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Request<Body> {
    with_text(method, path, token, headers, body.to_string())
}

/// A request with a body that says that it is JSON.
pub(crate) fn with_text(
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = get(path, token, headers);
    *request.method_mut() = method.parse().unwrap();
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert("content-type", json);
    *request.body_mut() = body.into();
    request
}
