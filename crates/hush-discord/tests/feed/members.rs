//! Member lists that come in parts.

use std::time::Duration;

use hush_discord::Privileged;
use hush_discord_fake::{ChunkScript, Member, Role, Setup, Status, Step, User};

use crate::support::{EVERYTHING, OWNER, PATIENCE, SERVER, Site, guild};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_the_last_part_is_in_only_what_is_known_is_said() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    site.fake.script_chunks(ChunkScript {
        hold_after: Some(2),
        ..ChunkScript::default()
    });
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 2500))));
    let asked = site
        .fake
        .until(|seen| seen.member_requests.len() == 1, PATIENCE);
    assert!(asked.await);
    assert!(site.fake.until_received(PATIENCE).await);
    let stats = site.stats(SERVER).await.unwrap();
    assert_eq!(
        (stats.members, stats.bots, stats.online),
        (Some(2501), None, None)
    );
    site.fake.release_chunks();
    site.agree().await;
    assert_eq!(site.fake.observed().member_requests.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_may_come_in_any_order_and_twice() {
    for script in [
        ChunkScript {
            reversed: true,
            ..ChunkScript::default()
        },
        ChunkScript {
            twice: vec![0, 2],
            ..ChunkScript::default()
        },
    ] {
        let site = Site::start(Setup::default(), EVERYTHING).await;
        site.fake.script_chunks(script);
        assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 2500))));
        site.agree().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_are_cut_off_come_after_the_cut() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    site.fake.script_chunks(ChunkScript {
        hold_after: Some(1),
        ..ChunkScript::default()
    });
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 2500))));
    let asked = site
        .fake
        .until(|seen| seen.member_requests.len() == 1, PATIENCE);
    assert!(asked.await);
    site.fake.cut();
    site.fake.release_chunks();
    site.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_not_asked_for_again_within_thirty_seconds() {
    let site = Site::with_server(Setup::default(), 600).await;
    assert!(site.fake.take(Step::Outage(SERVER)));
    assert!(site.fake.take(Step::Back(SERVER)));
    let second = 2 << 22;
    assert!(site.fake.take(Step::GuildAdded(guild(second, 600))));
    // The other server is asked for meanwhile, so there was time to ask for the first one.
    let asked = |seen: &hush_discord_fake::Observed| {
        seen.member_requests.iter().any(|it| it.guild == second)
    };
    assert!(site.fake.until(asked, PATIENCE).await);
    let seen = site.fake.observed();
    let requests: Vec<_> = seen.member_requests.iter().map(|it| it.guild).collect();
    assert_eq!(requests, [SERVER, second]);
    assert!(seen.member_requests.iter().all(|it| !it.limited));
    let stats = site.stats(SERVER).await.unwrap();
    assert_eq!((stats.members, stats.bots), (Some(601), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_asks_for_the_list_anew() {
    let setup = Setup {
        full_request_every: Duration::ZERO,
        ..Setup::default()
    };
    let site = Site::start(setup, EVERYTHING).await;
    site.fake.script_chunks(ChunkScript {
        hold_after: Some(1),
        ..ChunkScript::default()
    });
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 2500))));
    let asked = site
        .fake
        .until(|seen| seen.member_requests.len() == 1, PATIENCE);
    assert!(asked.await);
    assert!(site.fake.until_received(PATIENCE).await);
    let (fake, memory) = site.stop().await;
    fake.script_chunks(ChunkScript::default());
    let site = Site::over(fake, memory, EVERYTHING);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!((seen.identified(), seen.member_requests.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_may_be_older_than_what_was_heard_since() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    site.fake.script_chunks(ChunkScript {
        hold_after: Some(1),
        stale: true,
        ..ChunkScript::default()
    });
    let role = Role {
        permissions: 8,
        ..Role::new(5, "Admin", 1)
    };
    let (guild, last) = (SERVER, OWNER + 2499);
    let members = self::guild(SERVER, 2500).with_role(role);
    assert!(site.fake.take(Step::GuildAdded(members)));
    let asked = site
        .fake
        .until(|seen| seen.member_requests.len() == 1, PATIENCE);
    assert!(asked.await);
    // Whoever is in a part that has not come leaves, gets a role, or is seen to be there; somebody joins.
    for step in [
        Step::MemberLeft { guild, user: last },
        Step::MemberChanged {
            guild,
            user: User::new(last - 1, "ada"),
            roles: vec![5],
        },
        Step::Presence {
            guild,
            user: last - 2,
            status: Status::Dnd,
        },
        Step::MemberJoined {
            guild,
            member: Member::new(User::new(last + 1, "zoe")),
        },
    ] {
        assert!(site.fake.take(step));
    }
    site.fake.release_chunks();
    site.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_intents_what_cannot_be_known_is_not_said() {
    let no_presences = Privileged {
        members: true,
        presences: false,
    };
    let no_members = Privileged {
        members: false,
        presences: true,
    };
    for (privileged, bots) in [(no_presences, Some(1)), (no_members, None)] {
        let site = Site::start(Setup::default(), privileged).await;
        assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 20))));
        let known = async {
            loop {
                if let Some(stats) = site.stats(SERVER).await
                    && stats.bots == bots
                {
                    return stats;
                }
                tokio::task::yield_now().await;
            }
        };
        let stats = tokio::time::timeout(PATIENCE, known).await.unwrap();
        assert_eq!((stats.members, stats.online), (Some(21), None));
        assert_eq!(site.users(SERVER).await.is_empty(), !privileged.members);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_obeyed() {
    let setup = Setup {
        full_request_every: Duration::from_secs(2),
        ..Setup::default()
    };
    let site = Site::start(setup, EVERYTHING).await;
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 600))));
    site.agree().await;
    // Another process asks for the same list too early, is told when to, and asks again then.
    let (fake, memory) = site.stop().await;
    assert!(fake.take(Step::Outage(SERVER)));
    assert!(fake.take(Step::Back(SERVER)));
    let site = Site::over(fake, memory, EVERYTHING);
    let asked = site
        .fake
        .until(|seen| seen.member_requests.len() == 3, PATIENCE);
    assert!(asked.await);
    site.agree().await;
    let seen = site.fake.observed();
    let limited: Vec<_> = seen.member_requests.iter().map(|it| it.limited).collect();
    assert_eq!(limited, [false, true, false]);
}
