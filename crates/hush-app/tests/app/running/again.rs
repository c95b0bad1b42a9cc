//! The rules are looked at before each attempt, in what is so then.

use std::time::Duration;

use hush_domain::audit::{Act, Actor};
use hush_domain::commands::{FailureCode, Order, Report, State};
use hush_domain::events::Change;
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_domain::settings::SettingsChange;
use hush_domain::tokens::Token;
use hush_ports::{Clock, Execution, Settings, TokenFilter, Tokens};

use super::failed;
use crate::commanding::{
    BOT, CHANNEL, HELPER_ROLE, Running, Stage, Step, done, kick, say, untimeout,
};
use crate::support::{ADMIN, AWAY, HOME, MEMBER, OWNER, STRANGER, listed, role, server, user};

fn give() -> Order {
    Order::AddRole {
        user: user(MEMBER),
        role: HELPER_ROLE.try_into().unwrap(),
    }
}

fn ban(id: u64) -> Order {
    Order::Ban {
        user: user(id),
        deleting: Duration::ZERO,
    }
}

fn member(id: u64, roles: &[u64]) -> Change {
    Change::MemberChanged(listed(id, roles))
}

fn owned_by(id: u64) -> Change {
    Change::ServerChanged {
        name: "Server".parse().unwrap(),
        owner: user(id),
    }
}

fn raised(id: u64, position: i32) -> Change {
    Change::RoleChanged(Role {
        position,
        ..role(id, Permissions::ADMINISTRATOR)
    })
}

