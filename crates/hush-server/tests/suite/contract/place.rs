//! A service on PostgreSQL that follows a Discord, with everybody who may ask it, and a notebook of what it answered.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hush_discord_fake::{Member, Role, Scripted, Setup, User, permissions};
use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::commands::scene::{MEMBERS, OWNER, Scene, guild, id};
use crate::support::{CONTRACT, Proxy, Response, Running, Site, get, request, send};

/// The server that is asked about, and one that nobody knows.
pub(super) const SERVER: u64 = 1 << 22;
pub(super) const NOWHERE: &str = "999";
/// A member to whom nothing takes long, and one to whom everything does.
pub(super) const QUICK: u64 = SERVER + MEMBERS;
pub(super) const SLOW: u64 = QUICK + 1;

/// Who else there is: in the server, and in another one.
const ADMIN: u64 = 2002;
const MEMBER: u64 = 2001;
const ELSEWHERE: u64 = 2 << 22;
const STRANGER: u64 = 3000;

/// Every scope there is, as the operator writes them.
pub(super) fn everything() -> String {
    Scope::ALL.map(Scope::as_str).join(",")
}

/// How long tokens live here: their end is near enough to be told of.
const DAY: &str = "1d";

/// A new token, made by the operator, that lives for so long.
pub(super) fn token(site: &Site, server: u64, user: u64, scopes: &str, lifetime: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = MADE.fetch_add(1, Ordering::Relaxed);
    let create = [
        "token",
        "create",
        &format!("--server={server}"),
        &format!("--user={user}"),
        &format!("--name={name}"),
        &format!("--scope={scopes}"),
        &format!("--expires-in={lifetime}"),
    ];
    site.hush().run(&create).success().trim_end().to_owned()
}

pub(super) struct Place<'a> {
    pub(super) scene: Scene<'a>,
    /// Between every service and the database.
    pub(super) proxy: Proxy,
    /// Tokens of the owner and of a member, who may use them for everything, and of the owner for one thing.
    pub(super) owner: String,
    pub(super) member: String,
    pub(super) narrow: String,
    made: Cell<u32>,
    /// Which headers each answer had, by its operation and status.
    seen: RefCell<BTreeMap<(String, u16), BTreeSet<String>>>,
}

impl<'a> Place<'a> {
    pub(super) fn new(site: &'a Site) -> Self {
        let server = guild(SERVER, OWNER, 3)
            .with_member(Member::new(User::new(MEMBER, "member")))
            .with_role(Role {
                permissions: permissions::ADMINISTRATOR,
                ..Role::new(SERVER + 3, "admins", 4)
            })
            .with_member(Member::new(User::new(ADMIN, "admin")).with_roles(&[SERVER + 3]));
        let elsewhere = guild(ELSEWHERE, STRANGER, 1);
        let scene = Scene::new(site, Setup::default(), vec![server, elsewhere]);
        let known = scene.serve_and_know();
        let place = Self {
            proxy: Proxy::to(site.database().unwrap().host()),
            owner: token(site, SERVER, OWNER, &everything(), DAY),
            member: token(site, SERVER, MEMBER, &everything(), DAY),
            narrow: token(site, SERVER, OWNER, "stats:read", DAY),
            made: Cell::new(0),
            seen: RefCell::default(),
            scene,
        };
        drop(known);
        let slow = Scripted::Delay(Duration::from_secs(600));
        let path = format!("/guilds/{SERVER}/members/{SLOW}");
        place.scene.fake.script_requests(&path, 1000, slow);
        place
    }

    /// A service with these settings, which reaches its database through the proxy.
    pub(super) fn serve(&self, with_bot: bool, settings: &[(&str, &str)]) -> Running {
        let database = self.scene.site.database().unwrap();
        let url = database.url();
        let url = url.replace(&database.host(), &self.proxy.address.to_string());
        let mut hush = self.scene.site.hush().with("HUSH_DATABASE_URL", &url);
        if with_bot {
            hush = hush
                .with("HUSH_DISCORD_TOKEN", &Setup::default().token)
                .with("HUSH_DISCORD_API", &self.scene.fake.api_url());
        }
        for (name, value) in settings {
            hush = hush.with(name, value);
        }
        Running::start(&hush, &["serve"])
    }

