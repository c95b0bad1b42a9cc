//! People who use commands, and the bot's one answer within three seconds.

use std::time::Duration;

use hush_discord_fake::{Fake, Interaction, Setup, Step, slash};
use serde_json::json;
use twilight_gateway::Event;
use twilight_http::client::InteractionClient;
use twilight_model::application::interaction::InteractionData;
use twilight_model::application::interaction::application_command::CommandOptionValue;
use twilight_model::channel::message::MessageFlags;
use twilight_model::gateway::payload::incoming::InteractionCreate;
use twilight_model::guild::Permissions;
use twilight_model::http::interaction::{
    InteractionResponse, InteractionResponseData, InteractionResponseType,
};
use twilight_model::id::Id;

use crate::client::{GUILD, HUSH, OWNER, SOON, Shard, fake, first, guild, shard, until_ready};
use crate::requests::client;

async fn asked(user: u64) -> (Fake, Shard, Interaction, Box<InteractionCreate>) {
    let fake = fake().await;
    fake.take(Step::GuildAdded(guild(GUILD, 3)));
    let mut shard = shard(&fake, HUSH);
    until_ready(&mut shard).await;
    let data = slash(
        &["api", "token", "create"],
        &[("name", json!("ci")), ("days", json!(30))],
    );
    let interaction = fake.interact(GUILD, user, data).unwrap();
    let asked = first(&mut shard, |event| match event {
        Event::InteractionCreate(asked) => Some(asked),
        _ => None,
    })
    .await;
    (fake, shard, interaction, asked)
}

fn message(content: &str) -> InteractionResponse {
    InteractionResponse {
        kind: InteractionResponseType::ChannelMessageWithSource,
        data: Some(InteractionResponseData {
            content: Some(content.to_owned()),
            flags: Some(MessageFlags::EPHEMERAL),
            ..InteractionResponseData::default()
        }),
    }
}

fn application(client: &twilight_http::Client) -> InteractionClient<'_> {
    client.interaction(Id::new(Setup::default().bot.id))
}

#[tokio::test]
async fn a_command_comes_nested_and_with_who_used_it() {
    let (_fake, _shard, _interaction, asked) = asked(OWNER + 1).await;
    assert_eq!(asked.guild_id.unwrap().get(), GUILD);
    let member = asked.member.as_ref().unwrap();
    assert_eq!(member.user.as_ref().unwrap().id.get(), OWNER + 1);
    assert_eq!(member.roles.len(), 2);
    let everyone = Permissions::from_bits_truncate(0x8000_0C00);
    assert_eq!(member.permissions, Some(everyone));
    let Some(InteractionData::ApplicationCommand(command)) = &asked.data else {
        panic!("a command is wanted");
    };
    assert_eq!(command.name, "api");
    let CommandOptionValue::SubCommandGroup(group) = &command.options[0].value else {
        panic!("a group is wanted");
    };
    let CommandOptionValue::SubCommand(options) = &group[0].value else {
        panic!("a sub-command is wanted");
    };
    assert_eq!(
        options[0].value,
        CommandOptionValue::String("ci".to_owned())
    );
    assert_eq!(options[1].value, CommandOptionValue::Integer(30));
}

#[tokio::test]
async fn the_owner_may_do_everything() {
    let (_fake, _shard, _interaction, asked) = asked(OWNER).await;
    let allowed = asked.member.as_ref().unwrap().permissions.unwrap();
    assert!(allowed.contains(Permissions::ADMINISTRATOR));
}

#[tokio::test]
async fn an_answer_is_given_once_and_can_be_edited() {
    let (fake, _shard, interaction, asked) = asked(OWNER).await;
    let client = client(&fake);
    let application = application(&client);
    let answer = message("only for you");
    application
        .create_response(asked.id, &asked.token, &answer)
        .await
        .unwrap();
    let seen = interaction.answer(SOON).await.unwrap();
    assert_eq!(
        (&seen["type"], &seen["data"]["flags"]),
        (&json!(4), &json!(64))
    );
    assert_eq!(seen["data"]["content"], "only for you");
    let again = application.create_response(asked.id, &asked.token, &answer);
    let again = again.await.unwrap_err().to_string();
    assert!(again.contains("40060"), "{again}");

    let edit = application
        .update_response(&asked.token)
        .content(Some("better"))
        .await
        .unwrap();
    assert_eq!(edit.model().await.unwrap().content, "better");
    assert_eq!(interaction.edit(SOON).await.unwrap()["content"], "better");
    let more = application.create_followup(&asked.token).content("more");
    assert_eq!(more.await.unwrap().model().await.unwrap().content, "more");
    assert_eq!(interaction.followups()[0]["content"], "more");
    // None of it showed the bot's token: the interaction's own is enough.
    let paths = fake.requests();
    assert_eq!(paths.len(), 4);
}

#[tokio::test]
async fn a_stranger_or_an_empty_answer_is_refused() {
    let (fake, _shard, interaction, asked) = asked(OWNER).await;
    let client = client(&fake);
    let application = application(&client);
    let hello = message("hello");
    let stranger = application.create_response(asked.id, "another", &hello);
    let stranger = stranger.await.unwrap_err().to_string();
    assert!(stranger.contains("10062"), "{stranger}");
    let empty = message(" ");
    let empty = application.create_response(asked.id, &asked.token, &empty);
    let empty = empty.await.unwrap_err().to_string();
    assert!(empty.contains("50035"), "{empty}");
    assert!(interaction.answer(Duration::ZERO).await.is_none());
}

#[tokio::test]
async fn an_answer_after_three_seconds_is_too_late() {
    let (fake, _shard, interaction, asked) = asked(OWNER).await;
    let client = client(&fake);
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(3001)).await;
    tokio::time::resume();
    let hello = message("hello");
    let late = application(&client);
    let late = late.create_response(asked.id, &asked.token, &hello);
    let late = late.await.unwrap_err().to_string();
    assert!(late.contains("10062"), "{late}");
    assert!(interaction.answer(Duration::ZERO).await.is_none());
}

#[tokio::test]
async fn nobody_uses_a_command_where_they_are_not() {
    let fake = fake().await;
    fake.take(Step::GuildAdded(guild(GUILD, 3)));
    let data = slash(&["api", "stats"], &[]);
    assert_eq!(
        data["options"],
        json!([{"name": "stats", "type": 1, "options": []}])
    );
    assert!(fake.interact(GUILD, 1, data.clone()).is_none());
    assert!(fake.interact(1, OWNER, data).is_none());
}
