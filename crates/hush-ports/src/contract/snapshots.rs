//! Snapshots: a server's whole state in one step.

use hush_domain::events::{Change, Event, Generation, ListedMember, Snapshot};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::users::Member;

use super::Store;
use super::examples::{
    at, bot, channel, complete, holding, member, partial, permitting, role, server, shown_as,
    thread, token, user,
};
use crate::{Addressed, IngestError, MemberSource, SourceError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_snapshots_rule {
    ($test:ident) => {
        $test! {
            snapshots {
                a_snapshot_reads_back,
                a_complete_snapshot_replaces_everything,
                a_partial_snapshot_keeps_whom_it_does_not_list,
                a_snapshot_twice_is_as_once,
                a_snapshot_stays_in_its_server,
                a_snapshot_may_come_in_many_parts,
                a_source_that_fails_changes_nothing,
                a_user_listed_twice_changes_nothing,
                a_chunk_with_a_user_twice_changes_nothing,
                readers_see_the_old_or_the_new_and_never_a_mix,
            }
        }
    };
}

/// Server 1 with a name, an owner, roles and members that all say `which`.
fn one_of_two(which: char) -> (Snapshot, Vec<ListedMember>) {
    let mut snapshot = complete(1);
    snapshot.name = which.to_string().parse().unwrap();
    let (owner, offset) = if which == 'a' { (1, 0) } else { (2, 1) };
    snapshot.owner = user(owner);
    let held = role(7 + offset, &format!("role {which}"), 1);
    snapshot.roles = vec![permitting(held, Permissions::from_bits(1 << offset))];
    let channels = [channel(20 + offset, "channel"), thread(30, 20 + offset)];
    snapshot.channels = channels.to_vec();
    let members = (0..100 + 50 * offset).map(|number| {
        let listed = holding(member(2 * number + offset + 10), &[7, 8]);
        if offset == 0 {
            shown_as(Presence::Online, listed)
        } else {
            bot_of(listed)
        }
    });
    let both = holding(member(5), &[7, 8]);
    let members = members.chain([shown_as(Presence::Offline, both)]).collect();
    (snapshot, members)
}

fn bot_of(mut listed: ListedMember) -> ListedMember {
    listed.user.bot = true;
    listed.presence = Some(Presence::Offline);
    listed
}

/// The members of a snapshot as they are read.
fn shown(snapshot: &Snapshot, members: &[ListedMember]) -> Vec<Member> {
    let mut shown: Vec<_> = members
        .iter()
        .map(|listed| Member {
            user: listed.user.clone(),
            role_ids: snapshot.roles.iter().map(|role| role.id).collect(),
            roles: snapshot
                .roles
                .iter()
                .map(|role| role.name.clone())
                .collect(),
        })
        .collect();
    shown.sort_by_key(|member| member.user.id);
    shown
}

/// Name, owner, roles and members read back.
pub async fn a_snapshot_reads_back(store: &Store) {
    let (snapshot, members) = one_of_two('a');
    let expected = shown(&snapshot, &members);
    store.given(snapshot, members).await;
    assert_eq!(store.members(1).await, expected);
    assert_eq!(store.counts_of(1).await, [Some(101), Some(0), Some(100)]);
    for (number, owner, bits) in [(1, true, 0), (5, false, 1)] {
        let key = token(1, number, &[1]).token;
        let memberships = store.tokens.memberships(&key).await.unwrap();
        assert_eq!(memberships[0].name.as_str(), "a");
        assert_eq!(memberships[0].standing.owner, owner);
        assert_eq!(memberships[0].standing.permissions.bits(), bits);
    }
}

/// Who and what a complete snapshot does not list is gone.
pub async fn a_complete_snapshot_replaces_everything(store: &Store) {
    let (old, members) = one_of_two('a');
    store.given(old, members).await;
    let (new, members) = one_of_two('b');
    let expected = shown(&new, &members);
    store.given_at(1, new, members).await;
    assert_eq!(store.members(1).await, expected);
    assert_eq!(store.counts_of(1).await, [Some(151), Some(150), Some(0)]);
    for (number, owner, bits) in [(2, true, 0), (5, false, 2)] {
        let key = token(1, number, &[1]).token;
        let memberships = store.tokens.memberships(&key).await.unwrap();
        assert_eq!(memberships[0].name.as_str(), "b");
        assert_eq!(memberships[0].standing.owner, owner);
        assert_eq!(memberships[0].standing.permissions.bits(), bits);
    }
    let former = token(1, 1, &[1]).token;
    assert_eq!(store.tokens.memberships(&former).await.unwrap(), []);
    store.given_at(2, complete(1), vec![]).await;
    assert_eq!(store.members(1).await, []);
    assert_eq!(store.counts_of(1).await, [Some(0); 3]);
}

/// A partial snapshot changes whom it lists, and lets the others stay as they were.
pub async fn a_partial_snapshot_keeps_whom_it_does_not_list(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1)];
    store
        .given(
            snapshot,
            vec![holding(member(2), &[7]), holding(member(3), &[7])],
        )
        .await;
    let mut snapshot = partial(1, 50, 5);
    snapshot.roles = vec![role(7, "renamed", 1), role(8, "eight", 2)];
    store
        .given_at(1, snapshot, vec![holding(member(3), &[8]), member(4)])
        .await;
    assert_eq!(store.listed(1).await, [2, 3, 4]);
    assert_eq!(store.role_names(1, 2).await, ["renamed"]);
    assert_eq!(store.role_names(1, 3).await, ["eight"]);
    assert_eq!(store.counts_of(1).await, [Some(50), None, None]);
}

