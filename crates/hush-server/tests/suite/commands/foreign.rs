//! Two servers that the same bot is in: no command reaches from one into the other, whatever ids it names.

use std::time::Duration;

use hush_discord_fake::{Deed, Member, Role, Scripted, Setup, User, permissions};
use serde_json::{Value, json};

use super::scene::{CHANNEL, MEMBERS, ROLES, Scene, THREAD, guild, order};
use crate::support::{Response, Running, Site, get, on_each_store, send};

on_each_store! {
    what_another_server_has_is_not_there,
    a_ban_of_who_is_elsewhere_holds_here_alone,
}

/// The addressed server and the other one, which other people own.
const HERE: u64 = 1 << 22;
const THERE: u64 = 2 << 22;
const OWNER: u64 = 3000;
const ELSE: u64 = 4000;
/// Somebody who may do everything in both.
const BOTH: u64 = 5000;

fn scene(site: &Site) -> Scene<'_> {
    let admin = |id: u64, owner| {
        let both = Member::new(User::new(BOTH, "both"));
        let admin = Role {
            permissions: permissions::ADMINISTRATOR,
            ..Role::new(id + 30, "Admin", 4)
        };
        let guild = guild(id, owner, 3).with_role(admin);
        guild.with_member(both.with_roles(&[id + 30]))
    };
    let guilds = vec![admin(HERE, OWNER), admin(THERE, ELSE)];
    Scene::new(site, Setup::default(), guilds)
}

/// A body of each type that is about these, with everything that is not given from the addressed server.
fn bodies(user: u64, role: u64, channel: u64) -> Vec<Value> {
    let [user, role, channel] = [user, role, channel].map(|id| id.to_string());
    vec![
        json!({"type": "timeout", "user_id": user, "duration_seconds": 60}),
        json!({"type": "remove_timeout", "user_id": user}),
        json!({"type": "kick", "user_id": user}),
        json!({"type": "ban", "user_id": user}),
        json!({"type": "unban", "user_id": user}),
        json!({"type": "bulk_ban", "user_ids": [user]}),
        json!({"type": "add_role", "user_id": user, "role_id": role}),
        json!({"type": "remove_role", "user_id": user, "role_id": role}),
        json!({"type": "set_nickname", "user_id": user, "nickname": "n"}),
        json!({"type": "send_message", "channel_id": channel, "content": "hello"}),
    ]
}

fn problem(answer: &Response) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    (
        answer.status,
        body["code"].as_str().unwrap_or_default().to_owned(),
    )
}

/// What is about a server beside its commands.
fn parts(server: u64) -> [String; 6] {
    [
        "",
        "/roles",
        "/channels",
        "/commands",
        "/commands/1",
        "/audit-log",
    ]
    .map(|part| format!("/v1/servers/{server}{part}"))
}

/// Sends a command for `HERE`, and asks what would become of it. Returns the status and the code.
fn refusal(service: &Running, token: &str, body: &Value) -> (u16, String) {
    let sent = order(service.api, token, HERE, "foreign", body);
    let tried = send(
        service.api,
        "POST",
        &format!("/v1/servers/{HERE}/commands?dry_run=true"),
        token,
        &[],
        &body.to_string(),
    );
    let trial: Value = serde_json::from_str(&tried.body).unwrap();
    assert_eq!(
        (tried.status, &trial["allowed"]),
        (200, &json!(false)),
        "{tried:?}"
    );
    let (status, code) = problem(&sent.unwrap());
    assert_eq!(trial["rule"], code, "{body}");
    (status, code)
}

