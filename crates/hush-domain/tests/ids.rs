//! Ids: what is one, and what is not.

use hush_domain::ids::{InvalidId, RoleId, ServerId, TokenId, UserId};
use proptest::prelude::*;

const MAX: u64 = i64::MAX as u64;

#[test]
fn decimal_numbers_from_1_to_2_pow_63_minus_1_are_ids() {
    for (text, number) in [
        ("1", 1),
        ("9", 9),
        ("10", 10),
        ("123456", 123_456),
        ("175928847299117063", 175_928_847_299_117_063),
        ("999999999999999999", 999_999_999_999_999_999),
        ("9223372036854775807", MAX),
    ] {
        let id: ServerId = text.parse().unwrap();
        assert_eq!(id.get(), number);
        assert_eq!(id.to_string(), text);
        assert_eq!(id.to_i64(), i64::try_from(number).unwrap());
    }
}

#[test]
fn everything_else_is_none() {
    for text in [
        "",
        "0",
        "00",
        "01",
        "007",
        "+1",
        "-1",
        "--1",
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "1\0",
        "\0",
        "abc",
        "1a",
        "9223372036854775808",
        "9999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901",
        "100000000000000000000000000000000000000001",
        "１２３",
        "1２3",
        "١٢٣",
        "²",
        "Ⅷ",
        "−1",
        "1\u{200b}",
        "\u{feff}1",
    ] {
        assert_eq!(text.parse::<ServerId>(), Err(InvalidId), "{text:?}");
        assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text:?}");
        assert_eq!(text.parse::<RoleId>(), Err(InvalidId), "{text:?}");
        assert_eq!(text.parse::<TokenId>(), Err(InvalidId), "{text:?}");
    }
}

#[test]
fn numbers_out_of_bounds_are_none() {
    for number in [0, MAX + 1, u64::MAX] {
        assert_eq!(UserId::try_from(number), Err(InvalidId));
    }
    for number in [0, -1, i64::MIN] {
        assert_eq!(UserId::try_from(number), Err(InvalidId));
    }
    assert_eq!(UserId::try_from(MAX).unwrap().to_i64(), i64::MAX);
    assert_eq!(UserId::try_from(i64::MAX).unwrap().get(), MAX);
}

#[test]
fn ids_are_ordered_as_numbers_and_not_as_texts() {
    let id = |text: &str| text.parse::<UserId>().unwrap();
    assert!(id("9") < id("10"));
    assert!(id("10") < id("9223372036854775807"));
}

#[test]
fn the_everyone_role_has_the_id_of_its_server() {
    let server: ServerId = "123456".parse().unwrap();
    assert_eq!(server.everyone_role().get(), 123_456);
}

#[test]
fn the_kind_of_an_id_shows_when_it_is_debugged() {
    let user: UserId = "7".parse().unwrap();
    assert_eq!(format!("{user:?}"), "UserId(7)");
}

proptest! {
    #[test]
    fn every_id_reads_back_from_its_text_and_its_column(number in 1..=MAX) {
        let id = RoleId::try_from(number).unwrap();
        prop_assert_eq!(id.to_string().parse::<RoleId>(), Ok(id));
        prop_assert_eq!(RoleId::try_from(id.to_i64()), Ok(id));
    }

    #[test]
    fn a_text_is_an_id_exactly_if_it_is_how_a_number_in_bounds_is_written(text in "[0-9+ ]{0,21}") {
        let number = text.parse::<u128>().ok().filter(|number| number.to_string() == text);
        let bounded = number.filter(|number| (1..=u128::from(MAX)).contains(number));
        let parsed = text.parse::<UserId>().ok().map(|id| u128::from(id.get()));
        prop_assert_eq!(parsed, bounded);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in any::<String>()) {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert!(digits || text.parse::<UserId>().is_err());
    }

    #[test]
    fn token_ids_sort_by_the_time_of_making(
        earlier in 0_u64..1 << 40,
        later in 1_u64..1 << 40,
        random in any::<[u32; 2]>(),
    ) {
        let first = TokenId::from_parts(earlier, random[0]);
        let second = TokenId::from_parts(earlier + later, random[1]);
        prop_assert!(first < second);
        prop_assert!((1..=MAX).contains(&first.get()));
        prop_assert_eq!(first.get() >> 22, earlier);
    }
}

#[test]
fn a_token_id_is_in_bounds_at_the_ends_of_time_too() {
    assert_eq!(TokenId::from_parts(0, 0).get(), 1);
    assert_eq!(TokenId::from_parts(u64::MAX, u32::MAX).get(), MAX);
}

#[cfg(feature = "serde")]
#[test]
fn ids_are_decimal_strings_in_json_and_nothing_else() {
    let id: UserId = "9223372036854775807".parse().unwrap();
    assert_eq!(
        serde_json::to_string(&id).unwrap(),
        "\"9223372036854775807\""
    );
    let read = serde_json::from_str::<UserId>;
    assert_eq!(read("\"9223372036854775807\"").unwrap(), id);
    for refused in ["7", "\"07\"", "\"\"", "null", "\"9223372036854775808\""] {
        assert!(read(refused).is_err(), "{refused}");
    }
}
