//! Tokens: the servers that they name and the time that they live.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::time::Duration;

use hush_domain::ids::ServerId;
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{
    Beyond, ENDING_SOON, InvalidServerCount, Kinship, MAX_SERVERS, NamedServers, OutOfReach, Token,
    TokenName,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn servers(numbers: impl IntoIterator<Item = u64>) -> Vec<ServerId> {
    numbers
        .into_iter()
        .map(|number| number.try_into().unwrap())
        .collect()
}

#[test]
fn a_token_names_1_to_25_servers() {
    for count in 1..=25 {
        assert_eq!(
            NamedServers::new(servers(1..=count)).unwrap().as_slice(),
            servers(1..=count)
        );
    }
    for count in [0_u64, 26, 100] {
        let refused = NamedServers::new(servers(1..=count)).unwrap_err();
        assert_eq!(refused.count, usize::try_from(count).unwrap());
    }
    let refused = InvalidServerCount { count: 26 };
    assert_eq!(refused.to_string(), "a token names 1 to 25 servers, not 26");
}

#[test]
fn a_server_named_twice_is_named_once() {
    let named = NamedServers::new(servers([7; 26])).unwrap();
    assert_eq!(named.as_slice(), servers([7]));
    assert_eq!(named.sole(), Some(servers([7])[0]));
    let named = NamedServers::new(servers([9, 10, 9, 1])).unwrap();
    assert_eq!(named.as_slice(), servers([1, 9, 10]));
    assert_eq!(named.sole(), None);
}

proptest! {
    #[test]
    fn a_token_reaches_the_servers_it_names_and_no_other(
        numbers in vec(1_u64..60, 0..40),
        other in 1_u64..60,
    ) {
        let mut different = numbers.clone();
        different.sort_unstable();
        different.dedup();
        match NamedServers::new(servers(numbers.clone())) {
            Ok(named) => {
                prop_assert_eq!(named.as_slice(), servers(different));
                let reached = named.contains(servers([other])[0]);
                prop_assert_eq!(reached, numbers.contains(&other));
            }
            Err(refused) => {
                prop_assert_eq!(refused.count, different.len());
                prop_assert!(different.is_empty() || different.len() > MAX_SERVERS);
            }
        }
    }
}

#[test]
fn servers_are_taken_off_one_by_one_until_none_is_left() {
    let named = NamedServers::new(servers([1, 2])).unwrap();
    let [one, two, three] = [1, 2, 3].map(|number| servers([number])[0]);
    assert_eq!(named.without(three), Some(named.clone()));
    let rest = named.without(one).unwrap();
    assert_eq!(rest.as_slice(), [two]);
    assert_eq!(rest.without(two), None);
    assert!(named.contain_all(&rest) && named.contain_all(&named));
    assert!(!rest.contain_all(&named));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000).unwrap()
}

/// A token for server 3 without any scope.
fn token(expires_at: Option<i64>, revoked_at: Option<i64>) -> Token {
    Token {
        id: 1_u64.try_into().unwrap(),
        user: 2_u64.try_into().unwrap(),
        name: "name".parse().unwrap(),
        hint: "hush_0000".parse().unwrap(),
        servers: NamedServers::new(servers([3])).unwrap(),
        scopes: [].into_iter().collect(),
        created_at: at(0),
        expires_at: expires_at.map(at),
        revoked_at: revoked_at.map(at),
        parent: None,
        last_used_at: None,
    }
}

/// The same for these servers, with these scopes and this end.
fn reaching(numbers: &[u64], scopes: &[Scope], expires_at: Option<i64>) -> Token {
    Token {
        servers: NamedServers::new(servers(numbers.iter().copied())).unwrap(),
        scopes: scopes.iter().copied().collect(),
        ..token(expires_at, None)
    }
}

#[test]
fn a_token_covers_what_names_no_other_server_can_do_no_more_and_lives_no_longer() {
    use Scope::{StatsRead, TokensWrite, UsersRead};
    let holder = reaching(&[3, 4, 5], &[UsersRead, TokensWrite], Some(100));
    for (numbers, scopes, end, expected) in [
        (
            &[3, 4, 5][..],
            &[UsersRead, TokensWrite][..],
            Some(100),
            Ok(()),
        ),
        (&[4], &[], Some(1), Ok(())),
        (&[4], &[TokensWrite], Some(99), Ok(())),
        (
            &[6],
            &[UsersRead],
            Some(99),
            Err(Beyond::Server(servers([6])[0])),
        ),
        (
            &[3, 4, 5, 6],
            &[],
            Some(99),
            Err(Beyond::Server(servers([6])[0])),
        ),
        (
            &[3],
            &[UsersRead, StatsRead],
            Some(99),
            Err(Beyond::Scope(StatsRead)),
        ),
        (&[3], &[UsersRead], Some(101), Err(Beyond::Lifetime)),
        (&[3], &[UsersRead], None, Err(Beyond::Lifetime)),
    ] {
        let other = reaching(numbers, scopes, end);
        assert_eq!(holder.covers(&other), expected, "{other:?}");
        // Only what the other one may reach matters.
        let strangers = Token {
            user: 9_u64.try_into().unwrap(),
            revoked_at: Some(at(1)),
            ..other
        };
        assert_eq!(holder.covers(&strangers), expected);
    }
    let endless = reaching(&[3], &[UsersRead], None);
    assert_eq!(endless.covers(&endless), Ok(()));
    assert_eq!(endless.covers(&reaching(&[3], &[], Some(100))), Ok(()));
}

