//! What is erased on demand: a person, or a server.

use hush_domain::audit::{self, Act, Action, Actor};
use hush_domain::events::{Change, Snapshot};
use hush_domain::presence::Presence;
use hush_domain::settings::ServerSettings;
use hush_domain::usage::Use;

use super::Store;
use super::book::Book;
use super::counts::no_drift;
use super::examples::{
    act, act_of, at, because, bot, complete, member, partial, request, role, rotation, server,
    shown_as, token, token_id, user,
};
use crate::{Addressed, Erased, Outcome};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_erasure_rule {
    ($test:ident) => {
        $test! {
            erasure {
                a_person_leaves_every_server_and_its_counts,
                a_persons_tokens_go_with_all_that_belongs_to_them,
                live_tokens_of_a_person_are_told_as_revoked,
                the_reasons_of_a_person_go_and_the_rows_still_verify,
                the_reason_of_an_erasure_goes_with_it,
                who_is_not_known_is_erased_already,
                a_server_goes_with_all_that_belongs_to_it,
                a_server_that_is_gone_can_be_erased,
            }
        }
    };
}

impl Store {
    pub(super) async fn erase_user(&self, number: u64, act: &Act) -> Erased {
        self.upkeep.erase_user(user(number), act).await.unwrap()
    }

    pub(super) async fn erase_server(&self, number: u64) -> Erased {
        self.upkeep.erase_server(server(number)).await.unwrap()
    }

    /// Has somebody switch a server's API for a reason.
    async fn switched(&self, number: u64, actor: Actor, reason: &str) {
        let act = Act {
            actor,
            ..because(&act(1), reason)
        };
        self.switch(number, &act).await;
    }

    /// The reasons in a server's log, row by row.
    async fn reasons(&self, number: u64) -> Vec<Option<String>> {
        let log = self.log(number).await.into_iter();
        log.map(|row| row.reason.map(|reason| reason.text.to_string()))
            .collect()
    }

    async fn spent_by(&self, number: u64) -> Vec<u64> {
        let spent = self.usage.spent(server(number), at(0)).await.unwrap();
        spent.iter().map(|spent| spent.token.get()).collect()
    }

    async fn use_of(&self, token: u64, number: u64) {
        let used = Use {
            token: token_id(token),
            minute: at(60),
            server: Some(server(number)),
            requests: 1,
        };
        self.usage.record(vec![used]).await.unwrap();
    }
}

/// Listed in full or in part; as an owner they stay who they are. Nobody else is concerned.
pub async fn a_person_leaves_every_server_and_its_counts(store: &Store) {
    let listed = || vec![shown_as(Presence::Online, bot(2)), member(3)];
    store.given(complete(1), listed()).await;
    store.given(partial(2, 50, 5), listed()).await;
    let own = Snapshot {
        owner: user(2),
        ..complete(3)
    };
    store.given(own, listed()).await;
    store.given(complete(4), vec![member(3)]).await;
    let untouched = store.whole(4).await;
    let erased = store.erase_user(2, &act(5)).await;
    let expected = Erased {
        members: 3,
        ..Erased::default()
    };
    assert_eq!(erased, expected);
    for number in [1, 2, 3] {
        assert_eq!(store.listed(number).await, [3]);
    }
    assert_eq!(store.counts_of(1).await, [Some(1), Some(0), Some(0)]);
    assert_eq!(store.counts_of(2).await, [Some(49), None, None]);
    assert_eq!(store.counts_of(3).await, [Some(1), Some(0), Some(0)]);
    assert_eq!(store.whole(4).await, untouched);
    no_drift(store).await;
    let key = token(7, 2, &[1, 2, 3]);
    let memberships = store.tokens.memberships(&key.token).await.unwrap();
    let left: Vec<_> = memberships
        .iter()
        .map(|it| (it.server, it.standing.owner))
        .collect();
    assert_eq!(left, [(server(3), true)]);
    assert_eq!(store.erase_user(2, &act(6)).await, Erased::default());
}