/// A snapshot that comes again changes nothing that is read, be it complete or partial.
pub async fn a_snapshot_twice_is_as_once(store: &Store) {
    let partial = Snapshot {
        roles: vec![role(7, "seven", 1)],
        ..partial(1, 50, 5)
    };
    let (complete, _) = one_of_two('b');
    let members = vec![
        shown_as(Presence::Idle, holding(bot(3), &[7, 8])),
        member(4),
    ];
    store.given(one_of_two('a').0, vec![member(2)]).await;
    for (second, snapshot) in [(1, partial), (2, complete)] {
        store
            .given_at(second, snapshot.clone(), members.clone())
            .await;
        let once = store.whole(1).await;
        store.given_at(second, snapshot, members.clone()).await;
        assert_eq!(store.whole(1).await, once);
    }
}

/// A snapshot of one server changes nothing that is read of another with the same members and roles.
pub async fn a_snapshot_stays_in_its_server(store: &Store) {
    let (snapshot, members) = one_of_two('a');
    store
        .given(
            Snapshot {
                server: server(2),
                ..snapshot
            },
            members,
        )
        .await;
    let untouched = store.whole(2).await;
    let (snapshot, members) = one_of_two('b');
    store.given_at(1, snapshot, members).await;
    store.given_at(2, partial(1, 500, 5), vec![bot(3)]).await;
    assert_eq!(store.whole(2).await, untouched);
}

/// How a source cuts the members into parts, be they empty, makes no difference.
pub async fn a_snapshot_may_come_in_many_parts(store: &Store) {
    let (snapshot, members) = one_of_two('a');
    let expected = shown(&snapshot, &members);
    let (first, rest) = members.split_at(1);
    let (second, third) = rest.split_at(60);
    let parts = [first, &[], second, third].map(|part| Ok(part.to_vec()));
    apply(store, snapshot, parts.into()).await.unwrap();
    assert_eq!(store.members(1).await, expected);
    assert_eq!(store.counts_of(1).await, [Some(101), Some(0), Some(100)]);
}

/// A source that fails half-way leaves a known server as it was, and an unknown one unknown.
pub async fn a_source_that_fails_changes_nothing(store: &Store) {
    store.given(complete(1), vec![member(2), member(5)]).await;
    let before = store.whole(1).await;
    let (snapshot, members) = one_of_two('b');
    let parts = vec![Ok(members), Err(SourceError("the file ends here".into()))];
    for number in [1, 2] {
        let snapshot = Snapshot {
            server: server(number),
            ..snapshot.clone()
        };
        let error = apply(store, snapshot, parts.clone()).await.unwrap_err();
        assert!(matches!(error, IngestError::Source(_)), "{error:?}");
        assert_eq!(error.to_string(), "the file ends here");
    }
    assert_eq!(store.whole(1).await, before);
    assert_eq!(store.stats_of(2).await, None);
    assert_eq!(store.members(2).await, []);
}

