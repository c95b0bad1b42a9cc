//! The REST API as twilight-http meets it.

use std::time::Duration;

use hush_discord_fake::{Fake, Scripted, Setup};
use twilight_http::Client;

use crate::client::{HUSH, SOON, fake, shard, until_ready};

pub(crate) fn client(fake: &Fake) -> Client {
    client_of(fake, Setup::default().token)
}

fn client_of(fake: &Fake, token: String) -> Client {
    Client::builder()
        .token(token)
        .proxy(fake.api_address(), true)
        .build()
}

#[tokio::test]
async fn a_bot_learns_who_it_is_and_how_to_connect() {
    let fake = fake().await;
    let client = client(&fake);
    let bot = Setup::default().bot;
    let user = client.current_user().await.unwrap().model().await.unwrap();
    assert_eq!((user.id.get(), user.name), (bot.id, bot.name));
    let application = client.current_user_application().await.unwrap();
    assert_eq!(application.model().await.unwrap().id.get(), bot.id);
    let info = client
        .gateway()
        .authed()
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!((info.url, info.shards), (fake.gateway_url(), 1));
    assert_eq!(info.session_start_limit.remaining, 1000);
    let mut shard = shard(&fake, HUSH);
    until_ready(&mut shard).await;
    let info = client
        .gateway()
        .authed()
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(info.session_start_limit.remaining, 999);
    let paths: Vec<String> = fake.requests().into_iter().map(|it| it.path).collect();
    assert_eq!(
        paths,
        [
            "/api/v10/users/@me",
            "/api/v10/applications/@me",
            "/api/v10/gateway/bot",
            "/api/v10/gateway/bot",
        ]
    );
    assert!(fake.requests().iter().all(|it| it.authorized));
}

#[tokio::test]
async fn another_token_is_refused() {
    let fake = fake().await;
    let stranger = client_of(&fake, "another".to_owned());
    let refused = stranger.current_user().await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    assert!(!fake.requests()[0].authorized);
}

#[tokio::test]
async fn a_request_that_is_limited_comes_again_and_one_that_fails_does_not() {
    let fake = fake().await;
    let client = client(&fake);
    let limit = |global| Scripted::RateLimited {
        retry_after: Duration::from_millis(300),
        global,
    };
    fake.script_requests("/users", 1, limit(false));
    fake.script_requests("/users", 1, limit(true));
    client.current_user().await.unwrap();
    assert_eq!(fake.requests().len(), 3);
    fake.script_requests("/users", 1, Scripted::Fails(502));
    let failed = client.current_user().await.unwrap_err();
    assert!(failed.to_string().contains("502"), "{failed}");
    // Other paths go their way.
    fake.script_requests("/users", 1, Scripted::Fails(502));
    client.gateway().authed().await.unwrap();
    let is_fifth = |requests: &[_]| requests.len() == 5;
    assert!(fake.until_requests(is_fifth, SOON).await);
}

#[tokio::test]
async fn an_answer_may_be_late() {
    let fake = fake().await;
    let client = client(&fake);
    let delay = Duration::from_millis(200);
    fake.script_requests("/gateway", 1, Scripted::Delay(delay));
    let start = tokio::time::Instant::now();
    client.gateway().authed().await.unwrap();
    assert!(start.elapsed() >= delay);
}
