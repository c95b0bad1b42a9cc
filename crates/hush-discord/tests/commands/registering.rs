use hush_discord::commands::{RegisterError, Registered, register};
use hush_discord_fake::{Fake, Scripted, Setup};
use serde_json::json;
use twilight_http::Client;

fn client(fake: &Fake, token: &str) -> Client {
    Client::builder()
        .proxy(fake.api_address(), true)
        .token(format!("Bot {token}"))
        .build()
}

#[tokio::test]
async fn the_command_is_registered_beside_those_of_others() {
    let setup = Setup::default();
    let fake = Fake::start(setup.clone()).await.unwrap();
    let foreign = [
        json!({"name": "play", "description": "Plays something."}),
        // The same name in another menu is another command.
        json!({"name": "api", "type": 3}),
    ];
    let foreign = foreign.map(|command| fake.add_command(&command));
    let client = client(&fake, &setup.token);
    assert_eq!(register(&client).await.unwrap(), Registered::New);
    let first = fake.commands();
    assert_eq!(first.len(), 3);
    assert_eq!(register(&client).await.unwrap(), Registered::Renewed);
    let second = fake.commands();
    for command in &foreign {
        assert!(first.contains(command) && second.contains(command));
    }
    let ours = |commands: &[serde_json::Value]| {
        let own = commands.iter().find(|it| !foreign.contains(it));
        own.unwrap()["id"].clone()
    };
    assert_eq!((second.len(), ours(&second)), (3, ours(&first)));
}

#[tokio::test]
async fn a_wrong_token_is_told_with_its_cure_and_never_repeated() {
    let fake = Fake::start(Setup::default()).await.unwrap();
    let error = register(&client(&fake, "wrong.one.altogether"))
        .await
        .unwrap_err();
    assert!(matches!(error, RegisterError::UnknownToken), "{error}");
    assert!(error.to_string().contains("developer portal"), "{error}");
    assert!(!format!("{error} {error:?}").contains("altogether"));
    assert_eq!(fake.commands(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn what_discord_refuses_is_no_success() {
    let setup = Setup::default();
    let fake = Fake::start(setup.clone()).await.unwrap();
    let commands = format!("/applications/{}/commands", setup.bot.id);
    fake.script_requests(&commands, 1, Scripted::Fails(403));
    let error = register(&client(&fake, &setup.token)).await.unwrap_err();
    assert!(matches!(error, RegisterError::Refused(_)), "{error}");
    assert!(error.to_string().contains("403"), "{error}");
}
