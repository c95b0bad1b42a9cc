//! Requests that may be sent again: what is a key.

use hush_domain::idempotency::{IdempotencyKey, InvalidIdempotencyKey};
use proptest::prelude::*;

#[test]
fn a_key_is_1_to_64_visible_characters_or_spaces() {
    let all: String = (' '..='~').collect();
    for text in ["x", "order 7", r#""quoted""#, &all[..64], &all[64..]] {
        let key: IdempotencyKey = text.parse().unwrap();
        assert_eq!(key.as_str(), text);
        assert_eq!(key.to_string(), text);
    }
    for text in [
        "",
        "é",
        "a\tb",
        "a\n",
        "a\u{7f}",
        &all[..65],
        &all.repeat(4),
    ] {
        let refused = text.parse::<IdempotencyKey>();
        assert_eq!(refused, Err(InvalidIdempotencyKey), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_becomes_a_key_that_reads_otherwise(text in any::<String>()) {
        if let Ok(key) = text.parse::<IdempotencyKey>() {
            prop_assert_eq!(key.as_str(), text);
        }
    }
}
