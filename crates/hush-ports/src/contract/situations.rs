//! What rules about commands look at, read back from what came in.

use hush_domain::channels::ChannelKind;
use hush_domain::commands::rules::Situation;
use hush_domain::events::{Change, Extent, Snapshot};
use hush_domain::ids::{RoleId, UserId};
use hush_domain::permission::Permissions;

use super::Store;
use super::examples::{
    channel, channel_id, complete, holding, member, partial, permitting, role, role_id, server,
    thread, user,
};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_situations_rule {
    ($test:ident) => {
        $test! {
            situations {
                of_an_unknown_server_nothing_is_known,
                a_situation_says_what_is_stored,
                a_channel_of_another_server_is_none,
                who_is_not_listed_is_not_there,
                a_list_that_is_not_complete_says_so,
                many_are_looked_at_at_once,
            }
        }
    };
}

impl Store {
    async fn seen(&self, number: u64, users: &[u64], channel: Option<u64>) -> Option<Situation> {
        let users: Vec<_> = users.iter().map(|number| user(*number)).collect();
        let channel = channel.map(channel_id);
        let seen = self.commands.situation(server(number), &users, channel);
        seen.await.unwrap().map(|mut seen| {
            seen.roles.sort_by_key(|role| role.id);
            seen
        })
    }
}

fn held(situation: &Situation) -> Vec<(UserId, Vec<RoleId>)> {
    let members = situation.members.clone().into_iter();
    members
        .map(|(user, mut held)| {
            held.sort_unstable();
            (user, held)
        })
        .collect()
}

/// Nor of one that is gone.
pub async fn of_an_unknown_server_nothing_is_known(store: &Store) {
    assert_eq!(store.seen(1, &[2], Some(3)).await, None);
    store.given(complete(1), vec![member(2)]).await;
    store.change(1, 2, Change::ServerRemoved).await;
    assert_eq!(store.seen(1, &[2], Some(3)).await, None);
}

/// Owner, roles, who holds which, and the channel.
pub async fn a_situation_says_what_is_stored(store: &Store) {
    let everything = Permissions::from_bits(u64::MAX);
    let mut managed = role(9, "integration", -2);
    managed.managed = true;
    let roles = vec![permitting(role(8, "admin", 7), everything), managed];
    let snapshot = Snapshot {
        owner: user(4),
        roles: roles.clone(),
        channels: vec![channel(5, "hall"), thread(6, 5)],
        ..complete(1)
    };
    let members = vec![holding(member(2), &[8, 9, 77]), member(3), member(4)];
    store.given(snapshot, members).await;
    let seen = store.seen(1, &[2, 3], Some(6)).await.unwrap();
    let due = [
        (user(2), [8, 9, 77].map(role_id).to_vec()),
        (user(3), vec![]),
    ];
    assert_eq!(held(&seen), due);
    assert_eq!((seen.server, seen.owner), (server(1), user(4)));
    assert_eq!(seen.roles, roles);
    assert_eq!(seen.channel, Some(ChannelKind(11)));
    assert!(seen.complete);
    store.change(1, 3, Change::RoleDeleted(role_id(8))).await;
    store
        .change(1, 4, Change::ChannelDeleted(channel_id(5)))
        .await;
    let seen = store.seen(1, &[], Some(6)).await.unwrap();
    assert_eq!(seen.roles, roles[1..]);
    assert_eq!(seen.channel, None);
    assert_eq!(held(&seen), []);
    let seen = store.seen(1, &[], None).await.unwrap();
    assert_eq!(seen.channel, None);
}

/// Nor is a role or a member of another server.
pub async fn a_channel_of_another_server_is_none(store: &Store) {
    for (number, id) in [(1, 5), (2, 6)] {
        let snapshot = Snapshot {
            roles: vec![role(id, "role", 1)],
            channels: vec![channel(id, "hall")],
            ..complete(number)
        };
        store
            .given(snapshot, vec![holding(member(id), &[id])])
            .await;
    }
    let seen = store.seen(1, &[5, 6], Some(6)).await.unwrap();
    assert_eq!(seen.channel, None);
    assert_eq!(held(&seen), [(user(5), vec![role_id(5)])]);
    assert_eq!(seen.roles.len(), 1);
}

/// From the moment on at which they left.
pub async fn who_is_not_listed_is_not_there(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    store.change(1, 2, Change::MemberLeft(user(2))).await;
    let seen = store.seen(1, &[1, 2, 3, 4], None).await.unwrap();
    assert_eq!(held(&seen), [(user(3), vec![])]);
}

/// Then nobody can tell that somebody is no member.
pub async fn a_list_that_is_not_complete_says_so(store: &Store) {
    store.given(partial(1, 9, 7), vec![member(2)]).await;
    let seen = store.seen(1, &[2, 3], None).await.unwrap();
    assert!(!seen.complete);
    assert_eq!(held(&seen), [(user(2), vec![])]);
    let counted = Snapshot {
        extent: Extent::Counted { member_count: 9 },
        ..complete(1)
    };
    store.given(counted, vec![]).await;
    let seen = store.seen(1, &[2, 3], None).await.unwrap();
    assert!(!seen.complete);
    assert_eq!(held(&seen), []);
    store.given(complete(1), vec![member(2)]).await;
    assert!(store.seen(1, &[2], None).await.unwrap().complete);
}

/// As many as one command can name, and those who come with them.
pub async fn many_are_looked_at_at_once(store: &Store) {
    let members = (1..=250).map(member).collect();
    store.given(complete(1), members).await;
    let users: Vec<_> = (1..=202).collect();
    let seen = store.seen(1, &users, None).await.unwrap();
    assert_eq!(seen.members.len(), 202);
}
