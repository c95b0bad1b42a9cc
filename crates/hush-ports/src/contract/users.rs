//! The users of a server: one, and pages.

use std::collections::BTreeSet;

use hush_domain::events::Change;
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::users::{Member, Username};
use proptest::collection::vec;
use proptest::strategy::Strategy;

use super::Store;
use super::examples::{
    bot, cases, complete, holding, member, named, permitting, role, role_id, server, shown_as, user,
};
use crate::PageRequest;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_users_rule {
    ($test:ident) => {
        $test! {
            users {
                a_member_reads_back_field_by_field,
                who_is_not_listed_is_absent,
                roles_are_shown_by_rank,
                roles_that_are_not_there_are_not_shown,
                a_deleted_role_vanishes_everywhere_at_once,
                a_changed_role_shows_everywhere_at_once,
                a_user_is_someone_else_in_another_server,
                pages_follow_each_other_by_id,
                a_walk_through_the_pages_never_repeats_nor_skips,
            }
        }
    };
}

/// A member reads back as they were listed, alone and in a page, with every field at its edges.
pub async fn a_member_reads_back_field_by_field(store: &Store) {
    let highest = u64::MAX / 2;
    let username = |name, number| Username::new(name, number).unwrap();
    let listed = [
        named(member(123_456), username("User", Some(1234))),
        named(bot(7), username("Zoë 🦀 名前", None)),
        named(member(highest), username("last", Some(9999))),
        named(bot(1), username(&"ß".repeat(100), Some(1))),
    ];
    let mut snapshot = complete(highest);
    let admin = role(highest, "@everyone", 0);
    let unicode = permitting(
        role(highest - 1, "Rôle ✨", i32::MAX),
        Permissions::from_bits(1),
    );
    snapshot.roles = vec![admin, unicode];
    let members = listed.clone().map(|member| holding(member, &[highest - 1]));
    store.given(snapshot, members.to_vec()).await;
    let mut expected = Vec::new();
    for member in &listed {
        let user = member.user.clone();
        let roles = vec!["Rôle ✨".parse().unwrap()];
        let member = Member {
            user,
            roles,
            role_ids: vec![role_id(highest - 1)],
        };
        let found = store
            .users
            .get(server(highest), member.user.id)
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(&member));
        expected.push(member);
    }
    expected.sort_by_key(|member| member.user.id);
    assert_eq!(store.members(highest).await, expected);
}

/// Nobody is found whom the server does not list, be it its owner; nobody at all in an unknown server.
pub async fn who_is_not_listed_is_absent(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    for (number, absent) in [(1, 1), (1, 3), (2, 2)] {
        let found = store.users.get(server(number), user(absent)).await;
        assert_eq!(found.unwrap(), None, "user {absent} of server {number}");
    }
    assert_eq!(store.members(2).await, []);
    store.given(complete(3), vec![]).await;
    assert_eq!(store.members(3).await, []);
}

/// Role names come highest position first, those of one position by id, and never the everyone-role.
pub async fn roles_are_shown_by_rank(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![
        role(9, "nine", 5),
        role(10, "ten", 5),
        role(1, "@everyone", 0),
        role(11, "lowest", -1),
        role(12, "top", 12),
        role(13, "not held", 7),
        role(14, "same name", 6),
        role(15, "same name", 4),
    ];
    let held = [11, 10, 15, 1, 9, 14, 12];
    store
        .given(snapshot, vec![holding(member(2), &held), member(3)])
        .await;
    let expected = ["top", "same name", "nine", "ten", "same name", "lowest"];
    assert_eq!(store.role_names(1, 2).await, expected);
    assert_eq!(store.role_names(1, 3).await, [""; 0]);
    let paged = &store.members(1).await[0];
    let names: Vec<_> = paged.roles.iter().map(ToString::to_string).collect();
    assert_eq!(names, expected);
    assert_eq!(paged.role_ids, [12, 14, 9, 10, 15, 11].map(role_id));
}

/// The id of a role that the server does not have shows as nothing, until it has it.
pub async fn roles_that_are_not_there_are_not_shown(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1)];
    store
        .given(snapshot, vec![holding(member(2), &[8, 7, 9])])
        .await;
    let mut elsewhere = complete(2);
    elsewhere.roles = vec![role(9, "elsewhere", 1)];
    store
        .given(elsewhere, vec![holding(member(2), &[9, 7])])
        .await;
    assert_eq!(store.role_names(1, 2).await, ["seven"]);
    assert_eq!(store.role_names(2, 2).await, ["elsewhere"]);
    store
        .change(1, 1, Change::RoleChanged(role(8, "made later", 2)))
        .await;
    assert_eq!(store.role_names(1, 2).await, ["made later", "seven"]);
    assert_eq!(store.members(1).await[0].role_ids, [8, 7].map(role_id));
}

