//! How the user of a token stands in the servers that it names, live with each event; and that tokens outlive
//! what they name.

use hush_domain::events::Change;
use hush_domain::ids::ServerId;
use hush_domain::permission::{Permissions, Standing};
use hush_domain::servers::Membership;
use hush_domain::settings::SettingsChange;
use hush_domain::tokens::NewToken;

use super::Store;
use super::examples::{
    act, at, complete, holding, member, partial, permitting, role, role_id, server, token, user,
};
use crate::Addressed;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_standing_rule {
    ($test:ident) => {
        $test! {
            standing {
                an_owner_stands_as_owner_listed_or_not,
                permissions_are_the_union_of_what_is_held,
                the_everyone_role_makes_admins,
                the_highest_permission_bit_is_kept,
                roles_that_are_not_there_permit_nothing,
                who_is_not_in_the_server_has_no_standing,
                a_standing_needs_no_token,
                who_leaves_loses_their_standing,
                another_owner_takes_over_at_once,
                only_named_servers_can_be_addressed,
                a_dead_token_is_presented_with_its_standing,
                memberships_are_the_named_servers_of_the_user,
                tokens_survive_that_their_user_leaves,
                tokens_survive_that_a_snapshot_leaves_their_user_out,
                tokens_survive_that_their_server_is_removed,
            }
        }
    };
}

const A: Permissions = Permissions::ADMINISTRATOR;

/// A standing in server 1.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what a store answers"
)]
fn stands(owner: bool, bits: u64) -> Option<(ServerId, Standing)> {
    let permissions = Permissions::from_bits(bits);
    let standing = Standing {
        owner,
        permissions,
        appointed: false,
        api_enabled: true,
    };
    Some((server(1), standing))
}

/// A stored token of user `number` for server 1.
async fn key(store: &Store, number: u64) -> NewToken {
    let key = token(number, number, &[1]);
    store.create(key.clone()).await;
    key
}

/// The owner has the owner's standing, with the everyone-role's permissions if the list does not show them.
pub async fn an_owner_stands_as_owner_listed_or_not(store: &Store) {
    let mut snapshot = partial(1, 5, 1);
    let held = permitting(role(7, "held", 1), Permissions::from_bits(0b100));
    let everyone = permitting(role(1, "@everyone", 0), Permissions::from_bits(0b001));
    snapshot.roles = vec![held, everyone];
    store.given(snapshot, vec![]).await;
    let key = key(store, 1).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(true, 0b001)
    );
    let listed = Change::MemberJoined(holding(member(1), &[7]));
    store.change(1, 1, listed).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(true, 0b101)
    );
    store.change(1, 2, Change::MemberLeft(user(1))).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(true, 0b001)
    );
}

/// A member's permissions are those of the roles held and of the everyone-role, and follow their changes.
pub async fn permissions_are_the_union_of_what_is_held(store: &Store) {
    let bit = |number, bits| permitting(role(number, "role", 1), Permissions::from_bits(bits));
    let mut snapshot = complete(1);
    snapshot.roles = vec![
        bit(1, 0b0001),
        bit(7, 0b0010),
        bit(8, 0b0110),
        bit(9, 0b1000),
    ];
    store
        .given(snapshot, vec![holding(member(2), &[8, 7])])
        .await;
    let key = key(store, 2).await;
    let addressed = Addressed::Server(server(1));
    assert_eq!(store.standing(&key, addressed).await, stands(false, 0b0111));
    store
        .change(1, 1, Change::RoleChanged(bit(8, 0b1_0000)))
        .await;
    assert_eq!(
        store.standing(&key, addressed).await,
        stands(false, 0b1_0011)
    );
    let fewer = Change::MemberChanged(holding(member(2), &[9]));
    store.change(1, 2, fewer).await;
    assert_eq!(store.standing(&key, addressed).await, stands(false, 0b1001));
}

/// A member without any role has the everyone-role's permissions.
pub async fn the_everyone_role_makes_admins(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![permitting(role(1, "@everyone", 0), A)];
    store.given(snapshot, vec![member(2)]).await;
    let key = key(store, 2).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, A.bits())
    );
}

/// All 64 bits of a role's permissions are kept.
pub async fn the_highest_permission_bit_is_kept(store: &Store) {
    let mut snapshot = complete(1);
    let highest = permitting(role(7, "highest", 1), Permissions::from_bits(1 << 63));
    let all = permitting(role(8, "all", 2), Permissions::from_bits(u64::MAX));
    snapshot.roles = vec![highest, all];
    let members = vec![holding(member(2), &[7]), holding(member(3), &[8])];
    store.given(snapshot, members).await;
    let two = key(store, 2).await;
    let three = key(store, 3).await;
    assert_eq!(
        store.standing(&two, Addressed::Sole).await,
        stands(false, 1 << 63)
    );
    assert_eq!(
        store.standing(&three, Addressed::Sole).await,
        stands(false, u64::MAX)
    );
}

