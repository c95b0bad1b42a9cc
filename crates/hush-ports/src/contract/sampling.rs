//! Hourly samples against a plain list of all that was seen.

use std::collections::BTreeMap;

use hush_domain::events::Change;
use hush_domain::feed::Shard;
use hush_domain::samples::{HourlySample, Spread};
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::subsequence;
use proptest::strategy::Strategy;

use super::Store;
use super::counts::carry_out;
use super::examples::{at, cases};
use super::following::placed;
use super::model::Model;
use super::random::{Step, step};
use super::samples::hour;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_sampling_rule {
    ($test:ident) => {
        $test! {
            sampling {
                random_samples_are_what_a_plain_list_says,
            }
        }
    };
}

/// What is done to one of a few servers, or that some shards are looked at.
#[derive(Debug, Clone)]
enum Move {
    Step(u64, Step, i64),
    Take(Vec<u32>, i64),
}

fn step_or_look() -> impl Strategy<Value = Move> {
    let second = -7200_i64..7200;
    let step = (0_u64..4, step(), second.clone());
    let shards = subsequence(vec![0_u32, 1, 2], 0..=3);
    prop_oneof![
        2 => step.prop_map(|(n, step, second)| Move::Step(n, step, second)),
        1 => (shards, second).prop_map(|(shards, second)| Move::Take(shards, second)),
    ]
}

/// The counts of a server as they were each time that somebody looked within an hour.
type Looks = BTreeMap<(u64, i64), Vec<[Option<u64>; 3]>>;

/// Whatever happens to servers between looks at some of them: each hour of each holds what a plain list does of all that
/// was seen in it.
pub async fn random_samples_are_what_a_plain_list_says(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for (round, moves) in (0..).zip(cases(4, &vec(step_or_look(), 90))) {
        let mut models: [Model; 4] = Default::default();
        let mut looks = Looks::new();
        for it in &moves {
            match it.clone() {
                Move::Step(n, step, second) => {
                    let number = placed(10 * round + n);
                    let model = &mut models[usize::try_from(n).unwrap()];
                    carry_out(&feed, store, (number, second), step, model).await;
                }
                Move::Take(shards, second) => {
                    let shards = shards.iter().map(|number| Shard {
                        number: *number,
                        total: 3,
                    });
                    let shards: Vec<_> = shards.collect();
                    let mut looked_at = 0;
                    for model in &models {
                        let Some(followed) = model.followed() else {
                            continue;
                        };
                        let carried = shards.iter().any(|shard| shard.carries(followed.server));
                        if carried && followed.available {
                            looked_at += 1;
                            let hours = (3600 * 1000 + second).div_euclid(3600) - 1000;
                            let key = (followed.server.get(), hours);
                            looks.entry(key).or_default().extend(model.counts());
                        }
                    }
                    let taken = store.sample_on(epoch, &shards, at(second)).await;
                    assert_eq!(taken, looked_at, "{moves:#?}");
                }
            }
        }
        for n in 0..4 {
            let number = placed(10 * round + n);
            let of_server = looks.iter().filter(|((of, _), _)| *of == number);
            let expected = of_server.map(|((_, hours), looks)| summed_up(*hours, looks));
            let expected: Vec<_> = expected.collect();
            assert_eq!(store.samples_of(number).await, expected, "{moves:#?}");
            // So that what this round left is not looked at in the next.
            store.apply(number, 0, Change::ServerRemoved).await;
        }
    }
}

fn summed_up(hours: i64, looks: &[[Option<u64>; 3]]) -> HourlySample {
    let [members, bots, online] = [0, 1, 2].map(|place| {
        let known: Vec<_> = looks.iter().filter_map(|look| look[place]).collect();
        Some(Spread {
            samples: known.len().try_into().unwrap(),
            min: *known.iter().min()?,
            max: *known.iter().max()?,
            last: *known.last()?,
        })
    });
    HourlySample {
        hour: hour(hours),
        members,
        bots,
        online,
    }
}
