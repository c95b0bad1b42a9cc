//! The token's text: its format, its checksum and its digest.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::convert::Infallible;
use std::fmt::Write;

use hush_domain::secret::{InvalidSecret, Secret, TokenHint};
use proptest::collection::vec;
use proptest::prelude::*;

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The tokens and digests that Python's `zlib.crc32` and `hashlib.sha256` give. The last one's checksum has
/// leading zeros.
const KNOWN: [(&str, &str); 6] = [
    (
        "hush_00000000000000000000000000000035BDXq",
        "9138b3ead2649ff7114049c6013e5439556b48e2087cec67afe14a2785bf24ad",
    ),
    (
        "hush_7777777777777777777777777777772OFSna",
        "ca6f3ea5406673aa57e478f126bd679342863e7102bb2fa0ae4b6ab25b9f2e12",
    ),
    (
        "hush_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz0yhUEb",
        "982a451783820ecc86db4655651690abfda9a46138934bd9339d7065c5414f70",
    ),
    (
        "hush_0123456789ABCDEFGHIJKLMNOPQRST0rgJlb",
        "1703d1ffdc6e657dc545aa890c6d695ecff32cdf579d3c3535ed4f8f1dc9436c",
    ),
    (
        "hush_UVWXYZabcdefghijklmnopqrstuvwx1aEGPp",
        "3472357b621d4acb7cee1d60a6d86cc83ee077c137543c2e213eba1750c405b5",
    ),
    (
        "hush_jGnWQz1pu0dPATraKbdQXt3Gl7d2C80003TI",
        "0550ffd9457bb05f4ef4e88e92a30f770f7590d631d902c19e932d937fb9267b",
    ),
];

#[test]
fn checksum_and_digest_are_the_known_ones() {
    for (text, digest) in KNOWN {
        let secret: Secret = text.parse().unwrap();
        assert_eq!(secret.expose(), text);
        assert_eq!(hex(secret.digest().as_bytes()), digest);
    }
}

#[test]
fn a_generated_token_has_the_known_checksum() {
    for (byte, (text, digest)) in [0, 7, 61].into_iter().zip(KNOWN) {
        let secret = generated(|bytes| bytes.fill(byte));
        assert_eq!(secret.expose(), text);
        assert_eq!(hex(secret.digest().as_bytes()), digest);
    }
}

#[test]
fn no_other_character_fits_at_any_place() {
    for (text, _) in KNOWN {
        let places = text.char_indices();
        let (mut tried, mut refused) = (0, 0);
        for (place, right) in places {
            let others = ('\0'..='\u{7f}').chain("éß０Ａａ一🦀\u{212a}\u{301}".chars());
            for other in others.filter(|other| *other != right) {
                let mut corrupted = text.to_owned();
                corrupted.replace_range(place..=place, other.encode_utf8(&mut [0; 4]));
                tried += 1;
                refused += usize::from(corrupted.parse::<Secret>() == Err(InvalidSecret));
            }
        }
        assert_eq!((tried, refused), (41 * 136, tried), "{text}");
    }
}

#[test]
fn what_is_cut_off_repeated_or_dressed_up_is_no_token() {
    let (text, _) = KNOWN[3];
    for end in 0..text.len() {
        assert!(text[..end].parse::<Secret>().is_err());
        assert!(text[end + 1..].parse::<Secret>().is_err());
        let missing = format!("{}{}", &text[..end], &text[end + 1..]);
        assert!(missing.parse::<Secret>().is_err());
        let doubled = format!("{}{}", &text[..=end], &text[end..]);
        assert!(doubled.parse::<Secret>().is_err());
    }
    for dressed in [
        format!(" {text}"),
        format!("{text} "),
        format!("{text}\n"),
        format!("{text}\0"),
        format!("\"{text}\""),
        format!("Bearer {text}"),
        format!("{text}{text}"),
        text.to_uppercase(),
        text.to_lowercase(),
        text.replace("hush_", "HUSH_"),
        text.replace("hush_", "hush-"),
        text.repeat(220),
    ] {
        assert!(dressed.parse::<Secret>().is_err(), "{dressed}");
    }
}