fn what_another_server_has_is_not_there(site: &Site) {
    let scene = scene(site);
    let service = scene.serve_and_know();
    // Neither the owner here, nor somebody whose token names both servers, reaches across.
    let both = scene.token(BOTH, &[HERE, THERE]);
    for token in [scene.token_for(HERE), both.as_str()] {
        a_foreign_user_is_not_found(&service, token);
        a_foreign_role_is_not_found(&service, token);
        a_foreign_channel_is_not_found(&service, token);
    }
    a_foreign_server_is_not_found(&service, scene.token_for(HERE));
    assert_eq!(scene.doings(), 0, "{:?}", scene.fake.requests());
    for server in [HERE, THERE] {
        let path = format!("/v1/servers/{server}/commands");
        let listed = get(service.api, &path, &both);
        assert_eq!(listed.body, r#"{"commands":[],"next":null}"#);
    }
    a_foreign_command_is_not_found(&scene, &service, &[scene.token_for(HERE), &both]);
    assert_eq!(scene.doings(), 2);
    assert!(scene.fake.effects().iter().all(|it| it.guild == THERE));
}

/// Who is no member can be banned; the other types want a member.
fn a_foreign_user_is_not_found(service: &Running, token: &str) {
    let bodies = bodies(THERE + MEMBERS, HERE + ROLES[0], HERE + CHANNEL);
    let about_members = bodies.iter().filter(|body| {
        let kind = body["type"].as_str().unwrap();
        !kind.contains("ban") && kind != "send_message"
    });
    let refused: Vec<_> = about_members
        .map(|body| refusal(service, token, body))
        .collect();
    assert_eq!(refused, vec![(404, "user-not-found".to_owned()); 6]);
}

fn a_foreign_role_is_not_found(service: &Running, token: &str) {
    for role in [THERE + ROLES[0], THERE] {
        let bodies = bodies(HERE + MEMBERS, role, HERE + CHANNEL);
        let about_roles = bodies.iter().filter(|body| !body["role_id"].is_null());
        let refused: Vec<_> = about_roles
            .map(|body| refusal(service, token, body))
            .collect();
        assert_eq!(refused, vec![(404, "role-not-found".to_owned()); 2]);
    }
}

fn a_foreign_channel_is_not_found(service: &Running, token: &str) {
    for channel in [THERE + CHANNEL, THERE + THREAD] {
        let bodies = bodies(HERE + MEMBERS, HERE + ROLES[0], channel);
        let message = bodies.last().unwrap();
        let refused = refusal(service, token, message);
        assert_eq!(refused, (404, "channel-not-found".to_owned()));
    }
}

/// A server that the token does not name is as one that nobody knows, whatever is asked of it.
fn a_foreign_server_is_not_found(service: &Running, token: &str) {
    let alike = |method: &str, path: &dyn Fn(u64) -> String, body: &str| {
        let asked = |server| {
            let keyed = [("Idempotency-Key", "foreign"), ("X-Request-Id", "same")];
            let answer = send(service.api, method, &path(server), token, &keyed, body);
            assert_eq!(problem(&answer), (404, "server-not-found".to_owned()));
            answer.body
        };
        assert_eq!(asked(THERE), asked(99 << 22));
    };
    for body in bodies(THERE + MEMBERS, THERE + ROLES[0], THERE + CHANNEL) {
        for trial in ["", "?dry_run=true"] {
            let path = |server| format!("/v1/servers/{server}/commands{trial}");
            alike("POST", &path, &body.to_string());
        }
    }
    for part in 0..parts(0).len() {
        alike("GET", &|server| parts(server)[part].clone(), "");
    }
    alike(
        "DELETE",
        &|server| format!("/v1/servers/{server}/commands/1"),
        "",
    );
}

/// A command of the other server that is queued, and the one before it that is being carried out.
fn a_foreign_command_is_not_found(scene: &Scene<'_>, service: &Running, tokens: &[&str]) {
    let slow = Scripted::Delay(Duration::from_secs(2));
    scene.fake.script_requests("/guilds/", 1, slow);
    let bodies = bodies(THERE + MEMBERS, THERE + ROLES[0], THERE + CHANNEL);
    let commands = [("first", &bodies[6]), ("second", &bodies[8])]
        .map(|(key, body)| scene.queue(service.api, THERE, key, body));
    for (command, token) in commands
        .iter()
        .flat_map(|it| tokens.iter().map(move |token| (it, token)))
    {
        let path = format!("/v1/servers/{HERE}/commands/{command}");
        for (method, path) in [
            ("GET", path.clone()),
            ("GET", format!("{path}?wait=20")),
            ("DELETE", path),
        ] {
            let answer = send(service.api, method, &path, token, &[], "");
            assert_eq!(problem(&answer), (404, "command-not-found".to_owned()));
        }
    }
    for command in &commands {
        let ended = scene.ended(service.api, THERE, command);
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
}

/// Whoever is no member here can be banned here, as Discord has it. They stay where they are.
fn a_ban_of_who_is_elsewhere_holds_here_alone(site: &Site) {
    let scene = scene(site);
    let service = scene.serve_and_know();
    let bodies = bodies(THERE + MEMBERS, HERE + ROLES[0], HERE + CHANNEL);
    let bans = bodies
        .iter()
        .filter(|it| it["type"].as_str().unwrap().contains("ban"));
    for (number, body) in bans.enumerate() {
        let command = scene.queue(service.api, HERE, &number.to_string(), body);
        let ended = scene.ended(service.api, HERE, &command);
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
    let effects = scene.fake.effects();
    let deeds: Vec<_> = effects
        .iter()
        .map(|it| (it.deed, it.guild, it.target))
        .collect();
    let user = THERE + MEMBERS;
    assert_eq!(
        deeds,
        [Deed::Ban, Deed::Unban, Deed::BulkBan].map(|deed| (deed, HERE, user))
    );
    let world = scene.fake.world();
    assert!(world.guilds[&HERE].bans.contains_key(&user));
    assert!(world.guilds[&THERE].bans.is_empty());
    assert!(world.guilds[&THERE].members.contains_key(&user));
}
