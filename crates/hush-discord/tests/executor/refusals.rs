//! What Discord refuses, and what that is called here.

use std::time::Duration;

use futures::future::join_all;
use hush_discord_fake::{Role, Scripted, Step, permissions};
use hush_domain::commands::{Command, FailureCode, Order, Report};
use hush_ports::{CommandExecutor, Execution};

use crate::support::{
    ADA, BOTS, CHANNEL, FORUM, OWNER, SERVER, STRANGER, Site, add_role, bulk_ban, command, kick,
    message, skip, user,
};

const NOBODY: u64 = 999;

async fn refuses(site: &Site, order: Order, code: FailureCode) {
    let text = format!("{order:?}");
    assert_eq!(
        site.try_order(order).await,
        Execution::Refused(code),
        "{text}"
    );
    assert!(site.fake.effects().is_empty(), "{text}");
}

#[tokio::test]
async fn what_is_not_there_has_a_code_of_its_own() {
    let site = Site::new().await;
    let role = |role: u64| Order::AddRole {
        user: user(ADA),
        role: role.try_into().unwrap(),
    };
    let ban = |id| Order::Ban {
        user: user(id),
        deleting: Duration::ZERO,
    };
    for (order, code) in [
        (kick(NOBODY), FailureCode::UserNotFound),
        (add_role(NOBODY), FailureCode::UserNotFound),
        (ban(NOBODY), FailureCode::UserNotFound),
        (role(NOBODY), FailureCode::RoleNotFound),
        (Order::Unban { user: user(ADA) }, FailureCode::BanNotFound),
        (message(NOBODY), FailureCode::ChannelNotFound),
        (message(FORUM), FailureCode::ChannelTakesNoMessages),
        (role(SERVER), FailureCode::DiscordRefuses),
        (kick(OWNER), FailureCode::DiscordForbids),
        (ban(OWNER), FailureCode::DiscordForbids),
        (role(BOTS), FailureCode::DiscordForbids),
    ] {
        refuses(&site, order, code).await;
    }
    let elsewhere = Command {
        server: 5_u64.try_into().unwrap(),
        ..command(kick(ADA))
    };
    let refused = Execution::Refused(FailureCode::BotNotInServer);
    assert_eq!(site.try_command(elsewhere).await, refused);
}

#[tokio::test]
async fn what_the_bot_may_not_do_discord_forbids() {
    let site = Site::new().await;
    let allow = |id, permissions| {
        let role = Role {
            permissions,
            ..site.fake.world().guilds[&SERVER].roles[&id].clone()
        };
        let guild = SERVER;
        assert!(site.fake.take(Step::RoleChanged { guild, role }));
    };
    allow(BOTS, 0);
    for order in [kick(ADA), add_role(ADA), bulk_ban(&[STRANGER])] {
        refuses(&site, order, FailureCode::DiscordForbids).await;
    }
    for left in [permissions::VIEW_CHANNEL, 0] {
        allow(SERVER, left);
        // Also what Discord calls a missing access, if it is one to a channel.
        refuses(&site, message(CHANNEL), FailureCode::DiscordForbids).await;
    }
}

#[tokio::test]
async fn a_refusal_without_a_code_is_told_by_its_status() {
    let site = Site::new().await;
    for (status, code) in [
        (400, FailureCode::DiscordRefuses),
        (404, FailureCode::DiscordRefuses),
        (413, FailureCode::DiscordRefuses),
        // The last, since it is remembered.
        (403, FailureCode::DiscordForbids),
    ] {
        let path = format!("/guilds/{SERVER}");
        site.fake.script_requests(&path, 1, Scripted::Fails(status));
        refuses(&site, kick(ADA), code).await;
    }
}

#[tokio::test]
async fn who_is_unknown_to_discord_asks_no_more_for_a_while() {
    let site = Site::new().await;
    let refused = Execution::Refused(FailureCode::BotUnauthorized);
    site.fake.script_requests("/", 2, Scripted::Fails(401));
    assert_eq!(site.try_order(kick(ADA)).await, refused);
    for order in [kick(ADA), message(CHANNEL)] {
        assert_eq!(site.try_order(order).await, Execution::Limited);
    }
    assert!(site.executor.acts_as().await.unwrap_err().is_transient());
    assert_eq!(site.requests(), 1);
    // Then one asks for all.
    skip(Duration::from_secs(60)).await;
    let orders = [kick(ADA), add_role(ADA), message(CHANNEL)];
    let tried = join_all(orders.map(|order| site.try_order(order))).await;
    let count = |wanted| tried.iter().filter(|it| **it == wanted).count();
    assert_eq!((count(refused), count(Execution::Limited)), (1, 2));
    assert_eq!((site.requests(), site.fake.invalid_requests()), (2, 2));
    // Until it is known again.
    skip(Duration::from_secs(60)).await;
    for order in [add_role(ADA), kick(ADA)] {
        assert_eq!(site.try_order(order).await, Execution::Done(Report::Done));
    }
}
