//! The users of a server of whom a filter says so.

use hush_domain::events::Change;
use hush_domain::ids::RoleId;

use super::Store;
use super::examples::{bot, complete, holding, member, role, role_id, server, user};
use crate::{PageRequest, UserFilter};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_filters_rule {
    ($test:ident) => {
        $test! {
            filters {
                a_role_shows_those_who_hold_it,
                everybody_holds_the_everyone_role,
                nobody_holds_a_role_that_is_not_there,
                bots_are_told_from_others,
                those_who_are_named_are_shown_if_they_are_there,
                whoever_is_shown_fits_every_filter_and_every_page,
                filters_stay_in_their_server,
            }
        }
    };
}

fn of_role(number: u64) -> UserFilter {
    UserFilter {
        role: Some(role_id(number)),
        ..UserFilter::default()
    }
}

fn bots(bot: bool) -> UserFilter {
    UserFilter {
        bot: Some(bot),
        ..UserFilter::default()
    }
}

fn named(numbers: &[u64]) -> UserFilter {
    UserFilter {
        ids: Some(numbers.iter().map(|number| user(*number)).collect()),
        ..UserFilter::default()
    }
}

impl Store {
    /// The numbers of those users of a server of whom the filter says so.
    async fn fitting(&self, number: u64, filter: UserFilter) -> Vec<u64> {
        let members = self.filtered(number, filter).await;
        members.iter().map(|member| member.user.id.get()).collect()
    }
}

/// Whatever else they hold, each with all of their roles; and as soon as they do.
pub async fn a_role_shows_those_who_hold_it(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1), role(8, "eight", 2), role(77, "x", 3)];
    let members = vec![
        holding(member(2), &[7]),
        holding(member(3), &[8]),
        holding(bot(4), &[8, 9, 7]),
        holding(member(5), &[77]),
        member(6),
    ];
    store.given(snapshot, members).await;
    assert_eq!(store.fitting(1, of_role(7)).await, [2, 4]);
    assert_eq!(store.fitting(1, of_role(8)).await, [3, 4]);
    let shown = &store.filtered(1, of_role(7)).await[1];
    assert_eq!(shown.role_ids, [8, 7].map(role_id));
    let change = Change::MemberChanged(holding(member(2), &[8]));
    store.change(1, 1, change).await;
    assert_eq!(store.fitting(1, of_role(7)).await, [4]);
    assert_eq!(store.fitting(1, of_role(8)).await, [2, 3, 4]);
}

/// Whether the server lists it among its roles, and members among theirs, or not.
pub async fn everybody_holds_the_everyone_role(store: &Store) {
    let mut snapshot = complete(10);
    snapshot.roles = vec![role(10, "@everyone", 0)];
    store.given(snapshot, vec![member(2), bot(3)]).await;
    store
        .given(complete(11), vec![holding(member(4), &[11])])
        .await;
    assert_eq!(store.fitting(10, of_role(10)).await, [2, 3]);
    assert_eq!(store.fitting(11, of_role(11)).await, [4]);
    assert_eq!(store.fitting(10, of_role(11)).await, [0; 0]);
}

/// Be it among the ids that members hold: until there is one, and no longer than that.
pub async fn nobody_holds_a_role_that_is_not_there(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1)];
    store
        .given(snapshot, vec![holding(member(2), &[7, 8]), member(3)])
        .await;
    for number in [8, 9, u64::MAX / 2] {
        assert_eq!(store.fitting(1, of_role(number)).await, [0; 0]);
    }
    let made = Change::RoleChanged(role(8, "eight", 2));
    store.change(1, 1, made).await;
    assert_eq!(store.fitting(1, of_role(8)).await, [2]);
    store.change(1, 2, Change::RoleDeleted(role_id(8))).await;
    assert_eq!(store.fitting(1, of_role(8)).await, [0; 0]);
    assert_eq!(store.fitting(1, of_role(7)).await, [2]);
}

/// Both ways.
pub async fn bots_are_told_from_others(store: &Store) {
    let members = vec![bot(2), member(3), bot(4), member(5)];
    store.given(complete(1), members).await;
    assert_eq!(store.fitting(1, bots(true)).await, [2, 4]);
    assert_eq!(store.fitting(1, bots(false)).await, [3, 5]);
}

