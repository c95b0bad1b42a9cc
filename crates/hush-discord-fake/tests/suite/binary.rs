//! The binary and its door.

use std::process::{Child, Command};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hush_discord_fake::{Fake, Observed, Population, Setup, Step, Storm};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{HUSH, fake, reading_until, shard, until_ready};

/// What the door says, and with which status.
async fn ask(address: &str, method: Method, path: &str, body: &str) -> (u16, Value) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Host", address)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn get(fake: &Fake, path: &str) -> Value {
    let (status, body) = ask(&fake.api_address(), Method::GET, path, "").await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Ended by being dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn the_binary_says_where_it_is_and_has_who_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ports");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hush-discord-fake"));
    command.arg("--port-file").arg(&file);
    command.args(["--servers", "4", "--members", "30", "--bots", "6"]);
    command.stdout(std::process::Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let output = running.0.stdout.take().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let address = said["api"].as_str().unwrap().trim_start_matches("http://");
    let (_, counts) = ask(address, Method::GET, "/_fake/world-counts", "").await;
    let counts = counts.as_object().unwrap();
    assert_eq!(counts.len(), 4);
    for count in counts.values() {
        // The bot that looks at them is a member too.
        assert_eq!((&count["members"], &count["bots"]), (&json!(31), &json!(7)));
    }
}

#[tokio::test]
async fn a_storm_is_sent_through_the_door_and_the_world_has_what_it_leaves() {
    let fake = fake().await;
    let population = Population {
        servers: 2,
        members: 20,
        bots: 2,
        seed: 3,
    };
    for guild in population.guilds() {
        fake.take(Step::GuildAdded(guild));
    }
    let mut shard = shard(&fake, HUSH);
    until_ready(&mut shard).await;
    let address = fake.api_address();
    let post = async |path: &str, body: &str| ask(&address, Method::POST, path, body).await.0;
    assert_eq!(post("/_fake/storm", "{}").await, 400);
    let storm = r#"{"rate": 1000, "seconds": 1, "seed": 5}"#;
    assert_eq!(post("/_fake/storm", storm).await, 202);
    let sent_all = |it: &Observed| it.sent.values().all(|sent| *sent == 1003);
    reading_until(&mut shard, &fake, sent_all).await;
    let progress = get(&fake, "/_fake/storm").await;
    assert_eq!(
        (&progress["sent"], &progress["running"]),
        (&json!(1000), &json!(false))
    );
    // Evenly: half of them in half of the time, or later on a busy machine.
    let half = get(&fake, "/_fake/storm/500").await;
    assert!(half["sent_us"].as_u64().unwrap() >= 500_000, "{half}");
    let (status, _) = ask(&address, Method::GET, "/_fake/storm/1000", "").await;
    assert_eq!(status, 404);
    let counts = get(&fake, "/_fake/world-counts").await;
    for (id, guild) in &fake.world().guilds {
        assert_eq!(counts[id.to_string()]["online"], guild.online());
    }
    assert_eq!(post("/_fake/cut", "").await, 204);
    let observed = get(&fake, "/_fake/observed").await;
    assert_eq!(
        (&observed["identified"], &observed["open"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn roles_are_given_through_the_door() {
    let fake = fake().await;
    let population = Population {
        servers: 1,
        members: 3,
        bots: 0,
        seed: 3,
    };
    for guild in population.guilds() {
        fake.take(Step::GuildAdded(guild));
    }
    let guild = fake.world().guilds.into_values().next().unwrap();
    let give = async |user: u64| {
        let body = json!({
            "guild": guild.id.to_string(),
            "user": user.to_string(),
            "roles": [(guild.id + 10).to_string()],
        });
        let (address, body) = (fake.api_address(), body.to_string());
        ask(&address, Method::POST, "/_fake/roles", &body).await.0
    };
    assert_eq!((give(guild.owner).await, give(1).await), (200, 404));
    let roles = &fake.world().guilds[&guild.id].members[&guild.owner].roles;
    assert_eq!(*roles, [guild.id + 10]);
}

#[tokio::test]
async fn a_storm_is_the_same_for_the_same_seed() {
    let storm = Storm {
        rate: 5000,
        duration: Duration::from_millis(100),
        seed: 9,
    };
    let mut worlds = Vec::new();
    for _ in 0..2 {
        let fake = Fake::start(Setup::default()).await.unwrap();
        let population = Population {
            servers: 3,
            members: 10,
            bots: 0,
            seed: 3,
        };
        for guild in population.guilds() {
            fake.take(Step::GuildAdded(guild));
        }
        let before = fake.world();
        let log = fake.storm(storm).await.unwrap();
        assert_eq!((log.sent.len(), log.is_running()), (500, false));
        assert_ne!(fake.world(), before);
        worlds.push(fake.world());
    }
    assert_eq!(worlds[0], worlds[1]);
}
