//! Clients that send their commands again, with the same key, until these are taken.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};

use super::orders::Wanted;
use super::scene::{PATIENCE, Scene, id, order};
use crate::support::try_send;

/// Where the service is just now, if it is anywhere, and how many of the commands may be sent.
#[derive(Default)]
pub(super) struct Board {
    posted: Mutex<(Option<SocketAddr>, usize)>,
    changed: Condvar,
}

impl Board {
    pub(super) fn post(&self, api: Option<SocketAddr>, commands: usize) {
        *self.posted.lock().unwrap() = (api, commands);
        self.changed.notify_all();
    }

    /// Where to send the command with this number, once it may be.
    fn read(&self, number: usize) -> SocketAddr {
        let posted = self.posted.lock().unwrap();
        let (posted, waited) = self
            .changed
            .wait_timeout_while(posted, 2 * PATIENCE, |(api, commands)| {
                api.is_none() || number >= *commands
            })
            .unwrap();
        assert!(!waited.timed_out(), "nobody serves command {number}");
        posted.0.unwrap()
    }
}

/// A command that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// Which of those that were wanted it is.
    pub(super) number: usize,
    pub(super) id: String,
    /// Whether the service said that it was taken back.
    pub(super) cancelled: bool,
}

/// Shares the commands out to clients: what is about the same is one client's, who sends it in order.
pub(super) fn share_out(wanted: &[Wanted], clients: usize) -> Vec<Vec<usize>> {
    let mut subjects = BTreeMap::new();
    let mut shares = vec![Vec::new(); clients];
    for (number, wanted) in wanted.iter().enumerate() {
        let next = subjects.len() % clients;
        let client = *subjects.entry(wanted.subject).or_insert(next);
        shares[client].push(number);
    }
    shares
}

/// Sends the commands with these numbers, each until it is taken.
pub(super) fn send_all(
    scene: &Scene<'_>,
    board: &Board,
    wanted: &[Wanted],
    numbers: &[usize],
) -> Vec<Taken> {
    let sent = numbers.iter().map(|&number| {
        let wanted = &wanted[number];
        let id = send_until_taken(scene, board, wanted, number);
        Taken {
            number,
            cancelled: wanted.regretted && take_back(scene, board, wanted, number, &id),
            id,
        }
    });
    sent.collect()
}

/// The key of a command.
pub(super) fn key(number: usize) -> String {
    format!("command-{number}")
}

fn send_until_taken(scene: &Scene<'_>, board: &Board, wanted: &Wanted, number: usize) -> String {
    let token = scene.token_for(wanted.server);
    loop {
        let api = board.read(number);
        let sent = order(api, token, wanted.server, &key(number), &wanted.body);
        match sent {
            Some(sent) if sent.status == 202 => return id(&sent),
            // What a killed process began may not have ended yet, and a store may be slow.
            Some(sent) => {
                let later = sent.status == 409 && sent.body.contains("request-in-progress");
                assert!(later || sent.status == 503, "{wanted:?}: {sent:?}");
            }
            None => {}
        }
    }
}

/// Whether the service says that a command was taken back.
fn take_back(
    scene: &Scene<'_>,
    board: &Board,
    wanted: &Wanted,
    number: usize,
    command: &str,
) -> bool {
    let token = scene.token_for(wanted.server);
    let path = format!("/v1/servers/{}/commands/{command}", wanted.server);
    loop {
        match try_send(board.read(number), "DELETE", &path, token, &[], "") {
            Some(said) if said.status == 200 => return true,
            Some(said) if said.status == 409 => return false,
            Some(said) => assert_eq!(said.status, 503, "{said:?}"),
            None => {}
        }
    }
}