fn changes() -> Vec<(Order, Change, FailureCode)> {
    use FailureCode as Code;
    let channel = CHANNEL.try_into().unwrap();
    let helpers = HELPER_ROLE.try_into().unwrap();
    vec![
        // Of those to whom something is done.
        (
            kick(MEMBER),
            Change::MemberLeft(user(MEMBER)),
            Code::UserNotFound,
        ),
        (
            kick(MEMBER),
            member(MEMBER, &[HOME + 10]),
            Code::TargetNotBelowYou,
        ),
        (
            kick(MEMBER),
            member(MEMBER, &[HOME + 20]),
            Code::TargetNotBelowYou,
        ),
        (kick(MEMBER), owned_by(MEMBER), Code::TargetIsOwner),
        (give(), Change::RoleDeleted(helpers), Code::RoleNotFound),
        (give(), raised(HELPER_ROLE, 4), Code::RoleNotBelowYou),
        (
            say(CHANNEL),
            Change::ChannelDeleted(channel),
            Code::ChannelNotFound,
        ),
        // Of the bot.
        (
            kick(MEMBER),
            Change::MemberLeft(user(BOT)),
            Code::BotNotInServer,
        ),
        (
            say(CHANNEL),
            Change::MemberLeft(user(BOT)),
            Code::BotNotInServer,
        ),
        (kick(MEMBER), member(BOT, &[]), Code::BotLacksPermission),
        (kick(MEMBER), Change::ServerRemoved, Code::ServerGone),
        (say(CHANNEL), Change::ServerRemoved, Code::ServerGone),
        // Whoever gave it may give none any more, whomever it is about.
        (say(CHANNEL), member(ADMIN, &[]), Code::NoLongerAllowed),
        (
            say(CHANNEL),
            Change::MemberLeft(user(ADMIN)),
            Code::NoLongerAllowed,
        ),
        (kick(MEMBER), member(ADMIN, &[]), Code::NoLongerAllowed),
        (
            kick(MEMBER),
            Change::MemberLeft(user(ADMIN)),
            Code::NoLongerAllowed,
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_changed_before_it_is_begun_forbids_it() {
    for (order, change, code) in changes() {
        let shown = format!("{order:?} {change:?}");
        let stage = Stage::new(|_, _| done()).await;
        let id = stage.queue(order).await;
        stage.apply(change).await;
        let running = Running::start(&stage.world.app.command_runner);
        assert_eq!(stage.ended(id).await.state, failed(code), "{shown}");
        assert!(stage.platform.calls().is_empty(), "{shown}");
        running.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn so_does_what_changed_between_two_attempts() {
    for (order, change, code) in changes() {
        for (first, expected) in [
            (Execution::Limited, code),
            // What may have been done already has not failed for that reason.
            (Execution::Unknown, FailureCode::OutcomeUnknown),
        ] {
            let stage = Stage::new(move |_, _| Step::Now(first.clone())).await;
            let id = stage.queue(order.clone()).await;
            let running = Running::start(&stage.world.app.command_runner);
            tokio::time::sleep(Duration::from_millis(100)).await;
            stage.apply(change.clone()).await;
            assert_eq!(
                stage.ended(id).await.state,
                failed(expected),
                "{order:?} {change:?}"
            );
            assert_eq!(stage.platform.calls().len(), 1);
            running.end().await;
        }
    }
}

/// Who has left can be banned, and what was forbidden may be allowed by now.
#[tokio::test(start_paused = true)]
async fn what_changed_may_leave_it_allowed() {
    for (order, change) in [
        (ban(MEMBER), Change::MemberLeft(user(MEMBER))),
        (kick(MEMBER), member(MEMBER, &[HELPER_ROLE])),
        (kick(MEMBER), member(ADMIN, &[HOME + 10, HELPER_ROLE])),
        (say(CHANNEL), owned_by(ADMIN)),
    ] {
        let stage = Stage::new(|_, _| done()).await;
        let id = stage.queue(order).await;
        stage.apply(change).await;
        let running = Running::start(&stage.world.app.command_runner);
        assert_eq!(stage.ended(id).await.state, State::Succeeded(Report::Done));
        running.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_owned_the_server_is_bound_by_their_roles() {
    let stage = Stage::new(|_, _| done()).await;
    let owner = stage
        .world
        .token(OWNER, &[HOME], &[Scope::CommandsWrite])
        .await;
    let mut ids = Vec::new();
    for order in [kick(ADMIN), say(CHANNEL)] {
        ids.push(stage.queue_by(&owner, order, None).await);
    }
    stage
        .apply(Change::MemberJoined(listed(STRANGER, &[])))
        .await;
    stage.apply(owned_by(STRANGER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    for (id, code) in [
        (ids[0], FailureCode::NoLongerAllowed),
        (ids[1], FailureCode::NoLongerAllowed),
    ] {
        assert_eq!(stage.ended(id).await.state, failed(code));
    }
    assert!(stage.platform.calls().is_empty());
    running.end().await;
}

fn operators(stage: &Stage) -> Act {
    Act {
        at: stage.clock.wall(),
        actor: Actor::Operator,
        request_id: None,
        reason: None,
    }
}

/// The only token of a user.
async fn token_of(stage: &Stage, id: u64) -> Token {
    let tokens: &dyn Tokens = &*stage.world.memory;
    let filter = TokenFilter {
        user: Some(user(id)),
        limit: 1,
        ..Default::default()
    };
    tokens.list(filter).await.unwrap().remove(0)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_for_a_token_that_has_ended() {
    let stage = Stage::new(|_, _| done()).await;
    let id = stage.queue(untimeout(MEMBER)).await;
    let tokens: &dyn Tokens = &*stage.world.memory;
    let token = token_of(&stage, ADMIN).await.id;
    tokens.revoke(token, &operators(&stage)).await.unwrap();
    let running = Running::start(&stage.world.app.command_runner);
    assert_eq!(
        stage.ended(id).await.state,
        failed(FailureCode::NoLongerAllowed)
    );
    running.end().await;
    // The tokens of this world live for an hour.
    let stage = Stage::new(|_, _| done()).await;
    let id = stage
        .queue_within(Duration::from_hours(2), untimeout(MEMBER))
        .await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    let running = Running::start(&stage.world.app.command_runner);
    assert_eq!(
        stage.ended(id).await.state,
        failed(FailureCode::NoLongerAllowed)
    );
    assert!(stage.platform.calls().is_empty());
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_for_a_token_that_no_longer_names_the_server() {
    let stage = Stage::new(|_, _| done()).await;
    let both = stage
        .world
        .token(OWNER, &[HOME, AWAY], &[Scope::CommandsWrite])
        .await;
    let id = stage.queue_by(&both, untimeout(MEMBER), None).await;
    let tokens: &dyn Tokens = &*stage.world.memory;
    let token = token_of(&stage, OWNER).await;
    let act = operators(&stage);
    tokens
        .remove_server(server(HOME), token.id, &act)
        .await
        .unwrap();
    assert!(token_of(&stage, OWNER).await.is_live(stage.clock.wall()));
    let running = Running::start(&stage.world.app.command_runner);
    assert_eq!(
        stage.ended(id).await.state,
        failed(FailureCode::NoLongerAllowed)
    );
    assert!(stage.platform.calls().is_empty());
    running.end().await;
}

/// Also for the owner.
#[tokio::test(start_paused = true)]
async fn nothing_is_done_while_the_api_is_off() {
    for who in [ADMIN, OWNER] {
        let stage = Stage::new(|_, _| done()).await;
        let token = stage
            .world
            .token(who, &[HOME], &[Scope::CommandsWrite])
            .await;
        let id = stage.queue_by(&token, untimeout(MEMBER), None).await;
        let settings: &dyn Settings = &*stage.world.memory;
        let off = SettingsChange {
            api_enabled: Some(false),
            admin_roles: None,
        };
        settings
            .change(server(HOME), off, &operators(&stage))
            .await
            .unwrap();
        let running = Running::start(&stage.world.app.command_runner);
        assert_eq!(
            stage.ended(id).await.state,
            failed(FailureCode::NoLongerAllowed)
        );
        assert!(stage.platform.calls().is_empty());
        running.end().await;
    }
}