/// Live or not: secrets, use and repeatable requests; other people's stay.
pub async fn a_persons_tokens_go_with_all_that_belongs_to_them(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    let own = token(7, 2, &[1]);
    store.create(own.clone()).await;
    store.child(&own, token(8, 2, &[1])).await;
    store.create(token(9, 2, &[1])).await;
    store.revoke(9, 1).await;
    store.rotate(rotation(8, None, 1000), 1).await.unwrap();
    let others = store.create(token(10, 3, &[1])).await;
    for number in [7, 8] {
        store.use_of(number, 1).await;
    }
    let used = Some(request(7, "key", 1));
    let last = token(11, 2, &[1]);
    let created = store.tokens.create(last, None, &act(1), used).await;
    created.unwrap();
    let erased = store.erase_user(2, &act(5)).await;
    assert_eq!((erased.tokens, erased.members), (4, 1));
    assert_eq!(store.all_tokens().await, [others]);
    for secret in [7, 8, 9, 11, 1000] {
        assert_eq!(store.found(secret).await, None);
    }
    assert_eq!(store.spent_by(1).await, [0; 0]);
    // Who returns begins anew, even with the ids and the keys of before.
    store.change(1, 6, Change::MemberJoined(member(2))).await;
    let used = Some(request(7, "key", 2));
    let created = store.tokens.create(own, None, &act(7), used).await.unwrap();
    assert!(matches!(created, Outcome::Done(_)), "{created:?}");
    assert_eq!(store.token(7).await.last_used_at, None);
}

/// So that a server's owner can see why they ended; nothing is told of those that had ended before.
pub async fn live_tokens_of_a_person_are_told_as_revoked(store: &Store) {
    for number in [1, 2] {
        store
            .given(complete(number), vec![member(2), member(3)])
            .await;
    }
    let root = token(50, 2, &[1, 2]);
    store.create(root.clone()).await;
    let child = store.child(&root, token(40, 2, &[2])).await;
    store.create(token(60, 2, &[1])).await;
    store.revoke(60, 1).await;
    let mut expired = token(70, 2, &[1]);
    expired.token.expires_at = Some(at(5));
    store.create(expired).await;
    store.create(token(80, 3, &[1])).await;
    let mut book = Book::of(store).await;
    let act = Act {
        request_id: Some("erasure-1".parse().unwrap()),
        ..act(5)
    };
    store.erase_user(2, &act).await;
    let live = [&root.token, &child.token].into_iter();
    let entries = live.flat_map(|it| audit::token_revoked(it, Action::TokenRevoked, at(5)));
    book.write(&act, entries.collect());
    book.is_told_by(store).await;
}

/// Those that they gave and those that were given for what was done to their tokens; all others stay, and every row.
pub async fn the_reasons_of_a_person_go_and_the_rows_still_verify(store: &Store) {
    for number in [1, 2] {
        store
            .given(complete(number), vec![member(2), member(3)])
            .await;
    }
    let (theirs, others) = (token(7, 2, &[1]), token(8, 3, &[1]));
    store.create(theirs.clone()).await;
    store.create(others.clone()).await;
    let by = |number| Actor::Interaction { user: user(number) };
    store.switched(1, by(2), "theirs").await;
    store.switched(1, by(3), "another's").await;
    store.switched(1, Actor::Operator, "the operator's").await;
    store
        .switched(2, act_of(&theirs.token, 0).actor, "by their token")
        .await;
    store
        .switched(2, act_of(&others.token, 0).actor, "by another's")
        .await;
    let on_theirs = because(&act_of(&others.token, 3), "another's of their token");
    store.tokens.revoke(token_id(7), &on_theirs).await.unwrap();
    let on_others = because(&act_of(&theirs.token, 4), "theirs of another's token");
    store.tokens.revoke(token_id(8), &on_others).await.unwrap();
    let before = [store.log(1).await, store.log(2).await];
    let erased = store.erase_user(2, &act(5)).await;
    assert_eq!((erased.reasons, erased.tokens), (4, 1));
    let kept = |texts: &[Option<&str>]| -> Vec<Option<String>> {
        let texts = texts.iter();
        texts.map(|text| text.map(str::to_owned)).collect()
    };
    let first = [
        None,
        None,
        None,
        Some("another's"),
        Some("the operator's"),
        None,
        None,
    ];
    assert_eq!(store.reasons(1).await, kept(&first));
    assert_eq!(store.reasons(2).await, kept(&[None, Some("by another's")]));
    for (number, before) in (1..).zip(before) {
        let mut after = store.log(number).await;
        for (after, before) in after.iter_mut().zip(&before) {
            after.reason.clone_from(&before.reason);
        }
        assert_eq!(after, before);
    }
    assert_eq!(store.erase_user(2, &act(6)).await.reasons, 0);
}

