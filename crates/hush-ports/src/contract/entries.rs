//! What each verb writes into the audit log: exactly what it did, where it did it, and nothing if it did nothing.

use hush_domain::audit::{self, Act, Action, RequestId};
use hush_domain::scopes::Scopes;
use hush_domain::settings::{ServerSettings, SettingsChange};
use hush_domain::tokens::{NewToken, Rotation, Token};

use super::Store;
use super::book::Book;
use super::examples::{
    act, act_of, at, because, complete, key, member, request, role, role_id, rotation, secret,
    server, token, token_id,
};
use crate::{Removed, Revoked};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_entries_rule {
    ($test:ident) => {
        $test! {
            entries {
                a_token_is_told_of_in_each_of_its_servers,
                a_revocation_is_told_for_each_token_that_it_ends,
                a_new_secret_is_told_with_the_descendants_that_it_ends,
                a_leak_is_told_as_what_the_token_did,
                a_server_that_is_taken_off_is_told_there,
                settings_are_told_as_they_were_and_as_they_are,
                what_changes_nothing_is_not_told,
                a_log_says_nothing_of_other_servers,
            }
        }
    };
}

/// What a token does for a reason.
fn reasoned(token: &Token, second: i64) -> Act {
    because(&act_of(token, second), "Schlüssel 🗝 verloren")
}

/// A token as it was before it was revoked, told as revoked.
fn revoked(token: &Token, act: &Act) -> Vec<audit::Entry> {
    audit::token_revoked(token, Action::TokenRevoked, act.at)
}

/// A stored token for servers 1 and 2 with descendants: 40, which it made, and 60, which that one made, both for server
/// 1 alone. The first one's id is between the others'.
async fn family(store: &Store) -> [NewToken; 3] {
    store.given_user_2_in([1, 2, 3]).await;
    let root = token(50, 2, &[1, 2]);
    store.create(root.clone()).await;
    let child = store.child(&root, token(40, 2, &[1])).await;
    let grandchild = store.child(&child, token(60, 2, &[1])).await;
    [root, child, grandchild]
}

/// Who made it, when, for which request and why, with what it may do; a child tells its parent.
pub async fn a_token_is_told_of_in_each_of_its_servers(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let mut book = Book::default();
    let root = token(50, 2, &[1, 2]);
    let act = because(&act(1), "x");
    let created = store.tokens.create(root.clone(), None, &act, None).await;
    created.unwrap();
    book.write(&act, audit::token_created(&root.token));
    book.is_told_by(store).await;
    let mut child = token(40, 2, &[2]);
    child.token.parent = Some(root.token.id);
    let act = reasoned(&root.token, 2);
    let used = Some(request(50, "key", 1));
    let created = store
        .tokens
        .create(child.clone(), Some(key(&root)), &act, used);
    created.await.unwrap();
    book.write(&act, audit::token_created(&child.token));
    let mut bare = token(60, 2, &[3]);
    bare.token.expires_at = None;
    bare.token.scopes = Scopes::default();
    store.create(bare.clone()).await;
    book.write(&super::examples::act(0), audit::token_created(&bare.token));
    book.is_told_by(store).await;
}

/// Each descendant is told of where it is named, in the order of their ids.
pub async fn a_revocation_is_told_for_each_token_that_it_ends(store: &Store) {
    let [root, child, grandchild] = family(store).await;
    let other = store.child(&root, token(70, 2, &[2])).await;
    let mut book = Book::of(store).await;
    let act = reasoned(&other.token, 5);
    let outcome = store.tokens.revoke(token_id(60), &act).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    book.write(&act, revoked(&grandchild.token, &act));
    book.is_told_by(store).await;
    let act = because(&super::examples::act(6), "all of it");
    let outcome = store.tokens.revoke(token_id(50), &act).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    let ended = [&root, &child, &other];
    let entries = ended.iter().flat_map(|new| revoked(&new.token, &act));
    book.write(&act, entries.collect());
    book.is_told_by(store).await;
}