/// A role that the server does not have, no longer has, or that another server has, permits nothing.
pub async fn roles_that_are_not_there_permit_nothing(store: &Store) {
    let mut elsewhere = complete(2);
    elsewhere.roles = vec![permitting(role(9, "elsewhere", 1), A)];
    store.given(elsewhere, vec![holding(member(2), &[9])]).await;
    let mut snapshot = complete(1);
    snapshot.roles = vec![permitting(role(7, "admin", 1), A)];
    store
        .given(snapshot, vec![holding(member(2), &[7, 8, 9])])
        .await;
    let key = key(store, 2).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, A.bits())
    );
    store.change(1, 1, Change::RoleDeleted(role_id(7))).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, 0)
    );
    let made = permitting(role(8, "made later", 1), Permissions::from_bits(2));
    store.change(1, 2, Change::RoleChanged(made)).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, 2)
    );
}

/// Nobody stands in a server that they are not in, nor in one that is not known.
pub async fn who_is_not_in_the_server_has_no_standing(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    store.given(complete(2), vec![member(2), member(3)]).await;
    for (owner, named) in [(3, 1), (2, 3)] {
        let key = token(1, owner, &[named]).token;
        let memberships = store.tokens.memberships(&key).await.unwrap();
        assert_eq!(memberships, [], "user {owner} in server {named}");
    }
    let key = token(7, 2, &[1, 2]);
    store.create(key.clone()).await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    let gone = Addressed::Server(server(1));
    assert_eq!(store.standing(&key, gone).await, None);
    let there = store.standing(&key, Addressed::Server(server(2))).await;
    assert_eq!(there.unwrap().0, server(2));
    store.change(2, 1, Change::ServerRemoved).await;
    assert_eq!(
        store.standing(&key, Addressed::Server(server(2))).await,
        None
    );
}

/// Members, owners and those whom a role appoints stand as they would with one; others are nobody, be there such a
/// server or not.
pub async fn a_standing_needs_no_token(store: &Store) {
    let mut snapshot = complete(1);
    let held = permitting(role(7, "held", 1), Permissions::from_bits(0b10));
    let everyone = permitting(role(1, "@everyone", 0), Permissions::from_bits(0b01));
    snapshot.roles = vec![held, everyone];
    store
        .given(snapshot, vec![holding(member(2), &[7]), member(3)])
        .await;
    store.given(complete(2), vec![member(4)]).await;
    let appoint = SettingsChange {
        api_enabled: Some(false),
        admin_roles: Some(vec![role_id(7)]),
    };
    let changed = store.settings.change(server(1), appoint, &act(1)).await;
    changed.unwrap();
    let stands = |owner, bits, appointed| {
        let permissions = Permissions::from_bits(bits);
        Some(Standing {
            owner,
            permissions,
            appointed,
            api_enabled: false,
        })
    };
    for (number, of, expected) in [
        (1, 1, stands(true, 0b01, false)),
        (2, 1, stands(false, 0b11, true)),
        (3, 1, stands(false, 0b01, false)),
        (4, 1, None),
        (2, 2, None),
        (2, 3, None),
    ] {
        let standing = store.tokens.standing(user(number), server(of)).await;
        assert_eq!(standing.unwrap(), expected, "user {number} in server {of}");
    }
}

/// Standing ends with the membership, and only that member's.
pub async fn who_leaves_loses_their_standing(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    let two = key(store, 2).await;
    let three = key(store, 3).await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    assert_eq!(store.standing(&two, Addressed::Sole).await, None);
    assert_eq!(
        store.standing(&three, Addressed::Sole).await,
        stands(false, 0)
    );
}

/// With another owner the old one is a member like others, or, if not listed, nobody.
pub async fn another_owner_takes_over_at_once(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let one = key(store, 1).await;
    let two = key(store, 2).await;
    let owned_by = |number| Change::ServerChanged {
        name: "renamed".parse().unwrap(),
        owner: user(number),
    };
    store.change(1, 1, owned_by(2)).await;
    assert_eq!(store.standing(&one, Addressed::Sole).await, None);
    assert_eq!(store.standing(&two, Addressed::Sole).await, stands(true, 0));
    store.change(1, 2, owned_by(1)).await;
    assert_eq!(store.standing(&one, Addressed::Sole).await, stands(true, 0));
    assert_eq!(
        store.standing(&two, Addressed::Sole).await,
        stands(false, 0)
    );
}

