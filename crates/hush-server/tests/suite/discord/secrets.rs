//! What nobody may read anywhere.

use hush_discord_fake::{Setup, Step, slash};
use serde_json::json;

use super::Scene;
use super::scene::{OWNER, PATIENCE, SERVERS};
use crate::support::{Running, Site, ask_admin, get};

#[test]
fn no_secret_of_discord_is_in_a_log_or_a_metric() {
    let site = Site::sqlite();
    let scene = Scene::new(&site, Setup::default());
    let service = Running::start(&scene.hush(), &["serve", "--log=trace"]);
    scene.agree(&service);
    let create = slash(&["api", "token", "create"], &[("name", json!("secret"))]);
    let said = scene.runtime.block_on(async {
        let asked = scene.fake.interact(SERVERS[0], OWNER, create).unwrap();
        asked.edit(PATIENCE).await.unwrap()
    });
    let said = said["content"].as_str().unwrap();
    let token = &said[said.find("hush_").unwrap()..][..41];
    assert_eq!(get(service.api, "/v1/me", token).status, 200);
    // Frames that cannot be read, with what should be in none.
    let unread = "a-secret-in-a-frame-that-cannot-be-read";
    let frames = [
        json!({"op": 0, "t": "INTERACTION_CREATE", "d": {"token": unread}}),
        json!({"op": 0, "s": 1, "t": "READY", "d": {"session_id": unread}}),
        json!({"op": 9, "d": unread}),
    ];
    for frame in &frames {
        scene.fake.send_raw(&frame.to_string());
    }
    assert!(scene.take(Step::MemberLeft {
        guild: SERVERS[0],
        user: OWNER + 3,
    }));
    scene.agree(&service);
    scene.fake.cut();
    scene.until(|seen| seen.resumed() == 1);
    scene.agree(&service);
    let metrics = ask_admin(service.admin, "GET", "/metrics").body;
    service.signal("TERM");
    let (_, log) = service.ended();
    let seen = scene.fake.observed();
    let sessions = seen.sent.keys().map(String::as_str);
    let interactions = scene.fake.requests().into_iter().filter_map(|asked| {
        let path = asked
            .path
            .strip_prefix("/api/v10/interactions/")?
            .to_owned();
        let token = path.split('/').nth(1)?;
        Some(token.to_owned())
    });
    let interactions: Vec<_> = interactions.collect();
    assert_eq!(interactions.len(), 1);
    let bot = Setup::default().token;
    let secrets = sessions
        .chain(interactions.iter().map(String::as_str))
        .chain([bot.as_str(), token, unread]);
    let secrets: Vec<_> = secrets.collect();
    assert!(secrets.len() >= 5 && log.len() > 10_000);
    assert!(
        metrics.contains("hush_discord_malformed_events_total 3"),
        "{metrics}"
    );
    for secret in secrets {
        assert!(
            !log.contains(secret),
            "a secret of {} characters",
            secret.len()
        );
        assert!(
            !metrics.contains(secret),
            "a secret of {} characters",
            secret.len()
        );
    }
}
