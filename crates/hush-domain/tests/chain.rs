//! The chain of a server's audit log: what it is, and that nothing in it can be changed unnoticed.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use hush_domain::audit::chain::{
    Broken, ChainKey, End, Head, InvalidHead, KeyId, Keyring, Link, Place, Row, WeakKey,
};
use hush_domain::audit::{Act, Action, Actor, Details, Entry, GivenReason, Target};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

/// The links of [`log`], the seal of its head, and the seal of its first row as a checkpoint, without a key and with
/// `KEY`, as Python's `hashlib` and `hmac` give them over the form that `canonical` describes. Whatever changes one of
/// them makes every log that was ever written look forged.
const KNOWN: [[&str; 4]; 2] = [
    [
        "9cb0dc0393deb154c8146a8bbe91bcba595420f3c0934de7c5285c7c41f70169",
        "c4ce25f5b1a6a386ade360334e80e662f9d70ab966b57c378d5a6d84c0dfd942",
        "d73d927558ee9fde8887204438fa3ef276cb756e45e05efd512650048cb8a1bd",
        "4314cfd493076b6c2211dd4f1aa80297ab1f67be44b438300c62046d8653a73a",
    ],
    [
        "571f468ce037eab626fd27bde722bd36ca3f0592591ebbc8eefcd399ce1b98aa",
        "71284130166e13dc2e0ccc1db272127754fa69e13f91e0cb3e2cbd3258564b85",
        "0d05cd570b74b61aeb8095dc99b2d8f803c94612aef946b8ad2fa4130678457c",
        "e301ae56dd55e7f59dfedf3f46bf16b2c686d6331506e168faf7f2fa66bbac3a",
    ],
];

fn keyring(keys: &[&[u8]]) -> Keyring {
    let keys = keys.iter().map(|key| ChainKey::new(key).unwrap());
    Keyring::new(keys.collect())
}

fn server(number: u64) -> ServerId {
    number.try_into().unwrap()
}

fn target() -> Target {
    Target::Token(8_u64.try_into().unwrap(), 2_u64.try_into().unwrap())
}

fn reason() -> GivenReason {
    let mut salt = [0; 16];
    for (byte, value) in salt.iter_mut().zip(0..) {
        *byte = value;
    }
    GivenReason {
        text: "schlüssel verloren".parse().unwrap(),
        salt,
    }
}

/// A row in which every part is there.
fn full() -> (Act, Entry) {
    let act = Act {
        at: Timestamp::from_unix_micros(1_800_000_000_123_456).unwrap(),
        actor: Actor::Token {
            token: 7_u64.try_into().unwrap(),
            user: 2_u64.try_into().unwrap(),
        },
        request_id: Some("req-1".parse().unwrap()),
        reason: Some(reason()),
    };
    let after = r#"{"expires_at":"2027-01-15T08:00:01Z","parent_id":"7","scopes":["users:read","tokens:write"]}"#;
    let entry = Entry {
        server: server(3),
        action: Action::TokenCreated,
        target: target(),
        before: None,
        after: Some(Details::stored(after.to_owned())),
    };
    (act, entry)
}

/// A row in which nothing is there that may be left out.
fn sparse() -> (Act, Entry) {
    let act = Act {
        at: Timestamp::from_unix_micros(1_800_000_001_000_000).unwrap(),
        actor: Actor::Operator,
        request_id: None,
        reason: None,
    };
    let entry = Entry {
        server: server(3),
        action: Action::ServerRemoved,
        target: target(),
        before: None,
        after: None,
    };
    (act, entry)
}

/// A log of so many rows after `last`: a full one, then sparse ones.
fn log(keys: &Keyring, mut last: Place, count: usize) -> Vec<Row> {
    let entries = std::iter::once(full()).chain(std::iter::repeat_with(sparse));
    let rows = entries.take(count).map(|(act, entry)| {
        let row = keys.append(last, &act, entry);
        last = row.place();
        row
    });
    rows.collect()
}

