//! Which rule forbids what, told as an error and as the outcome of a trial.

use std::sync::Arc;

use hush_domain::events::{Change, Extent, Generation};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_ports::{BackendError, MockCommandExecutor};
use serde_json::{Value, json};

use crate::commanding::{
    BOT, BOT_ROLE, CATEGORY, CHIEF, FOREIGN_CHANNEL, FOREIGN_ROLE, FOREIGNER, MANAGED_ROLE, MATE,
    PATH, PEAK, PEAK_ROLE, change, forget_requests, queue, send, world, world_with,
};
use crate::support::{ADMIN, ALL, HOME, MEMBER, OWNER, Reply, World, role, user, with_json};

fn kick(user: u64) -> Value {
    json!({"type": "kick", "user_id": user.to_string()})
}

fn give(role: u64) -> Value {
    json!({"type": "add_role", "user_id": MEMBER.to_string(), "role_id": role.to_string()})
}

fn say(channel: u64) -> Value {
    json!({"type": "send_message", "channel_id": channel.to_string(), "content": "x"})
}

async fn try_out(world: &World, token: &str, body: &Value) -> Reply {
    let path = format!("{PATH}?dry_run=true");
    world.json("POST", &path, token, body.clone()).await
}

/// Asserts that `rule` forbids a command, because of `user` if it is about one, when it is sent and when it is tried out.
async fn forbidden(world: &World, token: &str, body: Value, rule: &str, user: Option<u64>) {
    let refused = send(world, token, "key", &body).await;
    match rule {
        "user-not-found" | "role-not-found" | "channel-not-found" => refused.is_problem(404, rule),
        _ => refused.is_problem(403, "command-forbidden"),
    }
    let problem = refused.json();
    assert_eq!(problem["rule"], rule, "{body}");
    let user = user.map(|user| user.to_string());
    let trial = try_out(world, token, &body).await;
    assert_eq!(trial.status, 200, "{}", trial.text());
    let sentence = trial.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        trial.json(),
        json!({
            "type": body["type"], "allowed": false, "rule": rule, "detail": sentence, "user_id": user,
        })
    );
    let told = user.map_or(String::new(), |user| format!("User {user}: "));
    assert_eq!(problem["detail"], format!("{told}{sentence}"));
    forget_requests(world);
}

/// Asserts that nothing was queued and nothing written down.
async fn nothing_happened(world: &World) {
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let page = world.get(PATH, &owner).await;
    assert_eq!(page.text(), r#"{"commands":[],"next":null}"#);
    let log = world.get("/v1/servers/123456/audit-log", &owner).await;
    assert!(!log.text().contains("\"command."), "{}", log.text());
}

#[tokio::test]
async fn each_rule_has_its_name() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let timeout =
        |user: u64| json!({"type": "timeout", "user_id": user.to_string(), "duration_seconds": 9});
    let many = |users: &[u64]| {
        let users: Vec<_> = users.iter().map(u64::to_string).collect();
        json!({"type": "bulk_ban", "user_ids": users})
    };
    let ban = |user: u64| json!({"type": "ban", "user_id": user.to_string()});
    let lift = |role: u64| json!({"type": "remove_role", "user_id": BOT.to_string(), "role_id": role.to_string()});
    let rename =
        |user: u64| json!({"type": "set_nickname", "user_id": user.to_string(), "nickname": "x"});
    for (token, body, rule, user) in [
        (&admin, say(CATEGORY), "channel-takes-no-messages", None),
        (&admin, give(HOME), "role-is-everyone", None),
        (&owner, give(MANAGED_ROLE), "role-is-managed", None),
        (&owner, lift(BOT_ROLE), "role-is-managed", None),
        (&admin, timeout(ADMIN), "target-is-yourself", Some(ADMIN)),
        (&owner, kick(OWNER), "target-is-yourself", Some(OWNER)),
        (&admin, ban(OWNER), "target-is-owner", Some(OWNER)),
        (
            &admin,
            many(&[MEMBER, OWNER, CHIEF]),
            "target-is-owner",
            Some(OWNER),
        ),
        (&admin, kick(CHIEF), "target-not-below-you", Some(CHIEF)),
        (&admin, kick(MATE), "target-not-below-you", Some(MATE)),
        (&admin, rename(CHIEF), "target-not-below-you", Some(CHIEF)),
        (
            &admin,
            many(&[4, MEMBER, MATE]),
            "target-not-below-you",
            Some(MATE),
        ),
        (&admin, give(10), "role-not-below-you", None),
        (&admin, give(12), "role-not-below-you", None),
        (
            &owner,
            timeout(CHIEF),
            "target-is-administrator",
            Some(CHIEF),
        ),
        (&owner, kick(PEAK), "target-not-below-bot", Some(PEAK)),
        (&owner, kick(BOT), "target-not-below-bot", Some(BOT)),
        (&owner, rename(OWNER), "target-not-below-bot", Some(OWNER)),
        (&owner, give(PEAK_ROLE), "role-not-below-bot", None),
    ] {
        forbidden(&world, token, body, rule, user).await;
    }
    nothing_happened(&world).await;
}

