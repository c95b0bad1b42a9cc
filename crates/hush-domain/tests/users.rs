//! Users, members and the names that they carry.

use hush_domain::ids::ServerId;
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::{Role, RoleName};
use hush_domain::servers::ServerName;
use hush_domain::users::{InvalidUsername, Member, User, Username};

#[test]
fn discords_two_fields_make_a_username() {
    for (name, discriminator, number, shown) in [
        ("User", "1234", Some(1234), "User#1234"),
        ("User", "0001", Some(1), "User#0001"),
        ("User", "9999", Some(9999), "User#9999"),
        ("user", "0", None, "user"),
        ("user", "0000", None, "user"),
        ("Zoë 🦀", "0042", Some(42), "Zoë 🦀#0042"),
        ("with#hash", "0007", Some(7), "with#hash#0007"),
    ] {
        let username = Username::from_discord(name, discriminator).unwrap();
        assert_eq!(username.name(), name);
        assert_eq!(username.discriminator(), number);
        assert_eq!(username.to_string(), shown);
        assert_eq!(Username::new(name, number), Ok(username));
    }
}

#[test]
fn other_discriminators_are_refused() {
    for discriminator in [
        "",
        "1",
        "42",
        "123",
        "12345",
        "00001",
        "-001",
        "+001",
        "12 4",
        "abcd",
        "１２３４",
        "99999999999",
    ] {
        let refused = Username::from_discord("user", discriminator);
        assert_eq!(
            refused,
            Err(InvalidUsername::Discriminator),
            "{discriminator:?}"
        );
    }
    for number in [0, 10_000, u16::MAX] {
        let refused = Username::new("user", Some(number));
        assert_eq!(refused, Err(InvalidUsername::Discriminator), "{number}");
    }
}

#[test]
fn names_have_one_rule() {
    let longest = "名".repeat(100);
    for name in [
        "a",
        " ",
        "\"'<>&;--",
        "👩‍👩‍👧‍👦",
        "\u{202e}right to left",
        &longest,
    ] {
        assert_eq!(Username::new(name, None).unwrap().name(), name);
        assert_eq!(name.parse::<RoleName>().unwrap().as_str(), name);
        assert_eq!(name.parse::<ServerName>().unwrap().to_string(), name);
    }
    let too_long = "名".repeat(101);
    for (name, reason) in [
        ("", "must not be empty"),
        ("a\0b", "must not contain control characters"),
        ("a\nb", "must not contain control characters"),
        ("\u{7f}", "must not contain control characters"),
        ("\u{85}", "must not contain control characters"),
        (&too_long, "must have at most 100 characters"),
    ] {
        let refused = Username::new(name, None).unwrap_err();
        assert_eq!(refused.to_string(), format!("username {reason}"));
        let refused = name.parse::<RoleName>().unwrap_err();
        assert_eq!(refused.to_string(), reason);
    }
}

#[test]
fn a_member_shows_roles_by_rank_and_never_the_everyone_role() {
    let server = ServerId::try_from(100_u64).unwrap();
    let role = |number: u64, name: &str, position| Role {
        id: number.try_into().unwrap(),
        name: name.parse().unwrap(),
        position,
        permissions: Permissions::default(),
        managed: false,
    };
    let user = User {
        id: 7_u64.try_into().unwrap(),
        username: Username::new("user", None).unwrap(),
        bot: false,
    };
    let roles = vec![
        role(10, "ten", 2),
        role(100, "@everyone", 5),
        role(9, "nine", 2),
        role(1, "lowest", i32::MIN),
        role(2, "highest", i32::MAX),
    ];
    let member = Member::new(server, user.clone(), roles);
    let shown: Vec<_> = member.roles.iter().map(RoleName::as_str).collect();
    assert_eq!(shown, ["highest", "nine", "ten", "lowest"]);
    assert_eq!(member.user, user);
}

#[test]
fn online_is_whoever_is_neither_offline_nor_invisible() {
    for (name, online) in [
        ("online", true),
        ("idle", true),
        ("dnd", true),
        ("invisible", false),
        ("offline", false),
    ] {
        let presence: Presence = name.parse().unwrap();
        assert_eq!(presence.as_str(), name);
        assert_eq!(presence.is_online(), online, "{name}");
    }
    for name in ["", "Online", "away", "dnd "] {
        assert!(name.parse::<Presence>().is_err(), "{name:?}");
    }
    assert_eq!(Presence::default(), Presence::Offline);
}
