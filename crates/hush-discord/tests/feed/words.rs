//! Names as people write them.

use hush_discord_fake::{Guild, Member, Setup, Step, User};

use crate::support::{EVERYTHING, OWNER, SERVER, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_every_script_are_kept() {
    let names = [
        "Ada",
        "Ада",
        "エイダ",
        "愛達",
        "에이다",
        "אדה",
        "آدا",
        "อาดา",
        "Άντα",
        "अदा",
        "👩🏽‍💻🏳️‍🌈",
        "e\u{301}\u{302}",
        "\u{202e}adA",
        "a b",
        "'; DROP TABLE members; --",
        "\\\"<>&",
        "\u{10FFFF}",
    ];
    let site = Site::start(Setup::default(), EVERYTHING).await;
    let server = Guild::new(SERVER, "愛\u{1F9EE}", OWNER);
    let members = names.iter().zip(OWNER..);
    let server = members.fold(server, |guild, (name, id)| {
        guild.with_member(Member::new(User::new(id, name)))
    });
    assert!(site.fake.take(Step::GuildAdded(server)));
    site.agree().await;
    let listed = site.users(SERVER).await;
    let kept: Vec<_> = listed.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(kept[..names.len()], names);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_cannot_be_cost_nothing_but_themselves() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    let names = ["a\u{0}b", "", "\n", &"x".repeat(500)];
    let server = Guild::new(SERVER, "\u{7}", OWNER);
    let members = names.iter().zip(OWNER..);
    let server = members.fold(server, |guild, (name, id)| {
        guild.with_member(Member::new(User::new(id, name)))
    });
    assert!(site.fake.take(Step::GuildAdded(server)));
    let listed = async {
        loop {
            let listed = site.users(SERVER).await;
            if !listed.is_empty() {
                return listed;
            }
            tokio::task::yield_now().await;
        }
    };
    let listed = tokio::time::timeout(crate::support::PATIENCE, listed);
    let listed = listed.await.unwrap();
    let kept: Vec<_> = listed.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(kept[..names.len()], ["ab", "?", "?", &"x".repeat(100)]);
}