#[tokio::test]
async fn the_bot_is_bound_by_what_it_is() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let bound = role(BOT_ROLE, "Bot", 5, Permissions::default());
    change(&world, HOME, Change::RoleChanged(bound)).await;
    forbidden(&world, &admin, kick(MEMBER), "bot-lacks-permission", None).await;
    let kicking = Role {
        managed: true,
        ..role(BOT_ROLE, "Bot", 5, Permissions::KICK_MEMBERS)
    };
    change(&world, HOME, Change::RoleChanged(kicking)).await;
    assert_eq!(
        try_out(&world, &admin, &kick(MEMBER)).await.json()["allowed"],
        true
    );
    forbidden(&world, &admin, give(11), "bot-lacks-permission", None).await;
    change(&world, HOME, Change::MemberLeft(user(BOT))).await;
    forbidden(&world, &admin, kick(MEMBER), "bot-not-in-server", None).await;
    forbidden(&world, &admin, say(100), "bot-not-in-server", None).await;
    nothing_happened(&world).await;
}

#[tokio::test]
async fn who_is_not_known_yet_is_not_acted_on() {
    let world = world().await;
    let extent = Extent::Partial {
        member_count: 9,
        generation: Generation(1),
    };
    World::fill(&world.memory, &world.clock, HOME, extent).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let ban = json!({"type": "ban", "user_id": "4"});
    forbidden(&world, &admin, ban, "members-unknown", Some(4)).await;
    nothing_happened(&world).await;
}

#[tokio::test]
async fn what_a_command_names_must_be_there() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    // What another server has is not there either, and is spoken of in the same words.
    for user in [4, FOREIGNER] {
        forbidden(&world, &admin, kick(user), "user-not-found", Some(user)).await;
    }
    for role in [4, FOREIGN_ROLE] {
        forbidden(&world, &admin, give(role), "role-not-found", None).await;
    }
    for channel in [4, FOREIGN_CHANNEL] {
        forbidden(&world, &admin, say(channel), "channel-not-found", None).await;
    }
    nothing_happened(&world).await;
}

#[tokio::test]
async fn a_trial_says_that_nothing_forbids_it_and_does_nothing() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    for (body, _) in super::of_each_type() {
        let trial = try_out(&world, &admin, &body).await;
        assert_eq!(trial.status, 200, "{}", trial.text());
        let allowed = json!({
            "type": body["type"], "allowed": true, "rule": null, "detail": null, "user_id": null,
        });
        assert_eq!(trial.json(), allowed);
        for (name, expected) in [
            ("cache-control", "no-store"),
            ("etag", ""),
            ("location", ""),
            ("ratelimit-policy", "\"server\";q=60;w=60"),
        ] {
            assert_eq!(trial.header(name), expected, "{name}");
        }
        forget_requests(&world);
    }
    nothing_happened(&world).await;
}

#[tokio::test]
async fn without_a_bot_nothing_is_queued_and_what_is_there_can_be_seen() {
    let world = world_with(|ports| ports.executor = None).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    for body in [kick(MEMBER), kick(OWNER)] {
        send(&world, &admin, "key", &body)
            .await
            .is_problem(501, "no-bot");
        try_out(&world, &admin, &body)
            .await
            .is_problem(501, "no-bot");
    }
    nothing_happened(&world).await;
    let unknown = world.delete(&format!("{PATH}/5"), &admin).await;
    unknown.is_problem(404, "command-not-found");
}

#[tokio::test]
async fn while_it_is_not_known_who_the_bot_is_nothing_is_queued() {
    let mut unknown = MockCommandExecutor::new();
    unknown
        .expect_acts_as()
        .returning(|| Err(BackendError::transient("the secret address is away")));
    let world = world_with(|ports| ports.executor = Some(Arc::new(unknown))).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let reply = send(&world, &admin, "key", &kick(MEMBER)).await;
    reply.is_problem(503, "unavailable");
    assert!(!reply.text().contains("secret"));
    nothing_happened(&world).await;
}

/// Who may order something is looked at as things are, not as they were when the token was made.
#[tokio::test]
async fn a_change_of_rank_holds_at_once() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    queue(&world, &admin, "one", &kick(MEMBER)).await;
    let headers = [("idempotency-key", "two")];
    let raised = role(11, "Member", 3, Permissions::default());
    change(&world, HOME, Change::RoleChanged(raised)).await;
    // The admin holds that role too, so that both stand equally high.
    let reply = world
        .send(with_json("POST", PATH, &admin, &headers, &kick(MEMBER)))
        .await;
    reply.is_problem(403, "command-forbidden");
    assert_eq!(reply.json()["rule"], "target-not-below-you");
}
