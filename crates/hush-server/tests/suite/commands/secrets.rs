//! What people write is nobody's business but Discord's.

use hush_discord_fake::{Scripted, Setup};
use serde_json::json;

use super::scene::{CHANNEL, MEMBERS, OWNER, Scene, guild, order};
use crate::support::{Running, Site, ask_admin, get, on_each_store};

on_each_store! {
    what_people_write_is_in_no_log_and_no_metric,
}

const SERVER: u64 = 1 << 22;
const MESSAGE: &str = "a-message-for-a-few";
const NICKNAME: &str = "a-name-for-a-friend";
const REASON: &str = "a-reason-of-their-own";

fn what_people_write_is_in_no_log_and_no_metric(site: &Site) {
    let guilds = vec![guild(SERVER, OWNER, 3)];
    let scene = Scene::new(site, Setup::default(), guilds);
    let hush = scene.hush().with("HUSH_ACCESS_LOG", "all");
    let service = Running::start(&hush, &["serve", "--log=trace"]);
    scene.know(&service);
    // Done, tried in vain and refused by Discord.
    for path in ["/guilds/", "/channels/"] {
        scene.fake.script_requests(path, 1, Scripted::Cut);
        scene.fake.script_requests(path, 1, Scripted::Fails(502));
        scene.fake.script_requests(path, 1, Scripted::Fails(400));
    }
    let (member, nobody) = (SERVER + MEMBERS, SERVER + MEMBERS + 50);
    let (channel, nowhere) = (SERVER + CHANNEL, SERVER + CHANNEL + 50);
    let message = |channel: u64, content: &str| json!({"type": "send_message", "channel_id": channel.to_string(), "content": content, "reason": REASON});
    let nickname = |user: u64, nickname: &str| json!({"type": "set_nickname", "user_id": user.to_string(), "nickname": nickname, "reason": REASON});
    let taken = (0..3).flat_map(|_| [message(channel, MESSAGE), nickname(member, NICKNAME)]);
    let mut states = Vec::new();
    for (number, body) in taken.enumerate() {
        let id = scene.queue(service.api, SERVER, &number.to_string(), &body);
        let ended = scene.ended(service.api, SERVER, &id);
        states.push(ended["state"].as_str().unwrap().to_owned());
    }
    assert!(states.iter().any(|it| it == "succeeded"), "{states:?}");
    assert!(states.iter().any(|it| it == "failed"), "{states:?}");
    // Refused at once: nobody there, too long, and no such field.
    for (body, status) in [
        (message(nowhere, MESSAGE), 404),
        (nickname(nobody, NICKNAME), 404),
        (message(channel, &MESSAGE.repeat(200)), 400),
        (nickname(member, &NICKNAME.repeat(2)), 400),
        (json!({"type": MESSAGE, NICKNAME: REASON}), 400),
    ] {
        let sent = order(
            service.api,
            scene.token_for(SERVER),
            SERVER,
            "refused",
            &body,
        );
        assert_eq!(sent.unwrap().status, status, "{body}");
    }
    let path = format!("/v1/servers/{SERVER}/audit-log");
    let audit_log = get(service.api, &path, scene.token_for(SERVER));
    assert_eq!(audit_log.status, 200);
    let metrics = ask_admin(service.admin, "GET", "/metrics").body;
    service.signal("TERM");
    let (_, log) = service.ended();
    let export = hush.run(&["audit", "export"]).success();
    assert!(log.len() > 10_000 && metrics.contains("hush_commands_total"));
    assert!(export.contains("command.succeeded"), "{export}");
    let said = scene.fake.effects();
    assert!(said.iter().any(|it| it.body["content"] == MESSAGE));
    assert!(said.iter().any(|it| it.body["nick"] == NICKNAME));
    // The audit log is where people look for reasons.
    let nowhere = [MESSAGE, NICKNAME, REASON];
    for (place, text, secrets) in [
        ("the log", &log, &nowhere[..]),
        ("the metrics", &metrics, &nowhere),
        ("the audit log", &audit_log.body, &nowhere[..2]),
        ("its export", &export, &nowhere[..2]),
    ] {
        for secret in secrets {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in {place}");
        }
    }
    assert!(audit_log.body.contains(REASON), "{audit_log:?}");
}
