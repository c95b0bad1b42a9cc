//! The permission rules, held exhaustively against a statement of their own.

use hush_domain::operations::Operation;
use hush_domain::permission::{self, AccessLevel, Permissions, Refusal, Standing};
use hush_domain::scopes::{Scope, Scopes, UnknownScope};

type Row = (Operation, Option<usize>, Option<Scope>);

/// What the contract's table of endpoints says: the least level (0 member, 1 admin, 2 owner) in the servers that the
/// operation is about, and the scope.
const TABLE: [Row; 22] = [
    (Operation::GetMe, None, None),
    (Operation::ListUsers, Some(1), Some(Scope::UsersRead)),
    (Operation::GetUser, Some(1), Some(Scope::UsersRead)),
    (Operation::GetServer, Some(1), Some(Scope::UsersRead)),
    (Operation::ListRoles, Some(1), Some(Scope::UsersRead)),
    (Operation::ListChannels, Some(1), Some(Scope::UsersRead)),
    (Operation::GetServerStats, Some(2), Some(Scope::StatsRead)),
    (Operation::GetServerSettings, Some(2), None),
    (
        Operation::UpdateServerSettings,
        Some(2),
        Some(Scope::SettingsWrite),
    ),
    (
        Operation::GetServerRateLimit,
        Some(2),
        Some(Scope::AuditRead),
    ),
    (Operation::ListAuditLog, Some(2), Some(Scope::AuditRead)),
    (Operation::ListCommands, Some(1), Some(Scope::CommandsRead)),
    (
        Operation::CreateCommand,
        Some(1),
        Some(Scope::CommandsWrite),
    ),
    (Operation::GetCommand, Some(1), Some(Scope::CommandsRead)),
    (
        Operation::CancelCommand,
        Some(1),
        Some(Scope::CommandsWrite),
    ),
    (Operation::ListTokens, None, Some(Scope::TokensRead)),
    (
        Operation::ListServerTokens,
        Some(2),
        Some(Scope::TokensRead),
    ),
    (Operation::CreateToken, Some(1), Some(Scope::TokensWrite)),
    (Operation::GetToken, None, None),
    (Operation::RevokeToken, None, None),
    (Operation::RotateToken, None, Some(Scope::TokensWrite)),
    (
        Operation::RemoveServerFromToken,
        Some(2),
        Some(Scope::TokensWrite),
    ),
];

/// What a server's owner may do while its API is off.
const WHILE_DISABLED: [Operation; 2] = [
    Operation::GetServerSettings,
    Operation::UpdateServerSettings,
];

/// A standing where the API is on.
fn standing(owner: bool, bits: u64, appointed: bool) -> Standing {
    Standing {
        owner,
        permissions: Permissions::from_bits(bits),
        appointed,
        api_enabled: true,
    }
}

/// Standings by their level, where the API is on.
fn standings() -> [Standing; 3] {
    [
        standing(false, 0, false),
        standing(false, 8, false),
        standing(true, 0, false),
    ]
}

fn every_scope_set() -> impl Iterator<Item = Scopes> {
    (0_u32..1 << Scope::ALL.len()).map(|set| {
        let scopes = Scope::ALL.into_iter().enumerate();
        scopes
            .filter(|(bit, _)| set & (1 << bit) != 0)
            .map(|(_, scope)| scope)
            .collect()
    })
}

#[test]
fn every_level_with_every_scope_set_may_do_what_the_table_says() {
    assert_eq!(TABLE.map(|(operation, ..)| operation), Operation::ALL);
    for (operation, least, scope) in TABLE {
        for (level, standing) in standings().into_iter().enumerate() {
            for scopes in every_scope_set() {
                let expected = match (scope, least) {
                    (Some(required), _) if !scopes.iter().any(|held| held == required) => {
                        Err(Refusal::InsufficientScope { required })
                    }
                    (_, Some(least)) if level < least => Err(Refusal::InsufficientAccess {
                        required: AccessLevel::ALL[least],
                        actual: AccessLevel::ALL[level],
                    }),
                    _ => Ok(()),
                };
                let checked = permission::check(operation, scopes, standing);
                assert_eq!(checked, expected, "{operation:?} {scopes:?} {standing:?}");
                let lacking = matches!(expected, Err(Refusal::InsufficientScope { .. }));
                let checked = permission::check_scope(operation, scopes);
                assert_eq!(checked, if lacking { expected } else { Ok(()) });
            }
        }
    }
}

#[test]
fn with_the_api_off_only_the_owner_gets_through_and_only_to_the_settings() {
    for operation in Operation::ALL {
        for on in standings() {
            let off = Standing {
                api_enabled: false,
                ..on
            };
            assert_eq!((on.sees_server(), off.sees_server()), (true, on.owner));
            for scopes in every_scope_set() {
                let checked = permission::check(operation, scopes, off);
                if on.owner && WHILE_DISABLED.contains(&operation) {
                    assert_eq!(checked, permission::check(operation, scopes, on));
                } else {
                    assert_eq!(checked, Err(Refusal::ApiDisabled), "{operation:?} {off:?}");
                }
            }
        }
    }
}

