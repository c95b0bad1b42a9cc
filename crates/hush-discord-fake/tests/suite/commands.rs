//! The store of commands: what one program registers, another's survives.

use hush_discord_fake::{Fake, Setup};
use serde_json::{Value, json};
use twilight_model::application::command::{Command, CommandType};
use twilight_model::id::Id;

use crate::client::fake;
use crate::requests::client;

fn names(fake: &Fake) -> Vec<String> {
    fake.commands()
        .iter()
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_post_sets_one_command_and_a_put_all() {
    let fake = fake().await;
    fake.add_command(&json!({"name": "foreign", "description": "Another program's."}));
    let client = client(&fake);
    let application = client.interaction(Id::new(Setup::default().bot.id));
    let set = |description: &'static str| {
        application
            .create_global_command()
            .chat_input("api", description)
    };
    let made = set("The API.").await.unwrap();
    assert_eq!(made.status().get(), 201);
    let made = made.model().await.unwrap();
    let again = set("The API of Hush.").await.unwrap();
    assert_eq!(again.status().get(), 200);
    let again = again.model().await.unwrap();
    assert_eq!(made.id, again.id);
    assert_ne!(made.version, again.version);
    assert_eq!(names(&fake), ["foreign", "api"]);
    let all = application.global_commands().await.unwrap();
    assert_eq!(all.model().await.unwrap().len(), 2);

    let command = Command {
        description: "Alone.".to_owned(),
        ..again
    };
    assert_eq!(command.kind, CommandType::ChatInput);
    application.set_global_commands(&[command]).await.unwrap();
    assert_eq!(names(&fake), ["api"]);
    let id = made.id.unwrap();
    application.delete_global_command(id).await.unwrap();
    assert!(fake.commands().is_empty());
    let gone = application.delete_global_command(id).await.unwrap_err();
    assert!(gone.to_string().contains("404"), "{gone}");
}

#[tokio::test]
async fn a_command_that_discord_refuses_is_refused() {
    let fake = fake().await;
    let client = client(&fake);
    // twilight checks what it is given, so this one goes past it.
    let application = client.interaction(Id::new(Setup::default().bot.id));
    let command = fake.add_command(&json!({"name": "ok", "description": "x"}));
    let mut command: Command = serde_json::from_value(command).unwrap();
    command.name = "NOT OK".to_owned();
    let refused = application.set_global_commands(&[command]).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("400"), "{refused}");
    let kept: Vec<Value> = fake.commands();
    assert_eq!(kept[0]["name"], "ok");
}
