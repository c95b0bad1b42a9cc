use std::time::Duration;

use hush_app::{CreateToken, Credential, Lifetime, Target};
use hush_domain::audit::{Action, Actor};
use hush_domain::operations::Operation;
use hush_domain::scopes::{Scope, Scopes};
use hush_domain::tokens::{MAX_LIVE, NamedServers};
use hush_ports::{AuditLog, Clock};

use crate::support::{
    ADMIN, AWAY, HOME, MEMBER, NOW, OWNER, STRANGER, World, create, interaction, list, revoke,
    secret, server,
};

const DAY: i64 = 24 * 60 * 60;

/// The first name in bold, as Discord shows it to people. Whatever could mean anything in it is escaped.
fn bold(text: &str) -> String {
    let (_, text) = text.split_once("**").unwrap();
    let mut characters = text.chars();
    let mut shown = String::new();
    loop {
        match characters.next().unwrap() {
            '\\' => shown.extend(characters.next()),
            '*' => {
                assert_eq!(characters.next(), Some('*'), "{text}");
                return shown;
            }
            other => {
                assert!(!other.is_ascii_punctuation(), "{other} in {text}");
                shown.push(other);
            }
        }
    }
}

#[tokio::test]
async fn a_new_token_is_shown_once_with_a_line_that_works() {
    let world = World::new().await;
    let asked = create(&[("name", " nightly report ")]);
    let text = world.ask(ADMIN, HOME, asked).await;
    let secret = secret(&text).unwrap();
    let token = &world.tokens().await[0];
    assert_eq!(token.name.as_str(), "nightly report");
    assert_eq!(token.servers, NamedServers::from(server(HOME)));
    let (end, id, shown) = (NOW + 90 * DAY, token.id, secret.expose());
    for piece in [
        "**nightly report**",
        "**this once**",
        &format!(
            "```sh\ncurl -H 'Authorization: Bearer {shown}' \
             'https://hush.example.com/v1/users?server_id=100&limit=5'\n```"
        ),
        "`users:read` `stats:read`",
        &format!("<t:{end}:f> (<t:{end}:R>)"),
        &format!("`/api token revoke token:{id}`"),
    ] {
        assert!(text.contains(piece), "{piece} is not in {text}");
    }
    let listed = world.ask(ADMIN, HOME, list()).await;
    assert!(!listed.contains(shown), "{listed}");
    let row = &world.memory.rows(server(HOME), 0, 10).await.unwrap()[0];
    assert_eq!(row.action, Action::TokenCreated);
    assert!(matches!(row.actor, Actor::Interaction { user } if user.get() == ADMIN));
    assert_eq!(row.request_id, Some("discord-900".parse().unwrap()));
}

#[tokio::test]
async fn the_line_asks_for_what_the_token_may() {
    let client = std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into();
    for (scopes, path, operation) in [
        (
            "users:read",
            "/v1/users?server_id=100",
            Operation::ListUsers,
        ),
        (
            "stats:read,audit:read",
            "/v1/servers/100/stats'",
            Operation::GetServerStats,
        ),
        (
            "audit:read",
            "/v1/servers/100/audit-log'",
            Operation::ListAuditLog,
        ),
        ("tokens:write, tokens:read", "/v1/me'", Operation::GetMe),
    ] {
        let world = World::new().await;
        let asked = create(&[("name", "mine"), ("scopes", scopes)]);
        let text = world.ask(OWNER, HOME, asked).await;
        assert!(text.contains(path), "{scopes}: {text}");
        let credential = Credential::Secret(secret(&text).unwrap());
        let target = match operation {
            Operation::GetMe => Target::Nothing,
            _ => Target::Server(server(HOME)),
        };
        let admission = &world.app.admission;
        let admitted = admission.admit(&credential, client, operation, target);
        admitted.await.unwrap();
        let wanted: Scopes = scopes
            .split([',', ' '])
            .filter(|word| !word.is_empty())
            .map(|word| word.parse::<Scope>().unwrap())
            .collect();
        assert_eq!(world.tokens().await[0].scopes, wanted);
    }
}

#[tokio::test]
async fn a_token_lives_as_long_as_was_chosen() {
    let world = World::new().await;
    for (expires, days) in [("7d", 7), ("30d", 30), ("90d", 90), ("1y", 365)] {
        let asked = create(&[("name", expires), ("expires", expires)]);
        let text = world.ask(OWNER, HOME, asked).await;
        let end = format!("<t:{}:R>", NOW + days * DAY);
        assert!(text.contains(&end), "{end} is not in {text}");
    }
}

#[tokio::test]
async fn names_mean_nothing_to_discord() {
    let names = [
        "**bold** _and_ `code`",
        "<@1> @everyone <#2> <t:0:R>",
        "[a link](https://example.com) ||hidden||",
        "# title",
        r"back\slash \*",
        "```",
        "Ünïcödé 🦀 имя",
    ];
    for name in names {
        let world = World::new().await;
        let made = world.ask(OWNER, HOME, create(&[("name", name)])).await;
        let listed = world.ask(OWNER, HOME, list()).await;
        let ended = world.ask(OWNER, HOME, revoke(name)).await;
        for text in [made, listed, ended] {
            assert_eq!(bold(&text), name);
        }
    }
}

