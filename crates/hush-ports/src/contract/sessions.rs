//! Where the connections of the feed stand, and how often a new session may be begun.

use std::time::Duration;

use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::time::Timestamp;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{at, just_before};
use crate::Identify;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_sessions_rule {
    ($test:ident) => {
        $test! {
            sessions {
                a_session_reads_back_field_by_field,
                a_session_stands_in_the_place_of_the_one_before,
                sessions_outlive_their_leader,
                a_new_session_may_be_begun_once_in_a_while,
                who_comes_too_early_moves_nothing,
                a_new_session_forgets_the_one_before,
                to_record_a_session_is_not_to_begin_one,
                each_shard_begins_sessions_of_its_own,
                a_clock_that_was_set_back_holds_up_once,
                of_many_who_would_begin_at_once_one_may,
            }
        }
    };
}

const MINUTE: Duration = Duration::from_mins(1);

fn shard(number: u32) -> Shard {
    Shard { number, total: 16 }
}

fn session(number: u32, id: &str) -> Session {
    Session {
        shard: shard(number),
        intents: 259,
        id: id.into(),
        sequence: 42,
        resume_url: format!("wss://gateway-{number}.example/?v=10"),
    }
}

impl Store {
    async fn stored(&self) -> Vec<Session> {
        self.sessions.stored().await.unwrap()
    }

    async fn note(&self, epoch: Epoch, session: &Session) {
        self.sessions.record(epoch, session).await.unwrap();
    }

    /// Asks for a session on a shard.
    async fn identify(&self, epoch: Epoch, number: u32, at: Timestamp) -> Identify {
        let (sessions, shard) = (&self.sessions, shard(number));
        sessions.identify(epoch, shard, at, MINUTE).await.unwrap()
    }
}

/// By ascending number of their shard.
pub async fn a_session_reads_back_field_by_field(store: &Store) {
    let epoch = store.lead().await;
    assert_eq!(store.stored().await, []);
    let sessions = [
        Session {
            shard: Shard {
                number: 0,
                total: 1,
            },
            intents: 0,
            id: "0".into(),
            sequence: 0,
            resume_url: "ws://127.0.0.1:1".into(),
        },
        session(9, "ünïcode 🦀 'quoted' \\ \"twice\""),
        Session {
            shard: Shard {
                number: 10,
                total: 70_000,
            },
            intents: u64::MAX,
            id: "f".repeat(2000),
            // What a float would round.
            sequence: (1 << 53) + 1,
            resume_url: format!("wss://{}.example", "long".repeat(500)),
        },
        session(69_999, "last"),
    ];
    for place in [2, 0, 3, 1] {
        store.note(epoch, &sessions[place]).await;
    }
    assert_eq!(store.stored().await, sessions);
}

/// Whatever is different, the number of shards included: who numbers them anew has no use for the old ones.
pub async fn a_session_stands_in_the_place_of_the_one_before(store: &Store) {
    let epoch = store.lead().await;
    let other = session(1, "other");
    store.note(epoch, &other).await;
    let first = session(0, "first");
    let newer = Session {
        sequence: 43,
        ..first.clone()
    };
    let divided = Session {
        shard: Shard {
            number: 0,
            total: 32,
        },
        intents: 1,
        resume_url: "wss://other.example".into(),
        ..session(0, "divided")
    };
    // A session goes on from where its leader says, be it further back.
    for session in [&first, &newer, &first, &divided] {
        store.note(epoch, session).await;
        assert_eq!(store.stored().await, [session.clone(), other.clone()]);
    }
}

/// Whoever leads next goes on with them, and waits as long as the one before would have.
pub async fn sessions_outlive_their_leader(store: &Store) {
    let epoch = store.lead().await;
    assert_eq!(store.identify(epoch, 0, at(0)).await, Identify::Now);
    store.note(epoch, &session(0, "first")).await;
    store.feed.resign(epoch).await.unwrap();
    assert_eq!(store.stored().await, [session(0, "first")]);
    let next = store.lead().await;
    assert_eq!(store.stored().await, [session(0, "first")]);
    let early = store.identify(next, 0, at(59)).await;
    assert_eq!(early, Identify::NotBefore(at(60)));
    assert_eq!(store.identify(next, 0, at(60)).await, Identify::Now);
}

