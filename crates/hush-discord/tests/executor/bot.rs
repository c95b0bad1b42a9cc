//! Which user the bot is.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use hush_adapters::system::SystemClock;
use hush_discord::{BotToken, DiscordExecutor, Settings};
use hush_discord_fake::{Scripted, Setup};
use hush_domain::ids::UserId;
use hush_ports::CommandExecutor;
use proptest::prelude::*;

use crate::support::{PATIENCE, Site, settings, skip, user};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64, bit by bit.
fn base64(text: &str) -> String {
    let bits = |byte: u8| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1));
    let bits: Vec<usize> = text.bytes().flat_map(bits).collect();
    let letters = bits.chunks(6).map(|six| {
        let six = six.iter().chain(&[0; 6]).take(6);
        char::from(LETTERS[six.fold(0, |number, bit| number * 2 + bit)])
    });
    letters.collect()
}

fn names(token: &str) -> Option<u64> {
    let token = BotToken::new(token).unwrap();
    token.user().map(UserId::get)
}

#[test]
fn a_token_names_the_bot() {
    let token = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB";
    assert_eq!(names(token), Some(1_100_000_000_000_000_001));
    assert_eq!(names(&format!("Bot {token}")), names(token));
}

#[test]
fn what_names_nobody_is_no_mistake() {
    for token in [
        "MTEw",
        "token-of-a-fake-bot",
        // One letter too many, bits that are left over, and a fill.
        "MTEwM.x.y",
        "MTF.x.y",
        "MTE=.x.y",
        ".x.y",
    ] {
        assert_eq!(names(token), None, "{token}");
    }
    for no_id in ["0", "01", "+1", "1a", "9223372036854775808", "Ünïcödé"] {
        assert_eq!(names(&format!("{}.x.y", base64(no_id))), None, "{no_id}");
    }
}

proptest! {
    #[test]
    fn every_user_is_read_out_of_their_token(id in 1..=i64::MAX.unsigned_abs(), rest in "[!-~]{0,40}") {
        let token = format!("{}.{rest}", base64(&id.to_string()));
        prop_assert_eq!(names(&token), Some(id));
    }

    #[test]
    fn what_is_read_out_of_a_token_is_what_is_in_it(
        id in 1..=i64::MAX.unsigned_abs(),
        at in any::<prop::sample::Index>(),
        letter in "[!-~]",
    ) {
        let mut name = base64(&id.to_string());
        let at = at.index(name.len());
        name.replace_range(at..=at, &letter);
        if let Some(id) = names(&format!("{name}.x.y")) {
            prop_assert_eq!(base64(&id.to_string()), name.split('.').next().unwrap());
        }
    }
}

#[tokio::test]
async fn who_the_bot_is_is_read_where_discord_is_away() {
    let token = BotToken::new(&format!("{}.x.y", base64("1234"))).unwrap();
    let settings = Settings {
        token,
        ..settings("http://127.0.0.1:1")
    };
    let executor = DiscordExecutor::new(&settings, Arc::new(SystemClock::new()));
    assert_eq!(executor.acts_as().await.unwrap(), user(1234));
}

#[tokio::test]
async fn who_the_bot_is_is_asked_once_if_its_token_does_not_say() {
    let site = Site::new().await;
    for _ in 0..3 {
        let bot = site.executor.acts_as().await.unwrap();
        assert_eq!(bot.get(), Setup::default().bot.id);
    }
    assert_eq!(site.requests(), 1);
}

#[tokio::test]
async fn who_the_bot_is_is_not_waited_for_by_one_after_the_other() {
    let site = Site::new().await;
    let late = Scripted::Delay(Duration::from_secs(3600));
    site.fake.script_requests("/users/@me", 1, late);
    let asking = join_all((0..5).map(|_| site.executor.acts_as()));
    let advancing = async {
        assert!(site.fake.until_requests(|it| it.len() == 1, PATIENCE).await);
        skip(Duration::from_secs(3)).await;
    };
    let (asked, ()) = tokio::join!(asking, advancing);
    assert!(asked.into_iter().all(|it| it.unwrap_err().is_transient()));
    // Nor is it asked again at once.
    assert!(site.executor.acts_as().await.unwrap_err().is_transient());
    assert_eq!(site.requests(), 1);
    skip(Duration::from_secs(1)).await;
    let bot = site.executor.acts_as().await.unwrap();
    assert_eq!(bot.get(), Setup::default().bot.id);
}

#[tokio::test]
async fn who_is_unknown_to_discord_does_not_know_itself() {
    let site = Site::with(Setup {
        token: "another".to_owned(),
        ..Setup::default()
    })
    .await;
    for _ in 0..3 {
        let unknown = site.executor.acts_as().await.unwrap_err();
        assert!(!unknown.is_transient());
        assert!(!format!("{unknown} {unknown:?}").contains(&Setup::default().token));
    }
    assert_eq!(site.requests(), 1);
}
