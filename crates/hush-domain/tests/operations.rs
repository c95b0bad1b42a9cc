//! The table of operations, held against the contract's.

use std::collections::BTreeSet;

use hush_domain::limits::Policy;
use hush_domain::operations::{Operation, Subject};

/// The name of each operation, which servers it is about, whether it changes anything, whether the owner may do it with
/// the API off, and whose limit it spends. Its level and scope are in `permission.rs`.
const TABLE: [(&str, Subject, bool, bool, Policy); 22] = [
    ("getMe", Subject::OwnTokens, false, false, Policy::Token),
    ("listUsers", Subject::Server, false, false, Policy::Server),
    ("getUser", Subject::Server, false, false, Policy::Server),
    ("getServer", Subject::Server, false, false, Policy::Server),
    ("listRoles", Subject::Server, false, false, Policy::Server),
    (
        "listChannels",
        Subject::Server,
        false,
        false,
        Policy::Server,
    ),
    (
        "getServerStats",
        Subject::Server,
        false,
        false,
        Policy::Server,
    ),
    (
        "getServerSettings",
        Subject::Server,
        false,
        true,
        Policy::Server,
    ),
    (
        "updateServerSettings",
        Subject::Server,
        true,
        true,
        Policy::Server,
    ),
    (
        "getServerRateLimit",
        Subject::Server,
        false,
        false,
        Policy::Token,
    ),
    (
        "listAuditLog",
        Subject::Server,
        false,
        false,
        Policy::Server,
    ),
    (
        "listCommands",
        Subject::Server,
        false,
        false,
        Policy::Server,
    ),
    (
        "createCommand",
        Subject::Server,
        true,
        false,
        Policy::Server,
    ),
    ("getCommand", Subject::Server, false, false, Policy::Server),
    (
        "cancelCommand",
        Subject::Server,
        true,
        false,
        Policy::Server,
    ),
    (
        "listTokens",
        Subject::OwnTokens,
        false,
        false,
        Policy::Token,
    ),
    (
        "listServerTokens",
        Subject::Server,
        false,
        false,
        Policy::Server,
    ),
    (
        "createToken",
        Subject::NamedServers,
        true,
        false,
        Policy::Token,
    ),
    ("getToken", Subject::OwnTokens, false, false, Policy::Token),
    (
        "revokeToken",
        Subject::OwnTokens,
        true,
        false,
        Policy::Token,
    ),
    (
        "rotateToken",
        Subject::OwnTokens,
        true,
        false,
        Policy::Token,
    ),
    (
        "removeServerFromToken",
        Subject::Server,
        true,
        false,
        Policy::Server,
    ),
];

#[test]
fn every_operation_asks_for_what_the_table_says() {
    let stated = Operation::ALL.map(|operation| {
        let asked = operation.requirement();
        (
            operation.id(),
            asked.subject,
            asked.changes,
            asked.while_disabled,
            asked.counts_against,
        )
    });
    assert_eq!(stated, TABLE);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let names: BTreeSet<_> = Operation::ALL.map(Operation::id).into();
    assert_eq!(names.len(), Operation::ALL.len());
}

#[test]
fn only_what_is_about_servers_asks_for_a_level() {
    for operation in Operation::ALL {
        let asked = operation.requirement();
        let about_servers = asked.subject != Subject::OwnTokens;
        assert_eq!(asked.level.is_some(), about_servers, "{operation:?}");
    }
}

#[test]
fn whatever_changes_what_outlives_it_asks_for_a_scope() {
    // Who holds a token may always end it.
    let changing = Operation::ALL.into_iter().filter(|operation| {
        let asked = operation.requirement();
        asked.changes && asked.scope.is_none()
    });
    assert_eq!(changing.collect::<Vec<_>>(), [Operation::RevokeToken]);
}