/// A token reaches the servers that it names: its only one without saying so, each of several by name, and no
/// other, though its user is there.
pub async fn only_named_servers_can_be_addressed(store: &Store) {
    for number in [1, 2, 3] {
        store.given(complete(number), vec![member(2)]).await;
    }
    let sole = token(7, 2, &[1]);
    let several = token(8, 2, &[1, 2]);
    store.create(sole.clone()).await;
    store.create(several.clone()).await;
    let addressed = |number| Addressed::Server(server(number));
    for (key, addressed, expected) in [
        (&sole, Addressed::Nothing, None),
        (&sole, Addressed::Sole, Some(1)),
        (&sole, addressed(1), Some(1)),
        (&sole, addressed(2), None),
        (&several, Addressed::Nothing, None),
        (&several, Addressed::Sole, None),
        (&several, addressed(1), Some(1)),
        (&several, addressed(2), Some(2)),
        (&several, addressed(3), None),
        (&several, addressed(4), None),
    ] {
        let standing = store.standing(key, addressed).await;
        let reached = standing.map(|(server, _)| server);
        assert_eq!(reached, expected.map(server), "{addressed:?}");
    }
}

/// Whether a token is live is for the caller to say: it is presented all the same.
pub async fn a_dead_token_is_presented_with_its_standing(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let mut expired = token(7, 2, &[1]);
    expired.token.expires_at = Some(at(-1_000_000_000));
    store.create(expired.clone()).await;
    let revoked = key(store, 2).await;
    store.revoke(2, 1).await;
    for key in [&expired, &revoked] {
        assert_eq!(store.standing(key, Addressed::Sole).await, stands(false, 0));
    }
}

/// Memberships are the servers that the token names and its user is in, ascending, each with its name as it
/// is now and how the user stands there.
pub async fn memberships_are_the_named_servers_of_the_user(store: &Store) {
    // The first has the highest id, and 9 sorts after 10 as text.
    for number in [u64::MAX / 2, 9, 10, 11, 12] {
        let mut snapshot = complete(number);
        snapshot.roles = vec![permitting(role(7, "admin", 1), A)];
        let listed = if number == 11 {
            vec![]
        } else {
            vec![holding(member(2), &[7])]
        };
        store.given(snapshot, listed).await;
    }
    let renamed = Change::ServerChanged {
        name: "ünbenannt 🏠".parse().unwrap(),
        owner: user(2),
    };
    store.change(10, 1, renamed).await;
    let key = token(7, 2, &[u64::MAX / 2, 11, 10, 9, 13]).token;
    let memberships = store.tokens.memberships(&key).await.unwrap();
    let membership = |number, name: String, owner| Membership {
        server: server(number),
        name: name.parse().unwrap(),
        standing: Standing {
            owner,
            permissions: A,
            appointed: false,
            api_enabled: true,
        },
    };
    let expected = [
        membership(9, "server-9".into(), false),
        membership(10, "ünbenannt 🏠".into(), true),
        membership(u64::MAX / 2, format!("server-{}", u64::MAX / 2), false),
    ];
    assert_eq!(memberships, expected);
}

/// A token of somebody who left is still there, and theirs again when they return.
pub async fn tokens_survive_that_their_user_leaves(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let key = key(store, 2).await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    survives(store, &key).await;
    store.change(1, 2, Change::MemberJoined(member(2))).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, 0)
    );
}

/// A snapshot without a member leaves their token where it is; one with them gives it its standing back.
pub async fn tokens_survive_that_a_snapshot_leaves_their_user_out(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let key = key(store, 2).await;
    store.given_at(1, complete(1), vec![member(3)]).await;
    survives(store, &key).await;
    store.given_at(2, complete(1), vec![member(2)]).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, 0)
    );
}

/// The tokens for a server stay when it goes, and work when it comes back.
pub async fn tokens_survive_that_their_server_is_removed(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let key = key(store, 2).await;
    store.change(1, 1, Change::ServerRemoved).await;
    survives(store, &key).await;
    store.given_at(2, complete(1), vec![member(2)]).await;
    assert_eq!(
        store.standing(&key, Addressed::Sole).await,
        stands(false, 0)
    );
}

/// The token is stored as it was, and its user has no standing.
async fn survives(store: &Store, key: &NewToken) {
    assert_eq!(store.standing(key, Addressed::Sole).await, None);
    assert_eq!(store.all_tokens().await, std::slice::from_ref(&key.token));
}
