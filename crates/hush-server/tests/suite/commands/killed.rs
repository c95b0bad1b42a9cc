//! Commands that outlive the process that carries them out, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use hush_adapters::system::SystemClock;
use hush_discord_fake::{Scripted, Setup};
use hush_ports::Clock;
use serde_json::Value;

use super::clients::{Board, Taken, key, send_all, share_out};
use super::orders::{LEAVING, STAYING, Wanted, mix};
use super::scene::{OWNER, Scene, guild, id, order};
use super::verdict::{Record, agrees, by_author, leaves};
use crate::support::{Site, get, on_each_store};

on_each_store! {
    a_thousand_commands_survive_a_service_that_is_killed_twenty_times,
}

const COMMANDS: usize = 1000;
const KILLS: usize = 20;
/// In the time before how many of the kills Discord fails as well: later what was begun often would wait for long.
const FAULTY: usize = 5;
const CLIENTS: usize = 12;
const SERVERS: u64 = 48;

fn a_thousand_commands_survive_a_service_that_is_killed_twenty_times(site: &Site) {
    let servers: Vec<u64> = (1..=SERVERS).map(|number| number << 22).collect();
    let guilds = servers
        .iter()
        .map(|id| guild(*id, OWNER, STAYING + LEAVING))
        .collect();
    let scene = Scene::new(site, Setup::default(), guilds);
    scene.serve_and_know().kill();
    let mut rng = Rng::with_seed(11);
    let later = SystemClock::new()
        .wall()
        .checked_add(Duration::from_secs(3600));
    let wanted = mix(&mut rng, COMMANDS, &servers, &later.unwrap().to_string());

    let board = Board::default();
    let (service, taken) = std::thread::scope(|scope| {
        let clients: Vec<_> = share_out(&wanted, CLIENTS)
            .into_iter()
            .map(|numbers| {
                let (scene, board, wanted) = (&scene, &board, &wanted);
                scope.spawn(move || send_all(scene, board, wanted, &numbers))
            })
            .collect();
        for kill in 1..=KILLS {
            if kill <= FAULTY {
                go_wrong(&scene);
            }
            kill_amid(&scene, &board, &mut rng, kill * COMMANDS / (KILLS + 1));
        }
        let service = scene.serve();
        board.post(Some(service.api), COMMANDS);
        let taken = clients.into_iter().flat_map(|it| it.join().unwrap());
        (service, taken.collect::<Vec<_>>())
    });
    let records = read_back(&scene, service.api, &wanted, taken);
    let effects = scene.fake.effects();
    agrees(&records, &effects);
    leaves(&records, &effects, &scene.fake.world());
    only_what_cannot_be_known_fails(&records);
    let repeated = by_author(&effects);
    let repeated = repeated
        .values()
        .filter(|it| it.iter().any(|it| !it.changed));
    assert!(repeated.count() > KILLS, "no kill met what was under way");
    every_command_is_listed_once(&scene, service.api, &servers, &records);
    every_command_is_in_the_audit_log(&scene, records.len());
}

/// Lets the next requests go wrong in every way there is.
fn go_wrong(scene: &Scene<'_>) {
    let limited = |global| Scripted::RateLimited {
        retry_after: Duration::from_millis(50),
        global,
    };
    for fault in [
        Scripted::Cut,
        Scripted::CutBefore,
        Scripted::Fails(502),
        limited(false),
        Scripted::Cut,
        limited(true),
    ] {
        scene.fake.script_requests("/guilds/", 1, fault);
    }
    scene.fake.script_requests("/channels/", 1, Scripted::Cut);
}

/// Starts a service, lets clients send so many commands altogether, and kills it while some are being carried out.
fn kill_amid(scene: &Scene<'_>, board: &Board, rng: &mut Rng, commands: usize) {
    let mut service = scene.serve();
    board.post(Some(service.api), commands);
    scene.heard(scene.fake.requests().len() + rng.usize(5..20));
    let slow = Scripted::Delay(Duration::from_millis(rng.u64(200..800)));
    scene.fake.script_requests("/guilds/", 12, slow);
    scene.fake.script_requests("/channels/", 2, slow);
    scene.heard(scene.fake.requests().len() + rng.usize(4..10));
    board.post(None, commands);
    service.kill();
}