    /// A token with every scope for each caller of the matrix, but that nobody has none.
    pub(super) fn everybody(&self) -> [String; 6] {
        let site = self.scene.site;
        let revoked = token(site, SERVER, OWNER, &everything(), DAY);
        let inspected = site
            .hush()
            .run_with_input(&["token", "inspect", "--json"], revoked.as_bytes());
        let inspected: Value = serde_json::from_str(&inspected.success()).unwrap();
        let id = inspected["token"]["id"].as_str().unwrap();
        site.hush().run(&["token", "revoke", id]).success();
        [
            String::new(),
            revoked,
            self.member.clone(),
            token(site, SERVER, ADMIN, &everything(), DAY),
            self.owner.clone(),
            token(site, ELSEWHERE, STRANGER, &everything(), DAY),
        ]
    }

    /// A name that nobody had.
    pub(super) fn unique(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("made-{}", self.made.get())
    }

    /// Sends a request and writes down what it came to.
    pub(super) fn ask(&self, api: SocketAddr, asked: &Asked, token: &str) -> Response {
        let headers: Vec<_> = asked
            .headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let answer = send(
            api,
            &asked.method,
            &asked.path,
            token,
            &headers,
            &asked.body,
        );
        self.note(&asked.method, &asked.path, &answer);
        answer
    }

    /// The same of a request that no client would send.
    pub(super) fn ask_raw(&self, api: SocketAddr, asked: &Asked, text: &str) -> Response {
        let answer = request(api, text);
        self.note(&asked.method, &asked.path, &answer);
        answer
    }

    /// Writes an answer down. Whether it is as the document says was looked at when it was read.
    pub(super) fn note(&self, method: &str, path: &str, answer: &Response) {
        let operation = CONTRACT.operation(method, path).unwrap().to_owned();
        let names = answer.head.lines().filter_map(|line| line.split_once(": "));
        let names = names.map(|(name, _)| name.to_ascii_lowercase());
        let mut seen = self.seen.borrow_mut();
        seen.entry((operation, answer.status))
            .or_default()
            .extend(names);
    }

    /// Every pair of operation and status that came, with the headers.
    pub(super) fn seen(&self) -> BTreeMap<(String, u16), BTreeSet<String>> {
        self.seen.borrow().clone()
    }

    /// The id of a new token that the owner's made.
    pub(super) fn token(&self, api: SocketAddr) -> String {
        self.issued(api)["id"].as_str().unwrap().to_owned()
    }

    /// A new token that the owner's made, with its secret.
    pub(super) fn issued(&self, api: SocketAddr) -> Value {
        let asked = Asked::new("POST", "/v1/tokens").with_body(&self.wanted_token());
        serde_json::from_str(&self.ask(api, &asked, &self.owner).body).unwrap()
    }

    pub(super) fn wanted_token(&self) -> Value {
        json!({"name": self.unique(), "server_ids": [SERVER.to_string()], "scopes": ["users:read"]})
    }

    /// The id of a new command about this member.
    pub(super) fn command(&self, api: SocketAddr, user: u64) -> String {
        let answer = self.ask(api, &self.wanted_command(user), &self.owner);
        assert_eq!(answer.status, 202, "{answer:?}");
        id(&answer)
    }

    pub(super) fn wanted_command(&self, user: u64) -> Asked {
        let body = json!({"type": "timeout", "user_id": user.to_string(), "duration_seconds": 60});
        Asked::new("POST", &format!("/v1/servers/{SERVER}/commands"))
            .with_body(&body)
            .with("Idempotency-Key", &self.unique())
    }

    /// A command that is queued and stays so: one before it is about the same member, and takes long.
    pub(super) fn queued(&self, api: SocketAddr) -> String {
        self.command(api, SLOW);
        self.command(api, SLOW)
    }

    /// A command that has come to its end.
    pub(super) fn ended(&self, api: SocketAddr) -> String {
        let command = self.command(api, QUICK);
        let path = format!("/v1/servers/{SERVER}/commands/{command}?wait=20");
        let ended = get(api, &path, &self.owner);
        assert!(ended.body.contains("\"succeeded\""), "{ended:?}");
        command
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Empty if there is none.
    pub(super) body: String,
}

impl Asked {
    pub(super) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn with_body(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The request up to the end of its head, with these lines in it.
    pub(super) fn head(&self, token: &str, lines: &[&str]) -> String {
        let mut head = vec![
            format!("{} {} HTTP/1.1", self.method, self.path),
            "Host: hush".to_owned(),
            "Connection: close".to_owned(),
        ];
        if !token.is_empty() {
            head.push(format!("Authorization: Bearer {token}"));
        }
        let headers = self.headers.iter();
        head.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        head.extend(lines.iter().map(|line| (*line).to_owned()));
        head.join("\r\n") + "\r\n\r\n"
    }
}
