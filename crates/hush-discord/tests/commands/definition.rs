use std::time::Duration;

use hush_discord::commands::definition;
use hush_discord_fake::slash;
use hush_domain::tokens::MAX_LIFETIME;
use serde_json::{Value, json};

use crate::support::{HOME, NOW, OWNER, World, create};

/// The sub-commands with their paths.
fn sub_commands<'a>(
    path: &[&'a str],
    entry: &'a Value,
    found: &mut Vec<(Vec<&'a str>, &'a Value)>,
) {
    let mut path = path.to_vec();
    path.push(entry["name"].as_str().unwrap());
    let nested = list(&entry["options"])
        .iter()
        .filter(|it| it["type"].as_u64() <= Some(2));
    for option in nested {
        sub_commands(&path, option, found);
    }
    if entry["type"] == json!(1) && path.len() > 1 {
        found.push((path, entry));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn it_is_for_servers_alone_and_hides_from_nobody() {
    let command = definition();
    assert_eq!(command["name"], "api");
    assert_eq!(command["type"], 1);
    assert_eq!(command["contexts"], json!([0]));
    assert_eq!(command["integration_types"], json!([0]));
    assert_eq!(command["default_member_permissions"], Value::Null);
}

#[tokio::test]
async fn whatever_it_offers_is_understood() {
    let command = definition();
    let mut found = Vec::new();
    sub_commands(&[], &command, &mut found);
    let paths: Vec<_> = found.iter().map(|(path, _)| path.join(" ")).collect();
    let expected = [
        "api token create",
        "api token list",
        "api token revoke",
        "api stats",
    ];
    assert_eq!(paths, expected);
    let world = World::new().await;
    for (path, entry) in found {
        let options: Vec<_> = list(&entry["options"])
            .iter()
            .map(|option| {
                let choice = list(&option["choices"]).first();
                let value = match (option["name"].as_str().unwrap(), choice) {
                    (_, Some(choice)) => choice["value"].clone(),
                    ("scopes", None) => json!("users:read"),
                    (_, None) => json!("mine"),
                };
                (option["name"].as_str().unwrap(), value)
            })
            .collect();
        let text = world.ask(OWNER, HOME, slash(&path, &options)).await;
        let done = ["Your new token", "Your live token", "is ended", "Members"];
        assert!(done.iter().any(|it| text.contains(it)), "{path:?}: {text}");
    }
}

#[tokio::test]
async fn every_lifetime_that_it_offers_is_one_that_a_user_may_choose() {
    let command = definition();
    let mut found = Vec::new();
    sub_commands(&[], &command, &mut found);
    let options = list(&found[0].1["options"]);
    let expires = options.iter().find(|it| it["name"] == "expires").unwrap();
    let world = World::new().await;
    for choice in list(&expires["choices"]) {
        let value = choice["value"].as_str().unwrap();
        let asked = create(&[("name", value), ("expires", value)]);
        world.ask(OWNER, HOME, asked).await;
    }
    let tokens = world.tokens().await;
    assert_eq!(tokens.len(), list(&expires["choices"]).len());
    for token in tokens {
        let seconds = token.expires_at.unwrap().unix_seconds() - NOW;
        assert!(Duration::from_secs(seconds.unsigned_abs()) <= MAX_LIFETIME);
    }
}
