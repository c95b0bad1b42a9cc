//! Discord's limits, which are kept rather than met.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hush_discord_fake::Scripted;
use hush_domain::commands::{FailureCode, Order, Report};
use hush_ports::{CommandExecutor, Execution};
use tokio::time::Instant;

use crate::support::{ADA, CHANNEL, Site, add_role, attempt, command, kick, message, skip, user};

const DONE: Execution = Execution::Done(Report::Done);

fn limited(retry_after: Duration, global: bool) -> Scripted {
    Scripted::RateLimited {
        retry_after,
        global,
    }
}

#[tokio::test]
async fn commands_wait_for_their_turn_whomever_they_are_about() {
    let per = Duration::from_millis(400);
    let site = Site::limited(3, per).await;
    let start = Instant::now();
    for number in 0..7 {
        assert_eq!(site.try_order(kick(ADA + number)).await, DONE);
    }
    assert!(start.elapsed() >= 2 * per);
    assert_eq!((site.requests(), site.fake.invalid_requests()), (7, 0));
}

#[tokio::test]
async fn commands_that_come_together_keep_the_limit_too() {
    let site = Arc::new(Site::limited(2, Duration::from_millis(200)).await);
    let trying = (0..6).map(|number| {
        let site = Arc::clone(&site);
        tokio::spawn(async move { site.try_order(add_role(ADA + number)).await })
    });
    for tried in trying.collect::<Vec<_>>() {
        assert_eq!(tried.await.unwrap(), DONE);
    }
    assert_eq!((site.requests(), site.fake.invalid_requests()), (6, 0));
}

#[tokio::test]
async fn a_turn_that_is_too_far_away_is_not_waited_for() {
    let site = Site::limited(1, Duration::from_secs(60)).await;
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
    let start = Instant::now();
    assert_eq!(site.try_order(kick(ADA + 1)).await, Execution::Limited);
    assert!(start.elapsed() < Duration::from_secs(4));
    // Another kind of request has its own limit.
    assert_eq!(site.try_order(add_role(ADA + 1)).await, DONE);
    assert_eq!(site.requests(), 2);
}

#[tokio::test]
async fn who_may_not_be_sent_any_more_leaves_the_line() {
    let site = Site::limited(1, Duration::from_secs(4)).await;
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
    let asked = AtomicUsize::new(0);
    let may_send = move || asked.fetch_add(1, Ordering::Relaxed) < 2;
    let attempt = attempt(command(kick(ADA + 1)), may_send);
    let start = Instant::now();
    assert_eq!(site.executor.execute(attempt).await, Execution::NotDone);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(site.requests(), 1);
}

#[tokio::test]
async fn what_is_limited_is_not_sent_again() {
    let site = Site::new().await;
    let wait = Duration::from_millis(700);
    site.fake
        .script_requests("/guilds", 1, limited(wait, false));
    let start = Instant::now();
    assert_eq!(site.try_order(kick(ADA)).await, Execution::Limited);
    assert!(start.elapsed() < wait);
    assert_eq!((site.requests(), site.fake.effects().len()), (1, 0));
    // The next one waits as long as it was told.
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
    assert!(start.elapsed() >= wait);
    assert_eq!((site.requests(), site.fake.invalid_requests()), (2, 1));
}

#[tokio::test]
async fn a_limit_of_all_requests_stops_all() {
    let site = Site::new().await;
    site.fake
        .script_requests("/guilds", 1, limited(Duration::from_secs(30), true));
    for order in [kick(ADA), kick(ADA), message(CHANNEL)] {
        assert_eq!(site.try_order(order).await, Execution::Limited);
    }
    assert!(site.executor.acts_as().await.unwrap_err().is_transient());
    assert_eq!((site.requests(), site.fake.invalid_requests()), (1, 1));
    skip(Duration::from_secs(31)).await;
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
}

#[tokio::test]
async fn a_limit_of_all_requests_that_is_over_soon_is_waited_for() {
    let site = Site::new().await;
    let wait = Duration::from_millis(600);
    site.fake.script_requests("/guilds", 1, limited(wait, true));
    let start = Instant::now();
    assert_eq!(site.try_order(kick(ADA)).await, Execution::Limited);
    for order in [kick(ADA), kick(ADA + 1)] {
        assert_eq!(site.try_order(order).await, DONE);
    }
    assert!(start.elapsed() >= wait);
    assert_eq!((site.requests(), site.fake.invalid_requests()), (3, 1));
}

/// Discord shuts out whoever goes on asking for what it forbids.
#[tokio::test]
async fn what_was_forbidden_is_not_asked_again_for_a_while() {
    let site = Site::new().await;
    let forbidden = Execution::Refused(FailureCode::DiscordForbids);
    site.fake
        .script_requests("/channels", 2, Scripted::Fails(403));
    for _ in 0..3 {
        assert_eq!(site.try_order(message(CHANNEL)).await, forbidden);
    }
    assert_eq!((site.requests(), site.fake.invalid_requests()), (1, 1));
    // Anything else is asked for itself.
    assert_eq!(site.try_order(kick(ADA)).await, DONE);
    skip(Duration::from_secs(30)).await;
    assert_eq!(site.try_order(message(CHANNEL)).await, forbidden);
    skip(Duration::from_secs(30)).await;
    assert!(matches!(
        site.try_order(message(CHANNEL)).await,
        Execution::Done(_)
    ));
    assert_eq!(site.requests(), 4);
}

#[tokio::test]
async fn what_is_forbidden_forbids_no_other_type_of_command() {
    let site = Site::new().await;
    let (ada, forbidden) = (user(ADA), Execution::Refused(FailureCode::DiscordForbids));
    let timeout = Order::Timeout {
        user: ada,
        lasting: Duration::from_secs(60),
    };
    let nickname = Order::SetNickname {
        user: ada,
        nickname: None,
    };
    site.fake
        .script_requests("/guilds", 1, Scripted::Fails(403));
    assert_eq!(site.try_order(timeout.clone()).await, forbidden);
    assert_eq!(site.try_order(nickname).await, DONE);
    let lifted = Order::RemoveTimeout { user: ada };
    assert_eq!(site.try_order(lifted).await, DONE);
    assert_eq!(site.try_order(timeout).await, forbidden);
    assert_eq!(site.requests(), 3);
}

#[tokio::test]
async fn with_too_much_that_is_not_in_order_nothing_is_asked_for_a_while() {
    let site = Site::new().await;
    site.fake
        .script_requests("/guilds", 2000, Scripted::Fails(403));
    let forbidden = Execution::Refused(FailureCode::DiscordForbids);
    for number in 0..1000 {
        assert_eq!(site.try_order(kick(100_000 + number)).await, forbidden);
    }
    for number in 0..5 {
        let order = kick(200_000 + number);
        assert_eq!(site.try_order(order).await, Execution::Limited);
    }
    assert_eq!(site.fake.invalid_requests(), 1000);
    skip(Duration::from_mins(10)).await;
    assert_eq!(site.try_order(kick(300_000)).await, forbidden);
    assert_eq!(site.fake.invalid_requests(), 1001);
}
