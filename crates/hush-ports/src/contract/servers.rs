//! Servers and their roles, as snapshots and events say them.

use hush_domain::events::{Change, Extent, Snapshot};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::servers::Server;

use super::Store;
use super::examples::{
    complete, managed, member, partial, permitting, role, role_id, server, user,
};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_servers_rule {
    ($test:ident) => {
        $test! {
            servers {
                a_server_reads_back_field_by_field,
                a_role_reads_back_field_by_field,
                roles_come_by_rank,
                a_snapshot_replaces_every_role,
                a_change_makes_or_replaces_a_role,
                roles_stay_in_their_server,
                roles_go_with_their_server,
            }
        }
    };
}

/// A complete server without members.
fn with(number: u64, roles: &[Role]) -> Snapshot {
    Snapshot {
        roles: roles.to_vec(),
        ..complete(number)
    }
}

/// Whether its owner is listed or not; and anew whenever something of it changes.
pub async fn a_server_reads_back_field_by_field(store: &Store) {
    let highest = u64::MAX / 2;
    for (number, name, owner) in [(1, "x".into(), highest), (highest, "名🦀'\"".repeat(25), 7)] {
        let expected = Server {
            id: server(number),
            name: name.parse().unwrap(),
            owner: user(owner),
        };
        let snapshot = Snapshot {
            name: expected.name.clone(),
            owner: expected.owner,
            ..complete(number)
        };
        store.given(snapshot, vec![member(7)]).await;
        assert_eq!(store.server_of(number).await, Some(expected));
    }
    assert_eq!(store.server_of(2).await, None);
    let changed = Server {
        id: server(1),
        name: "renamed".parse().unwrap(),
        owner: user(8),
    };
    let change = Change::ServerChanged {
        name: changed.name.clone(),
        owner: changed.owner,
    };
    store.change(1, 1, change).await;
    assert_eq!(store.server_of(1).await, Some(changed));
    store.change(1, 2, Change::ServerRemoved).await;
    assert_eq!(store.server_of(1).await, None);
}

/// With every field at its edges. A server without any has an empty list, one that is not known none.
pub async fn a_role_reads_back_field_by_field(store: &Store) {
    let highest = u64::MAX / 2;
    let roles = [
        permitting(
            role(2, "Rôle ✨", i32::MAX),
            Permissions::from_bits(u64::MAX),
        ),
        managed(permitting(
            role(highest, &"名".repeat(100), 1),
            Permissions::from_bits(1 << 63),
        )),
        role(1, "@everyone", 0),
        managed(role(3, "it's \"quoted\"", i32::MIN)),
    ];
    store.given(with(1, &roles), vec![]).await;
    assert_eq!(store.roles_of(1).await.unwrap(), roles);
    store.given(complete(2), vec![member(2)]).await;
    assert_eq!(store.roles_of(2).await, Some(vec![]));
    assert_eq!(store.roles_of(3).await, None);
}

/// Highest position first, those of one position by id, whatever order they came in; the everyone-role is one of them.
pub async fn roles_come_by_rank(store: &Store) {
    let roles = [
        role(12, "top", 12),
        role(9, "9 sorts after 10 as text", 5),
        role(10, "ten", 5),
        role(1, "@everyone", 0),
        role(8, "beside everyone", 0),
        role(11, "lowest", -1),
    ];
    let mut mixed = roles.to_vec();
    mixed.reverse();
    mixed.swap(1, 3);
    store.given(with(1, &mixed), vec![]).await;
    assert_eq!(store.roles_of(1).await.unwrap(), roles);
}

/// However much of the member list comes with it.
pub async fn a_snapshot_replaces_every_role(store: &Store) {
    let before = [role(9, "gone", 3), role(8, "eight", 2), role(7, "seven", 1)];
    let after = [
        role(10, "new", 4),
        managed(role(8, "eight", 2)),
        permitting(role(7, "renamed", -1), Permissions::ADMINISTRATOR),
    ];
    for extent in [
        Extent::Complete,
        partial(1, 9, 5).extent,
        Extent::Counted { member_count: 9 },
    ] {
        store.given(with(1, &before), vec![]).await;
        let snapshot = Snapshot {
            extent,
            ..with(1, &after)
        };
        store.given_at(1, snapshot, vec![]).await;
        assert_eq!(store.roles_of(1).await.unwrap(), after, "{extent:?}");
    }
    store.given_at(2, with(1, &before), vec![]).await;
    assert_eq!(store.roles_of(1).await.unwrap(), before);
}

/// Each of its fields, and nothing of another role.
pub async fn a_change_makes_or_replaces_a_role(store: &Store) {
    let other = role(6, "other", 9);
    store
        .given(with(1, std::slice::from_ref(&other)), vec![])
        .await;
    let made = role(7, "made", 1);
    for changed in [
        made.clone(),
        role(7, "renamed", 1),
        role(7, "renamed", 2),
        permitting(made.clone(), Permissions::ADMINISTRATOR),
        managed(permitting(made.clone(), Permissions::ADMINISTRATOR)),
        managed(made.clone()),
        made,
    ] {
        let change = Change::RoleChanged(changed.clone());
        store.change(1, 1, change).await;
        assert_eq!(store.roles_of(1).await.unwrap(), [other.clone(), changed]);
    }
    store.change(1, 2, Change::RoleDeleted(role_id(7))).await;
    assert_eq!(store.roles_of(1).await.unwrap(), [other]);
}

/// Though another server has roles of the same ids.
pub async fn roles_stay_in_their_server(store: &Store) {
    let roles = [role(8, "eight", 2), role(7, "seven", 1)];
    for number in [1, 2] {
        store.given(with(number, &roles), vec![]).await;
    }
    for change in [
        Change::RoleChanged(managed(role(7, "renamed", 3))),
        Change::RoleChanged(role(9, "made", 4)),
        Change::RoleDeleted(role_id(8)),
    ] {
        store.change(1, 1, change).await;
        assert_eq!(store.roles_of(2).await.unwrap(), roles);
    }
    store.given_at(2, with(1, &[]), vec![]).await;
    assert_eq!(store.roles_of(2).await.unwrap(), roles);
}

/// And do not come back with it.
pub async fn roles_go_with_their_server(store: &Store) {
    let roles = [role(7, "seven", 1)];
    for number in [1, 2, 3] {
        store.given(with(number, &roles), vec![]).await;
    }
    store.change(1, 1, Change::ServerRemoved).await;
    store.erase_server(2).await;
    for number in [1, 2] {
        assert_eq!(store.roles_of(number).await, None);
        store.given_at(2, complete(number), vec![]).await;
        assert_eq!(store.roles_of(number).await, Some(vec![]));
    }
    assert_eq!(store.roles_of(3).await.unwrap(), roles);
}
