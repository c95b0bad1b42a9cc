//! What people try.

use hush_domain::scopes::Scope;
use proptest::prelude::*;

use super::{ADMIN_ROLE, SCOPES, SERVERS, STAFF_ROLE, USERS};

/// Something that somebody tries. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Create {
        by: usize,
        servers: Vec<u64>,
        scopes: Vec<Scope>,
        minutes: Option<u64>,
    },
    Rotate {
        by: usize,
        target: usize,
        grace_minutes: u64,
        keep_children: bool,
    },
    Revoke {
        by: usize,
        target: usize,
    },
    CreateInPerson {
        user: u64,
        server: u64,
        minutes: u64,
    },
    RevokeInPerson {
        user: u64,
        server: u64,
        target: usize,
    },
    RemoveServer {
        by: usize,
        server: u64,
        target: usize,
    },
    Report {
        secret: usize,
    },
    Roles {
        user: u64,
        server: u64,
        roles: Vec<u64>,
    },
    Leave {
        user: u64,
        server: u64,
    },
    Owner {
        user: u64,
        server: u64,
    },
    Settings {
        by: usize,
        server: u64,
        enabled: Option<bool>,
        staff: Option<bool>,
    },
    Wait {
        minutes: u64,
    },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Half of them are among the tokens and secrets that there are from the beginning.
    let by = || prop_oneof![0_usize..6, 0_usize..40];
    let a_server = || prop::sample::select(&SERVERS[..]);
    let a_user = || prop::sample::select(&USERS[..]);
    let servers = || prop::sample::subsequence(&SERVERS[..], 1..=2);
    // Half of them are all, so that some tokens can do as much as the one that made them.
    let scopes = || {
        prop_oneof![
            Just(SCOPES.to_vec()),
            prop::sample::subsequence(&SCOPES[..], 1..=4)
        ]
    };
    let step = prop_oneof![
        4 => (by(), servers(), scopes(), prop::option::of(1_u64..90))
            .prop_map(|(by, servers, scopes, minutes)| Step::Create { by, servers, scopes, minutes }),
        4 => (by(), by(), 0_u64..3, any::<bool>()).prop_map(|(by, target, grace, keep_children)| {
            Step::Rotate { by, target, grace_minutes: grace * 20, keep_children }
        }),
        1 => (by(), by()).prop_map(|(by, target)| Step::Revoke { by, target }),
        1 => (a_user(), a_server(), 1_u64..90)
            .prop_map(|(user, server, minutes)| Step::CreateInPerson { user, server, minutes }),
        1 => (a_user(), a_server(), by())
            .prop_map(|(user, server, target)| Step::RevokeInPerson { user, server, target }),
        1 => (by(), a_server(), by())
            .prop_map(|(by, server, target)| Step::RemoveServer { by, server, target }),
        1 => by().prop_map(|secret| Step::Report { secret }),
        2 => (a_user(), a_server(), prop::sample::subsequence(vec![ADMIN_ROLE, STAFF_ROLE], 0..=2))
            .prop_map(|(user, server, roles)| Step::Roles { user, server, roles }),
        1 => (a_user(), a_server()).prop_map(|(user, server)| Step::Leave { user, server }),
        1 => (a_user(), a_server()).prop_map(|(user, server)| Step::Owner { user, server }),
        2 => (by(), a_server(), any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(by, server, enabled, staff)| Step::Settings { by, server, enabled, staff }),
        1 => (1_u64..30).prop_map(|minutes| Step::Wait { minutes }),
    ];
    prop::collection::vec(step, 1..25)
}