#[tokio::test]
async fn a_list_shows_what_people_know_their_tokens_by() {
    let world = World::new().await;
    let empty = world.ask(MEMBER, HOME, list()).await;
    assert!(empty.contains("no live token"), "{empty}");
    world.create(OWNER, AWAY, "elsewhere").await;
    let secret = world.create(OWNER, HOME, "first").await;
    let credential = Credential::Secret(secret.clone());
    let client = std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into();
    let target = Target::Server(server(HOME));
    let admission = &world.app.admission;
    let used = admission.admit(&credential, client, Operation::ListUsers, target);
    used.await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    let both = CreateToken {
        servers: NamedServers::new(vec![server(HOME), server(AWAY)]).unwrap(),
        name: "both".parse().unwrap(),
        scopes: Scopes::default(),
        lifetime: Lifetime::Endless,
    };
    let both = world.issue(OWNER, both).await;
    let first = world.tokens().await;
    let first = first.iter().find(|it| it.name.as_str() == "first").unwrap();
    let (hint, used, end) = (first.hint.as_str(), NOW - NOW % 60, NOW + 90 * DAY);
    let expected = format!(
        "Your 2 live tokens for this server:\n\
         - **both** `{}…`: nothing but itself, for 2 servers; does not end; never used; id `{}`\n\
         - **first** `{hint}…`: `users:read` `stats:read`; ends <t:{end}:R>; last used <t:{used}:R>; id `{}`\n\
         End one with `/api token revoke`.",
        both.hint.as_str(),
        both.id,
        first.id
    );
    assert_eq!(world.ask(OWNER, HOME, list()).await, expected);
}

#[tokio::test]
async fn a_long_list_is_cut_and_says_so() {
    let world = World::new().await;
    for number in 0..MAX_LIVE {
        let wanted = CreateToken {
            servers: server(HOME).into(),
            // Each of them is two characters when it is escaped, or two units of UTF-16.
            name: format!("{number:02}{}🦀", "*".repeat(60)).parse().unwrap(),
            scopes: Scope::ALL.into_iter().collect(),
            lifetime: Lifetime::Default,
        };
        world.issue(OWNER, wanted).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let text = world.ask(OWNER, HOME, list()).await;
    assert!(text.encode_utf16().count() <= 2000);
    let lines = text.lines().filter(|line| line.starts_with("- ")).count();
    assert!(lines >= 4, "{text}");
    assert!(text.contains("- **49"), "the newest is not there: {text}");
    let rest = format!("and {} older ones", MAX_LIVE - lines);
    assert!(text.contains(&rest), "{rest} is not in {text}");
}

#[tokio::test]
async fn a_token_is_ended_by_its_name_or_id_and_by_nobody_else() {
    let world = World::new().await;
    world.create(OWNER, HOME, "by name").await;
    world.create(OWNER, HOME, "by id").await;
    let tokens = world.tokens().await;
    let by_id = tokens
        .iter()
        .find(|it| it.name.as_str() == "by id")
        .unwrap();
    let id = by_id.id.to_string();
    for named in ["by name", &id] {
        let refused = world.ask(ADMIN, HOME, revoke(named)).await;
        assert!(refused.contains("no live token"), "{refused}");
        let elsewhere = world.ask(OWNER, AWAY, revoke(named)).await;
        assert!(elsewhere.contains("no live token"), "{elsewhere}");
    }
    assert_eq!(world.tokens().await, tokens);
    let ended = world.ask(OWNER, HOME, revoke(" by name ")).await;
    assert!(
        ended.contains("**by name**") && ended.contains("is ended"),
        "{ended}"
    );
    world.ask(OWNER, HOME, revoke(&id)).await;
    for token in world.tokens().await {
        assert_eq!(token.revoked_at, Some(world.clock.wall()));
    }
}

#[tokio::test]
async fn the_debug_of_what_holds_a_secret_shows_nothing_of_it() {
    let world = World::new().await;
    let asked = create(&[("name", "mine"), ("scopes", "hush_pasted")]);
    let interaction = interaction(OWNER, HOME, &asked);
    let shown = format!("{interaction:?}");
    assert!(
        !shown.contains("pasted") && !shown.contains("of the interaction"),
        "{shown}"
    );
    let interaction = crate::support::interaction(OWNER, HOME, &create(&[("name", "mine")]));
    let answer = world.commands.answer(&interaction).await;
    let secret = secret(answer.text()).unwrap();
    assert!(!format!("{answer:?}").contains(&secret.expose()[..12]));
}

#[tokio::test]
async fn whoever_may_not_is_told_who_may() {
    let world = World::new().await;
    let asked = || create(&[("name", "mine")]);
    let member = world.ask(MEMBER, HOME, asked()).await;
    assert!(member.contains("admins and its owner"), "{member}");
    let admin = world.ask(ADMIN, HOME, crate::support::stats()).await;
    assert!(admin.contains("the server's owner."), "{admin}");
    for (user, there) in [(STRANGER, HOME), (OWNER, 999)] {
        for asked in [asked(), list(), revoke("mine"), crate::support::stats()] {
            let stranger = world.ask(user, there, asked).await;
            assert!(stranger.contains("not there for you"), "{stranger}");
        }
    }
    assert_eq!(world.tokens().await, []);
}

#[tokio::test]
async fn a_name_and_a_place_that_are_taken_are_told_with_the_cure() {
    let world = World::new().await;
    world.create(OWNER, HOME, "mine").await;
    let taken = world.ask(OWNER, AWAY, create(&[("name", "mine")])).await;
    assert!(
        taken.contains("with that name already") && taken.contains("revoke"),
        "{taken}"
    );
    for number in 1..MAX_LIVE {
        world.create(OWNER, HOME, &number.to_string()).await;
    }
    // Within a minute no more than sixty are asked.
    world.clock.advance(Duration::from_mins(2));
    let many = world.ask(OWNER, HOME, create(&[("name", "more")])).await;
    assert!(many.contains("50 live tokens"), "{many}");
}