#[test]
fn who_is_appointed_may_do_what_an_administrator_may_and_no_more() {
    for operation in Operation::ALL {
        for scopes in every_scope_set() {
            let check = |standing| permission::check(operation, scopes, standing);
            let administrator = check(standing(false, 8, false));
            assert_eq!(check(standing(false, 0, true)), administrator);
            assert_eq!(check(standing(false, 8, true)), administrator);
            assert_eq!(check(standing(true, 0, true)), check(standings()[2]));
        }
    }
}

#[test]
fn a_higher_level_only_adds() {
    for operation in Operation::ALL {
        for scopes in every_scope_set() {
            let may =
                standings().map(|standing| permission::check(operation, scopes, standing).is_ok());
            assert!(may.is_sorted(), "{operation:?} {scopes:?}: {may:?}");
        }
    }
}

#[test]
fn a_scope_less_only_narrows() {
    for operation in Operation::ALL {
        for standing in standings() {
            for scopes in every_scope_set() {
                for left_out in scopes.iter() {
                    let fewer: Scopes = scopes.iter().filter(|scope| *scope != left_out).collect();
                    let more = permission::check(operation, scopes, standing).is_ok();
                    let less = permission::check(operation, fewer, standing).is_ok();
                    assert!(more || !less, "{operation:?} {standing:?} {fewer:?}");
                }
            }
        }
    }
}

#[test]
fn the_level_follows_from_ownership_appointment_and_one_bit() {
    for (owner, bits, appointed, level) in [
        (false, 0, false, AccessLevel::Member),
        (false, 0b0111, false, AccessLevel::Member),
        (false, !0b1000, false, AccessLevel::Member),
        (false, 1 << 63, false, AccessLevel::Member),
        (false, 0b1000, false, AccessLevel::Admin),
        (false, 0b1000 | 1 << 63, false, AccessLevel::Admin),
        (false, u64::MAX, false, AccessLevel::Admin),
        (false, 0, true, AccessLevel::Admin),
        (false, !0b1000, true, AccessLevel::Admin),
        (true, 0, false, AccessLevel::ServerOwner),
        (true, 0, true, AccessLevel::ServerOwner),
        (true, u64::MAX, true, AccessLevel::ServerOwner),
    ] {
        let standing = standing(owner, bits, appointed);
        assert_eq!(standing.access_level(), level, "{standing:?}");
    }
    assert!(AccessLevel::ALL.is_sorted());
    let names = AccessLevel::ALL.map(AccessLevel::as_str);
    assert_eq!(names, ["member", "admin", "server_owner"]);
}

#[test]
fn permissions_are_united_and_compared_bit_by_bit() {
    let bits = Permissions::from_bits;
    let united: Permissions = [bits(0b0001), bits(0b0110), bits(1 << 63)]
        .into_iter()
        .collect();
    assert_eq!(united.bits(), 0b0111 | 1 << 63);
    assert!(united.contains(bits(0b0101)));
    assert!(united.contains(bits(0)));
    assert!(!united.contains(bits(0b1001)));
    assert!(!united.contains(Permissions::ADMINISTRATOR));
}

#[test]
fn permissions_are_read_from_decimal_text_of_64_bits() {
    for (text, bits) in [("0", 0), ("8", 8), ("18446744073709551615", u64::MAX)] {
        assert_eq!(text.parse(), Ok(Permissions::from_bits(bits)));
    }
    for text in [
        "",
        "-1",
        "+8",
        "0x8",
        " 8",
        "8.0",
        "18446744073709551616",
        "８",
    ] {
        assert!(text.parse::<Permissions>().is_err(), "{text:?}");
    }
}

#[test]
fn every_scope_reads_back_from_its_name() {
    let names = Scope::ALL.map(Scope::as_str);
    assert_eq!(
        names,
        [
            "users:read",
            "stats:read",
            "tokens:read",
            "tokens:write",
            "audit:read",
            "commands:read",
            "commands:write",
            "settings:write",
        ]
    );
    for scope in Scope::ALL {
        assert_eq!(scope.as_str().parse(), Ok(scope));
    }
    for text in ["", "users", "users:write", "Users:Read", "users:read ", "*"] {
        assert_eq!(text.parse::<Scope>(), Err(UnknownScope), "{text:?}");
    }
}

#[test]
fn a_scope_set_holds_what_was_put_in_once_and_in_order() {
    for scopes in every_scope_set() {
        let held: Vec<_> = scopes.iter().collect();
        assert!(held.is_sorted_by(|left, right| left < right));
        assert_eq!(
            held.iter().rev().chain(&held).copied().collect::<Scopes>(),
            scopes
        );
        assert!(
            Scope::ALL
                .iter()
                .all(|scope| scopes.contains(*scope) == held.contains(scope))
        );
    }
    assert_eq!(every_scope_set().count(), 256);
}