/// What a reader finds who goes through `rows` after `last`.
fn verified(keys: &Keyring, mut last: Place, rows: &[Row]) -> Result<Place, Broken> {
    let mut keyed = false;
    for row in rows {
        keys.verify(last, keyed, row)?;
        keyed |= row.key.is_some();
        last = row.place();
    }
    Ok(last)
}

#[test]
fn links_and_seals_are_the_known_ones() {
    for (keys, known) in [keyring(&[]), keyring(&[KEY])].iter().zip(KNOWN) {
        let rows = log(keys, Place::START, 2);
        let seals = [(End::Head, 1), (End::Checkpoint, 0)];
        let seals = seals.map(|(end, row)| keys.seal(end, server(3), rows[row].place()));
        let made = [rows[0].link, rows[1].link, seals[0], seals[1]];
        assert_eq!(made.map(|link| link.to_string()), known);
    }
    let named = log(&keyring(&[KEY]), Place::START, 1)[0].key;
    assert_eq!(named.unwrap().to_string(), "a844e98b8ea9df52");
    let commitment = Link::from_bytes(reason().commitment()).to_string();
    let known = "0178ebd5a8eaa3d18d4a1b007a0d1cd9fa0e692217b57f985a50cb32b6fb5871";
    assert_eq!(commitment, known);
}

#[test]
fn a_row_says_what_was_done_and_where_it_is() {
    let last = Place {
        number: 41,
        link: Link::from_bytes([5; 32]),
    };
    let (act, entry) = full();
    let row = keyring(&[KEY]).append(last, &act, entry.clone());
    assert_eq!((row.server, row.number), (entry.server, 42));
    assert_eq!((row.at, row.actor), (act.at, act.actor));
    assert_eq!((row.action, row.target), (entry.action, entry.target));
    assert_eq!((&row.before, &row.after), (&entry.before, &entry.after));
    assert_eq!(row.request_id, act.request_id);
    assert_eq!(row.commitment, Some(reason().commitment()));
    assert_eq!(row.reason, Some(reason()));
    assert_eq!(row.place().number, 42);
    assert_eq!(row.place().link, row.link);
}

#[test]
fn an_untouched_log_verifies_from_its_start_and_from_any_row() {
    for keys in [keyring(&[]), keyring(&[KEY])] {
        let rows = log(&keys, Place::START, 5);
        let head = rows[4].place();
        assert_eq!(verified(&keys, Place::START, &rows), Ok(head));
        for start in 0..5 {
            let last = rows[start].place();
            assert_eq!(verified(&keys, last, &rows[start + 1..]), Ok(head));
        }
    }
}