/// From the very moment on that its time is over; how long that is, each call says.
pub async fn a_new_session_may_be_begun_once_in_a_while(store: &Store) {
    let epoch = store.lead().await;
    let mut begun = at(0);
    assert_eq!(store.identify(epoch, 0, begun).await, Identify::Now);
    for _ in 0..3 {
        let next = begun.checked_add(MINUTE).unwrap();
        for early in [begun, just_before(next)] {
            let refused = store.identify(epoch, 0, early).await;
            assert_eq!(refused, Identify::NotBefore(next));
        }
        assert_eq!(store.identify(epoch, 0, next).await, Identify::Now);
        begun = next;
    }
    for (seconds, expected) in [
        (7200, Identify::NotBefore(at(180 + 7200))),
        (11, Identify::NotBefore(at(191))),
        (10, Identify::Now),
        (0, Identify::Now),
    ] {
        let apart = Duration::from_secs(seconds);
        let (sessions, shard) = (&store.sessions, shard(0));
        let asked = sessions.identify(epoch, shard, at(190), apart).await;
        assert_eq!(asked.unwrap(), expected);
    }
}

/// However often somebody asks in vain, the moment stays, and so does the stored session.
pub async fn who_comes_too_early_moves_nothing(store: &Store) {
    let epoch = store.lead().await;
    assert_eq!(store.identify(epoch, 0, at(0)).await, Identify::Now);
    store.note(epoch, &session(0, "first")).await;
    for second in [0, 30, 59, 30] {
        let refused = store.identify(epoch, 0, at(second)).await;
        assert_eq!(refused, Identify::NotBefore(at(60)));
        assert_eq!(store.stored().await, [session(0, "first")]);
    }
    assert_eq!(store.identify(epoch, 0, at(60)).await, Identify::Now);
}

/// It is of no more use; those of other shards stay.
pub async fn a_new_session_forgets_the_one_before(store: &Store) {
    let epoch = store.lead().await;
    for number in [0, 1, 2] {
        store.note(epoch, &session(number, "first")).await;
    }
    assert_eq!(store.identify(epoch, 1, at(0)).await, Identify::Now);
    let others = [session(0, "first"), session(2, "first")];
    assert_eq!(store.stored().await, others);
    store.note(epoch, &session(1, "second")).await;
    let [zero, two] = others;
    assert_eq!(store.stored().await, [zero, session(1, "second"), two]);
}

/// Nothing is known of a beginning before the first is asked for, and what is known of it stays.
pub async fn to_record_a_session_is_not_to_begin_one(store: &Store) {
    let epoch = store.lead().await;
    store.note(epoch, &session(0, "first")).await;
    assert_eq!(store.identify(epoch, 0, at(0)).await, Identify::Now);
    store.note(epoch, &session(0, "second")).await;
    let refused = store.identify(epoch, 0, at(1)).await;
    assert_eq!(refused, Identify::NotBefore(at(60)));
}

/// A shard's number is what counts, among however many it is.
pub async fn each_shard_begins_sessions_of_its_own(store: &Store) {
    let epoch = store.lead().await;
    for number in [0, 1, 10] {
        let begun = store.identify(epoch, number, at(10)).await;
        assert_eq!(begun, Identify::Now);
    }
    let divided = Shard {
        number: 1,
        total: 32,
    };
    let sessions = &store.sessions;
    let asked = sessions.identify(epoch, divided, at(20), MINUTE).await;
    assert_eq!(asked.unwrap(), Identify::NotBefore(at(70)));
}

/// A beginning that lies in the future was now, so that who waits as told may begin.
pub async fn a_clock_that_was_set_back_holds_up_once(store: &Store) {
    let epoch = store.lead().await;
    let future = store.identify(epoch, 0, at(1_000_000)).await;
    assert_eq!(future, Identify::Now);
    store.note(epoch, &session(0, "first")).await;
    let refused = store.identify(epoch, 0, at(100)).await;
    assert_eq!(refused, Identify::NotBefore(at(160)));
    assert_eq!(store.stored().await, [session(0, "first")]);
    let refused = store.identify(epoch, 0, at(159)).await;
    assert_eq!(refused, Identify::NotBefore(at(160)));
    assert_eq!(store.identify(epoch, 0, at(160)).await, Identify::Now);
}

/// The others are told when they may.
pub async fn of_many_who_would_begin_at_once_one_may(store: &Store) {
    let epoch = store.lead().await;
    for round in 0..5 {
        let now = at(60 * round);
        let mut asking = JoinSet::new();
        for _ in 0..6 {
            let store = store.clone();
            asking.spawn(async move { store.identify(epoch, 0, now).await });
        }
        let mut answers = asking.join_all().await;
        answers.sort_by_key(|answer| *answer != Identify::Now);
        let later = Identify::NotBefore(at(60 * round + 60));
        assert_eq!(answers[0], Identify::Now);
        assert_eq!(answers[1..], [later; 5]);
    }
}
