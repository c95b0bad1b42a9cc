//! Names as a platform says them, which need not know the rule that they fall under.

use hush_domain::channels::ChannelName;
use hush_domain::roles::RoleName;
use hush_domain::servers::ServerName;
use hush_domain::users::Username;
use proptest::prelude::*;

/// The same text as each kind of name.
fn names(text: &str) -> [String; 4] {
    [
        ChannelName::from_platform(text).to_string(),
        RoleName::from_platform(text).to_string(),
        ServerName::from_platform(text).to_string(),
        Username::from_platform(text, None).to_string(),
    ]
}

#[test]
fn what_breaks_the_rule_is_left_out() {
    let longest = "名".repeat(100);
    for (said, kept) in [
        ("", "?"),
        ("\0", "?"),
        ("\n\r\t\u{7f}\u{85}", "?"),
        ("a\0b\nc", "abc"),
        ("?", "?"),
        (" ", " "),
        ("Zoë 🦀", "Zoë 🦀"),
        ("\u{202e}right to left", "\u{202e}right to left"),
        (&longest, &longest),
        (&"名".repeat(101), &longest),
        // What is left out takes no place from what is kept.
        (&format!("\n{longest}\0x"), &longest),
    ] {
        assert_eq!(names(said), [kept; 4], "{said:?}");
    }
}

#[test]
fn a_discriminator_that_cannot_be_one_counts_as_none() {
    for (said, kept) in [
        (None, None),
        (Some(0), None),
        (Some(1), Some(1)),
        (Some(9999), Some(9999)),
        (Some(10_000), None),
        (Some(u16::MAX), None),
    ] {
        let username = Username::from_platform("user", said);
        assert_eq!(username.discriminator(), kept);
        assert_eq!(username, Username::new("user", kept).unwrap());
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_name_that_reads_back(text in "(?s).{0,150}", number in any::<Option<u16>>()) {
        let channel = ChannelName::from_platform(&text);
        prop_assert_eq!(channel.as_str().parse(), Ok(channel.clone()));
        let role = RoleName::from_platform(&text);
        prop_assert_eq!(role.as_str().parse(), Ok(role.clone()));
        let server = ServerName::from_platform(&text);
        prop_assert_eq!(server.as_str().parse(), Ok(server.clone()));
        let user = Username::from_platform(&text, number);
        prop_assert_eq!(Username::new(user.name(), user.discriminator()), Ok(user.clone()));
    }

    #[test]
    fn what_keeps_the_rule_stays_as_it_is(text in "[^\\p{Cc}]{1,100}") {
        for name in names(&text) {
            prop_assert_eq!(&name, &text);
        }
    }

    #[test]
    fn what_is_kept_stood_there_in_that_order(text in "(?s).{0,150}") {
        let kept = ChannelName::from_platform(&text);
        let mut said = text.chars();
        let in_order = kept.as_str().chars().all(|kept| said.any(|said| said == kept));
        prop_assert!(in_order || kept.as_str() == "?");
    }
}
