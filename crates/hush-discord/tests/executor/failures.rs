//! What is known of an attempt that did not go well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord::DiscordExecutor;
use hush_discord_fake::{RestFaults, Scripted, Setup};
use hush_domain::commands::{Command, Report};
use hush_ports::{CommandExecutor, Execution};
use tokio::net::TcpListener;

use crate::support::{
    ADA, CHANNEL, PATIENCE, SERVER, Site, attempt, bulk_ban, command, kick, message, settings, skip,
};

const GUILD: &str = "/guilds/4194304";

/// What becomes of a kick whose request meets this, and whether it had an effect.
async fn meets(scripted: Scripted) -> (Execution, usize) {
    let site = Site::new().await;
    assert_eq!(GUILD, format!("/guilds/{SERVER}"));
    site.fake.script_requests(GUILD, 1, scripted);
    let execution = site.try_order(kick(ADA)).await;
    assert_eq!(site.requests(), 1);
    (execution, site.fake.effects().len())
}

#[tokio::test]
async fn what_was_sent_and_not_answered_may_have_been_done() {
    for (scripted, effects) in [
        (Scripted::Fails(500), 0),
        (Scripted::Fails(502), 0),
        (Scripted::Fails(503), 0),
        (Scripted::Fails(408), 0),
        (Scripted::Fails(302), 0),
        (Scripted::CutBefore, 0),
        (Scripted::Cut, 1),
    ] {
        assert_eq!(
            meets(scripted).await,
            (Execution::Unknown, effects),
            "{scripted:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let site = Site::new().await;
    let late = Scripted::Delay(Duration::from_secs(3600));
    site.fake.script_requests(GUILD, 1, late);
    let trying = site.try_order(kick(ADA));
    let advancing = async {
        assert!(site.fake.until_requests(|it| it.len() == 1, PATIENCE).await);
        skip(Duration::from_secs(11)).await;
    };
    let (execution, ()) = tokio::join!(trying, advancing);
    assert_eq!(execution, Execution::Unknown);
    assert_eq!(site.fake.effects().len(), 1);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_one() {
    let site = Site::new().await;
    site.fake.script_requests("", 2, Scripted::Fails(200));
    let execution = site.try_order(message(CHANNEL)).await;
    assert_eq!(execution, Execution::Done(Report::Done));
    // But then nobody knows whom a bulk ban has met.
    let execution = site.try_order(bulk_ban(&[ADA])).await;
    assert_eq!(execution, Execution::Unknown);
    assert_eq!(site.requests(), 2);
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let executor = DiscordExecutor::new(&settings(&api), Arc::new(SystemClock::new()));
    let attempt = attempt(command(kick(ADA)), || true);
    assert_eq!(executor.execute(attempt).await, Execution::NotDone);
    assert!(executor.acts_as().await.unwrap_err().is_transient());
}

#[tokio::test]
async fn what_may_not_be_sent_any_more_is_not_sent() {
    let site = Site::new().await;
    // Not even when that is so only in the last moment.
    for asked_in_vain in 0..2 {
        let asked = AtomicUsize::new(0);
        let may_send = move || asked.fetch_add(1, Ordering::Relaxed) < asked_in_vain;
        let attempt = attempt(command(kick(ADA)), may_send);
        assert_eq!(site.executor.execute(attempt).await, Execution::NotDone);
    }
    assert_eq!(site.requests(), 0);
}

#[tokio::test]
async fn whatever_goes_wrong_what_is_said_is_true() {
    let rest_faults = Some(RestFaults { seed: 7, one_in: 3 });
    let site = Site::with(Setup {
        rest_faults,
        ..Setup::default()
    })
    .await;
    let (mut done, mut unknown, mut not_done) = (0, [0; 2], 0);
    for id in 1..=300_u64 {
        let before = site.fake.effects().len();
        let command = Command {
            id: id.try_into().unwrap(),
            ..command(message(CHANNEL))
        };
        let execution = site.try_command(command).await;
        let effects = site.fake.effects().len() - before;
        match execution {
            Execution::Done(_) if effects == 1 => done += 1,
            Execution::Unknown if effects < 2 => unknown[effects] += 1,
            Execution::Limited if effects == 0 => {
                not_done += 1;
                skip(Duration::from_secs(1)).await;
            }
            other => panic!("{id}: {other:?} after {effects} effects"),
        }
    }
    // Each of it came about.
    assert!(done > 50 && not_done > 10, "{done}, {not_done}");
    assert!(unknown.iter().all(|it| *it > 5), "{unknown:?}");
}