proptest! {
    #[test]
    fn what_a_covered_token_reaches_the_other_reaches_too(
        holder in (vec(1_u64..5, 1..4), 0_u32..256, 0_i64..4),
        other in (vec(1_u64..5, 1..4), 0_u32..256, 0_i64..4),
    ) {
        let made = |(numbers, set, end): (Vec<u64>, u32, i64)| {
            let scopes = Scope::ALL.into_iter().enumerate();
            let scopes = scopes.filter(|(bit, _)| set & (1 << bit) != 0);
            let scopes: Vec<_> = scopes.map(|(_, scope)| scope).collect();
            reaching(&numbers, &scopes, (end > 0).then_some(end))
        };
        let (holder, other) = (made(holder), made(other));
        // Exactly if there is no server, no scope and no moment that only the other one reaches.
        let servers = (1..5).map(|number| servers([number])[0]);
        let wider = servers.into_iter().any(|server| {
            other.servers.contains(server) && !holder.servers.contains(server)
        });
        let stronger = Scope::ALL
            .into_iter()
            .any(|scope| other.scopes.contains(scope) && !holder.scopes.contains(scope));
        let longer = (0..6).any(|second| other.is_live(at(second)) && !holder.is_live(at(second)));
        prop_assert_eq!(holder.covers(&other).is_err(), wider || stronger || longer);
    }
}

#[test]
fn a_secret_is_for_the_token_itself_its_makers_and_whoever_covers_one_that_nobody_made() {
    let asker = Token {
        id: 8_u64.try_into().unwrap(),
        ..reaching(&[1, 2], &[Scope::UsersRead], None)
    };
    let alone = reaching(&[1], &[Scope::UsersRead], None);
    let child = Token {
        parent: Some(9_u64.try_into().unwrap()),
        ..alone.clone()
    };
    let stronger = reaching(&[1], &[Scope::StatsRead], None);
    for (token, kinship, expected) in [
        (&child, Kinship::Itself, Ok(child.parent)),
        (&child, Kinship::Descendant, Ok(child.parent)),
        (&child, Kinship::Ancestor, Err(OutOfReach::Ancestor)),
        (&child, Kinship::Unrelated, Err(OutOfReach::OthersChild)),
        (&alone, Kinship::Unrelated, Ok(Some(asker.id))),
        (
            &stronger,
            Kinship::Unrelated,
            Err(Beyond::Scope(Scope::StatsRead).into()),
        ),
    ] {
        assert_eq!(token.rotated_by(&asker, kinship), expected, "{kinship:?}");
    }
}

#[test]
fn a_token_lives_until_it_is_revoked_or_its_end_is_reached() {
    for (expires_at, revoked_at, now, live) in [
        (None, None, 1_000_000_000, true),
        (Some(100), None, 99, true),
        (Some(100), None, 100, false),
        (Some(100), None, 101, false),
        (Some(100), Some(50), 60, false),
        (None, Some(50), 60, false),
        // Revoked is revoked, whatever a clock that goes back says.
        (None, Some(50), 40, false),
    ] {
        let token = token(expires_at, revoked_at);
        assert_eq!(token.is_live(at(now)), live, "at {now}: {token:?}");
    }
}

#[test]
fn a_token_ends_soon_when_its_end_is_nearer_than_two_weeks() {
    let soon = i64::try_from(ENDING_SOON.as_secs()).unwrap();
    assert_eq!(soon, 14 * 24 * 3600);
    for (expires_at, now, ends_soon) in [
        (None, 1_000_000, false),
        (Some(soon + 100), 99, false),
        (Some(soon + 100), 100, false),
        (Some(soon + 100), 101, true),
        (Some(soon + 100), soon + 99, true),
    ] {
        let expected = expires_at.filter(|_| ends_soon).map(at);
        let token = token(expires_at, None);
        assert_eq!(token.ends_soon(at(now)), expected, "at {now}: {token:?}");
    }
}

#[test]
fn one_server_can_be_named_alone() {
    let server = servers([7])[0];
    let named = NamedServers::from(server);
    assert_eq!(named.as_slice(), [server]);
    assert_eq!(named.sole(), Some(server));
}

#[test]
fn a_token_can_be_made_to_last_until_the_end_of_time_and_no_longer() {
    let now = Timestamp::from_unix_micros(1_800_000_000_000_001).unwrap();
    let later = now.checked_add(Duration::from_hours(24)).unwrap();
    assert_eq!(later.unix_micros(), now.unix_micros() + 86_400_000_000);
    assert_eq!(now.checked_add(Duration::MAX), None);
    assert_eq!(now.checked_add(Duration::from_hours(24 * 366 * 9000)), None);
}

#[test]
fn a_token_has_a_name_of_1_to_64_characters() {
    let longest = "鍵".repeat(64);
    for name in ["x", "my script", &longest] {
        assert_eq!(name.parse::<TokenName>().unwrap().as_str(), name);
    }
    for name in ["", "a\tb", &"鍵".repeat(65)] {
        assert!(name.parse::<TokenName>().is_err(), "{name:?}");
    }
}