#[test]
fn each_character_comes_from_four_of_the_248_bytes_that_are_taken() {
    let mut count = [0; 62];
    for byte in 0..=u8::MAX {
        // The first buffer holds the byte alone, every other one zeros.
        let mut first = true;
        let secret =
            generated(|bytes| bytes.fill(if std::mem::take(&mut first) { byte } else { 0 }));
        let character = char::from(secret.expose().as_bytes()[5]);
        let place = ALPHABET.find(character).unwrap();
        if byte < 248 {
            assert_eq!(place, usize::from(byte) % 62);
            count[place] += 1;
        } else {
            assert_eq!(
                secret,
                generated(|bytes| bytes.fill(0)),
                "byte {byte} was taken"
            );
        }
    }
    assert_eq!(count, [4; 62]);
}

#[test]
fn a_rejected_byte_shifts_what_follows_and_is_made_up_for() {
    let mut next = 0_u8;
    let every_other = generated(|bytes| {
        for pair in bytes.chunks_mut(2) {
            pair.copy_from_slice(&[255, next]);
            next += 1;
        }
    });
    let expected = &ALPHABET[..30];
    assert_eq!(&every_other.expose()[5..35], expected);
}

#[test]
fn a_random_source_that_fails_makes_no_token() {
    let mut calls = 0;
    let mut failing = |bytes: &mut [u8]| {
        calls += 1;
        bytes.fill(255);
        if calls < 3 { Ok(()) } else { Err("no entropy") }
    };
    assert_eq!(Secret::generate(&mut failing), Err("no entropy"));
}

#[test]
fn nothing_secret_shows_when_it_is_debugged() {
    let secret: Secret = KNOWN[3].0.parse().unwrap();
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert_eq!(format!("{:?}", secret.digest()), "TokenDigest(…)");
}

#[test]
fn a_hint_is_the_prefix_and_four_characters() {
    let secret: Secret = KNOWN[3].0.parse().unwrap();
    assert_eq!(secret.hint().as_str(), "hush_0123");
    assert_eq!("hush_0123".parse(), Ok(secret.hint()));
    for text in [
        "",
        "hush_",
        "hush_012",
        "hush_01234",
        "hush_01-3",
        "HUSH_0123",
        "hush_01é",
    ] {
        assert_eq!(text.parse::<TokenHint>(), Err(InvalidSecret), "{text}");
    }
}

proptest! {
    #[test]
    fn a_generated_token_reads_back(mut random in vec(any::<u8>(), 60)) {
        // A second buffer, should the first hold too few bytes that are taken, is filled with something new.
        let secret = generated(|bytes| {
            bytes.copy_from_slice(&random);
            for byte in &mut random {
                *byte = byte.wrapping_add(101);
            }
        });
        let text = secret.expose();
        prop_assert_eq!(text.len(), 41);
        prop_assert!(text.starts_with("hush_"));
        prop_assert!(text[5..].chars().all(|character| ALPHABET.contains(character)));
        let parsed: Secret = text.parse().unwrap();
        prop_assert_eq!(&parsed, &secret);
        prop_assert_eq!(parsed.digest(), secret.digest());
    }

    #[test]
    fn a_generated_token_with_one_wrong_character_is_refused(
        random in vec(0_u8..248, 60),
        place in 0_usize..41,
        other in any::<char>(),
    ) {
        let secret = generated(|bytes| bytes.copy_from_slice(&random));
        let text = secret.expose();
        prop_assume!(!text[place..].starts_with(other));
        let corrupted = format!("{}{other}{}", &text[..place], &text[place + 1..]);
        prop_assert_eq!(corrupted.parse::<Secret>(), Err(InvalidSecret));
    }

    #[test]
    fn no_text_makes_parsing_panic(text in any::<String>()) {
        prop_assert!(text.parse::<Secret>().is_err());
        let prefixed = format!("hush_{text}");
        prop_assert!(prefixed.parse::<Secret>().is_err());
    }
}

fn generated(mut random: impl FnMut(&mut [u8])) -> Secret {
    let mut source = |bytes: &mut [u8]| {
        random(bytes);
        Ok::<(), Infallible>(())
    };
    let Ok(secret) = Secret::generate(&mut source);
    secret
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
