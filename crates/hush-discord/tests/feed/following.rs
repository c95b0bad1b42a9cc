//! What happens at Discord is so here.

use std::time::Duration;

use fastrand::Rng;
use hush_discord_fake::{Setup, Status, Step};
use hush_domain::ids::{ServerId, UserId};
use hush_ports::Tokens;

use crate::support::{EVERYTHING, OWNER, SERVER, Site, guild};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_with_the_session() {
    let site = Site::with_server(Setup::default(), 20).await;
    let (fake, memory) = site.stop().await;
    assert_eq!(fake.observed().client_closes, [Some(4000)]);
    assert!(fake.take(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    let site = Site::over(fake, memory, EVERYTHING);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!((seen.identified(), seen.resumed()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_and_however_often_it_is_cut_the_store_is_as_the_world() {
    let setup = Setup {
        shards: 2,
        max_concurrency: 2,
        ..Setup::default()
    };
    let site = Site::start(setup, EVERYTHING).await;
    let servers = [SERVER, 2 << 22, 3 << 22];
    let mut rng = Rng::with_seed(11);
    for round in 0..40 {
        for _ in 0..rng.usize(1..60) {
            let server = servers[rng.usize(..3)];
            let step = Step::by_chance(&mut rng, &site.fake.world(), server, OWNER);
            site.fake.take(step);
            if rng.u8(..20) == 0 {
                site.fake.repeat_last();
            }
        }
        match rng.u8(..4) {
            0 => site.fake.cut(),
            1 => site.fake.cut_after(rng.usize(..5000)),
            2 => site.fake.invalidate(true),
            _ => {}
        }
        site.agree().await;
        // Who owns a server stands as its owner, and who was thrown out of it nowhere.
        for server in servers {
            let id = ServerId::try_from(server).unwrap();
            let owner = UserId::try_from(OWNER).unwrap();
            let standing = site.memory.standing(owner, id).await.unwrap();
            let is_there = site.fake.world().guilds.contains_key(&server);
            assert_eq!(standing.is_some_and(|it| it.owner), is_there, "{round}");
        }
    }
    let seen = site.fake.observed();
    assert_eq!(seen.identified(), 2);
    assert!(seen.resumed() > 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_keeps_what_is_known_and_a_farewell_does_not() {
    let site = Site::with_server(Setup::default(), 20).await;
    let known = site.stats(SERVER).await;
    assert!(site.fake.take(Step::Outage(SERVER)));
    assert!(site.fake.take(Step::GuildAdded(guild(2 << 22, 3))));
    // The second server came after the outage.
    site.agree().await;
    assert_eq!(site.stats(SERVER).await, known);
    assert!(site.fake.take_unseen(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    assert!(site.fake.take(Step::Back(SERVER)));
    site.agree().await;
    assert!(site.fake.take(Step::GuildLeft(SERVER)));
    assert!(site.fake.take(Step::Presence {
        guild: 2 << 22,
        user: OWNER + 1,
        status: Status::Dnd
    }));
    site.agree().await;
    assert_eq!(site.stats(SERVER).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_out_from_the_start_keeps_what_was_known_of_it() {
    let setup = Setup {
        identify_every: Duration::ZERO,
        ..Setup::default()
    };
    let site = Site::with_server(setup, 20).await;
    let known = site.stats(SERVER).await;
    let (fake, memory) = site.stop().await;
    // The session is lost while nobody follows, and the server goes out.
    fake.forget_sessions();
    assert!(fake.take_unseen(Step::Outage(SERVER)));
    assert!(fake.take_unseen(Step::GuildAdded(guild(2 << 22, 3))));
    let site = Site::later(fake, memory, 120);
    site.agree().await;
    assert_eq!(site.stats(SERVER).await, known);
    assert!(site.fake.take(Step::Back(SERVER)));
    site.agree().await;
}
