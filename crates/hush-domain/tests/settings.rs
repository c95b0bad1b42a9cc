//! Settings: what a change leaves and what it puts in its place.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use hush_domain::ids::RoleId;
use hush_domain::settings::{ServerSettings, SettingsChange};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn roles(numbers: &[u64]) -> Vec<RoleId> {
    let numbers = numbers.iter();
    numbers
        .map(|number| (*number).try_into().unwrap())
        .collect()
}

#[test]
fn a_server_lets_the_api_be_used_and_appoints_nobody_unless_told_otherwise() {
    let settings = ServerSettings::default();
    assert!(settings.api_enabled);
    assert_eq!(settings.admin_roles, []);
}

#[test]
fn no_roles_are_a_change_and_nothing_said_is_none() {
    let before = ServerSettings {
        api_enabled: false,
        admin_roles: roles(&[7]),
    };
    let nothing = SettingsChange::default();
    assert_eq!(nothing.apply(&before), before);
    let none = SettingsChange {
        admin_roles: Some(vec![]),
        ..nothing
    };
    assert_eq!(none.apply(&before).admin_roles, []);
}

proptest! {
    #[test]
    fn what_is_said_holds_and_the_rest_stays(
        before in (any::<bool>(), vec(1_u64..9, 0..5)),
        change in (option::of(any::<bool>()), option::of(vec(1_u64..9, 0..9))),
    ) {
        let before = ServerSettings { api_enabled: before.0, admin_roles: roles(&before.1) };
        let (api_enabled, admin_roles) = change;
        let admin_roles = admin_roles.as_deref().map(roles);
        let change = SettingsChange { api_enabled, admin_roles: admin_roles.clone() };
        let after = change.apply(&before);
        prop_assert_eq!(after.api_enabled, api_enabled.unwrap_or(before.api_enabled));
        match admin_roles {
            None => prop_assert_eq!(&after.admin_roles, &before.admin_roles),
            Some(said) => {
                prop_assert!(after.admin_roles.is_sorted_by(|left, right| left < right));
                prop_assert!(said.iter().all(|role| after.admin_roles.contains(role)));
                prop_assert!(after.admin_roles.iter().all(|role| said.contains(role)));
            }
        }
        prop_assert_eq!(change.apply(&after), after);
    }
}
