//! Limits of requests, and what else keeps them from going well.

use std::time::Duration;

use hush_discord_fake::{Fake, RestFaults, RestLimit, Scripted, Setup, Step, permissions};
use twilight_http::Client;
use twilight_http::request::{Method, RequestBuilder};
use twilight_http::response::marker::EmptyBody;
use twilight_model::id::Id;

use crate::client::{GUILD, fake_with};
use crate::moderation::{ADA, HERE, moderated, moderating};
use crate::requests::client;

async fn limited(requests: u32, per: Duration) -> (Fake, Client) {
    let rest_limits = Some(RestLimit { requests, per });
    let fake = fake_with(Setup {
        rest_limits,
        ..Setup::default()
    })
    .await;
    fake.take(Step::GuildAdded(moderated(permissions::ADMINISTRATOR)));
    let client = client(&fake);
    (fake, client)
}

async fn give_role(client: &Client) -> Result<(), twilight_http::Error> {
    let request = client.add_guild_member_role(HERE, ADA, Id::new(GUILD + 1));
    request.await.map(|_| ())
}

#[tokio::test]
async fn each_answer_tells_what_is_left_of_its_own_window() {
    let (fake, client) = limited(2, Duration::from_secs(60)).await;
    let ask = |path: String| {
        let request = RequestBuilder::raw(Method::Delete, path).build().unwrap();
        client.request::<EmptyBody>(request)
    };
    let role = GUILD + 1;
    let path = |user| format!("guilds/{GUILD}/members/{user}/roles/{role}");
    let mut buckets = Vec::new();
    for left in ["1", "0"] {
        let answer = ask(path(ADA)).await.unwrap();
        let told = |name: &str| {
            let value = answer.headers().find(|(it, _)| *it == name);
            value.map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
        };
        assert_eq!(told("x-ratelimit-limit").unwrap(), "2");
        assert_eq!(told("x-ratelimit-remaining").unwrap(), left);
        let wait: f64 = told("x-ratelimit-reset-after").unwrap().parse().unwrap();
        assert!((30.0..60.01).contains(&wait), "{wait}");
        // Discord tells the scope in a 429 alone.
        assert_eq!(told("x-ratelimit-scope"), None);
        buckets.push(told("x-ratelimit-bucket").unwrap());
    }
    assert_eq!(buckets[0], buckets[1]);
    // Another kind of request has a window of its own.
    client.create_ban(HERE, ADA).await.unwrap();
    assert_eq!(fake.invalid_requests(), 0);
}

#[tokio::test]
async fn who_asks_too_often_is_limited_until_the_window_ends() {
    let per = Duration::from_millis(400);
    let (fake, client) = limited(2, per).await;
    let start = tokio::time::Instant::now();
    // twilight waits as long as the 429 says and asks again.
    for _ in 0..3 {
        give_role(&client).await.unwrap();
    }
    assert!(start.elapsed() >= per);
    assert_eq!((fake.requests().len(), fake.effects().len()), (4, 3));
    assert_eq!(fake.invalid_requests(), 1);
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_effect() {
    let (fake, client) = moderating(permissions::ADMINISTRATOR).await;
    let path = format!("/guilds/{GUILD}");
    fake.script_requests(&path, 1, Scripted::CutBefore);
    client.remove_guild_member(HERE, ADA).await.unwrap_err();
    assert!(fake.effects().is_empty());
    fake.script_requests(&path, 1, Scripted::Cut);
    client.remove_guild_member(HERE, ADA).await.unwrap_err();
    assert_eq!(fake.effects().len(), 1);
    assert!(!fake.world().guilds[&GUILD].members.contains_key(&ADA.get()));
}

#[tokio::test]
async fn requests_go_wrong_by_chance_and_the_same_ones_for_the_same_seed() {
    let mut counts = Vec::new();
    for _ in 0..2 {
        let rest_faults = Some(RestFaults { seed: 3, one_in: 3 });
        let fake = fake_with(Setup {
            rest_faults,
            ..Setup::default()
        })
        .await;
        fake.take(Step::GuildAdded(moderated(permissions::ADMINISTRATOR)));
        let client = client(&fake);
        let mut failed = 0;
        for _ in 0..60 {
            failed += usize::from(give_role(&client).await.is_err());
        }
        client.current_user().await.unwrap();
        counts.push((failed, fake.requests().len(), fake.effects().len()));
    }
    assert_eq!(counts[0], counts[1]);
    let (failed, requests, effects) = counts[0];
    // Some failed, some were limited and came again, and some had an effect of which nothing was said.
    assert!(
        failed > 5 && requests > 65 && effects > 60 - failed,
        "{counts:?}"
    );
}
