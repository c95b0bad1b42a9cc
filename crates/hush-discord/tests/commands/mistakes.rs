use hush_discord::commands::Interaction;
use hush_discord_fake::slash;
use hush_domain::secret::Secret;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{HOME, MEMBER, OWNER, World, create, interaction, revoke, wire};

fn pasted() -> Secret {
    let zeros = &mut |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(0);
        Ok(())
    };
    Secret::generate(zeros).unwrap()
}

#[tokio::test]
async fn each_mistake_is_told_with_its_cure_and_nothing_is_done() {
    let world = World::new().await;
    let long = "x".repeat(65);
    let token = |options: Value| {
        let sub = json!([{"name": "token", "type": 2, "options": options}]);
        json!({"name": "api", "type": 1, "options": sub})
    };
    let named = |name: &str| ("name", json!(name));
    let cases = [
        (create(&[("name", "  ")]), "1 to 64 characters"),
        (create(&[("name", &long)]), "1 to 64 characters"),
        (
            create(&[("name", "a\nb")]),
            "none of them a control character",
        ),
        (create(&[]), "1 to 64 characters"),
        (
            create(&[("name", "a"), ("scopes", "users:write")]),
            "no scope \"users\\:write\"",
        ),
        (
            create(&[("name", "a"), ("scopes", " , ")]),
            "`scopes` names none",
        ),
        (
            create(&[("name", "a"), ("scopes", &"é".repeat(4000))]),
            "Put any of these",
        ),
        (
            create(&[("name", "a"), ("expires", "never")]),
            "Choose one of the times",
        ),
        (
            slash(
                &["api", "token", "create"],
                &[named("a"), ("expires", json!(7))],
            ),
            "not known here",
        ),
        (
            slash(&["api", "token", "create"], &[("name", json!(true))]),
            "not known here",
        ),
        (slash(&["api", "token", "destroy"], &[]), "not known here"),
        (slash(&["api", "members"], &[]), "not known here"),
        (slash(&["api"], &[]), "not known here"),
        (token(json!([])), "not known here"),
        (
            token(json!([{"name": "list", "type": 1}, {"name": "list", "type": 1}])),
            "not known here",
        ),
        (revoke(""), "no live token"),
        (revoke(pasted().expose()), "belongs into no chat"),
    ];
    for (asked, expected) in cases {
        let text = world.ask(OWNER, HOME, asked.clone()).await;
        assert!(text.contains(expected), "{asked}: {text}");
        assert!(!text.contains(pasted().expose()), "{text}");
    }
    assert_eq!(world.tokens().await, []);
}

#[tokio::test]
async fn whether_one_may_is_said_before_what_is_wrong() {
    let world = World::new().await;
    let text = world
        .ask(MEMBER, HOME, create(&[("scopes", "nonsense")]))
        .await;
    assert!(text.contains("This is for the server's admins"), "{text}");
}

#[test]
fn what_is_no_use_of_the_command_is_left_to_others() {
    let foreign = slash(&["other"], &[("name", json!("a"))]);
    let menu = json!({"name": "Report", "type": 2, "target_id": "7"});
    let mut component = wire(OWNER, HOME, &json!({"custom_id": "x", "component_type": 2}));
    component["type"] = json!(3);
    let mut autocomplete = wire(OWNER, HOME, &create(&[("name", "a")]));
    autocomplete["type"] = json!(4);
    for wire in [
        wire(OWNER, HOME, &foreign),
        wire(OWNER, HOME, &menu),
        component,
        autocomplete,
    ] {
        assert!(
            Interaction::read(&wire.to_string()).unwrap().is_none(),
            "{wire}"
        );
    }
    let ping = json!({"id": "1", "application_id": "2", "type": 1, "token": "t"});
    assert!(Interaction::read(&ping.to_string()).unwrap().is_none());
}

#[test]
fn what_lacks_something_is_an_error() {
    let whole = wire(OWNER, HOME, &create(&[("name", "a")]));
    for field in ["id", "application_id", "token", "guild_id", "member"] {
        let mut lacking = whole.clone();
        lacking.as_object_mut().unwrap().remove(field);
        Interaction::read(&lacking.to_string()).unwrap_err();
    }
    for text in ["", "null", "[]", "{", "{\"type\": 2"] {
        assert!(Interaction::read(text).is_err(), "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop::sample::select(vec![
            "token", "create", "revoke", "list", "stats", "name", "x",
        ]);
        let options = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            options.clone().prop_map(Value::from),
            (name, options, inner).prop_map(|(name, options, value)| {
                json!({"name": name, "options": options, "value": value})
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_discord_sends_is_answered_or_refused(options in any_json()) {
        let data = json!({"name": "api", "type": 1, "options": options});
        let json = wire(OWNER, HOME, &data).to_string();
        if Interaction::read(&json).is_ok() {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let world = World::new().await;
                let asked = interaction(OWNER, HOME, &data);
                let answer = world.commands.answer(&asked).await;
                prop_assert!(!answer.text().is_empty());
                prop_assert!(answer.text().encode_utf16().count() <= 2000);
                Ok(())
            })?;
        }
    }
}
