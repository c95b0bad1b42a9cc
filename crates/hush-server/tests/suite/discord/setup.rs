//! Without Discord, and what the operator sets up there.

use hush_adapters::system::SystemClock;
use hush_discord_fake::Setup;
use hush_ports::Clock;
use serde_json::json;

use super::Scene;
use super::scene::PATIENCE;
use crate::support::{Running, Site, ask_admin, get};

#[test]
fn without_a_bot_nothing_of_it_starts() {
    let site = Site::sqlite();
    let scene = Scene::new(&site, Setup::default());
    let hush = site.hush().with("HUSH_DISCORD_API", &scene.fake.api_url());
    let service = Running::start(&hush, &["serve"]);
    assert_eq!(get(service.api, "/readyz", "").status, 200);
    assert!(
        !ask_admin(service.admin, "GET", "/metrics")
            .body
            .contains("hush_discord")
    );
    assert!(scene.fake.requests().is_empty());
    assert_eq!(scene.fake.observed().connections, 0);
}

#[test]
fn readiness_does_not_depend_on_discord() {
    let site = Site::sqlite();
    let scene = Scene::new(&site, Setup::default());
    let hush = scene.hush();
    let service = Running::start(&hush, &["serve"]);
    scene.agree(&service);
    scene.fake.refuse_connections(true);
    scene.fake.cut();
    scene.until(|seen| seen.open == 0);
    assert_eq!(get(service.api, "/readyz", "").status, 200);
}

#[test]
fn a_bot_that_is_not_let_in_is_told_what_to_switch_on() {
    let site = Site::sqlite();
    let without = Setup {
        allowed_intents: hush_discord_fake::intents::GUILDS,
        ..Setup::default()
    };
    let scene = Scene::new(&site, without);
    let service = scene.serve();
    scene.until(|seen| seen.own_closes == [4014]);
    // Discord has said so, and so has the service once it heard it.
    let clock = SystemClock::new();
    while !ask_admin(service.admin, "GET", "/metrics")
        .body
        .contains("hush_discord_refused 1")
    {
        assert!(clock.monotonic() < PATIENCE, "it does not say so");
    }
    // The API goes on with what it has.
    assert_eq!(get(service.api, "/readyz", "").status, 200);
    service.signal("TERM");
    let (status, log) = service.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    let errors: Vec<_> = log
        .lines()
        .filter(|line| line.contains("\"level\":\"ERROR\""))
        .collect();
    assert_eq!(errors.len(), 1, "{log}");
    assert!(
        errors[0].contains("SERVER MEMBERS INTENT and PRESENCE INTENT"),
        "{}",
        errors[0]
    );
    assert_eq!(scene.fake.observed().identifies.len(), 1);
}

#[test]
fn what_is_registered_stands_beside_the_operators_own_commands() {
    let site = Site::sqlite();
    let scene = Scene::new(&site, Setup::default());
    let own = json!({"name": "dice", "description": "Rolls dice.", "type": 1});
    scene.fake.add_command(&own);
    for said in ["/api is registered: ", "/api is registered anew"] {
        let register = ["discord", "register-commands"];
        let output = scene.hush().run(&register);
        assert!(output.stderr.starts_with(said), "{}", output.stderr);
        assert_eq!(output.code, 0);
        let commands = scene.fake.commands();
        let mut names: Vec<_> = commands
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["api", "dice"]);
    }
    let wrong = scene.hush().with("HUSH_DISCORD_TOKEN", "wrong");
    let said = wrong.run(&["discord", "register-commands"]).failure(1);
    assert!(said.contains("copy it anew from the page Bot"), "{said}");
    assert!(!said.contains("wrong\""));
    let none = site
        .hush()
        .run(&["discord", "register-commands"])
        .failure(2);
    assert!(none.contains("HUSH_DISCORD_TOKEN"), "{none}");
}

#[test]
fn a_look_after_the_service_tells_how_it_follows() {
    let site = Site::sqlite();
    let scene = Scene::new(&site, Setup::default());
    let service = scene.serve();
    scene.agree(&service);
    let at = scene
        .hush()
        .with("HUSH_LISTEN", &service.api.to_string())
        .with("HUSH_ADMIN_LISTEN", &service.admin.to_string());
    let said = at.run(&["healthcheck", "--verbose"]).success();
    assert!(
        said.starts_with("discord: followed, 1 of 1 connections live, last event "),
        "{said}"
    );
    assert_eq!(at.run(&["healthcheck"]).success(), "");
    let off = at.with("HUSH_DISCORD_TOKEN", "");
    let said = off.run(&["healthcheck", "--verbose"]).success();
    assert!(said.starts_with("discord: off: there is no bot"), "{said}");
}