/// By ascending id; who is not there is left out, and of nobody nobody is.
pub async fn those_who_are_named_are_shown_if_they_are_there(store: &Store) {
    let highest = u64::MAX / 2;
    let numbers = [2, 9, 10, 11, highest];
    let members = numbers.map(member).to_vec();
    store.given(complete(1), members).await;
    for (asked, shown) in [
        (&[highest, 10, 3, 9][..], &[9, 10, highest][..]),
        (&[2], &[2]),
        (&[3, highest - 1], &[]),
        (&[], &[]),
    ] {
        assert_eq!(store.fitting(1, named(asked)).await, shown);
    }
    let hundred: Vec<_> = (1..=100).collect();
    assert_eq!(store.fitting(1, named(&hundred)).await, [2, 9, 10, 11]);
}

/// Each combination of filters on each page shows whom a look at everybody finds.
pub async fn whoever_is_shown_fits_every_filter_and_every_page(store: &Store) {
    let everyone = 100;
    let held = [&[][..], &[7], &[8], &[7, 8], &[9], &[7, 9]];
    let listed: Vec<_> = (1..=12_u64)
        .zip(held.into_iter().cycle())
        .map(|(number, held)| {
            let is_bot = number % 5 < 2;
            let listed = if is_bot { bot(number) } else { member(number) };
            holding(listed, held)
        })
        .collect();
    let mut snapshot = complete(everyone);
    snapshot.roles = vec![
        role(7, "seven", 1),
        role(8, "eight", 2),
        role(everyone, "@everyone", 0),
    ];
    store.given(snapshot, listed.clone()).await;
    let all = store.members(everyone).await;
    let some: Vec<u64> = vec![2, 4, 5, 6, 10, 11, 50];
    for role in [None, Some(7), Some(8), Some(9), Some(everyone)] {
        for is_bot in [None, Some(true), Some(false)] {
            for ids in [None, Some(&some[..]), Some(&[])] {
                for (after, limit) in [(0, 1000), (0, 2), (4, 1), (5, 3), (12, 5), (3, 0)] {
                    let filter = UserFilter {
                        role: role.map(role_id),
                        bot: is_bot,
                        ids: ids.and_then(|ids| named(ids).ids),
                    };
                    let known = |id: &RoleId| id.get() == 7 || id.get() == 8;
                    let fits = all.iter().zip(&listed).filter(|(shown, listed)| {
                        let number = shown.user.id.get();
                        let holds = |role: RoleId| known(&role) && listed.roles.contains(&role);
                        number > after
                            && role.is_none_or(|role| role == everyone || holds(role_id(role)))
                            && is_bot.is_none_or(|is_bot| listed.user.bot == is_bot)
                            && ids.is_none_or(|ids| ids.contains(&number))
                    });
                    let expected: Vec<_> = fits
                        .map(|(shown, _)| shown.clone())
                        .take(limit.into())
                        .collect();
                    let asked = format!("{filter:?}, {limit} after {after}");
                    let page = PageRequest {
                        filter,
                        after: (after > 0).then(|| user(after)),
                        limit,
                    };
                    let page = store.users.page(server(everyone), page).await;
                    assert_eq!(page.unwrap(), expected, "{asked}");
                }
            }
        }
    }
}

/// The same users and roles are something else in another one, and nothing in one that is not known.
pub async fn filters_stay_in_their_server(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1)];
    let members = vec![holding(member(2), &[7, 8]), bot(3), member(5)];
    store.given(snapshot, members).await;
    let mut elsewhere = complete(2);
    elsewhere.roles = vec![role(8, "eight", 1)];
    let members = vec![holding(bot(2), &[7, 8]), member(3), member(4)];
    store.given(elsewhere, members).await;
    for (filter, first, second) in [
        (of_role(7), &[2][..], &[][..]),
        (of_role(8), &[], &[2]),
        (bots(true), &[3], &[2]),
        (bots(false), &[2, 5], &[3, 4]),
        (named(&[3, 4, 5]), &[3, 5], &[3, 4]),
    ] {
        assert_eq!(store.fitting(1, filter.clone()).await, first, "{filter:?}");
        assert_eq!(store.fitting(2, filter.clone()).await, second, "{filter:?}");
        assert_eq!(store.fitting(3, filter).await, [0; 0]);
    }
}