/// A snapshot that lists a user twice, in one part or in two, is refused and changes nothing.
pub async fn a_user_listed_twice_changes_nothing(store: &Store) {
    store.given(complete(1), vec![member(2), member(5)]).await;
    let before = store.whole(1).await;
    let one = vec![Ok(vec![member(3), member(4), bot(3)])];
    let two = vec![
        Ok(vec![member(3), member(4)]),
        Ok(vec![member(6), member(3)]),
    ];
    for parts in [one, two] {
        for snapshot in [complete(1), partial(1, 9, 5), complete(2)] {
            let error = apply(store, snapshot, parts.clone()).await.unwrap_err();
            assert!(matches!(error, IngestError::Source(_)), "{error:?}");
        }
    }
    assert_eq!(store.whole(1).await, before);
    assert_eq!(store.stats_of(2).await, None);
}

/// The same holds for a chunk.
pub async fn a_chunk_with_a_user_twice_changes_nothing(store: &Store) {
    store.given(partial(1, 9, 5), vec![member(2)]).await;
    let before = store.whole(1).await;
    let change = Change::MemberChunk {
        generation: Generation(5),
        members: vec![member(3), member(4), bot(3)],
        last: true,
    };
    let server = server(1);
    let event = Event { server, change };
    let error = store.ingest.apply(event, at(1)).await.unwrap_err();
    assert!(matches!(error, IngestError::Source(_)), "{error:?}");
    assert_eq!(store.whole(1).await, before);
}

/// While snapshots replace each other, each page, each count and each standing is of one of them.
pub async fn readers_see_the_old_or_the_new_and_never_a_mix(store: &Store) {
    let (a, members_a) = one_of_two('a');
    let (b, members_b) = one_of_two('b');
    let pages = [shown(&a, &members_a), shown(&b, &members_b)];
    let counts = [
        [Some(101), Some(0), Some(100)],
        [Some(151), Some(150), Some(0)],
    ];
    let channels = [a.channels.clone(), b.channels];
    store.given(a, members_a).await;
    let key = token(1, 5, &[1]);
    store.create(key.clone()).await;
    let writing = store.clone();
    let writer = tokio::spawn(async move {
        for second in 1..=20 {
            let (snapshot, members) = one_of_two(if second % 2 == 0 { 'a' } else { 'b' });
            writing.given_at(second, snapshot, members).await;
            tokio::task::yield_now().await;
        }
    });
    let mut finished = false;
    while !finished {
        // One more round after the last write, so that there is always something to read.
        finished = writer.is_finished();
        let page = store.members(1).await;
        assert!(pages.contains(&page), "{} members of both", page.len());
        let counted = store.counts_of(1).await;
        assert!(counts.contains(&counted), "{counted:?}");
        let listed = store.channels_of(1).await.unwrap();
        assert!(channels.contains(&listed), "{listed:?}");
        let (_, standing) = store.presented(&key, Addressed::Sole).await.unwrap();
        assert!(
            [1, 2].contains(&standing.permissions.bits()),
            "{standing:?}"
        );
        let memberships = store.tokens.memberships(&key.token).await.unwrap();
        let [of_five] = &memberships[..] else {
            panic!("user 5 is in both")
        };
        let name = if of_five.standing.permissions.bits() == 1 {
            "a"
        } else {
            "b"
        };
        assert_eq!(of_five.name.as_str(), name);
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert_eq!(store.members(1).await, pages[0]);
}

/// Applies a snapshot of server 1 or 2 whose members come in `parts`.
async fn apply(store: &Store, snapshot: Snapshot, parts: Vec<Part>) -> Result<(), IngestError> {
    let source = Box::new(Parts(parts.into_iter()));
    store.ingest.apply_snapshot(snapshot, source, at(1)).await
}

type Part = Result<Vec<ListedMember>, SourceError>;

/// Delivers each part as it is.
struct Parts(std::vec::IntoIter<Part>);

impl MemberSource for Parts {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        self.0.next().transpose()
    }
}
