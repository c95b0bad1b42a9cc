//! The samples of the OpenAPI document, each run as a reader would run it.

use std::net::SocketAddr;
use std::time::Duration;

use hush_discord_fake::{Member, Role, Scripted, Setup, User};
use hush_http::{Format, Version};
use serde_json::{Value, json};

use super::place::{everything, token};
use crate::commands::scene::{OWNER, Scene, guild, id, order};
use crate::support::{Running, Site, get, sample, send};

/// What the samples name: the server, people there, and an id for readers to replace, which is a role's here.
const SERVER: u64 = 123_456;
const ADMIN: u64 = 123_456;
const MEMBER: u64 = 100_002;
const OTHER: &str = "987654";

struct Place<'a> {
    /// Runs the Discord, for as long as there is a service.
    _scene: Scene<'a>,
    service: Running,
    token: String,
}

impl<'a> Place<'a> {
    fn new(site: &'a Site) -> Self {
        let member = |id: u64| Member::new(User::new(id, "somebody"));
        let server = guild(SERVER, OWNER, 1)
            .with_role(Role::new(OTHER.parse().unwrap(), "trusted", 1))
            .with_member(member(ADMIN))
            .with_member(member(MEMBER));
        let scene = Scene::new(site, Setup::default(), vec![server]);
        let token = token(site, SERVER, OWNER, &everything(), "90d");
        let service = scene.serve_and_know();
        // Whatever is done to this member takes long, so that further commands wait.
        let slow = Scripted::Delay(Duration::from_secs(600));
        let path = format!("/guilds/{SERVER}/members/{MEMBER}");
        scene.fake.script_requests(&path, 100, slow);
        Self {
            _scene: scene,
            service,
            token,
        }
    }

    fn api(&self) -> SocketAddr {
        self.service.api
    }

    /// A new token that the one of the samples made.
    fn issued(&self, name: &str) -> Value {
        let wanted =
            json!({"name": name, "server_ids": [SERVER.to_string()], "scopes": ["users:read"]});
        let made = send(
            self.api(),
            "POST",
            "/v1/tokens",
            &self.token,
            &[],
            &wanted.to_string(),
        );
        assert_eq!(made.status, 201, "{made:?}");
        serde_json::from_str(&made.body).unwrap()
    }

    /// A command that waits for what is done to the member just now.
    fn waiting(&self, key: &str) -> String {
        let body =
            json!({"type": "timeout", "user_id": MEMBER.to_string(), "duration_seconds": 60});
        let [_, waiting] = [0, 1].map(|round| {
            let key = format!("{key}-{round}");
            let sent = order(self.api(), &self.token, SERVER, &key, &body).unwrap();
            assert_eq!(sent.status, 202, "{sent:?}");
            id(&sent)
        });
        waiting
    }

    /// The sample as its reader would finish it, who knows what it shall be about.
    fn finished(&self, operation: &str, language: &str, sample: &str) -> String {
        let mut sample = sample.replace("http://127.0.0.1:8080", &format!("http://{}", self.api()));
        let unique = format!("{operation} {language}");
        match operation {
            "getToken" | "revokeToken" | "rotateToken" | "removeServerFromToken" => {
                let token = self.issued(&unique);
                sample = sample.replace(OTHER, token["id"].as_str().unwrap());
            }
            "createToken" => sample = sample.replace("nightly report", &unique),
            "reportLeakedToken" => {
                let token = self.issued(&unique);
                sample = sample.replace("hush_Ab3x…", token["secret"].as_str().unwrap());
            }
            "getCommand" | "cancelCommand" => {
                sample = sample.replace(OTHER, &self.waiting(&unique.replace(' ', "-")));
            }
            _ => {}
        }
        sample
    }
}

/// Each operation with its path and the description of its first answer, which is the good one.
fn operations() -> Vec<(String, Value)> {
    let document: Value =
        serde_json::from_str(&hush_http::openapi(Version::V3_1, Format::Json)).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().values();
        methods.map(move |operation| (path.clone(), operation.clone()))
    });
    each.collect()
}

/// Whether a sample printed what an answer with this status holds.
fn shows(printed: &str, place: &Place<'_>, path: &str, status: &str, content: &Value) -> bool {
    let content = content
        .as_object()
        .and_then(|content| content.keys().next());
    match content.map(String::as_str) {
        Some(media_type) if media_type.ends_with("json") => {
            serde_json::from_str::<Value>(printed).is_ok_and(|it| it.is_object())
        }
        Some(_) => printed.trim_end() == get(place.api(), path, "").body.trim_end(),
        None if status == "302" => printed.trim_end().ends_with("docs"),
        None => printed.trim_end() == status,
    }
}

#[test]
fn every_sample_of_the_document_runs() {
    let site = Site::sqlite();
    let place = Place::new(&site);
    let mut ran = 0;
    for (path, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        let (status, good) = operation["responses"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let samples = operation["x-codeSamples"].as_array().unwrap();
        std::thread::scope(|scope| {
            for sample in samples {
                let language = sample["lang"].as_str().unwrap();
                let code = place.finished(name, language, sample["source"].as_str().unwrap());
                let (place, path) = (&place, &path);
                scope.spawn(move || {
                    let printed = sample::run(language, &code, &place.token);
                    assert!(
                        shows(&printed, place, path, status, &good["content"]),
                        "{language}: {code}\n{printed}"
                    );
                });
            }
        });
        ran += samples.len();
        let languages: Vec<_> = samples
            .iter()
            .map(|it| it["lang"].as_str().unwrap())
            .collect();
        assert_eq!(languages, ["JavaScript", "Python", "Shell"], "{name}");
    }
    assert!(ran >= 3 * 29, "{ran}");
}
