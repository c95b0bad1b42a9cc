use hush_discord_fake::{Guild, Member, Setup, Status, Step, User};

use crate::support::{EVERYTHING, PATIENCE, Site};

const SERVER: u64 = 1 << 22;

fn guild(id: u64, members: u64) -> Guild {
    (0..members).fold(Guild::new(id, "Analytical", 1000), |guild, number| {
        let status = if number % 3 == 0 {
            Status::Online
        } else {
            Status::Offline
        };
        let member = Member::new(User::new(1000 + number, "ada")).with_status(status);
        guild.with_member(member)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_followed_from_its_first_snapshot_on() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 20))));
    site.agree().await;
    assert!(site.fake.take(Step::Presence {
        guild: SERVER,
        user: 1001,
        status: Status::Idle
    }));
    site.agree().await;
    let (fake, memory) = site.stop().await;
    assert_eq!(fake.observed().identified(), 1);
    assert!(fake.take(Step::MemberLeft {
        guild: SERVER,
        user: 1003
    }));
    let site = Site::over(fake, memory, EVERYTHING);
    site.agree().await;
    assert_eq!(site.fake.observed().identified(), 1);
    assert_eq!(site.fake.observed().resumed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_server_is_complete_once_its_chunks_are_in() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 2500))));
    site.agree().await;
    assert!(
        site.fake
            .until(|seen| seen.member_requests.len() == 1, PATIENCE)
            .await
    );
}
