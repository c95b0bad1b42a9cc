//! Messages to channels and threads, and how one is not sent twice.

use std::time::Duration;

use hush_discord_fake::{Channel, Deed, Fake, Step, permissions};
use serde_json::json;
use twilight_http::Client;
use twilight_http::error::Error;
use twilight_model::channel::Message;
use twilight_model::id::Id;

use crate::client::GUILD;
use crate::moderation::moderating;

/// The channel and the thread that the server has.
const CHANNEL: u64 = GUILD + 3;
const THREAD: u64 = GUILD + 4;

async fn send(client: &Client, channel: u64, body: serde_json::Value) -> Result<Message, Error> {
    let body = body.to_string();
    let request = client.create_message(Id::new(channel));
    let answer = request.payload_json(body.as_bytes()).await?;
    Ok(answer.model().await.unwrap())
}

async fn refusal(client: &Client, channel: u64, body: serde_json::Value) -> String {
    send(client, channel, body).await.unwrap_err().to_string()
}

fn sent(fake: &Fake) -> usize {
    fake.effects().iter().filter(|it| it.changed).count()
}

#[tokio::test]
async fn a_message_comes_back_as_it_was_sent() {
    let (fake, client) = moderating(permissions::SEND_MESSAGES_IN_THREADS).await;
    for channel in [CHANNEL, THREAD] {
        let mentions = json!({"parse": ["users"]});
        let body = json!({"content": "Hello.", "allowed_mentions": mentions});
        let message = send(&client, channel, body.clone()).await.unwrap();
        assert_eq!(message.content, "Hello.");
        assert_eq!(message.channel_id.get(), channel);
        let done = fake.effects().pop().unwrap();
        assert_eq!((done.deed, done.guild), (Deed::Message, GUILD));
        assert_eq!((done.target, &*done.body), (channel, &body));
    }
}

#[tokio::test]
async fn a_nonce_that_is_enforced_sends_one_message() {
    let (fake, client) = moderating(0).await;
    let body = |nonce, enforce| json!({"content": "x", "nonce": nonce, "enforce_nonce": enforce});
    let first = send(&client, CHANNEL, body(json!("17"), true))
        .await
        .unwrap();
    // The same as a number.
    let again = send(&client, CHANNEL, body(json!(17), true)).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(sent(&fake), 1);
    let other = send(&client, CHANNEL, body(json!("18"), true))
        .await
        .unwrap();
    assert_ne!(first.id, other.id);
    let loose = send(&client, CHANNEL, body(json!("17"), false))
        .await
        .unwrap();
    assert_ne!(first.id, loose.id);
    assert_eq!((sent(&fake), fake.effects().len()), (3, 4));
}

#[tokio::test]
async fn a_nonce_is_forgotten_after_some_minutes() {
    let (fake, client) = moderating(0).await;
    let body = json!({"content": "x", "nonce": "1", "enforce_nonce": true});
    send(&client, CHANNEL, body.clone()).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(181)).await;
    tokio::time::resume();
    send(&client, CHANNEL, body).await.unwrap();
    assert_eq!(sent(&fake), 2);
}

#[tokio::test]
async fn a_message_that_discord_refuses_is_refused() {
    let (fake, client) = moderating(0).await;
    let hello = || json!({"content": "Hello."});
    assert!(refusal(&client, THREAD, hello()).await.contains("50013"));
    for (body, code) in [
        (json!({"content": " "}), "50006"),
        (json!({"content": "x".repeat(2001)}), "50035"),
        (json!({"content": "x", "nonce": "x".repeat(26)}), "50035"),
        (json!({"content": "x", "nonce": []}), "50035"),
        (
            json!({"content": "x", "allowed_mentions": {"parse": ["all"]}}),
            "50035",
        ),
    ] {
        let refused = refusal(&client, CHANNEL, body.clone()).await;
        assert!(refused.contains(code), "{body}: {refused}");
    }
    let forum = Channel {
        kind: 15,
        ..Channel::text(1, "forum")
    };
    fake.take(Step::ChannelCreated {
        guild: GUILD,
        channel: forum,
    });
    assert!(refusal(&client, 1, hello()).await.contains("50008"));
    let mut everyone = fake.world().guilds[&GUILD].roles[&GUILD].clone();
    for (allowed, code) in [(permissions::VIEW_CHANNEL, "50013"), (0, "50001")] {
        everyone.permissions = allowed;
        let role = everyone.clone();
        fake.take(Step::RoleChanged { guild: GUILD, role });
        assert!(refusal(&client, CHANNEL, hello()).await.contains(code));
    }
    assert!(fake.effects().is_empty());
}
