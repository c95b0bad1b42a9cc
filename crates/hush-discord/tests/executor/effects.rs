//! What each command does, in one request.

use std::time::Duration;

use hush_discord_fake::Deed;
use hush_domain::commands::{Command, Order, Report};
use hush_domain::ids::CommandId;
use hush_domain::time::Timestamp;
use hush_ports::{Clock, Execution};
use serde_json::{Value, json};

use crate::support::{
    ADA, CHANNEL, OWNER, ROLE, SERVER, STRANGER, Site, add_role, because, bulk_ban, command, kick,
    message, user,
};

const DONE: Execution = Execution::Done(Report::Done);

#[tokio::test]
async fn each_order_has_its_effect_and_a_reason() {
    let site = Site::new().await;
    let role = ROLE.try_into().unwrap();
    let ada = user(ADA);
    let hour = Duration::from_secs(3600);
    let nickname = |nickname: Option<&str>| Order::SetNickname {
        user: ada,
        nickname: nickname.map(|it| it.parse().unwrap()),
    };
    let remove_role = Order::RemoveRole { user: ada, role };
    let ban = Order::Ban {
        user: ada,
        deleting: hour,
    };
    let orders = [
        (add_role(ADA), Deed::RoleAdded(ROLE)),
        (remove_role, Deed::RoleRemoved(ROLE)),
        (nickname(Some("the countess")), Deed::Nick),
        (nickname(None), Deed::Nick),
        (
            Order::Timeout {
                user: ada,
                lasting: hour,
            },
            Deed::Timeout,
        ),
        (Order::RemoveTimeout { user: ada }, Deed::TimeoutLifted),
        (kick(ADA), Deed::Kick),
        (ban, Deed::Ban),
        (Order::Unban { user: ada }, Deed::Unban),
    ];
    for (number, (order, deed)) in orders.into_iter().enumerate() {
        let said = because("Ünïcödé & 100 %", command(order));
        assert_eq!(site.try_command(said).await, DONE, "{deed:?}");
        let effects = site.fake.effects();
        let effect = effects.last().unwrap();
        assert_eq!((effects.len(), effect.number), (number + 1, number));
        assert_eq!((effect.deed, effect.guild), (deed, SERVER));
        assert_eq!((effect.target, effect.changed), (ADA, true));
        assert_eq!(effect.reason.as_deref(), Some("Ünïcödé & 100 %"));
    }
    assert_eq!(site.fake.effects()[7].body["delete_message_seconds"], 3600);
}

#[tokio::test]
async fn without_a_reason_the_audit_log_names_who_it_was() {
    let site = Site::new().await;
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
    let reason = site.fake.requests()[0].reason.clone();
    assert_eq!(reason.as_deref(), Some("Hush command 77 of user 4000"));
}

#[tokio::test]
async fn a_timeout_sent_once_more_changes_nothing() {
    let site = Site::new().await;
    let begun = site.clock.wall().saturating_sub(Duration::from_secs(30));
    let timeout = timeout_begun(begun);
    for _ in 0..2 {
        assert_eq!(site.try_command(timeout.clone()).await, DONE);
        let body = site.fake.effects().last().unwrap().body.clone();
        let until = body["communication_disabled_until"].as_str().unwrap();
        assert_eq!(until.parse(), Ok(begun.checked_add(MINUTE).unwrap()));
    }
    let changed: Vec<_> = site.fake.effects().iter().map(|it| it.changed).collect();
    assert_eq!(changed, [true, false]);
}

#[tokio::test]
async fn a_timeout_that_would_be_over_is_not_sent() {
    let site = Site::new().await;
    let timeout = timeout_begun(site.clock.wall().saturating_sub(MINUTE));
    assert_eq!(site.try_command(timeout).await, Execution::NotDone);
    assert_eq!(site.fake.requests().len(), 0);
}

const MINUTE: Duration = Duration::from_secs(60);

/// One of a minute that may have been carried out since `begun`.
fn timeout_begun(begun: Timestamp) -> Command {
    let order = Order::Timeout {
        user: user(ADA),
        lasting: MINUTE,
    };
    Command {
        started_at: Some(begun),
        ..command(order)
    }
}

#[tokio::test]
async fn a_message_is_written_once_however_often_it_is_sent() {
    let site = Site::new().await;
    let order = message(CHANNEL);
    let first = site.try_order(order.clone()).await;
    assert!(matches!(first, Execution::Done(Report::Message(_))));
    assert_eq!(site.try_order(order.clone()).await, first);
    let changed = site
        .fake
        .effects()
        .iter()
        .map(|it| it.changed)
        .collect::<Vec<_>>();
    assert_eq!(changed, [true, false]);
    let other = Command {
        id: CommandId::try_from(78_u64).unwrap(),
        ..command(order)
    };
    assert_ne!(site.try_command(other).await, first);
    let body: Value = site.fake.requests()[0].body.clone();
    let expected = json!({
        "content": "Hello, <@2000>.",
        "allowed_mentions": {"parse": ["users"]},
        "nonce": "77",
        "enforce_nonce": true,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_bulk_ban_tells_whom_it_met() {
    let site = Site::new().await;
    let order = bulk_ban(&[ADA, STRANGER, OWNER]);
    let met = Report::BulkBan {
        banned: vec![user(ADA), user(STRANGER)],
        not_banned: vec![user(OWNER)],
    };
    assert_eq!(site.try_order(order).await, Execution::Done(met));
    let body = &site.fake.effects()[0].body;
    assert_eq!(body["delete_message_seconds"], 3600);
    // Also if it met nobody, which Discord calls an error.
    let nobody = Report::BulkBan {
        banned: vec![],
        not_banned: vec![user(STRANGER), user(OWNER)],
    };
    let execution = site.try_order(bulk_ban(&[STRANGER, OWNER])).await;
    assert_eq!(execution, Execution::Done(nobody));
}
