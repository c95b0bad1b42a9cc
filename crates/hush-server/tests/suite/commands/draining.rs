//! A service that is told to stop, with commands under way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord_fake::{Scripted, Setup};
use hush_ports::Clock;
use serde_json::Value;

use super::clients::key;
use super::orders::in_turn;
use super::scene::{OWNER, Scene, guild, is_final};
use super::verdict::{Record, agrees, by_author};
use crate::support::{Site, get, on_each_store};

on_each_store! {
    what_is_under_way_ends_and_the_next_process_goes_on,
}

const SERVERS: [u64; 3] = [1 << 22, 2 << 22, 3 << 22];
/// How long Discord takes for its answers meanwhile.
const SLOW: Duration = Duration::from_secs(3);

/// Asks for the end of a command, and does not wait for the answer yet.
fn poll(api: SocketAddr, token: &str, server: u64, command: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api).unwrap();
    write!(
        stream,
        "GET /v1/servers/{server}/commands/{command}?wait=20 HTTP/1.1\r\nHost: hush\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    stream
}

fn what_is_under_way_ends_and_the_next_process_goes_on(site: &Site) {
    let guilds = SERVERS.map(|id| guild(id, OWNER, 3)).to_vec();
    let scene = Scene::new(site, Setup::default(), guilds);
    let service = scene.serve_and_know();
    scene
        .fake
        .script_requests("/guilds/", SERVERS.len(), Scripted::Delay(SLOW));
    let known = scene.fake.requests().len();
    let wanted = in_turn(&SERVERS, "kick");
    let ids: Vec<_> = wanted
        .iter()
        .enumerate()
        .map(|(number, it)| scene.queue(service.api, it.server, &key(number), &it.body))
        .collect();
    scene.heard(known + SERVERS.len());
    let kicks = wanted
        .iter()
        .zip(&ids)
        .filter(|(it, _)| it.body["type"] == "kick");
    let polls: Vec<_> = kicks
        .map(|(it, id)| poll(service.api, scene.token_for(it.server), it.server, id))
        .collect();
    assert_eq!(polls.len(), 9);
    // Connections are taken in turn, so that the polls are heard before the last of these.
    for _ in 0..20 {
        assert_eq!(get(service.api, "/livez", "").status, 200);
    }
    service.signal("TERM");
    let clock = SystemClock::new();
    let mut waiting = 0;
    for mut stream in polls {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        let command: Value = serde_json::from_str(body).unwrap();
        waiting += usize::from(!is_final(&command));
    }
    let took = clock.monotonic();
    assert!(took < SLOW, "it took {took:?}");
    assert!(waiting > 0);
    let (status, log) = service.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    let done = scene.fake.effects().len();
    assert!(done < wanted.len(), "nothing is left to do");

    let service = scene.serve();
    let records = wanted.into_iter().zip(ids).enumerate();
    let records: Vec<_> = records
        .map(|(number, (wanted, id))| Record {
            number,
            command: scene.ended(service.api, wanted.server, &id),
            wanted,
        })
        .collect();
    let effects = scene.fake.effects();
    agrees(&records, &effects);
    let found = by_author(&effects);
    for record in &records {
        assert_eq!(record.state(), "succeeded", "{record:?}");
        assert_eq!(found[record.id()].len(), 1, "{record:?}");
    }
}
