use std::time::Duration;

use hush_discord_fake::{ChunkScript, Guild, Member, Role, Scripted, Setup, Step, User, slash};
use hush_domain::audit::{Actor, ActorKind};
use hush_domain::ids::ServerId;
use hush_domain::secret::Secret;
use hush_ports::{Addressed, AuditLog, Tokens};
use serde_json::json;

use crate::support::{EVERYTHING, OWNER, PATIENCE, SERVER, Site};

async fn site() -> Site {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    let guild = Guild::new(SERVER, "Analytical", OWNER)
        .with_member(Member::new(User::new(OWNER, "ada")))
        .with_member(Member::new(User::new(OWNER + 1, "bob")));
    assert!(site.fake.take(Step::GuildAdded(guild)));
    site.agree().await;
    site
}

/// Whether a message of the bot is shown to nobody but who asked.
fn is_ephemeral(answer: &serde_json::Value) -> bool {
    answer["data"]["flags"] == json!(64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_gets_a_token_that_nobody_else_sees() {
    let site = site().await;
    let create = slash(&["api", "token", "create"], &[("name", json!("laptop"))]);
    let interaction = site.fake.interact(SERVER, OWNER, create).unwrap();
    let coming = interaction.answer(PATIENCE).await.unwrap();
    assert_eq!(coming["type"], json!(5));
    assert!(is_ephemeral(&coming), "{coming}");
    let said = interaction.edit(PATIENCE).await.unwrap();
    let text = said["content"].as_str().unwrap();
    let start = text.find("hush_").unwrap();
    let secret: Secret = text[start..start + 41].parse().unwrap();
    let server = ServerId::try_from(SERVER).unwrap();
    let presented = site
        .memory
        .present(&secret.digest(), Addressed::Server(server))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(presented.token.user.get(), OWNER);
    assert!(presented.standing.unwrap().1.owner);
    let rows = site.memory.rows(server, 0, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].actor.kind(), ActorKind::Interaction);
    assert!(matches!(rows[0].actor, Actor::Interaction { user } if user.get() == OWNER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_heard_before_is_in_effect_for_whoever_asks() {
    let site = site().await;
    let stats = || slash(&["api", "stats"], &[]);
    let refused = site.fake.interact(SERVER, OWNER + 1, stats()).unwrap();
    let refused = refused.edit(PATIENCE).await.unwrap();
    assert!(
        !refused["content"].as_str().unwrap().contains("**3**"),
        "{refused}"
    );
    assert!(site.fake.take(Step::GuildChanged {
        guild: SERVER,
        name: "Analytical".to_owned(),
        owner: OWNER + 1,
    }));
    let counts = site.fake.interact(SERVER, OWNER + 1, stats()).unwrap();
    let counts = counts.edit(PATIENCE).await.unwrap();
    assert!(
        counts["content"].as_str().unwrap().contains("**3**"),
        "{counts}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_has_no_role_that_was_taken_from_them() {
    let site = site().await;
    // As they were when they asked, which is told after what has become of them since.
    let role = Role {
        permissions: 8,
        ..Role::new(5, "Admin", 1)
    };
    let guild = SERVER;
    assert!(site.fake.take(Step::RoleCreated { guild, role }));
    let asked = json!({
        "id": "1", "application_id": "2", "type": 2, "token": "t", "guild_id": SERVER.to_string(), "data": {},
        "member": {"user": {"id": (OWNER + 1).to_string(), "username": "bob"}, "roles": ["5"]},
    });
    site.fake.dispatch(SERVER, "INTERACTION_CREATE", &asked);
    let role = Role::new(6, "Later", 2);
    assert!(site.fake.take(Step::RoleCreated { guild, role }));
    site.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_does_not_take_an_answer_for_is_not_done() {
    let site = site().await;
    site.fake
        .script_requests("/interactions/", 1, Scripted::Fails(404));
    let create = |name: &str| slash(&["api", "token", "create"], &[("name", json!(name))]);
    site.fake.interact(SERVER, OWNER, create("lost")).unwrap();
    assert!(
        site.fake
            .until_requests(
                |log| log.iter().any(|it| it.path.contains("/interactions/")),
                PATIENCE
            )
            .await
    );
    let other = site.fake.interact(SERVER, OWNER, create("kept")).unwrap();
    assert!(other.edit(PATIENCE).await.is_some());
    let tokens = site
        .memory
        .list(hush_ports::TokenFilter {
            limit: 10,
            ..Default::default()
        })
        .await
        .unwrap();
    let names: Vec<_> = tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_under_way_arrives_though_it_is_told_to_stop() {
    let site = site().await;
    let slow = Scripted::Delay(Duration::from_millis(500));
    site.fake.script_requests("/interactions/", 1, slow);
    let create = slash(&["api", "token", "create"], &[("name", json!("laptop"))]);
    let interaction = site.fake.interact(SERVER, OWNER, create).unwrap();
    assert!(interaction.answer(PATIENCE).await.is_some());
    assert!(interaction.edit(Duration::ZERO).await.is_none());
    site.stop().await;
    let said = interaction.edit(Duration::ZERO).await.unwrap();
    assert!(
        said["content"].as_str().unwrap().contains("hush_"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_whose_part_of_the_list_has_not_come_is_known_by_asking() {
    let site = Site::start(Setup::default(), EVERYTHING).await;
    // Only the first part of the list comes, and the admin is in the second.
    site.fake.script_chunks(ChunkScript {
        hold_after: Some(1),
        ..ChunkScript::default()
    });
    let admin = Role {
        permissions: 8,
        ..Role::new(5, "Admin", 1)
    };
    let guild = Guild::new(SERVER, "Analytical", OWNER).with_role(admin);
    let members = (0..1500).map(|number| Member::new(User::new(OWNER + number, "ada")));
    let guild = members.fold(guild, Guild::with_member);
    let last = Member::new(User::new(OWNER + 1500, "zoe")).with_roles(&[5]);
    assert!(site.fake.take(Step::GuildAdded(guild.with_member(last))));
    assert!(
        site.fake
            .until(|seen| seen.member_requests.len() == 1, PATIENCE)
            .await
    );
    let create = slash(&["api", "token", "create"], &[("name", json!("early"))]);
    let interaction = site.fake.interact(SERVER, OWNER + 1500, create).unwrap();
    let said = interaction.edit(PATIENCE).await.unwrap();
    assert!(
        said["content"].as_str().unwrap().contains("hush_"),
        "{said}"
    );
    assert_eq!(site.stats(SERVER).await.unwrap().bots, None);
    site.fake.release_chunks();
    site.agree().await;
}
