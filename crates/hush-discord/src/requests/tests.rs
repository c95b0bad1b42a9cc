use hush_domain::users::{User, Username};

use super::*;

const SERVER: u64 = 1;

fn server(number: u64) -> ServerId {
    number.try_into().unwrap()
}

fn requests() -> (Requests, Instant) {
    (Requests::new(Epoch(7)), Instant::now())
}

/// Asks for the one server that is wanted, and tells what the request is called.
fn ask(requests: &mut Requests, now: Instant) -> String {
    let due = requests.due(now);
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(due[0].0, server(SERVER));
    due[0].1.clone()
}

#[test]
fn a_list_is_complete_once_every_part_has_come_in_whatever_order() {
    let (mut requests, now) = requests();
    requests.want(server(SERVER), Generation(3), now);
    let nonce = ask(&mut requests, now);
    let mut heard = |index| requests.heard(server(SERVER), Some(&nonce), (index, 3), vec![], now);
    let part = |last| {
        Some(Part {
            generation: Generation(3),
            members: vec![],
            last,
        })
    };
    assert_eq!(heard(2), part(false));
    assert_eq!(heard(0), part(false));
    assert_eq!(heard(0), part(false), "a part that comes twice counts once");
    assert_eq!(heard(1), part(true));
    assert_eq!(heard(1), None, "nothing is waited for any more");
}

#[test]
fn parts_of_other_requests_count_for_nothing() {
    let (mut requests, now) = requests();
    requests.want(server(SERVER), Generation(3), now);
    let first = ask(&mut requests, now);
    requests.due(now + PATIENCE);
    let later = now + PATIENCE + APART;
    let second = ask(&mut requests, later);
    let mut heard =
        |nonce: Option<&str>| requests.heard(server(SERVER), nonce, (0, 1), vec![], later);
    assert_eq!(heard(Some(&first)), None);
    assert_eq!(heard(None), None);
    assert!(heard(Some(&second)).is_some());
}

#[test]
fn a_server_is_asked_for_every_thirty_seconds_at_most() {
    let (mut requests, now) = requests();
    let second = Duration::from_secs(1);
    requests.want(server(SERVER), Generation(1), now);
    ask(&mut requests, now);
    requests.want(server(SERVER), Generation(2), now + second);
    assert_eq!(requests.due(now + APART.saturating_sub(second)), []);
    let nonce = ask(&mut requests, now + APART);
    let part = requests.heard(server(SERVER), Some(&nonce), (0, 1), vec![], now + APART);
    assert_eq!(part.map(|part| part.generation), Some(Generation(2)));
    // Also after a list was complete.
    requests.want(server(SERVER), Generation(3), now + APART + second);
    assert_eq!(requests.due(now + APART + second), []);
    ask(&mut requests, now + APART + APART);
}

#[test]
fn what_does_not_come_is_asked_for_again_after_a_while() {
    let (mut requests, now) = requests();
    requests.want(server(SERVER), Generation(1), now);
    let nonce = ask(&mut requests, now);
    let heard = now + APART;
    requests.heard(server(SERVER), Some(&nonce), (0, 2), vec![], heard);
    assert_eq!(requests.due(now + PATIENCE), [], "a part came meanwhile");
    let mut asked = heard;
    for leave in [1, 2, 4, 8, 16, 32, 32].map(|times| APART * times) {
        let lost = asked + PATIENCE;
        assert_eq!(requests.due(lost), []);
        assert_eq!(requests.due(lost + leave.saturating_sub(APART / 2)), []);
        asked = lost + leave;
        ask(&mut requests, asked);
    }
}

#[test]
fn a_refusal_is_obeyed() {
    let (mut requests, now) = requests();
    requests.want(server(SERVER), Generation(1), now);
    ask(&mut requests, now);
    requests.too_early(server(SERVER), 45.5, now);
    assert_eq!(requests.due(now + Duration::from_secs(45)), []);
    ask(&mut requests, now + Duration::from_secs(46));
    for nonsense in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
        requests.too_early(server(SERVER), nonsense, now);
    }
    ask(&mut requests, now + LONGEST_WAIT + PATIENCE);
}

#[test]
fn a_few_are_asked_for_at_once() {
    let (mut requests, now) = requests();
    for number in 1..=10 {
        requests.want(server(number), Generation(1), now);
    }
    let due = requests.due(now);
    assert_eq!(due.len(), AT_ONCE);
    assert_eq!(requests.due(now), []);
    let (first, nonce) = &due[0];
    assert!(
        requests
            .heard(*first, Some(nonce), (0, 1), vec![], now)
            .is_some()
    );
    assert_eq!(requests.due(now).len(), 1);
    requests.clear();
    assert_eq!(requests.due(now + PATIENCE), []);
}

#[test]
fn who_does_not_answer_keeps_nobody_waiting() {
    let (mut requests, now) = requests();
    for number in 1..=10 {
        requests.want(server(number), Generation(1), now);
    }
    let mut asked = BTreeSet::new();
    for minutes in 0..3 {
        let due = requests.due(now + PATIENCE * minutes);
        asked.extend(due.into_iter().map(|(server, _)| server.get()));
    }
    assert_eq!(asked, (1..=10).collect());
}

#[test]
fn what_was_heard_since_the_request_stands() {
    let (mut requests, now) = requests();
    let member = |id: u64, roles: &[u64], presence| ListedMember {
        user: User {
            id: id.try_into().unwrap(),
            username: Username::from_platform("somebody", None),
            bot: false,
        },
        roles: roles
            .iter()
            .map(|role| (*role).try_into().unwrap())
            .collect(),
        presence,
    };
    let user = |id: u64| id.try_into().unwrap();
    let (online, idle) = (Some(Presence::Online), Presence::Idle);
    let server = server(SERVER);
    requests.want(server, Generation(1), now);
    // Before the request: a part says no less.
    requests.note(server, &Change::MemberLeft(user(1)));
    let nonce = ask(&mut requests, now);
    requests.note(server, &Change::MemberChanged(member(2, &[7], None)));
    requests.note(server, &Change::MemberLeft(user(3)));
    requests.note_presence(server, user(4), Presence::Offline);
    requests.note_presence(server, user(4), idle);
    requests.note(server, &Change::MemberLeft(user(5)));
    requests.note(server, &Change::MemberJoined(member(5, &[8], None)));
    let listed = (1..=6).map(|id| member(id, &[9], online)).collect();
    let part = requests.heard(server, Some(&nonce), (0, 1), listed, now);
    let expected = [
        member(1, &[9], online),
        member(2, &[7], online),
        member(4, &[9], Some(idle)),
        member(5, &[8], online),
        member(6, &[9], online),
    ];
    assert_eq!(part.unwrap().members, expected);
}

#[test]
fn a_nonce_is_never_longer_than_the_platform_takes() {
    let mut requests = Requests::new(Epoch(i64::MAX >> 32));
    requests.made = u64::from(u32::MAX);
    let now = Instant::now();
    requests.want(server(SERVER), Generation(1), now);
    assert!(ask(&mut requests, now).len() <= 32);
}
