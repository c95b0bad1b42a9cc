//! The lead of the live feed: one has it at a time. What that means for who writes has a file of its own.

use hush_domain::feed::Epoch;
use tokio::task::JoinSet;

use super::Store;
use crate::Lease;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_feed_rule {
    ($test:ident) => {
        $test! {
            feed {
                nobody_leads_at_first,
                of_many_who_take_the_lead_at_once_one_gets_it,
                who_saw_another_lease_does_not_get_the_lead,
                only_the_leader_beats,
                a_lead_that_is_given_up_is_free_at_once,
            }
        }
    };
}

impl Store {
    async fn lease(&self) -> Lease {
        self.feed.lease().await.unwrap()
    }

    /// Begins the next epoch.
    pub(super) async fn lead(&self) -> Epoch {
        let seen = self.lease().await;
        self.feed.take(seen).await.unwrap().unwrap()
    }
}

/// The epoch before the first is 0, and the first is 1.
pub async fn nobody_leads_at_first(store: &Store) {
    let none = Lease {
        epoch: Epoch(0),
        beat: 0,
        held: false,
    };
    assert_eq!(store.lease().await, none);
    assert!(!store.feed.keep(Epoch(0)).await.unwrap());
    assert!(!store.feed.resign(Epoch(0)).await.unwrap());
    assert_eq!(store.lease().await, none);
    assert_eq!(store.lead().await, Epoch(1));
    let lease = store.lease().await;
    assert_eq!((lease.epoch, lease.held), (Epoch(1), true));
}

/// Each time, and each has a higher epoch than the one before.
pub async fn of_many_who_take_the_lead_at_once_one_gets_it(store: &Store) {
    for epoch in 1..=10 {
        let seen = store.lease().await;
        let mut takers = JoinSet::new();
        for _ in 0..6 {
            let store = store.clone();
            takers.spawn(async move { store.feed.take(seen).await.unwrap() });
        }
        let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken, [Epoch(epoch)]);
        let lease = store.lease().await;
        assert_eq!((lease.epoch, lease.held), (Epoch(epoch), true));
    }
}

/// Whatever differs from what was seen: a beat, a resignation, another leader. The lease stays as it is.
pub async fn who_saw_another_lease_does_not_get_the_lead(store: &Store) {
    let nobody = store.lease().await;
    let epoch = store.lead().await;
    let first = store.lease().await;
    assert!(store.feed.keep(epoch).await.unwrap());
    let beaten = store.lease().await;
    let differing = [
        Lease {
            epoch: Epoch(epoch.0 + 1),
            ..beaten
        },
        Lease {
            beat: beaten.beat + 1,
            ..beaten
        },
        Lease {
            held: false,
            ..beaten
        },
    ];
    for seen in [nobody, first].into_iter().chain(differing) {
        assert_eq!(store.feed.take(seen).await.unwrap(), None, "{seen:?}");
        assert_eq!(store.lease().await, beaten);
    }
    assert!(store.feed.keep(epoch).await.unwrap());
    let held = store.lease().await;
    assert!(store.feed.resign(epoch).await.unwrap());
    assert_eq!(store.feed.take(held).await.unwrap(), None);
    assert!(!store.lease().await.held);
}

/// Each time the beat grows, and nothing else changes. Nobody else's call does anything.
pub async fn only_the_leader_beats(store: &Store) {
    let former = store.lead().await;
    let epoch = store.lead().await;
    for _ in 0..3 {
        let before = store.lease().await;
        assert!(store.feed.keep(epoch).await.unwrap());
        let after = store.lease().await;
        assert!(before.beat < after.beat, "{before:?}, {after:?}");
        let beat = before.beat;
        assert_eq!(Lease { beat, ..after }, before);
        for other in [former, Epoch(epoch.0 + 1)] {
            assert!(!store.feed.keep(other).await.unwrap());
            assert!(!store.feed.resign(other).await.unwrap());
            assert_eq!(store.lease().await, after);
        }
    }
}

/// Whoever looks sees it, and need not wait for a beat that does not come.
pub async fn a_lead_that_is_given_up_is_free_at_once(store: &Store) {
    let epoch = store.lead().await;
    let held = store.lease().await;
    assert!(store.feed.resign(epoch).await.unwrap());
    let free = Lease {
        held: false,
        ..held
    };
    assert_eq!(store.lease().await, free);
    assert!(!store.feed.resign(epoch).await.unwrap());
    assert!(!store.feed.keep(epoch).await.unwrap());
    assert_eq!(store.lease().await, free);
    let next = store.lead().await;
    assert!(epoch < next);
    assert!(!store.feed.resign(epoch).await.unwrap());
    assert!(store.feed.keep(next).await.unwrap());
}
