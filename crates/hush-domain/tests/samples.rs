//! What is seen of a count within an hour.

use hush_domain::samples::Spread;
use proptest::prelude::*;

fn seen(counts: &[Option<u64>]) -> Option<Spread> {
    let counts = counts.iter().copied();
    counts.fold(None, Spread::and)
}

#[test]
fn what_is_not_known_adds_nothing() {
    let two = Some(Spread {
        samples: 2,
        min: 3,
        max: 7,
        last: 3,
    });
    for counts in [
        &[Some(7), Some(3)][..],
        &[None, Some(7), None, None, Some(3), None],
    ] {
        assert_eq!(seen(counts), two);
    }
    assert_eq!(seen(&[None, None]), None);
}

#[test]
fn nothing_there_is_seen_as_such() {
    let empty = Spread {
        samples: 1,
        min: 0,
        max: 0,
        last: 0,
    };
    assert_eq!(seen(&[Some(0)]), Some(empty));
}

#[test]
fn samples_without_end_are_many() {
    let before = Spread {
        samples: u32::MAX,
        min: 1,
        max: 2,
        last: 1,
    };
    let after = Spread { last: 2, ..before };
    assert_eq!(Spread::and(Some(before), Some(2)), Some(after));
}

proptest! {
    #[test]
    fn a_spread_says_of_a_list_how_long_how_low_how_high_and_how_it_ends(
        counts in proptest::collection::vec(proptest::option::of(any::<u64>()), 0..30),
    ) {
        let known: Vec<_> = counts.iter().copied().flatten().collect();
        let expected = known.last().map(|last| Spread {
            samples: known.len().try_into().unwrap(),
            min: known.iter().copied().fold(u64::MAX, u64::min),
            max: known.iter().copied().fold(0, u64::max),
            last: *last,
        });
        prop_assert_eq!(seen(&counts), expected);
    }
}