/// It was given for what was done to their tokens, like others.
pub async fn the_reason_of_an_erasure_goes_with_it(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    store
        .erase_user(2, &because(&act(5), "Ann asked for it"))
        .await;
    let log = store.log(1).await;
    assert_eq!(log[1].action, Action::TokenRevoked);
    assert_eq!(store.reasons(1).await, [None, None]);
    assert!(log[1].commitment.is_some());
}

/// Nothing changes, whoever it is.
pub async fn who_is_not_known_is_erased_already(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    let (whole, log) = (store.whole(1).await, store.log(1).await);
    assert_eq!(store.erase_user(3, &act(5)).await, Erased::default());
    assert_eq!(store.erase_server(3).await, Erased::default());
    assert_eq!((store.whole(1).await, store.log(1).await), (whole, log));
    assert_eq!(store.live(5).await, [7]);
}

/// Itself with its members and roles, its settings, its log, what was spent of its limit, and its place in tokens. Other
/// servers keep all that they have.
pub async fn a_server_goes_with_all_that_belongs_to_it(store: &Store) {
    for number in [1, 2] {
        let mut snapshot = complete(number);
        snapshot.roles = vec![role(7, "seven", 1)];
        store
            .given(snapshot, vec![member(2), member(3), bot(4)])
            .await;
        store.switched(number, Actor::Operator, "off").await;
    }
    for (number, servers) in [(10, &[1][..]), (11, &[1, 2]), (12, &[2]), (13, &[1])] {
        store.create(token(number, 2, servers)).await;
    }
    store.revoke(13, 1).await;
    for (token, number) in [(10, 1), (11, 1), (11, 2)] {
        store.use_of(token, number).await;
    }
    let (whole, log) = (store.whole(2).await, store.log(2).await);
    let erased = store.erase_server(1).await;
    let expected = Erased {
        members: 3,
        tokens: 2,
        reasons: 1,
        audit: 5,
        commands: 0,
    };
    assert_eq!(erased, expected);
    assert_eq!(store.stats_of(1).await, None);
    assert_eq!(store.listed(1).await, [0; 0]);
    assert_eq!(store.settings.get(server(1)).await.unwrap(), None);
    assert_eq!(store.ends(1).await, None);
    assert_eq!(store.log(1).await, []);
    assert_eq!(store.spent_by(1).await, [0; 0]);
    assert_eq!((store.whole(2).await, store.log(2).await), (whole, log));
    assert_eq!(store.spent_by(2).await, [11]);
    assert_eq!(store.live(5).await, [11, 12]);
    assert_eq!(store.named(11).await, [2]);
    let key = token(11, 2, &[1, 2]);
    let addressed = Addressed::Server(server(1));
    assert_eq!(store.standing(&key, addressed).await, None);
    assert_eq!(store.erase_server(1).await, Erased::default());
    // What comes back is a server like any other.
    store.given(complete(1), vec![member(2)]).await;
    assert_eq!(store.role_names(1, 2).await, [""; 0]);
    let settings = store.settings.get(server(1)).await.unwrap();
    assert_eq!(settings, Some(ServerSettings::default()));
    assert_eq!(store.standing(&key, addressed).await, None);
    store.create(token(14, 2, &[1])).await;
    assert_eq!(store.log(1).await[0].number, 1);
    no_drift(store).await;
}

/// There is something left of it to erase, before its time is over.
pub async fn a_server_that_is_gone_can_be_erased(store: &Store) {
    store.given_user_2_in([1]).await;
    store.switched(1, Actor::Operator, "off").await;
    store.create(token(7, 2, &[1])).await;
    store.change(1, 2, Change::ServerRemoved).await;
    let expected = Erased {
        members: 0,
        tokens: 1,
        reasons: 1,
        audit: 2,
        commands: 0,
    };
    assert_eq!(store.erase_server(1).await, expected);
    assert_eq!(store.all_tokens().await, []);
    store.given_at(3, complete(1), vec![]).await;
    let settings = store.settings.get(server(1)).await.unwrap();
    assert_eq!(settings, Some(ServerSettings::default()));
}