/// Once a role is deleted no reader sees it on anybody.
pub async fn a_deleted_role_vanishes_everywhere_at_once(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1), role(8, "eight", 2)];
    let holders = (2..=9).map(|number| holding(member(number), &[7, 8]));
    store.given(snapshot, holders.collect()).await;
    store.change(1, 1, Change::RoleDeleted(role_id(8))).await;
    for member in store.members(1).await {
        assert_eq!(member.roles, ["seven".parse().unwrap()]);
        assert_eq!(store.role_names(1, member.user.id.get()).await, ["seven"]);
    }
}

/// A role's new name and position show on everybody who holds it.
pub async fn a_changed_role_shows_everywhere_at_once(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1), role(8, "eight", 2)];
    let holders = (2..=4).map(|number| holding(member(number), &[7, 8]));
    store.given(snapshot, holders.collect()).await;
    store
        .change(1, 1, Change::RoleChanged(role(7, "neu 🎉", 3)))
        .await;
    for number in 2..=4 {
        assert_eq!(store.role_names(1, number).await, ["neu 🎉", "eight"]);
    }
}

/// The same user has a name, roles and presence of their own in each server.
pub async fn a_user_is_someone_else_in_another_server(store: &Store) {
    for number in [1, 2] {
        let mut snapshot = complete(number);
        snapshot.roles = vec![role(7, &format!("of server {number}"), 1)];
        store.given(snapshot, vec![holding(member(2), &[7])]).await;
    }
    let untouched = store.whole(2).await;
    let renamed = named(bot(2), Username::new("renamed", Some(2)).unwrap());
    let change = Change::MemberChanged(shown_as(Presence::Online, renamed.clone()));
    store.change(1, 1, change).await;
    assert_eq!(store.members(1).await[0].user, renamed.user);
    assert_eq!(store.counts_of(1).await, [Some(1), Some(1), Some(1)]);
    assert_eq!(store.whole(2).await, untouched);
    assert_eq!(store.role_names(2, 2).await, ["of server 2"]);
}

/// A page starts after the user it names, there or not, and holds at most its limit, ordered by number.
pub async fn pages_follow_each_other_by_id(store: &Store) {
    let numbers = [2, 9, 10, 11, 100, 1000, u64::MAX / 2];
    let members = numbers.iter().rev().map(|number| member(*number));
    store.given(complete(1), members.collect()).await;
    store.given(complete(2), vec![member(12)]).await;
    for after in [0, 1, 2, 8, 9, 50, 1000, u64::MAX / 2] {
        for limit in [0, 1, 2, 7, 1000] {
            let page = PageRequest {
                after: (after > 0).then(|| user(after)),
                limit,
                ..PageRequest::default()
            };
            let members = store.users.page(server(1), page).await.unwrap();
            let shown: Vec<_> = members.iter().map(|member| member.user.id.get()).collect();
            let rest = numbers.into_iter().filter(|number| *number > after);
            assert_eq!(
                shown,
                rest.take(limit.into()).collect::<Vec<_>>(),
                "{limit} after {after}"
            );
        }
    }
}

/// Walking the pages while members come and go: each page is what a sorted set says, nobody is shown twice,
/// and everybody who was there throughout is shown.
pub async fn a_walk_through_the_pages_never_repeats_nor_skips(store: &Store) {
    let odd = (0_u64..15).prop_map(|number| 2 * number + 1);
    let step = (1_u16..5, vec((odd, proptest::bool::ANY), 0..5));
    for (number, steps) in (1..).zip(cases(6, &vec(step, 30))) {
        let mut there: BTreeSet<u64> = (2..=20).step_by(2).collect();
        let members = there.iter().map(|number| member(*number));
        store.given(complete(number), members.collect()).await;
        let mut after = None;
        let mut walked = Vec::new();
        for (limit, changes) in &steps {
            let limit = *limit;
            let page = PageRequest {
                after: after.map(user),
                limit,
                ..PageRequest::default()
            };
            let members = store.users.page(server(number), page).await.unwrap();
            let shown: Vec<_> = members.iter().map(|member| member.user.id.get()).collect();
            let rest = there.iter().copied().filter(|number| after < Some(*number));
            assert_eq!(
                shown,
                rest.take(limit.into()).collect::<Vec<_>>(),
                "{steps:?}"
            );
            after = shown.last().copied().or(after);
            walked.extend(shown);
            for (odd, comes) in changes {
                let change = if *comes {
                    there.insert(*odd);
                    Change::MemberJoined(member(*odd))
                } else {
                    there.remove(odd);
                    Change::MemberLeft(user(*odd))
                };
                store.apply(number, 1, change).await;
            }
        }
        assert!(
            walked.is_sorted_by(|left, right| left < right),
            "{walked:?}"
        );
        let throughout: BTreeSet<_> = (2..=20).step_by(2).collect();
        assert!(
            throughout.is_subset(&walked.into_iter().collect()),
            "{steps:?}"
        );
    }
}