/// The token first and then its descendants, as their ids have it.
pub async fn a_new_secret_is_told_with_the_descendants_that_it_ends(store: &Store) {
    let [root, child, grandchild] = family(store).await;
    let mut book = Book::of(store).await;
    let act = reasoned(&root.token, 5);
    let kept = Rotation {
        keep_children: true,
        ..rotation(50, Some(key(&root)), 1000)
    };
    store.tokens.rotate(kept, &act, None).await.unwrap();
    book.write(&act, audit::token_rotated(&root.token, at(60)));
    book.is_told_by(store).await;
    let used = Some(request(50, "key", 1));
    let ending = Rotation {
        former_until: act.at,
        ..rotation(50, None, 1001)
    };
    store.tokens.rotate(ending, &act, used).await.unwrap();
    let mut entries = audit::token_rotated(&root.token, act.at);
    entries.extend(revoked(&child.token, &act));
    entries.extend(revoked(&grandchild.token, &act));
    book.write(&act, entries);
    book.is_told_by(store).await;
}

/// Whoever showed the secret was the token, for all that is known; there is no reason.
pub async fn a_leak_is_told_as_what_the_token_did(store: &Store) {
    let [root, child, grandchild] = family(store).await;
    store.rotate(rotation(40, None, 1000), 1).await.unwrap();
    let again = store.child(&root, token(41, 2, &[1])).await;
    let mut book = Book::of(store).await;
    for (secret_number, request_id) in [(40, Some("leak-1")), (1000, None), (50, Some("leak-3"))] {
        let request_id: Option<RequestId> = request_id.map(|id| id.parse().unwrap());
        let digest = secret(secret_number).digest();
        let reported = store
            .tokens
            .report_leaked(&digest, at(5), request_id.clone());
        reported.await.unwrap();
        let leaking = if secret_number == 50 { &root } else { &child };
        let act = Act {
            request_id,
            ..act_of(&leaking.token, 5)
        };
        let mut entries = match secret_number {
            40 => audit::former_secret_leaked(&child.token, at(60), at(5)),
            _ => audit::token_revoked(&leaking.token, Action::TokenLeaked, at(5)),
        };
        if secret_number == 50 {
            entries.extend(revoked(&again.token, &act));
        }
        book.write(&act, entries);
        book.is_told_by(store).await;
    }
    // The rotation had revoked it.
    assert_eq!(store.token(60).await.revoked_at, Some(at(1)));
    assert_eq!(grandchild.token.id, token_id(60));
}

/// Nothing is told in the servers that stay; a token that names no other is told as revoked.
pub async fn a_server_that_is_taken_off_is_told_there(store: &Store) {
    let [root, child, grandchild] = family(store).await;
    let wide = store.child(&root, token(30, 2, &[1, 2])).await;
    let mut book = Book::of(store).await;
    let act = reasoned(&root.token, 5);
    let removed = store.tokens.remove_server(server(1), root.token.id, &act);
    assert_eq!(removed.await.unwrap(), Removed::Now);
    let mut entries = vec![
        audit::server_removed(&root.token, server(1)),
        audit::server_removed(&wide.token, server(1)),
    ];
    entries.extend(revoked(&child.token, &act));
    entries.extend(revoked(&grandchild.token, &act));
    book.write(&act, entries);
    book.is_told_by(store).await;
    // What is told later is told in the one that is left.
    let act = because(&act, "both");
    store.tokens.revoke(root.token.id, &act).await.unwrap();
    for number in [30, 50] {
        let ended = Token {
            revoked_at: None,
            ..store.token(number).await
        };
        book.write(&act, revoked(&ended, &act));
    }
    book.is_told_by(store).await;
}

