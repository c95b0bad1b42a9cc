//! Shards and sessions of the live feed.

use hush_domain::feed::{Session, Shard};
use hush_domain::ids::ServerId;
use proptest::prelude::*;

#[test]
fn a_server_belongs_to_the_shard_that_its_id_says() {
    for (id, total, number) in [
        (197_038_439_483_310_086_u64, 16, 2),
        (81_384_788_765_712_384, 10, 8),
        (u64::MAX >> 1, 1, 0),
        (u64::MAX >> 1, 2, 1),
        (1, 7, 0),
        ((1 << 22) - 1, 7, 0),
        (1 << 22, 7, 1),
        ((6 << 22) + 99, 7, 6),
        (7 << 22, 7, 0),
    ] {
        let server = ServerId::try_from(id).unwrap();
        for other in 0..total {
            let shard = Shard {
                number: other,
                total,
            };
            assert_eq!(shard.carries(server), other == number, "{id} on {shard}");
        }
    }
}

proptest! {
    #[test]
    fn exactly_one_of_all_shards_carries_a_server(id in 1..=u64::MAX >> 1, total in 1_u32..300) {
        let server = ServerId::try_from(id).unwrap();
        let shards = (0..total).map(|number| Shard { number, total });
        let carrying: Vec<_> = shards.filter(|shard| shard.carries(server)).collect();
        prop_assert_eq!(carrying.len(), 1);
    }

    #[test]
    fn no_shard_makes_the_question_panic(id in 1..=u64::MAX >> 1, shard in any::<[u32; 2]>()) {
        let [number, total] = shard;
        let carries = Shard { number, total }.carries(ServerId::try_from(id).unwrap());
        prop_assert!(!carries || number < total.max(1));
    }
}

#[test]
fn a_session_does_not_show_its_id() {
    let session = Session {
        shard: Shard {
            number: 2,
            total: 5,
        },
        intents: 259,
        id: "c0ffee-secret".into(),
        sequence: 1234,
        resume_url: "wss://gateway.example".into(),
    };
    for shown in [format!("{session:?}"), format!("{session:#?}")] {
        assert!(!shown.contains("c0ffee"), "{shown}");
        assert!(shown.contains("1234"), "{shown}");
    }
    assert_eq!(session.shard.to_string(), "2/5");
}
