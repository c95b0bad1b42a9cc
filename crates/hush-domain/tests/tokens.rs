//! Tokens: the servers that they name and the time that they live.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::time::Duration;

use hush_domain::ids::ServerId;
use hush_domain::scopes::Scopes;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{InvalidServerCount, MAX_SERVERS, NamedServers, Token, TokenName};
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
fn a_token_lives_until_it_is_revoked_or_its_end_is_reached() {
    let at = |second: i64| Timestamp::from_unix_micros(second * 1_000_000).unwrap();
    let token = |expires_at: Option<i64>, revoked_at: Option<i64>| Token {
        id: 1_u64.try_into().unwrap(),
        user: 2_u64.try_into().unwrap(),
        name: "name".parse().unwrap(),
        hint: "hush_0000".parse().unwrap(),
        servers: NamedServers::new(servers([3])).unwrap(),
        scopes: Scopes::default(),
        created_at: at(0),
        expires_at: expires_at.map(at),
        revoked_at: revoked_at.map(at),
    };
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