/// Every command once it has come to its end. Whoever sends it again is told of the same one.
fn read_back(
    scene: &Scene<'_>,
    api: SocketAddr,
    wanted: &[Wanted],
    mut taken: Vec<Taken>,
) -> Vec<Record> {
    taken.sort_by_key(|taken| taken.number);
    assert!(taken.iter().map(|taken| taken.number).eq(0..wanted.len()));
    let records = taken.into_iter().zip(wanted).map(|(taken, wanted)| {
        let secret = scene.token_for(wanted.server);
        let again = order(api, secret, wanted.server, &key(taken.number), &wanted.body).unwrap();
        assert_eq!((again.status, id(&again)), (202, taken.id.clone()));
        assert_eq!(again.header("idempotent-replayed"), "true");
        let record = Record {
            number: taken.number,
            wanted: wanted.clone(),
            command: scene.ended(api, wanted.server, &taken.id),
        };
        let cancelled = record.state() == "cancelled";
        assert!(cancelled == taken.cancelled, "{taken:?}: {record:?}");
        record
    });
    records.collect()
}

/// Nothing fails because of what was done out of order or lost, and most commands do not fail at all.
fn only_what_cannot_be_known_fails(records: &[Record]) {
    let mut ends: BTreeMap<_, usize> = BTreeMap::new();
    for record in records {
        let (kind, code) = (record.kind(), record.code());
        match (kind, code) {
            // With the last two all were banned, or nobody was, before.
            (_, None)
            | ("kick" | "bulk_ban" | "send_message", Some("outcome-unknown"))
            | ("bulk_ban", Some("discord-refuses"))
            | ("unban", Some("ban-not-found")) => {}
            other => panic!("{other:?}: {record:?}"),
        }
        *ends.entry((kind, record.state())).or_default() += 1;
    }
    for kind in [
        "timeout",
        "remove_timeout",
        "kick",
        "ban",
        "unban",
        "bulk_ban",
        "add_role",
        "remove_role",
        "set_nickname",
        "send_message",
    ] {
        assert!(ends.contains_key(&(kind, "succeeded")), "{kind}: {ends:?}");
    }
    let succeeded = records.iter().filter(|it| it.state() == "succeeded");
    assert!(succeeded.count() > COMMANDS * 3 / 4, "{ends:?}");
    assert!(records.iter().any(|it| it.state() == "cancelled"));
}

fn every_command_is_listed_once(
    scene: &Scene<'_>,
    api: SocketAddr,
    servers: &[u64],
    records: &[Record],
) {
    let mut listed = Vec::new();
    for server in servers {
        let path = format!("/v1/servers/{server}/commands?limit=1000");
        let page = get(api, &path, scene.token_for(*server));
        let page: Value = serde_json::from_str(&page.body).unwrap();
        let commands = page["commands"].as_array().unwrap().iter();
        listed.extend(commands.map(|it| it["id"].as_str().unwrap().to_owned()));
    }
    let all: BTreeSet<_> = listed.iter().map(String::as_str).collect();
    assert_eq!(listed.len(), records.len());
    assert_eq!(all, records.iter().map(Record::id).collect());
}

/// Once when it was queued, and once when it came to its end.
fn every_command_is_in_the_audit_log(scene: &Scene<'_>, commands: usize) {
    scene.site.hush().run(&["audit", "verify"]).success();
    for (which, rows) in [("=", commands), ("<>", commands)] {
        let count = format!(
            "SELECT CAST(count(*) AS text) FROM audit_rows \
             WHERE action LIKE 'command.%' AND action {which} 'command.queued'"
        );
        assert_eq!(scene.site.find(&count), [rows.to_string()]);
    }
}