/// The whole settings before and after, whatever of them was changed.
pub async fn settings_are_told_as_they_were_and_as_they_are(store: &Store) {
    for number in [1, 2] {
        let mut snapshot = complete(number);
        snapshot.roles = vec![role(7, "seven", 1), role(8, "eight", 1)];
        store.given(snapshot, vec![member(2)]).await;
    }
    let mut book = Book::default();
    let mut before = ServerSettings::default();
    for (second, enabled, roles) in [
        (1, Some(false), None),
        (2, None, Some(&[8, 7][..])),
        (3, Some(true), Some(&[])),
    ] {
        let roles = roles.map(|numbers| numbers.iter().map(|number| role_id(*number)).collect());
        let change = SettingsChange {
            api_enabled: enabled,
            admin_roles: roles,
        };
        let after = change.apply(&before);
        let act = reasoned(&token(50, 2, &[1]).token, second);
        let changed = store.settings.change(server(1), change, &act).await;
        assert_eq!(changed.unwrap(), after);
        let entry = audit::settings_updated(server(1), &before, &after);
        book.write(&act, vec![entry]);
        before = after;
    }
    book.is_told_by(store).await;
}

/// What is refused, what was so before and what is repeated leave no trace.
pub async fn what_changes_nothing_is_not_told(store: &Store) {
    let [root, child, _] = family(store).await;
    let used = || Some(request(50, "key", 1));
    let act = act(1);
    let first = store.tokens.create(token(70, 2, &[3]), None, &act, used());
    first.await.unwrap();
    store.revoke(60, 1).await;
    let book = Book::of(store).await;

    let tokens = &store.tokens;
    for (new, asker) in [
        (token(50, 2, &[1]), None),
        (token(71, 2, &[9]), None),
        (token(71, 2, &[3]), Some(key(&root))),
        (token(71, 2, &[1]), Some(key(&token(60, 2, &[1])))),
    ] {
        let refused = tokens.create(new.clone(), asker, &act, None).await;
        assert!(refused.is_err(), "{refused:?}");
        let again = tokens.create(new, asker, &act, used()).await;
        again.unwrap();
    }
    for (number, asker, new) in [
        (9, None, 1000),
        (60, None, 1000),
        (50, Some(&child), 1000),
        (50, None, 40),
    ] {
        let refused = rotation(number, asker.map(key), new);
        assert!(store.rotate(refused, 1).await.is_err());
    }
    let again = tokens.rotate(rotation(50, None, 1000), &act, used()).await;
    again.unwrap();
    for number in [9, 60] {
        store.revoke(number, 2).await;
        store.leaked(number, 2).await;
    }
    for (server, number) in [(3, 50), (1, 9), (1, 60)] {
        assert_ne!(store.take_off(server, number, 2).await, Removed::Now);
    }
    for (number, roles) in [(1, vec![]), (1, vec![role_id(9)]), (9, vec![])] {
        let change = SettingsChange {
            api_enabled: Some(true),
            admin_roles: Some(roles),
        };
        let _ = store.settings.change(server(number), change, &act).await;
    }
    store.usage.record(vec![]).await.unwrap();
    book.is_told_by(store).await;
}

/// Neither of the servers that a token names beside it, nor of the people in them.
pub async fn a_log_says_nothing_of_other_servers(store: &Store) {
    let numbers = [777_777, 888_888, 999_999];
    store.given_user_2_in(numbers).await;
    let mut root = token(50, 2, &numbers);
    root.token.name = "Anns Schlüssel".parse().unwrap();
    store.create(root.clone()).await;
    store.child(&root, token(40, 2, &numbers)).await;
    store.rotate(rotation(50, None, 1000), 1).await.unwrap();
    store.leaked(50, 2).await;
    store.take_off(777_777, 50, 3).await;
    store.leaked(1000, 4).await;
    for own in numbers {
        let log = store.log(own).await;
        assert!(log.len() > 3, "server {own}");
        for row in log {
            let details = format!("{:?} {:?}", row.before, row.after);
            let named = numbers.map(|number| number.to_string());
            let personal = ["Ann", "hush_", "user-2"].map(str::to_owned);
            for word in named.into_iter().chain(personal) {
                assert!(!details.contains(&word), "{word} in {row:#?}");
            }
        }
    }
}