type Forgery = (&'static str, fn(&mut Row));

/// Every part of a row, changed; the link itself too.
const FORGERIES: [Forgery; 15] = [
    ("server", |row| row.server = server(4)),
    ("at", |row| {
        let later = row.at.unix_micros() + 1;
        row.at = Timestamp::from_unix_micros(later).unwrap();
    }),
    ("actor", |row| row.actor = Actor::Operator),
    ("actor's kind", |row| {
        let user = 2_u64.try_into().unwrap();
        row.actor = Actor::Interaction { user };
    }),
    ("actor's user", |row| {
        let (token, user) = (7_u64.try_into().unwrap(), 3_u64.try_into().unwrap());
        row.actor = Actor::Token { token, user };
    }),
    ("action", |row| row.action = Action::TokenRevoked),
    ("target", |row| row.target = Target::Settings),
    ("target's token", |row| {
        row.target = Target::Token(9_u64.try_into().unwrap(), 2_u64.try_into().unwrap());
    }),
    ("before", |row| {
        row.before = Some(Details::stored(String::new()));
    }),
    ("after", |row| row.after = None),
    ("before and after", |row| {
        std::mem::swap(&mut row.before, &mut row.after);
    }),
    ("request id", |row| row.request_id = None),
    ("commitment", |row| {
        row.reason = None;
        row.commitment = None;
    }),
    ("reason with its commitment", |row| {
        let mut other = reason();
        other.text = "another".parse().unwrap();
        row.commitment = Some(other.commitment());
        row.reason = Some(other);
    }),
    ("link", |row| row.link = Link::START),
];

#[test]
fn whatever_is_changed_in_a_row_is_found() {
    for keys in [keyring(&[]), keyring(&[KEY])] {
        let rows = log(&keys, Place::START, 3);
        for (part, forge) in FORGERIES {
            let mut forged = rows.clone();
            forge(&mut forged[0]);
            let found = verified(&keys, Place::START, &forged);
            assert_eq!(found, Err(Broken::Changed(1)), "{part}");
        }
    }
}

#[test]
fn a_row_that_is_removed_reordered_or_added_is_found() {
    let keys = keyring(&[KEY]);
    let rows = log(&keys, Place::START, 4);
    let missing = |due, found| Err(Broken::Missing { due, found });
    let of = |places: &[usize]| -> Vec<Row> { places.iter().map(|at| rows[*at].clone()).collect() };
    for (places, expected) in [
        (&[1, 2, 3][..], missing(1, 2)),
        (&[0, 2, 3], missing(2, 3)),
        (&[0, 2, 1, 3], missing(2, 3)),
        (&[0, 0, 1], missing(2, 1)),
    ] {
        assert_eq!(verified(&keys, Place::START, &of(places)), expected);
    }
    // Giving the others the numbers that are due does not help.
    let mut closed = of(&[0, 2, 3]);
    for (row, number) in closed.iter_mut().zip(1..) {
        row.number = number;
    }
    assert_eq!(
        verified(&keys, Place::START, &closed),
        Err(Broken::Changed(2))
    );
    let (act, entry) = sparse();
    let added = keyring(&[&[1; 32]]).append(rows[3].place(), &act, entry);
    let (number, key) = (5, added.key.unwrap());
    let found = verified(&keys, Place::START, &[rows, vec![added]].concat());
    assert_eq!(found, Err(Broken::UnknownKey { number, key }));
}

#[test]
fn a_log_that_was_cut_off_has_no_sealed_head() {
    let keys = keyring(&[KEY]);
    let rows = log(&keys, Place::START, 3);
    let seal = keys.seal(End::Head, server(3), rows[2].place());
    let sealed = |end, number, place| keys.is_sealed(end, server(number), place, true, seal);
    assert!(sealed(End::Head, 3, rows[2].place()));
    assert!(!sealed(End::Head, 3, rows[1].place()));
    assert!(!sealed(End::Head, 4, rows[2].place()));
    assert!(!sealed(End::Checkpoint, 3, rows[2].place()));
    let renumbered = Place {
        number: 2,
        ..rows[2].place()
    };
    assert!(!sealed(End::Head, 3, renumbered));
}

#[test]
fn an_erased_reason_still_verifies_and_a_changed_one_does_not() {
    let keys = keyring(&[KEY]);
    let mut rows = log(&keys, Place::START, 2);
    rows[0].reason.as_mut().unwrap().salt[0] ^= 1;
    assert_eq!(verified(&keys, Place::START, &rows), Err(Broken::Reason(1)));
    rows[0].reason = None;
    assert_eq!(verified(&keys, Place::START, &rows), Ok(rows[1].place()));
    // A row that was written without a reason cannot be given one.
    rows[1].reason = Some(reason());
    assert_eq!(verified(&keys, Place::START, &rows), Err(Broken::Reason(2)));
}

#[test]
fn every_key_of_the_ring_checks_and_the_newest_makes() {
    let (old, both, new) = (
        keyring(&[KEY]),
        keyring(&[KEY, &[1; 32]]),
        keyring(&[&[1; 32]]),
    );
    let mut rows = log(&old, Place::START, 2);
    rows.extend(log(&both, rows[1].place(), 2));
    let head = rows[3].place();
    assert_eq!(verified(&both, Place::START, &rows), Ok(head));
    assert_eq!(rows[2].key, log(&new, Place::START, 1)[0].key);
    let unknown = |row: &Row| {
        let (number, key) = (row.number, row.key.unwrap());
        Err(Broken::UnknownKey { number, key })
    };
    assert_eq!(verified(&old, Place::START, &rows), unknown(&rows[2]));
    assert_eq!(verified(&new, Place::START, &rows), unknown(&rows[0]));
    assert_eq!(verified(&new, rows[1].place(), &rows[2..]), Ok(head));
    for sealing in [&old, &both] {
        let seal = sealing.seal(End::Head, server(3), head);
        assert!(both.is_sealed(End::Head, server(3), head, true, seal));
    }
    let seal = both.seal(End::Head, server(3), head);
    assert!(!old.is_sealed(End::Head, server(3), head, true, seal));
}

#[test]
fn a_key_that_came_later_protects_from_then_on() {
    let (none, one) = (keyring(&[]), keyring(&[KEY]));
    assert!(none.is_empty() && !one.is_empty());
    let mut rows = log(&none, Place::START, 2);
    let before = rows[1].place();
    let plain = none.seal(End::Head, server(3), before);
    assert!(one.is_sealed(End::Head, server(3), before, false, plain));
    rows.extend(log(&one, before, 2));
    let head = rows[3].place();
    assert_eq!(verified(&one, Place::START, &rows), Ok(head));
    // From the first row with a key on, nothing without one counts.
    let (act, entry) = sparse();
    rows.push(none.append(head, &act, entry));
    let found = verified(&one, Place::START, &rows);
    assert_eq!(found, Err(Broken::Unkeyed(5)));
    let plain = none.seal(End::Head, server(3), head);
    assert!(!one.is_sealed(End::Head, server(3), head, true, plain));
}

#[test]
fn whose_key_is_taken_away_has_another_link() {
    let keys = keyring(&[KEY]);
    let mut rows = log(&keys, Place::START, 1);
    rows[0].key = None;
    assert_eq!(
        verified(&keys, Place::START, &rows),
        Err(Broken::Changed(1))
    );
    rows[0].key = Some(KeyId::from_bytes([9; 8]));
    let unknown = verified(&keys, Place::START, &rows);
    assert!(matches!(unknown, Err(Broken::UnknownKey { number: 1, .. })));
}

#[test]
fn a_short_key_is_refused_and_no_key_shows_when_it_is_debugged() {
    for length in [0, 1, 31] {
        assert_eq!(ChainKey::new(&KEY[..length]).unwrap_err(), WeakKey);
    }
    let shown = format!("{:?}", keyring(&[KEY]));
    assert_eq!(shown, "Keyring([ChainKey(…)])");
}

#[test]
fn a_head_reads_back_from_its_text() {
    let digits = "00ff".repeat(16);
    for (text, number) in [
        ("3:1", 1),
        ("9223372036854775807:18446744073709551615", u64::MAX),
    ] {
        let text = format!("{text}:{digits}");
        let head: Head = text.parse().unwrap();
        assert_eq!(head.place.number, number);
        assert_eq!(head.place.link.as_bytes()[..2], [0, 255]);
        assert_eq!(head.to_string(), text);
    }
    for text in [
        "",
        "3",
        "3:1",
        "3:1:",
        &format!("3:1:{digits}:"),
        &format!(":1:{digits}"),
        &format!("3::{digits}"),
        &format!("0:1:{digits}"),
        &format!("-3:1:{digits}"),
        &format!("3:-1:{digits}"),
        &format!("3:1.5:{digits}"),
        &format!("3:18446744073709551616:{digits}"),
        &format!(" 3:1:{digits}"),
        &format!("3:1:{digits}\n"),
        &format!("3:1:{}", &digits[1..]),
        &format!("3:1:{digits}0"),
        &format!("3:1:g{}", &digits[1..]),
        &format!("3:1:+{}", &digits[1..]),
        &format!("3:1:é{}", &digits[2..]),
        &format!("{digits}:1:3"),
    ] {
        assert_eq!(text.parse::<Head>(), Err(InvalidHead), "{text:?}");
    }
}
