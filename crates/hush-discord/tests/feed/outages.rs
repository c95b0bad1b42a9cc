//! The store is away.

use std::time::Duration;

use hush_discord_fake::{Fake, Observed, Setup, Status, Step, Storm, User};

use crate::fickle::{Fickle, fickle, over};
use crate::support::{OWNER, PATIENCE, SERVER, guild};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_the_heartbeat_goes_on_and_nothing_is_lost() {
    let setup = Setup {
        heartbeat_interval: Duration::from_millis(250),
        ..Setup::default()
    };
    let (site, store) = fickle(setup).await;
    let heavy = Storm {
        rate: 3000,
        duration: Duration::from_secs(3),
        seed: 3,
    };
    let fake = site.fake.clone();
    let storming = tokio::spawn(async move { fake.storm(heavy).await });
    store.set_away(true);
    let beats = site.fake.observed().heartbeats.len() + 8;
    assert!(
        site.fake
            .until(|seen| seen.heartbeats.len() >= beats, PATIENCE)
            .await
    );
    assert!(site.fake.take(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    store.set_away(false);
    storming.await.unwrap().unwrap();
    site.agree().await;
    assert_eq!(site.fake.observed().connections, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_can_be_kept_is_left_at_discord_until_there_is_room() {
    let (site, store) = fickle(Setup::default()).await;
    store.set_away(true);
    for _ in 0..8 {
        assert!(site.fake.dispatch_long(SERVER, 10 << 20));
    }
    // It hangs up in a way that keeps the session.
    let hung_up = |seen: &Observed| seen.client_closes.contains(&Some(4000));
    assert!(site.fake.until(hung_up, PATIENCE).await);
    assert!(site.fake.take(Step::Presence {
        guild: SERVER,
        user: OWNER + 1,
        status: Status::Dnd
    }));
    store.set_away(false);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!(seen.identified(), 1);
    assert!(seen.resumed() >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_from_the_start_is_waited_for() {
    let fake = Fake::start(Setup::default()).await.unwrap();
    assert!(fake.take(Step::GuildAdded(guild(SERVER, 20))));
    let store = Fickle::new();
    store.set_away(true);
    let site = over(fake, &store, 0);
    store.until_refused().await;
    // Whoever does not know whether they lead asks nothing of Discord.
    assert!(site.fake.requests().is_empty());
    store.set_away(false);
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_no_session_is_begun() {
    let setup = Setup {
        identify_every: Duration::ZERO,
        ..Setup::default()
    };
    let (site, store) = fickle(setup).await;
    // The last session was begun longer than a minute ago.
    site.clock.advance(Duration::from_secs(120));
    store.set_away(true);
    site.fake.forget_sessions();
    site.fake.cut();
    // The session is lost, and another connection waits for leave to begin one.
    let waits = |seen: &Observed| seen.resumes.len() == 1 && seen.connections == 3;
    assert!(site.fake.until(waits, PATIENCE).await);
    assert!(site.fake.take_unseen(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    // One that nobody could note would not count, and a crash would begin another.
    store.until_identify_refused().await;
    assert_eq!(site.fake.observed().identified(), 1);
    store.set_away(false);
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_heard_and_not_stored_is_heard_again_after_a_crash() {
    let (site, store) = fickle(Setup::default()).await;
    site.until_recorded().await;
    store.set_away(true);
    for user in [3, 6, 9] {
        assert!(site.fake.take(Step::MemberLeft {
            guild: SERVER,
            user: OWNER + user
        }));
    }
    assert!(site.fake.until_received(PATIENCE).await);
    let (fake, _) = site.crash().await;
    store.set_away(false);
    let site = over(fake, &store, 0);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!((seen.identified(), seen.resumed()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_cannot_repeat_is_repaired_by_another_session() {
    let setup = Setup {
        identify_every: Duration::ZERO,
        forget_acknowledged: true,
        ..Setup::default()
    };
    let (site, store) = fickle(setup).await;
    site.until_recorded().await;
    store.set_away(true);
    assert!(site.fake.take(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    // Acknowledged, and lost by us.
    assert!(site.fake.until_received(PATIENCE).await);
    let (fake, _) = site.crash().await;
    store.set_away(false);
    let site = over(fake, &store, 120);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!((seen.resumes.len(), seen.resumed()), (1, 0));
    assert_eq!(seen.identified(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_store_does_not_take_is_tried_again_by_whoever_comes_next() {
    let setup = Setup {
        full_request_every: Duration::ZERO,
        ..Setup::default()
    };
    let (site, store) = fickle(setup).await;
    site.until_recorded().await;
    let guild = SERVER;
    let user = User::new(OWNER + 3, "renamed");
    store.refuse(user.id);
    let changed = Step::MemberChanged {
        guild,
        user,
        roles: vec![],
    };
    assert!(site.fake.take(changed));
    // It does not stand in the way of what follows, in the same server and elsewhere.
    let (left, other) = (OWNER + 5, 2 << 22);
    assert!(site.fake.take(Step::MemberLeft { guild, user: left }));
    assert!(site.fake.take(Step::GuildAdded(self::guild(other, 20))));
    assert!(site.fake.take(Step::GuildLeft(other)));
    site.until_gone(guild, left).await;
    site.until_gone(other, OWNER).await;
    let (fake, _) = site.stop().await;
    store.refuse(0);
    let site = over(fake, &store, 0);
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_which_a_part_is_not_taken_is_not_complete() {
    let setup = Setup {
        identify_every: Duration::ZERO,
        full_request_every: Duration::ZERO,
        ..Setup::default()
    };
    let (site, store) = fickle(setup).await;
    let (guild, kept, left) = (2 << 22, OWNER + 4, OWNER + 5);
    assert!(site.fake.take(Step::GuildAdded(self::guild(guild, 2500))));
    site.agree().await;
    let (fake, _) = site.stop().await;
    // Another session begins with another list, and a part of that is not taken.
    fake.forget_sessions();
    store.refuse(kept);
    let site = over(fake, &store, 120);
    let asked = |seen: &Observed| seen.member_requests.len() == 2;
    assert!(site.fake.until(asked, PATIENCE).await);
    assert!(site.fake.take(Step::MemberLeft { guild, user: left }));
    site.until_gone(guild, left).await;
    assert!(site.standing(guild, kept).await.is_some());
    let stats = site.stats(guild).await.unwrap();
    assert_eq!((stats.members, stats.bots), (Some(2500), None));
    let (fake, _) = site.stop().await;
    store.refuse(0);
    over(fake, &store, 120).agree().await;
}
