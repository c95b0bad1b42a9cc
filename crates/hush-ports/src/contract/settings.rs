//! What servers' owners decide, and that it holds at once.

use hush_domain::events::{Change, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::permission::Standing;
use hush_domain::settings::{ServerSettings, SettingsChange};
use tokio::task::JoinSet;

use super::Store;
use super::examples::{act, complete, holding, member, role, role_id, server, token, user};
use crate::{Addressed, ChangeSettingsError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_settings_rule {
    ($test:ident) => {
        $test! {
            settings {
                every_known_server_has_settings,
                what_is_said_changes_and_the_rest_stays,
                a_role_that_the_server_does_not_have_is_refused,
                what_is_not_known_cannot_be_changed,
                who_holds_an_appointed_role_is_appointed_at_once,
                the_everyone_role_appoints_nobody,
                a_deleted_role_appoints_nobody_until_it_is_back,
                a_server_whose_api_is_off_says_so_at_once,
                settings_outlive_their_server,
                two_who_change_different_settings_at_once_both_do,
                of_many_who_appoint_at_once_one_has_the_last_word,
            }
        }
    };
}

fn change(api_enabled: Option<bool>, roles: Option<&[u64]>) -> SettingsChange {
    let roles = roles.map(|numbers| numbers.iter().map(|number| role_id(*number)).collect());
    SettingsChange {
        api_enabled,
        admin_roles: roles,
    }
}

fn settings(api_enabled: bool, roles: &[u64]) -> ServerSettings {
    ServerSettings {
        api_enabled,
        admin_roles: roles.iter().map(|number| role_id(*number)).collect(),
    }
}

/// A server with the roles 7, 8, 9 and the everyone-role.
fn with_roles(number: u64) -> Snapshot {
    let roles = [7, 8, 9, number].map(|number| role(number, "role", 1));
    Snapshot {
        roles: roles.to_vec(),
        ..complete(number)
    }
}

impl Store {
    async fn settings_of(&self, number: u64) -> Option<ServerSettings> {
        self.settings.get(server(number)).await.unwrap()
    }

    async fn decide(
        &self,
        number: u64,
        change: SettingsChange,
    ) -> Result<ServerSettings, ChangeSettingsError> {
        self.settings.change(server(number), change, &act(1)).await
    }

    /// How a user stands in a server, which presenting their token and listing their memberships both say.
    async fn stands(&self, user_number: u64, number: u64) -> Option<Standing> {
        let token = token(user_number, user_number, &[number]);
        let standing = self.standing(&token, Addressed::Sole).await;
        let memberships = self.tokens.memberships(&token.token).await.unwrap();
        let listed: Vec<(ServerId, Standing)> = memberships
            .into_iter()
            .map(|membership| (membership.server, membership.standing))
            .collect();
        assert_eq!(listed, standing.into_iter().collect::<Vec<_>>());
        standing.map(|(_, standing)| standing)
    }

    async fn appointed(&self, user_number: u64) -> bool {
        self.stands(user_number, 1).await.unwrap().appointed
    }
}

/// The default ones, until somebody decides otherwise; an unknown server has none.
pub async fn every_known_server_has_settings(store: &Store) {
    store.given(with_roles(1), vec![]).await;
    store.given(with_roles(2), vec![]).await;
    store
        .decide(2, change(Some(false), Some(&[7])))
        .await
        .unwrap();
    assert_eq!(store.settings_of(1).await, Some(ServerSettings::default()));
    assert_eq!(store.settings_of(2).await, Some(settings(false, &[7])));
    assert_eq!(store.settings_of(3).await, None);
}

/// Each field alone and both together; roles stand in the place of those before, ascending and each once.
pub async fn what_is_said_changes_and_the_rest_stays(store: &Store) {
    let mut snapshot = with_roles(1);
    snapshot.roles.push(role(10, "ten", 1));
    snapshot.roles.push(role(u64::MAX / 2, "highest", 1));
    store.given(snapshot, vec![]).await;
    store.given(with_roles(2), vec![]).await;
    let highest = u64::MAX / 2;
    for (said, expected) in [
        (change(Some(false), None), settings(false, &[])),
        (change(None, Some(&[8, 7, 8])), settings(false, &[7, 8])),
        (change(None, None), settings(false, &[7, 8])),
        (change(Some(true), None), settings(true, &[7, 8])),
        (change(Some(true), Some(&[8, 7])), settings(true, &[7, 8])),
        (
            change(None, Some(&[highest, 10, 9])),
            settings(true, &[9, 10, highest]),
        ),
        (change(Some(false), Some(&[])), settings(false, &[])),
    ] {
        let answered = store.decide(1, said.clone()).await;
        assert_eq!(answered.unwrap(), expected, "{said:?}");
        assert_eq!(store.settings_of(1).await, Some(expected), "{said:?}");
    }
    assert_eq!(store.settings_of(2).await, Some(ServerSettings::default()));
    assert_eq!(store.log(1).await.len(), 5);
}

/// Whatever else is said with it, nothing changes; another server's role is none of this one's.
pub async fn a_role_that_the_server_does_not_have_is_refused(store: &Store) {
    store.given(with_roles(1), vec![]).await;
    let mut elsewhere = with_roles(2);
    elsewhere.roles.push(role(99, "elsewhere", 1));
    store.given(elsewhere, vec![]).await;
    store.decide(1, change(None, Some(&[7]))).await.unwrap();
    store.change(1, 1, Change::RoleDeleted(role_id(9))).await;
    for (roles, unknown) in [(&[99][..], 99), (&[7, 98, 8], 98), (&[8, 9], 9), (&[2], 2)] {
        let refused = store.decide(1, change(Some(false), Some(roles))).await;
        assert_refused!(
            refused,
            ChangeSettingsError::UnknownRole(named) if named == role_id(unknown)
        );
    }
    assert_eq!(store.settings_of(1).await, Some(settings(true, &[7])));
    assert_eq!(store.log(1).await.len(), 1);
}

/// Neither a server that was never known nor one that is gone.
pub async fn what_is_not_known_cannot_be_changed(store: &Store) {
    store.given(with_roles(1), vec![]).await;
    store.change(1, 1, Change::ServerRemoved).await;
    for number in [1, 2] {
        for said in [
            change(Some(false), None),
            change(None, Some(&[7])),
            change(None, None),
        ] {
            let refused = store.decide(number, said).await;
            assert_refused!(refused, ChangeSettingsError::UnknownServer);
        }
        assert_eq!(store.settings_of(number).await, None);
    }
}

/// With the settings, with the member's roles and with the owner, listed or not; in this server alone.
pub async fn who_holds_an_appointed_role_is_appointed_at_once(store: &Store) {
    let members = || {
        vec![
            holding(member(2), &[7]),
            holding(member(3), &[8]),
            member(4),
            holding(member(5), &[9, 8, 7]),
        ]
    };
    store.given(with_roles(1), members()).await;
    store.given(with_roles(2), members()).await;
    for number in 1..=5 {
        store.create(token(number, number, &[1])).await;
        assert!(!store.appointed(number).await);
    }
    store.decide(1, change(None, Some(&[7]))).await.unwrap();
    let appointed = async || {
        let mut appointed = Vec::new();
        for number in 1..=5 {
            if store.appointed(number).await {
                appointed.push(number);
            }
        }
        appointed
    };
    assert_eq!(appointed().await, [2, 5]);
    store.decide(1, change(None, Some(&[8, 7]))).await.unwrap();
    assert_eq!(appointed().await, [2, 3, 5]);
    for (number, roles) in [(2, &[9][..]), (4, &[8, 9])] {
        let changed = Change::MemberChanged(holding(member(number), roles));
        store.change(1, 2, changed).await;
    }
    assert_eq!(appointed().await, [3, 4, 5]);
    let owner = store.stands(1, 1).await.unwrap();
    assert!(owner.owner && !owner.appointed);
    let listed = Change::MemberJoined(holding(member(1), &[7]));
    store.change(1, 3, listed).await;
    let owner = store.stands(1, 1).await.unwrap();
    assert!(owner.owner && owner.appointed);
    let elsewhere = token(20, 2, &[2]);
    store.create(elsewhere.clone()).await;
    let standing = store.standing(&elsewhere, Addressed::Sole).await;
    assert!(!standing.unwrap().1.appointed);
    store.decide(1, change(None, Some(&[]))).await.unwrap();
    assert_eq!(appointed().await, [0; 0]);
    assert_eq!(store.stands(2, 1).await.unwrap().permissions.bits(), 0);
}

/// Otherwise one slip would make admins of everybody: neither who lists it among their roles nor who does not.
pub async fn the_everyone_role_appoints_nobody(store: &Store) {
    let members = vec![
        member(2),
        holding(member(3), &[1]),
        holding(member(4), &[1, 7]),
    ];
    store.given(with_roles(1), members).await;
    for number in 1..=4 {
        store.create(token(number, number, &[1])).await;
    }
    store.decide(1, change(None, Some(&[1]))).await.unwrap();
    for number in 1..=4 {
        assert!(!store.appointed(number).await, "user {number}");
    }
    store.decide(1, change(None, Some(&[1, 7]))).await.unwrap();
    for (number, appointed) in [(2, false), (3, false), (4, true)] {
        assert_eq!(store.appointed(number).await, appointed, "user {number}");
    }
}

/// The settings keep it: who holds it is appointed again when the server has it again.
pub async fn a_deleted_role_appoints_nobody_until_it_is_back(store: &Store) {
    store
        .given(with_roles(1), vec![holding(member(2), &[7])])
        .await;
    store.create(token(2, 2, &[1])).await;
    store.decide(1, change(None, Some(&[7, 8]))).await.unwrap();
    store.change(1, 2, Change::RoleDeleted(role_id(7))).await;
    assert!(!store.appointed(2).await);
    assert_eq!(store.settings_of(1).await, Some(settings(true, &[7, 8])));
    // What else is changed does not ask for it.
    store.decide(1, change(Some(false), None)).await.unwrap();
    assert_eq!(store.settings_of(1).await, Some(settings(false, &[7, 8])));
    let made = Change::RoleChanged(role(7, "made again", 1));
    store.change(1, 3, made).await;
    assert!(store.appointed(2).await);
    let mut snapshot = with_roles(1);
    snapshot.roles.retain(|role| role.id == role_id(8));
    store
        .given_at(4, snapshot, vec![holding(member(2), &[7])])
        .await;
    assert!(!store.appointed(2).await);
}

/// To its owner as to its members; other servers are not concerned.
pub async fn a_server_whose_api_is_off_says_so_at_once(store: &Store) {
    for number in [1, 2] {
        store.given(with_roles(number), vec![member(2)]).await;
    }
    for number in 1..=2 {
        store.create(token(number, number, &[1])).await;
    }
    let elsewhere = token(20, 2, &[2]);
    store.create(elsewhere.clone()).await;
    for enabled in [true, false, true, false] {
        store.decide(1, change(Some(enabled), None)).await.unwrap();
        for number in [1, 2] {
            let standing = store.stands(number, 1).await.unwrap();
            assert_eq!(
                (standing.owner, standing.api_enabled),
                (number == 1, enabled)
            );
        }
        let there = store.standing(&elsewhere, Addressed::Sole).await;
        assert!(there.unwrap().1.api_enabled);
    }
    // A stranger learns nothing of it.
    store.create(token(3, 2, &[1])).await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    let gone = store.standing(&token(3, 2, &[1]), Addressed::Sole).await;
    assert_eq!(gone, None);
}

/// A server that comes back has them back, those of its roles that it has not as well.
pub async fn settings_outlive_their_server(store: &Store) {
    let holders = || vec![holding(member(2), &[7])];
    store.given(with_roles(1), holders()).await;
    store.create(token(2, 2, &[1])).await;
    store
        .decide(1, change(Some(false), Some(&[7, 8])))
        .await
        .unwrap();
    store.change(1, 1, Change::ServerRemoved).await;
    assert_eq!(store.settings_of(1).await, None);
    assert_eq!(store.stands(2, 1).await, None);
    store.given_at(2, complete(1), holders()).await;
    assert_eq!(store.settings_of(1).await, Some(settings(false, &[7, 8])));
    let standing = store.stands(2, 1).await.unwrap();
    assert_eq!((standing.appointed, standing.api_enabled), (false, false));
    store.given_at(3, with_roles(1), holders()).await;
    assert!(store.appointed(2).await);
    assert_eq!(store.settings_of(1).await, Some(settings(false, &[7, 8])));
}

/// Neither puts back what the other one changed, and the log says one after the other.
pub async fn two_who_change_different_settings_at_once_both_do(store: &Store) {
    for number in 1..=10 {
        store.given(with_roles(number), vec![]).await;
        let mut writers = JoinSet::new();
        for said in [change(Some(false), None), change(None, Some(&[7, 8]))] {
            let store = store.clone();
            writers.spawn(async move { store.decide(number, said).await.unwrap() });
        }
        let answers = writers.join_all().await;
        let both = settings(false, &[7, 8]);
        assert!(answers.contains(&both), "{answers:?}");
        assert_eq!(store.settings_of(number).await, Some(both));
        let log = store.log(number).await;
        assert_eq!(log.len(), 2);
        assert_eq!(log[0].after, log[1].before);
    }
}

/// What holds in the end is what the newest row says, and each row begins where the one before it ended.
pub async fn of_many_who_appoint_at_once_one_has_the_last_word(store: &Store) {
    store
        .given(with_roles(1), vec![holding(member(2), &[7])])
        .await;
    store.create(token(2, 2, &[1])).await;
    let mut writers = JoinSet::new();
    for roles in [&[7][..], &[8], &[9], &[7, 8], &[8, 9], &[7, 9]] {
        let store = store.clone();
        writers.spawn(async move { store.decide(1, change(None, Some(roles))).await.unwrap() });
    }
    writers.join_all().await;
    let log: Vec<_> = store.log(1).await.into_iter().skip(1).collect();
    assert_eq!(log.len(), 6);
    for pair in log.windows(2) {
        assert_eq!(pair[0].after, pair[1].before);
    }
    let last = store.settings_of(1).await.unwrap();
    let told = log.last().unwrap().after.clone().unwrap();
    let roles: Vec<_> = last
        .admin_roles
        .iter()
        .map(|id| format!("\"{id}\""))
        .collect();
    assert!(told.as_str().contains(&format!("[{}]", roles.join(","))));
    assert_eq!(
        store.appointed(2).await,
        last.admin_roles.contains(&role_id(7))
    );
}
